/* rank.h - one user's profile, and the texts nearest to it. */
#ifndef RECPIPE_BOW_COSINE_RANK_H
#define RECPIPE_BOW_COSINE_RANK_H

#include <stdbool.h>
#include <stdint.h>

#include "catalog.h"

struct ranked {
	double score;
	uint32_t text;
};

/* A worker's own memory; zeroed at first. */
struct ranker {
	double *profile;      /* by term */
	uint32_t *touched;
	size_t n_touched, terms;
	float *sum, *scale;   /* by text; scale: 1 / norm */
	float *heap;
	struct ranked *found; /* n of them, the best first */
	size_t n, capacity;
};

/* The k texts with the highest cosine above 0 to the mean of `liked[0 ... n)`
 * (numbers of texts in `texts`) into r->found, ties by item id. With `unit` the
 * mean is that of the vectors divided by their lengths. `skip`: texts of the
 * catalog that are skipped. `terms` is the number of all terms.
 *
 * Sums are made in single precision over the index; whatever comes near the k-th
 * best is computed again in double, so the order is that of the exact scores. */
void rank_texts(struct ranker *r, const struct catalog *c, const struct bags *texts,
		const uint32_t *liked, size_t n, bool unit, const uint32_t *skip, size_t n_skip,
		uint32_t terms, size_t k);

/* The share of each term in the dot product of the last profile with a text:
 * into `shares` (as many as the text has terms); returns how many are not 0. */
struct share {
	double share;
	uint32_t term;
};
size_t rank_explain(const struct ranker *r, const struct catalog *c, uint32_t text,
		    const struct strmap *terms, struct share *shares);

void ranker_free(struct ranker *r);

#endif
