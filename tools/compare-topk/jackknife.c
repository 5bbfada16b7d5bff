#include "jackknife.h"

#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "domain/metrics.h"

/* How often each item of the dataset is shown among the first k of a list. */
struct shown {
	uint32_t items, most;
	uint32_t *count;         /* item -> lists */
	uint64_t all;            /* the sum of these */
	uint64_t *fewer;         /* x -> items shown fewer than x times, x up to most + 1 */
	uint32_t *moved;         /* x -> of the items shown x times, those that the list left out has */
};

/* The items of the pair's first k places: how many there are goes to *n. */
static const uint32_t *list_of(const struct side *s, uint32_t pair, uint32_t k, uint32_t *n)
{
	*n = s->length[pair] < k ? s->length[pair] : k;
	return s->items ? s->items + s->start[pair] : NULL;
}

static struct shown count_shown(const struct comparison *c, const struct side *s, uint32_t k)
{
	struct shown x = {.items = c->data->items};
	x.count = memory_zero(x.items, sizeof *x.count);
	for (uint32_t p = 0; p < c->pairs; p++) {
		uint32_t n;
		const uint32_t *items = list_of(s, p, k, &n);
		for (uint32_t r = 0; r < n; r++) {
			if (items[r] >= x.items) /* not in the dataset */
				continue;
			x.all++;
			if (++x.count[items[r]] > x.most)
				x.most = x.count[items[r]];
		}
	}
	x.fewer = memory_zero((size_t)x.most + 2, sizeof *x.fewer);
	x.moved = memory_zero((size_t)x.most + 1, sizeof *x.moved);
	for (uint32_t i = 0; i < x.items; i++)
		x.fewer[x.count[i] + 1]++;
	for (uint32_t n = 1; n <= x.most + 1; n++)
		x.fewer[n] += x.fewer[n - 1];
	return x;
}

static void shown_free(struct shown *x)
{
	free(x->count);
	free(x->fewer);
	free(x->moved);
}

/* Coverage: without the list, the items that it alone shows are not covered. */
static double coverage_without(const struct shown *x, const uint32_t *items, uint32_t n)
{
	uint64_t covered = x->items - x->fewer[1], alone = 0;
	for (uint32_t r = 0; r < n; r++)
		alone += items[r] < x->items && x->count[items[r]] == 1;
	return (double)(covered - alone) / x->items;
}

/* Twice the place (from 0) minus items + 1: what one list counts for in the sum of Gini's coefficient. */
static __int128 weight_of(const struct shown *x, uint64_t place)
{
	return 2 * (__int128)place + 1 - (__int128)x->items;
}

static __int128 gini_sum(const struct shown *x)
{
	__int128 sum = 0;
	for (uint32_t n = 1; n <= x->most; n++) /* places of the items that are shown n times */
		for (uint64_t place = x->fewer[n]; place < x->fewer[n + 1]; place++)
			sum += weight_of(x, place) * n;
	return sum;
}

/* Gini: without the list, each of its items is shown once less. Sorted by how often they are shown,
 * the first of the equally shown ones can be the one that falls, so that no place changes. */
static double gini_without(struct shown *x, __int128 sum, const uint32_t *items, uint32_t n)
{
	uint64_t all = x->all;
	for (uint32_t r = 0; r < n; r++) {
		if (items[r] >= x->items)
			continue;
		uint32_t count = x->count[items[r]];
		sum -= weight_of(x, x->fewer[count] + x->moved[count]++);
		all--;
	}
	for (uint32_t r = 0; r < n; r++)
		if (items[r] < x->items)
			x->moved[x->count[items[r]]] = 0;
	return all ? (double)sum / ((double)x->items * (double)all) : NAN;
}

void jackknife_values(const struct comparison *c, const struct side *s, size_t m, double *left_out)
{
	const struct measure *measure = &c->measures.at[m];
	struct shown x = count_shown(c, s, measure->k);
	__int128 sum = gini_sum(&x);
	for (uint32_t p = 0; p < c->pairs; p++) {
		uint32_t n;
		const uint32_t *items = list_of(s, p, measure->k, &n);
		left_out[p] = measure->kind == MEASURE_GINI ? gini_without(&x, sum, items, n)
			    : coverage_without(&x, items, n);
	}
	shown_free(&x);
}

double jackknife_stderr(const double *a, const double *b, size_t n)
{
	struct mean mean = {0};
	for (size_t i = 0; i < n; i++) {
		if (isnan(a[i]) || isnan(b[i]))
			return NAN;
		mean_add(&mean, ((double)n - 1) * (b[i] - a[i]));
	}
	return n > 1 ? mean_stderr(&mean) : NAN;
}
