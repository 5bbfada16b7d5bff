/* request.h - what a listener's player says, and what was found for it. */
#ifndef RECPIPE_NEXT_TRACK_REQUEST_H
#define RECPIPE_NEXT_TRACK_REQUEST_H

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"
#include "services/redis.h"

struct request {
	bool last;               /* the session ends: no answer */
	struct span user, track, time;
	int64_t timestamp_ms;
	/* from Redis */
	redisReply *reply;       /* the list, nil, or NULL: it was not asked or did not answer */
	bool delta;              /* it is one of those that changed since the last full load */
	bool unreachable;
};

#endif
