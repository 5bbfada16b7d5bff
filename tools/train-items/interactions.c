/* interactions.c - see interactions.h. */
#include "interactions.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "data/radix.h"

/* Times two weights, each at least 2^-149, so much is not 0. */
#define NEVER_ZERO 0x1p-700

/* Items by falling number of users, then by number in the history. */
static void number_items(struct interactions *x, const struct history *h)
{
	uint64_t *keys = memory_zero((size_t)x->items + 1, sizeof *keys);
	uint64_t rows = history_rows(h);
	for (uint64_t i = 0; i < rows; i++)
		if (!h->weight || h->weight[i] > 0)
			keys[h->item[i]]++;
	for (uint32_t i = 0; i < x->items; i++) {
		keys[i] = UINT32_MAX - keys[i];
		x->id[i] = i;
	}
	radix_sort(keys, x->id, x->items);
	for (uint32_t i = 0; i < x->items; i++)
		x->place[x->id[i]] = i;
	free(keys);
}

/* Users in the byte order of their ids, and in each the items ascending: the transpose of the
 * transpose. */
static void sort_rows(struct interactions *x, const struct history *h)
{
	uint32_t *order = strmap_sorted(h->user_ids);
	uint64_t rows = history_rows(h), n = 0;
	uint64_t *start = memory_zero((size_t)x->users + 1, sizeof *start);
	uint32_t *item = memory_new((size_t)rows + 1, sizeof *item);
	float *weight = h->weight ? memory_new((size_t)rows + 1, sizeof *weight) : NULL;
	for (uint32_t u = 0; u < x->users; u++) {
		for (uint64_t i = h->start[order[u]]; i < h->start[order[u] + 1]; i++) {
			if (weight && !(h->weight[i] > 0))
				continue;
			if (weight)
				weight[n] = h->weight[i];
			item[n++] = x->place[h->item[i]];
		}
		start[u + 1] = n;
	}
	if (n < rows)
		note("%llu rows of weight 0 are left out", (unsigned long long)(rows - n));
	x->by_item = csr_transpose(x->users, x->items, start, item, weight);
	x->by_user = csr_transpose(x->items, x->users, x->by_item.start, x->by_item.column,
				   x->by_item.value);
	free(order);
	free(start);
	free(item);
	free(weight);
}

static double sum_of(const struct csr *m, uint32_t row)
{
	double sum = 0;
	for (uint64_t i = m->start[row]; i < m->start[row + 1]; i++)
		sum += m->value ? (double)m->value[i] : 1;
	return sum;
}

struct interactions *interactions_new(const struct history *h, double user_exponent, double item_exponent,
				      double history_exponent)
{
	struct interactions *x = memory_zero(1, sizeof *x);
	x->users = h->users;
	x->items = h->items;
	x->id = memory_new((size_t)x->items + 1, sizeof *x->id);
	x->place = memory_new((size_t)x->items + 1, sizeof *x->place);
	number_items(x, h);
	sort_rows(x, h);
	x->user_square = memory_new((size_t)x->users + 1, sizeof *x->user_square);
	x->item_scale = memory_new((size_t)x->items + 1, sizeof *x->item_scale);
	x->history_scale = memory_new((size_t)x->items + 1, sizeof *x->history_scale);
	for (uint32_t u = 0; u < x->users; u++) {
		double sum = sum_of(&x->by_user, u);
		uint64_t n = x->by_user.start[u + 1] - x->by_user.start[u];
		x->user_square[u] = sum > 0 ? pow(sum, -2 * user_exponent) : 0;
		x->tiny |= n > 0 && x->user_square[u] < NEVER_ZERO;
		x->pairs += n * n;
	}
	for (uint32_t i = 0; i < x->items; i++) {
		double sum = sum_of(&x->by_item, i);
		x->item_scale[i] = sum > 0 ? pow(sum, -item_exponent) : 0;
		x->history_scale[i] = sum > 0 ? pow(sum, -history_exponent) : 0;
	}
	return x;
}

