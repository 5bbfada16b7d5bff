/* sparse-fit.c - small ridge regressions, one for each item: see regression.h.
 *
 * Steck, Dimakopoulou, Riabov, Jebara, "ADMM SLIM" (WSDM 2020), and Steck, "Markov Random
 * Fields for Collaborative Filtering" (NeurIPS 2019), solve with a sparse Gram matrix; here
 * every item has its own candidates, so that items do not wait for each other.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "data/csr.h"
#include "frame/run.h"
#include "regression.h"

struct candidate {
	double score;
	uint32_t item;
};

static inline bool is_behind(const struct candidate *a, const struct candidate *b)
{
	if (a->score < b->score || a->score > b->score)
		return a->score < b->score;
	return a->item > b->item;
}

#define TOPK_NAME candidates
#define TOPK_ENTRY struct candidate
#define TOPK_BEHIND is_behind
#include "data/topk-heap.h"

/* Left of its diagonal, row i of G: for 32 columns each a cell whose low half has a bit for
 * each element that is not 0, and whose high half says where their values begin. */
struct lower {
	uint64_t **cells;
	float **values;
	double *diagonal;
};

enum { CELL = 32 };

struct worker {
	double *row, *values, *right;
	uint32_t *columns, *chosen;
	struct candidate *best;
	struct dense_system *system;
};

struct fitting {
	const struct options *o;
	const struct source *s;
	struct lower g;
	struct worker *workers;
	size_t most;                /* candidates of an item */
	uint64_t *elements;         /* of each row of G, when they are only counted */
	uint32_t from;              /* the first item of a round */
	struct link *links;         /* `most` for each item, those that lead to it */
	uint32_t *count;
	bool singular;              /* in any of the systems */
};

struct sparse_fit {
	uint32_t *id, *place;
	struct csr by_item;         /* what an item leads to */
};

/* ---- the Gram matrix ---- */

static struct worker *worker_of(struct fitting *f, size_t number)
{
	struct worker *w = &f->workers[number];
	if (!w->row) {
		w->row = memory_zero((size_t)f->s->items + 1, sizeof *w->row);
		w->columns = memory_new((size_t)f->s->items + 1, sizeof *w->columns);
		w->values = memory_new(f->most + 1, sizeof *w->values);
		w->right = memory_new(f->most + 1, sizeof *w->right);
		w->chosen = memory_new(f->most + 1, sizeof *w->chosen);
		w->best = memory_new(f->most + 1, sizeof *w->best);
		w->system = dense_system_new(f->most, DENSE_DOUBLE, (enum kernel_choice)f->o->kernel);
	}
	return w;
}

static void clear_row(struct worker *w, size_t n)
{
	for (size_t q = 0; q < n; q++)
		w->row[w->columns[q]] = 0;
}

static void count_row(void *context, size_t item, size_t worker)
{
	struct fitting *f = context;
	struct worker *w = worker_of(f, worker);
	size_t n = f->s->gram(f->s->data, (uint32_t)item, (uint32_t)item, w->row, w->columns);
	clear_row(w, n);
	f->elements[item] = n;
}

static void keep_row(void *context, size_t item, size_t worker)
{
	struct fitting *f = context;
	struct worker *w = worker_of(f, worker);
	uint32_t i = (uint32_t)item;
	size_t n = f->s->gram(f->s->data, i, i, w->row, w->columns), cells = item / CELL + 1;
	uint64_t *cell = memory_zero(cells, sizeof *cell);
	float *value = memory_new(n + 1, sizeof *value);
	for (size_t q = 0; q < n; q++)
		if (w->columns[q] != i)
			cell[w->columns[q] / CELL] |= (uint64_t)1 << w->columns[q] % CELL;
	size_t at = 0;
	for (size_t c = 0; c < cells; c++) {
		uint64_t bits = cell[c];
		cell[c] |= (uint64_t)at << 32;
		for (; bits; bits &= bits - 1)
			value[at++] = (float)w->row[c * CELL + (size_t)__builtin_ctzll(bits)];
	}
	value[at] = 0;
	f->g.cells[i] = cell;
	f->g.values[i] = value;
	f->g.diagonal[i] = w->row[i];
	clear_row(w, n);
}

