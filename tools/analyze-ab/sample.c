/* sample.c - see sample.h. */
#include "sample.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "data/exactsum.h"

struct sample sample_of(const struct experiment_data *d, const struct metric *m, uint32_t arm,
			long level)
{
	const struct users *u = d->users;
	const double *x = column_values(d, m->of);
	const double *y = m->kind == METRIC_RATIO ? column_values(d, m->over) : NULL;
	size_t from = level < 0 ? 0 : d->level_start[level];
	size_t to = level < 0 ? u->n : d->level_start[level + 1];
	struct sample s = {0};
	s.user = memory_new(to - from + 1, sizeof *s.user);
	s.x = memory_new(to - from + 1, sizeof *s.x);
	s.y = y ? memory_new(to - from + 1, sizeof *s.y) : NULL;
	for (size_t k = from; k < to; k++) {
		size_t i = level < 0 ? k : d->by_level[k];
		if (arm_of(d, i) != arm || isnan(x[i]) || (y && isnan(y[i])))
			continue;
		s.user[s.n] = (uint32_t)i;
		s.x[s.n] = x[i];
		if (y)
			s.y[s.n] = y[i];
		s.n++;
	}
	return s;
}

void sample_free(struct sample *s)
{
	free(s->user);
	free(s->x);
	free(s->y);
}

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

double *sorted_copy(const double *x, size_t n)
{
	double *copy = memory_new(n + 1, sizeof *copy);
	memcpy(copy, x, n * sizeof *copy);
	qsort(copy, n, sizeof *copy, ascending);
	return copy;
}

void sample_limit(struct sample *s, double cap)
{
	for (size_t i = 0; i < s->n; i++)
		s->x[i] = fmin(s->x[i], cap);
}

void sample_linearize(struct sample *s)
{
	struct moments over = moments_of(s->x, s->n), under = moments_of(s->y, s->n);
	double ratio = over.mean / under.mean;
	for (size_t i = 0; i < s->n; i++)
		s->x[i] = ratio + (s->x[i] - ratio * s->y[i]) / under.mean;
	if (!isfinite(ratio))
		s->n = 0;
	free(s->y);
	s->y = NULL;
}

/* A value of each of both arms' users before, nan for those who were not there; NULL
 * when --pre does not know it. */
static double *before(const struct experiment_data *d, struct sample *const s[2], const char *name)
{
	long c = d->pre ? users_find(d->pre, name) : -1;
	if (c < 0)
		return NULL;
	double *x = memory_new(s[0]->n + s[1]->n + 1, sizeof *x);
	for (size_t side = 0, at = 0; side < 2; side++) {
		for (size_t i = 0; i < s[side]->n; i++, at++) {
			uint32_t row = d->pre_of[s[side]->user[i]];
			x[at] = row == STRMAP_NONE ? NAN : d->pre->value[c][row];
		}
	}
	return x;
}

/* The covariate of a ratio: what the pooled ratio of the time before leaves of a user;
 * nothing of anybody when there was no ratio. */
static void ratio_before(double *x, const double *y, size_t n)
{
	struct moments over = moments_of(x, n), under = moments_of(y, n);
	double ratio = over.mean / under.mean;
	for (size_t i = 0; i < n; i++)
		x[i] = isnan(x[i]) || isnan(y[i]) || !isfinite(ratio) ? 0
			: (x[i] - ratio * y[i]) / under.mean;
}

static double *covariate_of(const struct experiment_data *d, const struct metric *m,
			    struct sample *const s[2], bool missing_is_mean)
{
	double *x = before(d, s, m->of), *y = m->over ? before(d, s, m->over) : NULL;
	size_t n = s[0]->n + s[1]->n;
	if (!x || (m->over && !y)) {
		free(x);
		free(y);
		return NULL;
	}
	if (y) {
		ratio_before(x, y, n);
		free(y);
		return x;
	}
	double fill = missing_is_mean ? moments_of(x, n).mean : 0;
	for (size_t i = 0; i < n; i++)
		x[i] = isnan(x[i]) ? (isnan(fill) ? 0 : fill) : x[i];
	return x;
}

struct cuped adjust_by_pre(const struct experiment_data *d, const struct metric *m,
			   struct sample *const s[2], bool missing_is_mean)
{
	struct cuped result = {0};
	double *x = covariate_of(d, m, s, missing_is_mean);
	if (!x)
		return result;
	size_t n = s[0]->n + s[1]->n;
	double *y = memory_new(n + 1, sizeof *y);
	for (size_t side = 0, at = 0; side < 2; side++)
		for (size_t i = 0; i < s[side]->n; i++, at++)
			y[at] = s[side]->x[i];
	struct moments mx = moments_of(x, n), my = moments_of(y, n);
	struct exactsum products = {0};
	for (size_t i = 0; i < n; i++)
		exactsum_add(&products, (x[i] - mx.mean) * (y[i] - my.mean));
	double covariance = exactsum_value(&products) / ((double)n - 1);
	if (n > 2 && mx.variance > 0) {
		result.theta = covariance / mx.variance;
		result.correlation = covariance / sqrt(mx.variance * my.variance);
		result.applied = true;
		for (size_t side = 0, at = 0; side < 2; side++)
			for (size_t i = 0; i < s[side]->n; i++, at++)
				s[side]->x[i] = y[at] - result.theta * (x[at] - mx.mean);
	}
	free(x);
	free(y);
	return result;
}

struct moments sample_moments(const struct sample *s)
{
	return s->y ? moments_of_ratio(s->x, s->y, s->n) : moments_of(s->x, s->n);
}
