/* next-ridge.c - the next row of a user from the decayed rows before it: see regression.h.
 *
 * Row t of a session, item i_t, has the input x_t = sum over n = 1 ... window of g(n) e_{i_(t-n)},
 * g(n) = n^-gap-exponent or decay^(n-1), and the target e_{i_t}. Ridge regression: G = sum of
 * x_t x_t', and the target of item j is the sum of x_t over the rows t of j. An item may lead to
 * itself.
 * g is a multiple of 2^-12 and what is summed one of 2^-24: sums are exact, in any order.
 */
#include <stdlib.h>

#include "base/error.h"
#include "base/memory.h"
#include "data/csr.h"
#include "counts.h"
#include "following.h"
#include "regression.h"

struct steps {
	uint64_t *start;            /* where the rows of an item are, as places in `item` */
	uint32_t *at;
	uint32_t *item;             /* of all rows, session by session */
	uint32_t *ahead, *behind;   /* rows of the session after this one and before it, at most `window` */
	size_t window;
	double *gap;                /* g(n) */
	double *overlap;            /* [d * (window + 1) + r]: sum over m = 1 ... r of g(m) g(m + d) */
};

/* Of a pair of rows d apart: both are inputs of the rows after the later one, as long as the
 * earlier one is within the window. */
static inline double overlap_of(const struct steps *s, size_t d, uint32_t later)
{
	size_t most = s->window - d;
	return s->overlap[d * (s->window + 1) + (most < s->ahead[later] ? most : s->ahead[later])];
}

static inline size_t add(double *row, uint32_t *columns, size_t n, uint32_t column, double value)
{
	columns[n] = column;
	n += row[column] == 0 && value > 0;
	row[column] += value;
	return n;
}

static size_t gram_row(const void *data, uint32_t item, uint32_t last, double *row, uint32_t *columns)
{
	const struct steps *s = data;
	size_t n = 0;
	for (uint64_t q = s->start[item]; q < s->start[item + 1]; q++) {
		uint32_t at = s->at[q];
		for (uint32_t d = 0; d <= s->behind[at] && d < s->window; d++)
			if (s->item[at - d] <= last)
				n = add(row, columns, n, s->item[at - d], overlap_of(s, d, at));
		for (uint32_t d = 1; d <= s->ahead[at] && d < s->window; d++)
			if (s->item[at + d] <= last)
				n = add(row, columns, n, s->item[at + d], overlap_of(s, d, at + d));
	}
	return n;
}

static size_t target_row(const void *data, uint32_t item, double *row, uint32_t *columns)
{
	const struct steps *s = data;
	size_t n = 0;
	for (uint64_t q = s->start[item]; q < s->start[item + 1]; q++)
		for (uint32_t d = 1; d <= s->behind[s->at[q]]; d++)
			n = add(row, columns, n, s->item[s->at[q] - d], s->gap[d]);
	return n;
}

/* ---- from the sequence of all rows ---- */

static void set_rows(struct steps *s, const struct following *f, uint32_t items, size_t rows)
{
	s->start = csr_new(items);
	s->at = memory_new(rows + 1, sizeof *s->at);
	s->item = memory_new(rows + 1, sizeof *s->item);
	s->ahead = memory_new(rows + 1, sizeof *s->ahead);
	s->behind = memory_new(rows + 1, sizeof *s->behind);
	uint32_t run = 0;
	for (size_t i = 0; i < rows; i++) {
		s->item[i] = f->sequence[i] & ~FOLLOWING_LAST;
		csr_count(s->start, s->item[i]);
		s->behind[i] = run < f->window ? run : f->window;
		run = f->sequence[i] & FOLLOWING_LAST ? 0 : run + 1;
	}
	run = 0;
	for (size_t i = rows; i-- > 0;) {
		run = f->sequence[i] & FOLLOWING_LAST ? 0 : run + 1;
		s->ahead[i] = run < f->window ? run : f->window;
	}
	csr_sum(s->start, items);
	for (size_t i = 0; i < rows; i++)
		s->at[csr_place(s->start, s->item[i])] = (uint32_t)i;
}

static void set_gaps(struct steps *s, const struct following *f)
{
	size_t n = f->window;
	s->window = n;
	s->gap = memory_zero(n + 1, sizeof *s->gap);
	s->overlap = memory_zero((n + 1) * (n + 1), sizeof *s->overlap);
	for (size_t i = 1; i <= n; i++)
		s->gap[i] = (double)f->gap[i] / (1 << FOLLOWING_GAP_BITS);
	for (size_t d = 0; d < n; d++)
		for (size_t m = 1; m <= n - d; m++)
			s->overlap[d * (n + 1) + m] = s->overlap[d * (n + 1) + m - 1] +
						      s->gap[m] * s->gap[m + d];
}

static void *next_ridge_fit(const struct options *o, struct history *h, struct pool *pool)
{
	struct counts *c = count_following(o, h);
	const struct following *f = c->source;
	struct steps steps = {0};
	set_rows(&steps, f, c->items, (size_t)c->rows);
	set_gaps(&steps, f);
	struct source s = {.items = c->items, .id = f->order, .place = f->place_of, .data = &steps,
		.gram = gram_row, .target = target_row, .pairs = c->rows * (2 * (uint64_t)f->window - 1)};
	struct sparse_fit *fit = sparse_fit(o, &s, pool);
	c->item_ids = NULL;
	counts_free(c);
	free(steps.start);
	free(steps.at);
	free(steps.item);
	free(steps.ahead);
	free(steps.behind);
	free(steps.gap);
	free(steps.overlap);
	return fit;
}

static size_t next_ridge_row(void *fitted, uint32_t item, size_t worker, struct link *out)
{
	(void)worker;
	return sparse_fit_row(fitted, item, out);
}

static void next_ridge_free(void *fitted, size_t threads)
{
	(void)threads;
	sparse_fit_free(fitted);
}

const struct regression NEXT_RIDGE = {next_ridge_fit, next_ridge_row, next_ridge_free};
