/* best.h - the best k of many neighbors. */
#ifndef RECPIPE_TRAIN_ITEMS_BEST_H
#define RECPIPE_TRAIN_ITEMS_BEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "data/scored.h"

/* A neighbor as it is ranked: its key is scored_of its weight and item. No two keys are equal. */
struct neighbor {
	uint64_t key, count;
};

/* Twice k neighbors at most; when there are so many, the worse half is dropped. */
struct best {
	struct neighbor *at;
	size_t n, k;
	uint64_t floor;             /* keys below this one are not among the best */
};

struct best best_new(size_t k);
void best_free(struct best *b);

void best_drop_half(struct best *b);

/* The weight must be above 0 and finite. */
static inline void best_offer(struct best *b, float weight, uint32_t item, uint64_t count)
{
	uint64_t key = scored_of(weight, item);
	if (key < b->floor)
		return;
	b->at[b->n++] = (struct neighbor){key, count};
	if (b->n == 2 * b->k)
		best_drop_half(b);
}

/* The best k, best first; the next list begins empty after best_clear. */
void best_sort(struct best *b);

static inline void best_clear(struct best *b)
{
	b->n = 0;
	b->floor = 0;
}

#endif
