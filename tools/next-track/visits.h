/* visits.h - what is remembered of each user: how many answers, which session. */
#ifndef RECPIPE_NEXT_TRACK_VISITS_H
#define RECPIPE_NEXT_TRACK_VISITS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"

struct visits;

struct visits *visits_new(void);
void visits_free(struct visits *v);

struct visit {
	uint32_t user;           /* a number, by first appearance */
	uint64_t answers;        /* the user had before */
	int64_t session;         /* when it began: the timestamp of its first request, in ms */
	uint32_t step;           /* the request's number in the session, from 1 */
};

/* One more request. A session ends with its `last` request; the next one begins another. */
struct visit visits_step(struct visits *v, struct span user, int64_t timestamp_ms, bool last);

#endif
