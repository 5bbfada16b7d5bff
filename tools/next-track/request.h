/* request.h - what a listener's player says, and what was found for it. */
#ifndef RECPIPE_NEXT_TRACK_REQUEST_H
#define RECPIPE_NEXT_TRACK_REQUEST_H

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"
#include "services/redis.h"
#include "sessions.h"
#include "visits.h"

/* What is asked for. All but REQUEST_STEP only with --replies. */
enum request_kind {
	REQUEST_STEP,            /* a step of a session: next or last */
	REQUEST_LIST, REQUEST_SIMILAR,
	REQUEST_BAD,             /* a row that is no request, and gets a reply all the same */
};

struct request {
	enum request_kind kind;
	bool last;               /* the session ends: no answer */
	struct span name;        /* as the caller has it; empty: the reply has its number */
	uint32_t most;           /* items of a list that are wanted; 0: all */
	char *problem;           /* REQUEST_BAD: what is wrong; to be freed */
	struct span user, track, time;
	double heard;            /* the share that `time` says, from 0 to 1; 1 where it is empty */
	int64_t timestamp_ms;
	struct visit visit;
	/* where some recommender looks at sessions: the tracks, the one just played first */
	const struct heard *recent;
	uint32_t recents;
	/* from Redis */
	redisReply *reply;       /* the list, nil, or NULL: it was not asked or did not answer */
	redisReply *neighbors;   /* an array: of each of request_tracks() a string or nil; or NULL */
	bool delta;              /* it is one of those that changed since the last full load */
	bool unreachable;        /* the list */
	bool no_neighbors_reply; /* the neighbors were asked for and did not come */
};

/* The tracks whose neighbors may be wanted: number 0 is the one just played. */
static inline uint32_t request_tracks(const struct request *q)
{
	return q->recents ? q->recents : 1;
}

static inline struct span request_track(const struct request *q, uint32_t back)
{
	return back == 0 ? q->track : q->recent[back].track;
}

#endif
