/* bucket.h - the candidates of one user on their way through the items. */
#ifndef RECPIPE_DATA_BUCKET_H
#define RECPIPE_DATA_BUCKET_H

#include <float.h>
#include <string.h>

#include "data/tile.h"

/* Room for `capacity` candidates and a panel. */
void bucket_reserve(struct bucket *b, size_t capacity);

/* Drops what cannot be among the best; what stays is checked. */
void bucket_tighten(struct bucket *b);

static inline bool bucket_excludes(const struct bucket *b, uint32_t at)
{
	return b->excluded && (b->excluded[at / 64] >> (at % 64) & 1);
}

/* Turns the scores that came from the chunk looked at into bounds of the true ones: to
 * be called before the next chunk is looked at. */
static inline void bucket_settle(struct bucket *b)
{
	for (size_t i = b->settled; i < b->n && b->by_chunk; i++) {
		b->most[i] = b->score[i] + b->error;
		b->score[i] -= b->error;
	}
	b->settled = b->n;
}

/* The least score of the chunk looked at that can be among the best. */
static inline float bucket_low(const struct bucket *b)
{
	float low = b->threshold - b->error;
	return low > -FLT_MAX ? low : -FLT_MAX; /* where there is no item, it is -inf */
}

/* Floats in their order as integers, and back. */
static inline int32_t float_rank(float x)
{
	int32_t bits;
	memcpy(&bits, &x, sizeof bits);
	return bits ^ (int32_t)((uint32_t)(bits >> 31) >> 1);
}

static inline float rank_float(int32_t rank)
{
	rank ^= (int32_t)((uint32_t)(rank >> 31) >> 1);
	float x;
	memcpy(&x, &rank, sizeof x);
	return x;
}

#endif
