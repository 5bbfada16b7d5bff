/* scored.h - a number with a score above 0 as one key, so that lists are quickly sorted: above
 * the bits of the score, whose order is that of the floats, below those of the number, inverted.
 * The greater key has the greater score or, of equal ones, the smaller number.
 */
#ifndef RECPIPE_DATA_SCORED_H
#define RECPIPE_DATA_SCORED_H

#include <stdint.h>
#include <string.h>

/* Of the bits of a score. */
static inline uint64_t scored_key(uint32_t bits, uint32_t number)
{
	return (uint64_t)bits << 32 | (uint32_t)~number;
}

static inline uint64_t scored_of(float score, uint32_t number)
{
	uint32_t bits;
	memcpy(&bits, &score, sizeof bits);
	return scored_key(bits, number);
}

static inline float scored_score(uint64_t key)
{
	uint32_t bits = (uint32_t)(key >> 32);
	float score;
	memcpy(&score, &bits, sizeof score);
	return score;
}

static inline uint32_t scored_number(uint64_t key)
{
	return ~(uint32_t)key;
}

#endif
