/* index.h - exact maximum inner product search: the k best items of many users.
 *
 * A score is the inner product in double precision plus both biases, rounded
 * once to float. Items are ordered by score, downwards, then by `order` (the
 * byte order of their ids). The answer is the same for every kernel: a first pass
 * in floats or bfloat16, with a bound of its rounding errors, finds the candidates,
 * and these are scored again in double precision.
 *
 * bfloat16 multiplies twice as fast and lets more candidates through; how many
 * depends on the model. Which pass is better is decided by counts (of panels and
 * candidates) on a sample of users, never by the clock.
 */
#ifndef RECPIPE_EXPORT_TOPK_INDEX_H
#define RECPIPE_EXPORT_TOPK_INDEX_H

#include <stdint.h>

#include "data/tile.h"

struct index;
struct search;

/* The items. `factors` rows are `stride` floats apart, padded with zeros and
 * aligned, and stay the caller's, as do `bias` and `order`; all must outlive
 * the index. */
struct index_items {
	uint32_t n, factor_count, stride;
	const float *factors;
	const float *bias;
	const uint32_t *order; /* item -> its place among the ids in byte order */
};

/* `user_norm`: a typical length of the users' vectors; it only decides the order
 * in which items are looked at. `choice`: an available one; AUTO may change between
 * bfloat16 and floats. */
struct index *index_new(const struct index_items *items, double user_norm,
			enum tile_choice choice);
void index_free(struct index *index);

/* The largest |score| that the item side can give to a user with this vector
 * length and bias: for refusing what would overflow. */
double index_bound(const struct index *index, double norm, double bias);

/* The name of the kernel of the first pass, for AUTO that of the last decision. */
const char *index_kernel(const struct index *index);

struct query {
	const float *factors;     /* stride floats, padded with zeros, aligned */
	float bias;
	const uint32_t *excluded; /* items that must not be answered */
	uint32_t excluded_n;
};

struct hit {
	uint32_t item;
	float score;
};

/* Longer vectors of users are not accepted. */
#define INDEX_NORM_MAX 1e30

enum {
	SEARCH_USERS = 96,  /* at most this many queries at once */
	SEARCH_SAMPLE = 24, /* users to decide by, of some hundreds or more */
};

/* One thread's working memory. */
struct search *search_new(struct index *index, uint32_t k);
void search_free(struct search *search);

/* Answers n <= SEARCH_USERS queries: the hits of query i, best first, go to
 * hits[i * k], their number to counts[i]. */
void search_run(struct search *search, const struct query *queries, uint32_t n,
		struct hit *hits, uint32_t *counts);

/* How many queries so far were answered from the items' biases alone, because the
 * vectors add nothing to any score (they are zero, or so short that all round to 0). */
uint64_t search_flat(const struct search *search);

/* Decides, with what earlier samples said, which first pass is the better one for users
 * such as these n <= SEARCH_SAMPLE. Not while others search. */
void search_sample(struct search *search, const struct query *queries, uint32_t n);

#endif
