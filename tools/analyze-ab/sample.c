/* sample.c - see sample.h. */
#include "sample.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "data/exactsum.h"

uint16_t arm_of(const struct experiment_data *d, size_t user)
{
	return d->users->arm[user * d->users->n_experiments + d->experiment];
}

const double *column_values(const struct experiment_data *d, const char *name)
{
	long c = users_find(d->users, name);
	if (c < 0)
		usage_error("option '--metrics': there is no column '%s'", name);
	return d->users->value[c];
}

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

double cap_of(const struct experiment_data *d, const struct metric *m, double q)
{
	const struct users *u = d->users;
	const double *x = column_values(d, m->of);
	double *all = memory_new(u->n + 1, sizeof *all);
	size_t n = 0;
	for (size_t i = 0; i < u->n; i++)
		if (arm_of(d, i) < ARM_SEVERAL && !isnan(x[i]))
			all[n++] = x[i];
	qsort(all, n, sizeof *all, ascending);
	double cap = quantile_sorted(all, n, q);
	free(all);
	return cap;
}

/* Users by level, in the order of users within each. */
static void order_levels(struct experiment_data *d)
{
	size_t levels = strmap_count(d->levels), n = d->users->n;
	d->level_start = memory_zero(levels + 2, sizeof *d->level_start);
	d->by_level = memory_new(n + 1, sizeof *d->by_level);
	for (size_t i = 0; i < n; i++)
		if (d->segment[i] != STRMAP_NONE)
			d->level_start[d->segment[i] + 1]++;
	for (size_t l = 1; l <= levels; l++)
		d->level_start[l] += d->level_start[l - 1];
	size_t *at = memory_new(levels + 1, sizeof *at);
	memcpy(at, d->level_start, (levels + 1) * sizeof *at);
	for (size_t i = 0; i < n; i++)
		if (d->segment[i] != STRMAP_NONE)
			d->by_level[at[d->segment[i]]++] = (uint32_t)i;
	free(at);
}

void data_prepare(struct experiment_data *d)
{
	const struct analysis_options *options = d->options;
	if (d->segment)
		order_levels(d);
	d->cap = memory_new(options->n_metrics + 1, sizeof *d->cap);
	for (size_t m = 0; m < options->n_metrics; m++)
		d->cap[m] = options->winsorize > 0 && options->metrics[m].kind == METRIC_MEAN
			? cap_of(d, &options->metrics[m], options->winsorize) : NAN;
}

void data_free(struct experiment_data *d)
{
	free(d->pre_of);
	free(d->segment);
	free(d->by_level);
	free(d->level_start);
	free(d->cap);
}

void sample_limit(struct sample *s, double cap)
{
	for (size_t i = 0; i < s->n; i++)
		s->x[i] = fmin(s->x[i], cap);
}

void sample_linearise(struct sample *s)
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
