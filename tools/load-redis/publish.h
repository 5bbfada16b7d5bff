/* publish.h - guards, and the one transaction that makes a generation the live one. */
#ifndef LOAD_REDIS_PUBLISH_H
#define LOAD_REDIS_PUBLISH_H

#include "load.h"

/* Ends the load (exit 3) when it has fewer lists than the options allow. */
void publish_check_guards(struct load *l, uint64_t lists);

/* Counts what the server has, and renames the parts in `staged` (bits by enum part) over
 * what is live, which becomes the previous generation; the one before goes away. */
void publish(struct load *l, unsigned staged, uint64_t lists);

/* The same as a command for --emit-resp: a script, because nobody reads the replies. */
void publish_emit(struct load *l, uint64_t lists);

/* --rollback: live and previous change places. */
void publish_roll_back(struct load *l);

/* Which parts exist under a generation's name, as bits. */
unsigned publish_existing(struct load *l, const char *generation);

#endif
