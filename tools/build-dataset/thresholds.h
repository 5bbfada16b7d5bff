/* thresholds.h - users and items with too few pairs are taken out, piece by piece. */
#ifndef RECPIPE_BUILD_DATASET_THRESHOLDS_H
#define RECPIPE_BUILD_DATASET_THRESHOLDS_H

#include <stdbool.h>
#include <stdint.h>

#include "pairs.h"

struct thresholds {
	uint64_t min_user, min_item;
	bool train_only;            /* only train pairs are counted; they have their splits */
	uint32_t *count;            /* of each item: its pairs in all pieces */
	uint32_t n_items;
	/* What each threshold took; a pair may be in both. */
	uint64_t user_pairs, item_pairs, users;
	bool *taken;                /* items */
};

void thresholds_start(struct thresholds *t, uint32_t n_items);
void thresholds_free(struct thresholds *t);

/* Does any threshold take something? */
static inline bool thresholds_any(const struct thresholds *t)
{
	return t->min_user > 1 || t->min_item > 1;
}

/* All counts to 0. */
void thresholds_clear(struct thresholds *t);

/* Adds the items of these pairs to `count`. */
void thresholds_count(const struct thresholds *t, const struct pairs *p, uint32_t *count);

/* Keeps the pairs whose user has enough of them here, which are all of the user's, and whose item
 * has enough by `count`, which need not be counted where one is enough: one pass. */
void thresholds_keep(struct thresholds *t, struct pairs *p);

/* The same where `count` is of all users and stays, so that pairs of others do not matter; with `core`
 * until nothing changes. */
void thresholds_keep_known(struct thresholds *t, struct pairs *p, bool core);

/* Adds what `other` took. */
void thresholds_add(struct thresholds *t, const struct thresholds *other);

/* The items that lost pairs to their threshold. */
uint64_t thresholds_items(const struct thresholds *t);

#endif