/* G of item i with the items of `columns`, n of them and all before i. */
static inline __attribute__((always_inline)) void
gather(const struct lower *g, uint32_t i, const uint32_t *columns, size_t n, double *out)
{
	const uint64_t *cells = g->cells[i];
	const float *values = g->values[i];
	for (size_t c = 0; c < n; c++) {
		uint64_t cell = cells[columns[c] / CELL];
		uint32_t bit = (uint32_t)1 << columns[c] % CELL, bits = (uint32_t)cell;
		float value = values[(cell >> 32) + (uint32_t)__builtin_popcount(bits & (bit - 1))];
		out[c] = bits & bit ? (double)value : 0;
	}
}

static void gather_plain(const struct lower *g, uint32_t i, const uint32_t *columns, size_t n, double *out)
{
	gather(g, i, columns, n, out);
}

#if defined(__x86_64__)
__attribute__((target("popcnt")))
static void gather_popcnt(const struct lower *g, uint32_t i, const uint32_t *columns, size_t n, double *out)
{
	gather(g, i, columns, n, out);
}

static void gather_row(const struct lower *g, uint32_t i, const uint32_t *columns, size_t n, double *out)
{
	if (__builtin_cpu_supports("popcnt"))
		gather_popcnt(g, i, columns, n, out);
	else
		gather_plain(g, i, columns, n, out);
}
#else
#define gather_row gather_plain
#endif

/* ---- an item ---- */

static double penalty(const struct fitting *f, uint32_t i)
{
	return f->o->ridge + f->o->dropout / (1 - f->o->dropout) * f->g.diagonal[i];
}

static int compare_numbers(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	return (x > y) - (x < y);
}

/* The candidates of an item, ascending, into w->chosen and their targets into w->right. */
static size_t choose(struct fitting *f, struct worker *w, uint32_t item)
{
	size_t n = f->s->target(f->s->data, item, w->row, w->columns), kept = 0;
	for (size_t q = 0; q < n; q++) {
		uint32_t i = w->columns[q];
		double whole = f->g.diagonal[i] + penalty(f, i);
		if (w->row[i] > 0 && whole > 0)
			candidates_offer(w->best, &kept, f->most, (struct candidate){w->row[i] / whole, i});
	}
	for (size_t q = 0; q < kept; q++)
		w->chosen[q] = w->best[q].item;
	qsort(w->chosen, kept, sizeof *w->chosen, compare_numbers);
	for (size_t q = 0; q < kept; q++)
		w->right[q] = w->row[w->chosen[q]];
	clear_row(w, n);
	return kept;
}

static void solve_item(void *context, size_t chunk, size_t worker)
{
	struct fitting *f = context;
	struct worker *w = worker_of(f, worker);
	uint32_t item = f->from + (uint32_t)chunk;
	size_t n = choose(f, w, item), kept = 0;
	struct link *links = f->links + (size_t)item * f->most;
	dense_system_begin(w->system, n);
	for (size_t r = 0; r < n; r++) {
		uint32_t i = w->chosen[r];
		gather_row(&f->g, i, w->chosen, r, w->values);
		w->values[r] = f->g.diagonal[i] + penalty(f, i);
		dense_system_put_row(w->system, r, w->values);
	}
	if (!dense_system_solve(w->system, w->right)) {
		__atomic_store_n(&f->singular, true, __ATOMIC_RELAXED);
		return;
	}
	for (size_t q = 0; q < n; q++) {
		uint32_t i = w->chosen[q];
		float weight = (float)(w->right[q] * (f->s->scale ? f->s->scale[i] : 1));
		if (weight != 0)
			links[kept++] = (struct link){i, weight};
	}
	f->count[item] = (uint32_t)kept;
}

/* ---- all items ---- */

