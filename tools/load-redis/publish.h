/* publish.h - guards, and the one transaction that makes a generation the live one.
 *
 * Everything that it depends on is watched and counted first. Where the connection is lost
 * under way, the server is asked what is live.
 */
#ifndef RECPIPE_LOAD_REDIS_PUBLISH_H
#define RECPIPE_LOAD_REDIS_PUBLISH_H

#include "load.h"

/* Ends the load (exit 3) when it has fewer lists than the options allow. */
void publish_check_guards(struct load *l, uint64_t lists);

/* The name of what is live, "" when nothing is; the caller frees it. Ends the load when the
 * server does not say. */
char *publish_live_name(struct load *l);

/* Publishes the parts in `staged` (bits by enum part) and `lists` lists. Only what is there
 * and whole is renamed over what is live, which becomes the previous generation; the one
 * before goes away. When this returns it is live. */
void publish(struct load *l, unsigned staged, uint64_t lists);

/* The same as a command for --emit-resp: a script, because nobody reads the replies. */
void publish_emit(struct load *l, uint64_t lists);

/* --rollback: live and previous change places; refused (exit 3) when the previous one is
 * not whole. */
void publish_roll_back(struct load *l);

#endif
