/* deal.h - rows that are in memory, dealt to pieces of users that follow each other by their ids. */
#ifndef RECPIPE_BUILD_DATASET_DEAL_H
#define RECPIPE_BUILD_DATASET_DEAL_H

#include <stddef.h>
#include <stdint.h>

#include "frame/pool.h"
#include "pairs.h"

/* Piece i has 2^user_bits users, those of the ranks from i << user_bits on; its rows lie from start[i] to
 * start[i + 1], in the order in which they came. */
struct dealt {
	size_t pieces, *start;
	unsigned user_bits, item_bits;
	uint64_t *key;       /* of each row: its user's rank in the piece; below it, in item_bits, its item's */
	double *weight;      /* NULL: there are none */
	int64_t *timestamp;  /* the same */
};

/* Deals the rows of `p`, but for those that are later than `until`. The ranks of its numbers are given, all
 * below n_users and n_items. The arrays of `p` are freed. */
struct dealt deal_rows(struct pairs *p, const uint32_t *user_rank, uint32_t n_users,
		       const uint32_t *item_rank, uint32_t n_items, int64_t until, struct pool *pool);

void dealt_free(struct dealt *d);

#endif
