/* sessions.h - what each listener heard last: the tracks of the sessions that are open, in memory
 * that has a limit. */
#ifndef RECPIPE_NEXT_TRACK_SESSIONS_H
#define RECPIPE_NEXT_TRACK_SESSIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"

/* A track of a session. */
struct heard {
	struct span track;
	double share;            /* of it that was heard, 0 to 1 */
};

struct sessions;

/* The last `last` tracks (above 0) of each session. Beyond `memory_bytes` the sessions of the users
 * who asked longest ago are forgotten; the first time is reported. */
struct sessions *sessions_new(uint32_t last, uint64_t memory_bytes);
void sessions_free(struct sessions *s);

/* One more track of user number `user`; a session that ends with it is forgotten afterwards. Adds to
 * a snapshot, which sessions_take_snapshot begins: *n of its tracks are this session's, the one
 * just played first. */
void sessions_step(struct sessions *s, uint32_t user, struct heard played, bool ends, uint32_t *n);

/* The tracks that were added since the last call, one request's after the other's; they stay until
 * the next sessions_step. */
const struct heard *sessions_take_snapshot(struct sessions *s);

#endif
