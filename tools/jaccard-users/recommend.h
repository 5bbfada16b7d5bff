/* recommend.h - the user-based recommender: what the neighbors rated, weighted
 * by how near they are. */
#ifndef RECPIPE_JACCARD_USERS_RECOMMEND_H
#define RECPIPE_JACCARD_USERS_RECOMMEND_H

#include <stdint.h>

#include "neighbors.h"
#include "sets.h"

/* s(u,v) = 1 - distance, m(v) = mean of v's ratings, over the neighbors v of u
 * that rated item i:
 * sum:   sum s(u,v) (r(v,i) - m(v))
 * mean:  m(u) + sum s(u,v) (r(v,i) - m(v)) / sum s(u,v)  (Resnick et al. 1994)
 * plain: sum s(u,v) r(v,i) */
enum vote { VOTE_SUM, VOTE_MEAN, VOTE_PLAIN };

/* The mean rating of each user: a new array, the caller's. */
double *recommend_means(const struct sets *s);

/* Users whose ratings are all equal: less their mean they are 0, and count nothing. */
uint32_t recommend_level_users(const struct sets *s);

struct scored {
	double score;
	uint32_t item;
};

/* A worker's own memory; zeroed at first. */
struct recommender {
	double *sum, *weight; /* by item */
	uint32_t *touched;
	struct scored *list;
};

/* The best `n` items for `user` from `f`'s neighbors, without those it has
 * rated: into r->list; returns how many. Ties by item. */
size_t recommend_items(struct recommender *r, const struct sets *s, const double *means,
		       enum vote vote, uint32_t user, const struct finder *f, size_t n);

void recommender_free(struct recommender *r);

#endif
