/* neighbors.h - the nearest rows of each row by cosine: exactly, or by NN-descent.
 *
 * The result depends on the rows and the seed, not on the number of threads.
 */
#ifndef RECPIPE_PLOT_EMBEDDINGS_NEIGHBORS_H
#define RECPIPE_PLOT_EMBEDDINGS_NEIGHBORS_H

#include <stdint.h>

#include "data/kernel.h"
#include "frame/pool.h"

/* Rows of length 1 (or 0): n of `stride` floats, of which `width` are not padding. */
struct unit_rows {
	const float *rows;
	uint32_t n, stride, width;
};

/* The k neighbors of row i at id + i * k and cosine + i * k, the nearest first, ties by
 * number; where there are fewer, id is UINT32_MAX. */
struct neighbors {
	uint32_t n, k;
	uint32_t *id;
	float *cosine;
};

/* Makes the lengths of n rows 1, in a copy that the caller frees; zeros stay. */
float *unit_rows_new(const float *rows, uint32_t n, uint32_t stride, uint32_t width);

/* All pairs, by the kernel of export-topk: a first pass in floats keeps whatever may be among
 * the best, a second one computes it in double precision. */
struct neighbors neighbors_exact(const struct unit_rows *u, uint32_t k, enum kernel_choice kernel,
				 struct pool *pool);

/* NN-descent (Dong, Charikar and Li 2011) from the leaves of random projection trees (Dasgupta
 * and Freund 2008). */
struct neighbors neighbors_descent(const struct unit_rows *u, uint32_t k, uint64_t seed,
				   enum kernel_choice kernel, struct pool *pool);

/* The share of the 10 nearest (k, where that is less) that the lists have, of `samples` rows;
 * ties count as found. */
double neighbors_recall(const struct neighbors *near, const struct unit_rows *u, uint32_t samples,
			uint64_t seed, enum kernel_choice kernel, struct pool *pool);

/* The `samples` rows that are looked at: of different rows, by seed. The caller frees it. */
uint32_t *neighbors_sample(uint32_t n, uint32_t samples, uint64_t seed);

void neighbors_free(struct neighbors *near);

#endif
