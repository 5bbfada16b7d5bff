/* tsne.h - t-SNE in two dimensions, by the method of Barnes and Hut.
 *
 * van der Maaten and Hinton 2008; van der Maaten 2014 (trees); learning rate
 * and exaggeration after Belkina et al. 2019; start from principal components
 * after Kobak and Berens 2019. The result depends on the seed and the data,
 * not on the number of threads.
 */
#ifndef RECPIPE_PLOT_EMBEDDINGS_TSNE_H
#define RECPIPE_PLOT_EMBEDDINGS_TSNE_H

#include <stdint.h>

#include "data/kernel.h"
#include "frame/pool.h"

struct tsne {
	const float *rows;    /* n rows of `stride` floats, aligned, zeros at the end */
	uint32_t n, stride;
	double perplexity;    /* below (n - 1) / 3 */
	double theta;         /* 0: every pair; 0.5 is usual */
	uint32_t iterations;
	uint64_t seed;
	kernel_dot *dot;
	struct pool *pool;
};

/* `at` (2 n): on entry any starting coordinates, on return the embedding.
 * Returns the Kullback-Leibler divergence in the end. */
double tsne_run(const struct tsne *t, double *at);

#endif
