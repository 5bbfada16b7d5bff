/* exactsum.h - the exact sum of doubles, rounded once: the same for any order
 * and any split (a superaccumulator after Neal 2015, "Fast exact summation
 * using small and large superaccumulators"). */
#ifndef RECPIPE_DATA_EXACTSUM_H
#define RECPIPE_DATA_EXACTSUM_H

#include <stdint.h>

enum { EXACTSUM_CHUNKS = 68 };

/* A zeroed struct is an empty sum. */
struct exactsum {
	int64_t chunk[EXACTSUM_CHUNKS];
	uint32_t pending; /* additions since the last carry */
};

/* Adds a finite value. */
void exactsum_add(struct exactsum *sum, double value);

/* Adds what `other` holds. */
void exactsum_merge(struct exactsum *sum, const struct exactsum *other);

/* The sum, rounded to nearest, ties to even. */
double exactsum_value(const struct exactsum *sum);

#endif
