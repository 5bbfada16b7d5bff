#include "domain/diversity.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

struct diversity {
	const struct strmap *ids;
	const struct csr *rows;
	double *length;          /* of each item's vector */
	double *sum;             /* feature -> sum of the unit vectors of the list's items */
};

struct diversity *diversity_new(const struct strmap *ids, const struct csr *rows, uint32_t features)
{
	struct diversity *d = memory_zero(1, sizeof *d);
	uint32_t n = strmap_count(ids);
	d->ids = ids;
	d->rows = rows;
	d->length = memory_new(n, sizeof *d->length);
	d->sum = memory_zero(features, sizeof *d->sum);
	for (uint32_t i = 0; i < n; i++) {
		double squares = 0;
		for (uint64_t f = rows->start[i]; f < rows->start[i + 1]; f++)
			squares += (double)rows->value[f] * (double)rows->value[f];
		d->length[i] = sqrt(squares);
	}
	return d;
}

void diversity_free(struct diversity *d)
{
	if (!d)
		return;
	free(d->length);
	free(d->sum);
	free(d);
}

/* The item's number, STRMAP_NONE when its vector has no direction. */
static uint32_t find(const struct diversity *d, struct span id)
{
	uint32_t item = strmap_find(d->ids, id);
	return item != STRMAP_NONE && d->length[item] > 0 ? item : STRMAP_NONE;
}

/* The cosines of a new item with all before it, summed: the product of its unit vector with the sum
 * of theirs. So a list costs as much as its items have features, not as much as it has pairs. */
static double add_item(struct diversity *d, uint32_t item)
{
	const struct csr *rows = d->rows;
	double product = 0;
	for (uint64_t f = rows->start[item]; f < rows->start[item + 1]; f++) {
		double unit = (double)rows->value[f] / d->length[item];
		product += unit * d->sum[rows->column[f]];
		d->sum[rows->column[f]] += unit;
	}
	return product;
}

static void forget_item(struct diversity *d, uint32_t item)
{
	for (uint64_t f = d->rows->start[item]; f < d->rows->start[item + 1]; f++)
		d->sum[d->rows->column[f]] = 0;
}

void diversity_of_list(struct diversity *d, const struct span *items, uint32_t n, struct alike *at)
{
	uint32_t *number = memory_new(n, sizeof *number);
	at[0] = (struct alike){0};
	for (uint32_t r = 0; r < n; r++) {
		number[r] = find(d, items[r]);
		at[r + 1] = at[r];
		if (number[r] == STRMAP_NONE)
			continue;
		at[r + 1].cosines += add_item(d, number[r]);
		at[r + 1].n++;
	}
	for (uint32_t r = 0; r < n; r++)
		if (number[r] != STRMAP_NONE)
			forget_item(d, number[r]);
	free(number);
}

double diversity_value(const struct alike *a)
{
	if (a->n < 2)
		return NAN;
	double apart = 1 - a->cosines / ((double)a->n * (a->n - 1) / 2);
	return apart < 1e-12 ? 0 : apart; /* what rounding leaves of items of one direction */
}
