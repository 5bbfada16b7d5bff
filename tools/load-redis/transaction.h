/* transaction.h - commands that the server does all together or not at all.
 *
 * What they depend on is watched first (generation_read). A reply that is an error ends
 * the load.
 */
#ifndef RECPIPE_LOAD_REDIS_TRANSACTION_H
#define RECPIPE_LOAD_REDIS_TRANSACTION_H

#include "load.h"

enum outcome {
	OUTCOME_DONE,
	OUTCOME_CHANGED, /* nothing was done: something that is watched has changed */
	OUTCOME_LOST,    /* the connection: it is not known how far this came */
};

/* MULTI, acknowledged: where it is refused, what follows would be done one by one.
 * False: the connection is lost. */
bool transaction_begin(struct load *l);

/* Tries the commands of a transaction on keys that are not there, and ends the load when the
 * user may not run one of them: that is not to be found at the end of a long load. Nothing
 * is on its way when this is called. */
void transaction_try(struct load *l);

/* A command of one to three words (b, c: NULL). */
void transaction_add(struct load *l, const char *a, const char *b, const char *c);

/* The command on each part of a generation, by bits of enum part. */
void transaction_parts(struct load *l, const char *command, const char *generation, unsigned mask);

/* On the hashes of a generation in several; `only` NULL: on all of them. */
void transaction_shards(struct load *l, const char *command, const char *generation,
			uint64_t shards, const bool *only);

/* RENAME of each part. */
void transaction_renames(struct load *l, const char *from, const char *to, unsigned mask);

/* EXEC. */
enum outcome transaction_end(struct load *l);

#endif
