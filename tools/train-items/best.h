/* best.h - the best k of many neighbors. */
#ifndef RECPIPE_TRAIN_ITEMS_BEST_H
#define RECPIPE_TRAIN_ITEMS_BEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A neighbor as it is ranked: the weight's bits above the complement of the item, so that
 * the greater key is the greater weight, or the smaller item. No two keys are equal. */
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
	union {
		float value;
		uint32_t bits;
	} w = {weight};
	uint64_t key = (uint64_t)w.bits << 32 | (uint32_t)~item;
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

static inline float key_weight(uint64_t key)
{
	union {
		uint32_t bits;
		float value;
	} w = {(uint32_t)(key >> 32)};
	return w.value;
}

static inline uint32_t neighbor_item(const struct neighbor *x)
{
	return ~(uint32_t)x->key;
}

#endif