/* From the links that lead to each item to those that each item leads to. */
static struct csr turn(struct fitting *f)
{
	uint32_t n = f->s->items;
	uint64_t *start = memory_zero((size_t)n + 1, sizeof *start);
	for (uint32_t j = 0; j < n; j++)
		start[j + 1] = start[j] + f->count[j];
	uint32_t *column = memory_new((size_t)start[n] + 1, sizeof *column);
	float *value = memory_new((size_t)start[n] + 1, sizeof *value);
	for (uint32_t j = 0; j < n; j++) {
		for (uint32_t q = 0; q < f->count[j]; q++) {
			const struct link *link = &f->links[(size_t)j * f->most + q];
			column[start[j] + q] = link->item;
			value[start[j] + q] = link->weight;
		}
	}
	free(f->links);
	struct csr by_item = csr_transpose(n, n, start, column, value);
	free(start);
	free(column);
	free(value);
	return by_item;
}

static void check_memory(struct fitting *f, struct pool *pool)
{
	uint64_t n = f->s->items, threads = pool_threads(pool);
	uint64_t fixed = n * (n / CELL / 2 + 1) * sizeof(uint64_t) + 3 * n * f->most * sizeof(struct link) +
			 threads * (n * 12 + dense_system_bytes(f->most, DENSE_DOUBLE));
	uint64_t elements = f->s->pairs < n * (n + 1) / 2 ? f->s->pairs : n * (n + 1) / 2;
	if (fixed + elements * sizeof(float) > f->o->memory) {
		f->elements = memory_zero((size_t)n + 1, sizeof *f->elements);
		pool_run(pool, n, count_row, f);
		elements = n;
		for (uint32_t i = 0; i < n; i++)
			elements += f->elements[i];
		free(f->elements);
	}
	require_memory(f->o, fixed + elements * sizeof(float), f->s->items,
		       "keep fewer items");
}

static void release(struct fitting *f, size_t threads)
{
	for (size_t i = 0; i < threads; i++) {
		struct worker *w = &f->workers[i];
		free(w->row);
		free(w->columns);
		free(w->values);
		free(w->right);
		free(w->chosen);
		free(w->best);
		dense_system_free(w->system);
	}
	free(f->workers);
	for (uint32_t i = 0; i < f->s->items; i++) {
		free(f->g.cells[i]);
		free(f->g.values[i]);
	}
	free(f->g.cells);
	free(f->g.values);
	free(f->g.diagonal);
}

struct sparse_fit *sparse_fit(const struct options *o, const struct source *s, struct pool *pool)
{
	enum { ROUND = 1024 };
	size_t n = s->items, threads = pool_threads(pool);
	struct fitting f = {.o = o, .s = s,
		.most = (uint64_t)o->candidates < n ? (size_t)o->candidates : n,
		.workers = memory_zero(threads, sizeof *f.workers)};
	check_memory(&f, pool);
	f.g.cells = memory_zero(n + 1, sizeof *f.g.cells);
	f.g.values = memory_zero(n + 1, sizeof *f.g.values);
	f.g.diagonal = memory_zero(n + 1, sizeof *f.g.diagonal);
	f.count = memory_zero(n + 1, sizeof *f.count);
	pool_run(pool, n, keep_row, &f);
	f.links = memory_new(n * f.most + 1, sizeof *f.links);
	for (size_t from = 0; from < n && !f.singular; from += ROUND) {
		f.from = (uint32_t)from;
		pool_run(pool, n - from < ROUND ? n - from : ROUND, solve_item, &f);
		progress_step(from, n, "items");
	}
	progress_clear();
	if (f.singular)
		die_singular(false);
	release(&f, threads);
	struct sparse_fit *fit = memory_zero(1, sizeof *fit);
	fit->by_item = turn(&f);
	free(f.count);
	fit->id = memory_new(n + 1, sizeof *fit->id);
	fit->place = memory_new(n + 1, sizeof *fit->place);
	memcpy(fit->id, s->id, n * sizeof *fit->id);
	memcpy(fit->place, s->place, n * sizeof *fit->place);
	return fit;
}

size_t sparse_fit_row(const struct sparse_fit *f, uint32_t item, struct link *out)
{
	uint32_t i = f->place[item];
	size_t n = 0;
	for (uint64_t q = f->by_item.start[i]; q < f->by_item.start[i + 1]; q++)
		out[n++] = (struct link){f->id[f->by_item.column[q]], f->by_item.value[q]};
	return n;
}

void sparse_fit_free(struct sparse_fit *f)
{
	if (!f)
		return;
	free(f->id);
	free(f->place);
	csr_free(&f->by_item);
	free(f);
}
