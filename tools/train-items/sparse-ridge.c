/* sparse-ridge.c - the ridge regression of an item on its candidates: see regression.h. */
#include <stdlib.h>

#include "counts.h"
#include "interactions.h"
#include "regression.h"

static size_t gram_row(const void *data, uint32_t item, uint32_t last, double *row, uint32_t *columns)
{
	return interactions_gram_list(data, item, last, row, columns);
}

/* The target is the item's own column of X'X, without itself. */
static size_t target_row(const void *data, uint32_t item, double *row, uint32_t *columns)
{
	const struct interactions *x = data;
	size_t n = interactions_gram_list(x, item, x->items - 1, row, columns);
	row[item] = 0;
	return n;
}

static void *sparse_ridge_fit(const struct options *o, struct history *h, struct pool *pool)
{
	keep_latest(o, h);
	struct interactions *x = interactions_new(h, o->user_exponent, o->item_exponent,
						  o->history_exponent);
	h->item_ids = NULL;
	history_free(h);
	struct source s = {.items = x->items, .id = x->id, .place = x->place, .scale = x->history_scale,
		.data = x, .gram = gram_row, .target = target_row, .pairs = x->pairs};
	struct sparse_fit *fit = sparse_fit(o, &s, pool);
	interactions_free(x);
	return fit;
}

static size_t sparse_ridge_row(void *fitted, uint32_t item, size_t worker, struct link *out)
{
	(void)worker;
	return sparse_fit_row(fitted, item, out);
}

static void sparse_ridge_free(void *fitted, size_t threads)
{
	(void)threads;
	sparse_fit_free(fitted);
}

const struct regression SPARSE_RIDGE = {sparse_ridge_fit, sparse_ridge_row, sparse_ridge_free};
