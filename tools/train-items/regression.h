/* regression.h - methods that solve for the weights of all pairs, instead of counting pairs. */
#ifndef RECPIPE_TRAIN_ITEMS_REGRESSION_H
#define RECPIPE_TRAIN_ITEMS_REGRESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "data/dense.h"
#include "domain/history.h"
#include "frame/pool.h"
#include "streams/output.h"
#include "options.h"

/* What an item adds to the score of another one. */
struct link {
	uint32_t item;
	float weight;
};

struct regression {
	/* The weights of a history, which is taken over. */
	void *(*fit)(const struct options *o, struct history *h, struct pool *pool);
	/* What this item of the history leads to, in any order, into room for all items;
	 * returns how many there are. */
	size_t (*row)(void *fitted, uint32_t item, size_t worker, struct link *out);
	void (*free)(void *fitted, size_t threads);
};

extern const struct regression RIDGE, SPARSE_RIDGE, NEXT_RIDGE;

/* The method's fit of a history, which is taken over, and its rows `item neighbor weight`, best
 * first; returns how many. */
uint64_t regression_run(const struct options *o, struct history *h, struct pool *pool,
			struct output *out);

/* Ends the program when a method would take more than --memory. `hint` says what takes less. */
void require_memory(const struct options *o, uint64_t bytes, uint32_t items, const char *hint);
_Noreturn void die_singular(bool single);

/* A regression for each item j on the few items that it goes with most, its candidates:
 *
 *	(G_NN + L_N) w = t_N	for N, the best --candidates of the items i with t_i > 0
 *				by t_i / (G_ii + L_ii)
 *
 * where L = ridge + dropout / (1 - dropout) diag G. Items are numbered as the source likes;
 * low numbers should be those that are asked for often. */
struct source {
	uint32_t items;
	const uint32_t *id, *place;  /* from the source's numbers to the history's, and back */
	const double *scale;         /* of an item's weights; NULL: 1 */
	const void *data;
	/* Row `item` of G in the columns 0 ... last (>= item) added to zeros; lists the
	 * columns that are not 0, in no order, and returns how many. */
	size_t (*gram)(const void *data, uint32_t item, uint32_t last, double *row, uint32_t *columns);
	/* The same for the target of `item`: t of all items. */
	size_t (*target)(const void *data, uint32_t item, double *row, uint32_t *columns);
	uint64_t pairs;              /* at least as many as G has elements; may be too many */
};

struct sparse_fit;
struct sparse_fit *sparse_fit(const struct options *o, const struct source *s, struct pool *pool);
size_t sparse_fit_row(const struct sparse_fit *f, uint32_t item, struct link *out);
void sparse_fit_free(struct sparse_fit *f);

#endif