void interactions_free(struct interactions *x)
{
	if (!x)
		return;
	free(x->id);
	free(x->place);
	csr_free(&x->by_user);
	csr_free(&x->by_item);
	free(x->user_square);
	free(x->item_scale);
	free(x->history_scale);
	free(x);
}

/* The users of an item lie anywhere: fetches what the one NEAR and the one FAR places on will need. */
static inline __attribute__((always_inline)) void /* else gcc leaves it out: it returns nothing */
fetch_ahead(const struct interactions *x, uint64_t i, uint64_t end)
{
	enum { NEAR = 8, FAR = 16 };
	const struct csr *users = &x->by_item, *items = &x->by_user;
	if (i + FAR < end) {
		__builtin_prefetch(&items->start[users->column[i + FAR]]);
		__builtin_prefetch(&x->user_square[users->column[i + FAR]]);
	}
	if (i + NEAR < end) {
		uint64_t at = items->start[users->column[i + NEAR]];
		__builtin_prefetch(&items->column[at]);
		if (items->value)
			__builtin_prefetch(&items->value[at]);
	}
}

void interactions_gram(const struct interactions *x, uint32_t item, uint32_t last, double *row)
{
	const struct csr *users = &x->by_item, *items = &x->by_user;
	for (uint64_t i = users->start[item]; i < users->start[item + 1]; i++) {
		uint32_t u = users->column[i];
		fetch_ahead(x, i, users->start[item + 1]);
		double by = x->user_square[u] * (users->value ? (double)users->value[i] : 1);
		uint64_t end = items->start[u + 1];
		for (uint64_t q = items->start[u]; q < end && items->column[q] <= last; q++)
			row[items->column[q]] += by * (items->value ? (double)items->value[q] : 1);
	}
	for (uint32_t k = 0; k <= last; k++)
		row[k] *= x->item_scale[item] * x->item_scale[k];
}

/* Row `item` of R'R where products may come to 0: a column is listed when it is not 0 any more. */
static size_t __attribute__((noinline, cold))
list_tiny(const struct interactions *x, uint32_t item, uint32_t last, double *row, uint32_t *columns)
{
	const struct csr *users = &x->by_item, *items = &x->by_user;
	size_t n = 0;
	for (uint64_t i = users->start[item]; i < users->start[item + 1]; i++) {
		uint32_t u = users->column[i];
		double by = x->user_square[u] * (users->value ? (double)users->value[i] : 1);
		for (uint64_t q = items->start[u]; q < items->start[u + 1] && items->column[q] <= last; q++) {
			uint32_t k = items->column[q];
			bool listed = row[k] > 0;
			row[k] += by * (items->value ? (double)items->value[q] : 1);
			if (!listed && row[k] > 0)
				columns[n++] = k;
		}
	}
	return n;
}

/* The same where none does. */
static size_t __attribute__((noinline))
list_all(const struct interactions *x, uint32_t item, uint32_t last, double *row, uint32_t *columns)
{
	const struct csr *users = &x->by_item, *items = &x->by_user;
	size_t n = 0;
	for (uint64_t i = users->start[item]; i < users->start[item + 1]; i++) {
		uint32_t u = users->column[i];
		fetch_ahead(x, i, users->start[item + 1]);
		double by = x->user_square[u] * (users->value ? (double)users->value[i] : 1);
		uint64_t end = items->start[u + 1];
		for (uint64_t q = items->start[u]; q < end && items->column[q] <= last; q++) {
			uint32_t k = items->column[q];
			columns[n] = k;
			n += row[k] == 0;
			row[k] += by * (items->value ? (double)items->value[q] : 1);
		}
	}
	return n;
}

size_t interactions_gram_list(const struct interactions *x, uint32_t item, uint32_t last, double *row,
			      uint32_t *columns)
{
	size_t n = (x->tiny ? list_tiny : list_all)(x, item, last, row, columns);
	for (size_t q = 0; q < n; q++)
		row[columns[q]] *= x->item_scale[item] * x->item_scale[columns[q]];
	return n;
}
