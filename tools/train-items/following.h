/* following.h - all rows as one sequence, session by session: what `next` counts. */
#ifndef RECPIPE_TRAIN_ITEMS_FOLLOWING_H
#define RECPIPE_TRAIN_ITEMS_FOLLOWING_H

#include <stdint.h>

/* Weights of rows in 2^-16, of gaps in 2^-12. Integers, so that sums are exact. */
enum { FOLLOWING_ROW_BITS = 16, FOLLOWING_GAP_BITS = 12 };

/* No row weighs so much: weights of rows, too, have to go into 32 bits. */
enum { FOLLOWING_WEIGHT_LIMIT = 1 << (32 - FOLLOWING_ROW_BITS) };

/* On an item of the sequence: it is the last row of its session. */
#define FOLLOWING_LAST UINT32_C(0x80000000)

struct following {
	uint32_t *sequence;         /* items' places in the order of frequency, and FOLLOWING_LAST */
	uint32_t *order, *place_of; /* place -> item, item -> place */
	uint32_t *weight;           /* of each row, or NULL: all 1 */
	uint64_t *start;            /* item -> its places in the sequence */
	uint32_t *place;
	uint32_t window;
	uint32_t *gap;              /* 1 ... window: the weight of a row so far after */
};

#endif
