/* ridge.c - the dense ridge regression of every item on all others: see regression.h.
 *
 * With P = (X'X + L)^-1, L diagonal, the weight of i for j is -P_ij / P_jj, and that of an item
 * for itself is 0: Steck, "Embarrassingly Shallow Autoencoders for Sparse Data", WWW 2019,
 * equation 8. L = ridge + dropout / (1 - dropout) diag X'X: Steck, "Autoencoders that don't
 * overfit towards the Identity", NeurIPS 2020, equation 8.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "frame/run.h"
#include "counts.h"
#include "interactions.h"
#include "regression.h"

/* Above so many items single precision, unless --precision says otherwise. */
enum { DOUBLE_MOST = 12000 };

struct ridge {
	struct interactions *x;
	struct dense *m;            /* X'X + L, then its inverse */
	double *diagonal;           /* of the inverse */
	double **row;               /* of each worker */
	double ridge, dropout_factor;
};

static double *row_of(struct ridge *r, size_t worker)
{
	if (!r->row[worker])
		r->row[worker] = memory_new((size_t)r->x->items + 1, sizeof(double));
	return r->row[worker];
}

static void fill_rows(void *context, size_t chunk, size_t worker)
{
	struct ridge *r = context;
	double *row = row_of(r, worker);
	size_t together = dense_rows_together(r->m), from = chunk * together;
	for (size_t i = from; i < from + together && i < r->x->items; i++) {
		memset(row, 0, (i + 1) * sizeof *row);
		interactions_gram(r->x, (uint32_t)i, (uint32_t)i, row);
		row[i] += r->ridge + r->dropout_factor * row[i];
		dense_put_row(r->m, i, row);
	}
}

static void run_on_pool(void *pool, size_t chunks, void (*work)(void *context, size_t chunk, size_t worker),
			void *context)
{
	pool_run(pool, chunks, work, context);
}

static void show_step(uint64_t done, uint64_t total)
{
	progress_step(done, total, "blocks of items");
}

static enum dense_precision precision_of(const struct options *o, uint32_t items)
{
	if (o->precision == PRECISION_AUTO)
		return items <= DOUBLE_MOST ? DENSE_DOUBLE : DENSE_SINGLE;
	return o->precision == PRECISION_DOUBLE ? DENSE_DOUBLE : DENSE_SINGLE;
}

static void *ridge_fit(const struct options *o, struct history *h, struct pool *pool)
{
	size_t threads = pool_threads(pool), n = h->items;
	enum dense_precision precision = precision_of(o, h->items);
	require_memory(o, dense_bytes(n, precision, threads) + (threads + 1) * n * sizeof(double), h->items,
		       "take --method sparse-ridge");
	struct ridge *r = memory_zero(1, sizeof *r);
	keep_latest(o, h);
	r->x = interactions_new(h, o->user_exponent, o->item_exponent, o->history_exponent);
	h->item_ids = NULL;
	history_free(h);
	r->ridge = o->ridge;
	r->dropout_factor = o->dropout / (1 - o->dropout);
	r->row = memory_zero(threads, sizeof *r->row);
	r->m = dense_new(n, precision, (enum kernel_choice)o->kernel);
	size_t together = dense_rows_together(r->m);
	pool_run(pool, (n + together - 1) / together, fill_rows, r);
	struct dense_team team = {pool, threads, run_on_pool, show_step};
	if (!dense_invert(r->m, &team))
		die_singular(precision == DENSE_SINGLE);
	progress_clear();
	r->diagonal = memory_new(n + 1, sizeof *r->diagonal);
	for (size_t i = 0; i < n; i++)
		r->diagonal[i] = dense_get(r->m, i, i);
	return r;
}

static size_t ridge_row(void *fitted, uint32_t item, size_t worker, struct link *out)
{
	struct ridge *r = fitted;
	double *row = row_of(r, worker);
	uint32_t i = r->x->place[item];
	size_t n = 0;
	dense_get_row(r->m, i, row);
	for (uint32_t j = 0; j < r->x->items; j++) {
		float weight = (float)(-row[j] / r->diagonal[j] * r->x->history_scale[i]);
		if (j != i && weight != 0)
			out[n++] = (struct link){r->x->id[j], weight};
	}
	return n;
}

static void ridge_free(void *fitted, size_t threads)
{
	struct ridge *r = fitted;
	for (size_t i = 0; i < threads; i++)
		free(r->row[i]);
	free(r->row);
	free(r->diagonal);
	dense_free(r->m);
	interactions_free(r->x);
	free(r);
}

const struct regression RIDGE = {ridge_fit, ridge_row, ridge_free};
