/* page.h - the map as one HTML page that needs nothing else, and as SVG. */
#ifndef RECPIPE_PLOT_EMBEDDINGS_PAGE_H
#define RECPIPE_PLOT_EMBEDDINGS_PAGE_H

#include <stdint.h>

#include "domain/embedding.h"
#include "neighbors.h"
#include "streams/output.h"

struct page {
	const struct embedding *embedding;
	const struct metadata *metadata; /* or NULL */
	const double *at;                /* 2 n coordinates */
	const struct neighbors *near;    /* of each point; for the HTML page */
	long title, color;              /* columns of the metadata, or -1 */
	double recall;                   /* of neighbors on the map: umap_recall */
	double found;                    /* of neighbors, by NN-descent; NAN: exact */
	int64_t size;                    /* of the SVG: a square of so many pixels */
};

/* Titles, columns, coordinates and vectors inside, and a script that draws
 * them: zoom, search, colors, nearest neighbors by cosine. */
void page_write_html(const struct page *page, struct output *out);

/* A point a circle with its title; colors are the ten most frequent values of
 * the column, with a legend. */
void page_write_svg(const struct page *page, struct output *out);

#endif
