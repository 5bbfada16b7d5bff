/* aging.h - how much a row of a user's history counts: its weight * decay^(rows after it)
 * * 2^-(how much older it is than the latest row / half_life_ms); rows before the `last` latest
 * ones do not count.
 */
#ifndef RECPIPE_DOMAIN_AGING_H
#define RECPIPE_DOMAIN_AGING_H

#include <math.h>
#include <stdbool.h>
#include <stdint.h>

struct aging {
	uint64_t last;         /* 0: all rows count */
	double decay;          /* in (0, 1] */
	double half_life_ms;   /* 0: age does not matter */
};

/* Does it matter when the rows were? */
static inline bool aging_timed(const struct aging *a)
{
	return a->last || a->decay < 1 || a->half_life_ms > 0;
}

/* How many of a user's n rows count. */
static inline uint64_t aging_used(const struct aging *a, uint64_t n)
{
	return a->last && a->last < n ? a->last : n;
}

/* What a half-life, which there must be, leaves of a row of this time (ms): 1 of the latest one. */
static inline double aging_left(const struct aging *a, int64_t latest, int64_t time)
{
	return exp2(-((double)latest - (double)time) / a->half_life_ms);
}

#endif
