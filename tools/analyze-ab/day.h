/* day.h - days of times, UTC. */
#ifndef RECPIPE_ANALYZE_AB_DAY_H
#define RECPIPE_ANALYZE_AB_DAY_H

#include <stdint.h>

enum { DAY_MS = 86400000 };

/* The day (of 1970-01-01, UTC) of a time. */
static inline int64_t day_of(int64_t ms)
{
	return ms / DAY_MS - (ms % DAY_MS < 0);
}

#endif
