/* aging.h - how much a row of a user's history counts: its weight, times what its place leaves,
 * decay^(rows after it) or (1 + rows after it)^-gap_exponent, times
 * 2^-(how much older it is than the latest row / half_life_ms); rows before the `last` latest
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
	double gap_exponent;   /* above 0: in the place of decay */
	double half_life_ms;   /* 0: age does not matter */
};

/* Does it matter when the rows were? */
static inline bool aging_timed(const struct aging *a)
{
	return a->last || a->decay < 1 || a->gap_exponent > 0 || a->half_life_ms > 0;
}

/* What its place leaves of the row that `after` rows come after, above 0; `left` is what it leaves
 * of the next of them. It leaves 1 of the latest row. */
static inline double aging_place(const struct aging *a, double left, uint64_t after)
{
	return a->gap_exponent > 0 ? pow((double)after + 1, -a->gap_exponent) : left * a->decay;
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
