/* umap.h - a map from a graph of neighbors: UMAP (McInnes, Healy and Melville 2018).
 *
 * The weights of the graph are UMAP's, the curve is that of LargeVis (Tang, Liu, Zhang and
 * Mei 2016), 1 / (1 + d^2): UMAP's with a = b = 1, for which no power has to be computed.
 * Each point is moved by its own edges and by random points that it is pushed away from
 * (negative sampling), while all others are where they were after the epoch before: the
 * result depends on the seed, not on the number of threads.
 */
#ifndef RECPIPE_PLOT_EMBEDDINGS_UMAP_H
#define RECPIPE_PLOT_EMBEDDINGS_UMAP_H

#include "neighbors.h"

struct umap {
	const struct neighbors *near;
	uint32_t k;                /* neighbors of a point that pull: the first k of its list */
	uint32_t epochs;
	uint64_t seed;
	struct pool *pool;
};

/* `at` (2 n): on entry any starting coordinates, on return the map. */
void umap_run(const struct umap *u, double *at);

/* The share of a row's 10 nearest (k, where that is less) that are among the 10 nearest points
 * of the map, for `samples` rows. */
double umap_recall(const struct neighbors *near, const double *at, uint32_t samples, uint64_t seed,
		   struct pool *pool);

#endif
