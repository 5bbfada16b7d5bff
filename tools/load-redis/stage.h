/* stage.h - a generation that comes in parts, from tasks that may be killed, tried again, or run
 * twice at once; and its publication once all parts are there.
 *
 * P:G:stage is there while the generation G is open: how many parts and shards it has, and of each
 * part that came whole the number of its lists and a sum of their hashes. Every write is a script
 * that does nothing where this key is not there, so a task that comes too late changes
 * nothing that is live. The publication renames it to P:G:published, which tells such tasks that
 * what they bring is there. Both expire after --staging-ttl, as the lists do until they are live.
 */
#ifndef RECPIPE_LOAD_REDIS_STAGE_H
#define RECPIPE_LOAD_REDIS_STAGE_H

#include "domain/topn.h"
#include "load.h"

enum { STAGE_PARTS_MAX = 99999 };

/* Can a generation that is staged have this name? */
bool stage_is_name(struct span name);

/* Checks what --stage, --part and --publish say; a usage error ends the program. */
void stage_check_options(const struct options *o);

/* Loads the lists of one part; returns how many. Ends the load when this part, or a user in it, came
 * with other lists before (3), and when the generation is of other settings, or published with
 * another part (3). */
uint64_t stage_part(struct load *l, struct topn_reader *reader, const struct table *t);

/* How many lists the parts of the generation have; *shards is set. Ends the program when one is missing
 * (3). False: it is live already. What an earlier --publish that failed has left goes. */
bool stage_read(struct load *l, uint64_t *lists, int64_t *shards);

/* What is staged lives for --staging-ttl from now on, if the generation is open. False: it is not, or
 * the connection is lost. */
bool stage_keep(struct load *l);

/* Watches the record. False: as stage_keep. */
bool stage_watch(struct load *l);

/* To a transaction: the generation is not open any more. */
void stage_close(struct load *l);

/* Ends the load, as a user has another list in another part, or in an earlier try. */
_Noreturn void stage_refuse_user(struct load *l, struct span user);

/* Adds up the lists of the parts that a record (the reply to HGETALL) has, of so many parts, without those of
 * users who were forgotten since (whom the pipeline forget counts in the record); the numbers
 * of the first few that are missing are added to `missing`. */
uint64_t stage_sum_parts(const redisReply *record, int64_t parts, uint64_t *n_missing,
			 struct buffer *missing);

#endif
