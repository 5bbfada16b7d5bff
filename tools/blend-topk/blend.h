/* blend.h - the lists of one user from several streams into one. */
#ifndef RECPIPE_BLEND_TOPK_BLEND_H
#define RECPIPE_BLEND_TOPK_BLEND_H

#include <stdbool.h>
#include <stdint.h>

#include "data/strmap.h"
#include "domain/topn.h"

enum blend_method { BLEND_RRF, BLEND_SCORE, BLEND_ROUND_ROBIN };
#define BLEND_METHODS "rrf|score|round-robin"

enum blend_scale { SCALE_MIN_MAX, SCALE_Z, SCALE_NONE };
#define BLEND_SCALES "min-max|z|none"

struct blended {
	double score;
	uint32_t item;             /* its number in `items` */
};

struct blend {
	enum blend_method method;
	enum blend_scale scale;
	double rrf_k;
	const double *weights;     /* of each stream; 0: its lists are not used */
	size_t streams, k;

	struct strmap *items;      /* of all lists so far */
	double *score;             /* item -> so far */
	uint64_t *seen_for;        /* item -> number of the last user who had it in a list */
	uint64_t *seen_in;         /* item -> number of the last list that had it */
	size_t score_capacity, seen_for_capacity, seen_in_capacity;
	uint64_t users, lists;
	struct blended *best;      /* the user's items, at most k of them, the best first */
	size_t n, capacity;
	uint32_t *numbers;         /* of a list's items */
	size_t numbers_capacity;
};

struct blend blend_new(enum blend_method method, enum blend_scale scale, double rrf_k,
		       const double *weights, size_t streams, size_t k);
void blend_free(struct blend *b);

/* Fills b->best, ties in the order of the items' ids. lists[i] is NULL where stream i has no
 * list for the user. An item twice in a list and scores that overflow are bad data. */
void blend_lists(struct blend *b, const struct topn_list *const lists[]);

#endif
