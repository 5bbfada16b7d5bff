/* ranking.h - the best items of many users, as their scores are in single precision.
 *
 * What export-topk(1) does as well: the scores of a tile of users and items stay in
 * registers, and what cannot be among the best is left out there. Those that are left are
 * scored once more by kernel_dot, so that the outcome is that of scoring all by it.
 */
#ifndef RECPIPE_TRAIN_MF_RANKING_H
#define RECPIPE_TRAIN_MF_RANKING_H

#include <stdint.h>

#include "data/kernel.h"
#include "params.h"

/* An item and its score; `key` is its place in the order of the ids. */
struct found {
	float score;
	uint32_t key;
	uint32_t item;
};

/* A user: a vector, and the items (ascending) that are not ranked. */
struct asker {
	const float *vector;
	const uint32_t *seen;
	uint64_t seen_count;
};

/* So many users at a time, at most; longer lists are found one by one, item by item. */
enum { RANKING_USERS = 64, RANKING_K_MAX = 1000 };

static inline uint32_t ranking_users(uint32_t k)
{
	return k > RANKING_K_MAX ? 1 : RANKING_USERS;
}

struct ranking;

/* Of items as they are now, which must outlive it; for `workers` threads. */
struct ranking *ranking_new(const struct params *items, const uint32_t *key, uint32_t k,
			    enum kernel_choice kernel, size_t workers);
void ranking_free(struct ranking *r);

/* The best k of each of the n users, best first, user i's at lists + i * k: ties by key. How
 * many they are goes to counts[i]. */
void ranking_find(const struct ranking *r, size_t worker, const struct asker *askers, uint32_t n,
		  struct found *lists, uint32_t *counts);

#endif
