/* adjust.c - see adjust.h. */
#include "adjust.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/memory.h"

struct ordered {
	double p;
	size_t at;
};

static int ascending_p(const void *a, const void *b)
{
	const struct ordered *x = a, *y = b;
	if (x->p < y->p || x->p > y->p)
		return x->p < y->p ? -1 : 1;
	return (x->at > y->at) - (x->at < y->at);
}

/* The p values that are there, ascending; `*n` how many. */
static struct ordered *ordered_p(const double *p, size_t all, size_t *n)
{
	struct ordered *o = memory_new(all + 1, sizeof *o);
	*n = 0;
	for (size_t i = 0; i < all; i++)
		if (!isnan(p[i]))
			o[(*n)++] = (struct ordered){p[i], i};
	qsort(o, *n, sizeof *o, ascending_p);
	return o;
}

/* The factor that the p of each rank is multiplied by. */
static double *factors_of(enum adjustment method, size_t m)
{
	double *factor = memory_new(m + 1, sizeof *factor), count = (double)m, harmonic = 0;
	for (size_t i = 1; i <= m; i++)
		harmonic += 1 / (double)i;
	for (size_t i = 0; i < m; i++) {
		double rank = (double)i + 1;
		if (method == ADJUST_NONE || method == ADJUST_BONFERRONI)
			factor[i] = method == ADJUST_NONE ? 1 : count;
		else if (method == ADJUST_HOLM || method == ADJUST_HOCHBERG)
			factor[i] = count - rank + 1;
		else
			factor[i] = count / rank * (method == ADJUST_BY ? harmonic : 1);
	}
	return factor;
}

void adjust(const double *p, double *adjusted, size_t n, enum adjustment method)
{
	size_t m;
	struct ordered *o = ordered_p(p, n, &m);
	double *factor = factors_of(method, m);
	bool up = method == ADJUST_HOLM;
	double running = up ? 0 : 1;
	for (size_t i = 0; i < n; i++)
		adjusted[i] = p[i];
	for (size_t j = 0; j < m && method != ADJUST_NONE; j++) {
		size_t i = up ? j : m - 1 - j;
		double value = fmin(1, o[i].p * factor[i]);
		if (method != ADJUST_BONFERRONI)
			value = running = up ? fmax(running, value) : fmin(running, value);
		adjusted[o[i].at] = value;
	}
	free(factor);
	free(o);
}

/* How many of the others come before a p that is tested as late as can be; the others are
 * o without o[at], and the p of rank r (from 0) has to be at most limit[r]. Stepping down,
 * those before the first that is above its limit. */
static void ranks_down(const struct ordered *o, const double *limit, size_t m, size_t *rank)
{
	size_t stop = 0, next = m - 1;
	while (stop < m && o[stop].p <= limit[stop])
		stop++;
	for (size_t at = m; at-- > 0;) {
		if (at + 1 < m && o[at + 1].p > limit[at])
			next = at;
		rank[at] = at < stop ? next : stop;
	}
}

/* Stepping up, all before the last of the others that is at most the limit of its rank with
 * this p in front of it. */
static void ranks_up(const struct ordered *o, const double *limit, size_t m, size_t *rank)
{
	size_t last = 0, before = 0;
	for (size_t r = 1; r < m; r++)
		last = o[r].p <= limit[r] ? r : last;
	for (size_t at = 0; at < m; at++) {
		if (at > 0 && o[at - 1].p <= limit[at])
			before = at;
		rank[at] = last > at ? last : before;
	}
}

void adjust_levels(const double *p, double *level, size_t n, double alpha, enum adjustment method)
{
	size_t m, *rank = memory_new(n + 1, sizeof *rank);
	struct ordered *o = ordered_p(p, n, &m);
	double *limit = factors_of(method, m);
	for (size_t i = 0; i < m; i++)
		limit[i] = alpha / limit[i];
	if (m > 0 && method == ADJUST_HOLM)
		ranks_down(o, limit, m, rank);
	else
		ranks_up(o, limit, m, rank);
	for (size_t i = 0; i < n; i++)
		level[i] = NAN;
	for (size_t i = 0; i < m; i++)
		level[o[i].at] = limit[rank[i]];
	free(rank);
	free(limit);
	free(o);
}
