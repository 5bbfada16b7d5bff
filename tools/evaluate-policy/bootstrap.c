#include "bootstrap.h"

#define MATHLIB_STANDALONE
#include <Rmath.h>
#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "base/random.h"

/* What intervals are asked for. */
enum { OF_VALUE, OF_DIFFERENCE, OF_RELATIVE, OF_MARGIN, FIGURES };

static void add_user(struct sums *s, const struct sums *u, double times)
{
	s->n += times * u->n;
	s->reward += times * u->reward;
	s->weight += times * u->weight;
	s->weighted += times * u->weighted;
	s->expected += times * u->expected;
	s->surprise += times * u->surprise;
}

static void figures_of(const struct sums *s, enum estimator which, double gate, double out[FIGURES])
{
	double value = estimator_value(s, which), logged = s->reward / s->n;
	out[OF_VALUE] = value;
	out[OF_DIFFERENCE] = value - logged;
	out[OF_RELATIVE] = (value - logged) / fabs(logged);
	out[OF_MARGIN] = value - (1 + gate) * logged;
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

/* Skewness by the users left out one by one: a sixth of it is the acceleration. */
static void accelerations(const struct evidence *e, enum estimator which, double gate, double out[FIGURES])
{
	double mean[FIGURES] = {0}, square[FIGURES] = {0}, cube[FIGURES] = {0}, x[FIGURES];
	for (int pass = 0; pass < 2; pass++)
		for (size_t u = 0; u < e->n; u++) {
			struct sums s = e->all;
			add_user(&s, &e->user[u], -1);
			figures_of(&s, which, gate, x);
			for (int f = 0; f < FIGURES; f++) {
				double d = mean[f] - x[f];
				if (pass == 0) {
					mean[f] += x[f] / (double)e->n;
					continue;
				}
				square[f] += d * d;
				cube[f] += d * d * d;
			}
		}
	for (int f = 0; f < FIGURES; f++)
		out[f] = square[f] > 0 ? cube[f] / (6 * pow(square[f], 1.5)) : 0;
}

/* The interval from sorted values; nan where a value is not finite. */
static void interval(double *values, size_t n, double estimate, double acceleration, double alpha,
	double *low,
		     double *high)
{
	size_t below = 0, finite = 0;
	for (size_t i = 0; i < n; i++) {
		finite += isfinite(values[i]) != 0;
		below += values[i] < estimate;
	}
	*low = *high = NAN;
	if (finite < n || !isfinite(estimate))
		return;
	qsort(values, n, sizeof *values, by_size);
	double share = ((double)below + (below == 0) * 0.5 - (below == n) * 0.5) / (double)n;
	double bias = qnorm(share, 0, 1, 1, 0);
	for (int end = 0; end < 2; end++) {
		double z = bias + qnorm(end ? 1 - alpha / 2 : alpha / 2, 0, 1, 1, 0);
		double at = pnorm(bias + z / (1 - acceleration * z), 0, 1, 1, 0) * (double)(n - 1);
		size_t place = at > 0 ? (size_t)at : 0;
		double left = at - (double)place, next = values[place + 1 < n ? place + 1 : place];
		*(end ? high : low) = values[place] + left * (next - values[place]);
	}
}

static double deviation(const double *x, size_t n)
{
	double mean = 0, square = 0;
	for (size_t i = 0; i < n; i++)
		mean += x[i] / (double)n;
	for (size_t i = 0; i < n; i++)
		square += (x[i] - mean) * (x[i] - mean);
	return n > 1 ? sqrt(square / (double)(n - 1)) : NAN;
}

void bootstrap(struct estimate *x, const struct evidence *e, enum estimator which,
	const struct estimate_settings *set)
{
	size_t n = (size_t)set->resamples;
	double *values = memory_new(n * FIGURES, sizeof *values), acceleration[FIGURES], one[FIGURES], unused;
	struct random random = random_start(set->seed, 1);
	if (e->n < 2) {
		free(values);
		return;
	}
	for (size_t i = 0; i < n; i++) {
		struct sums s = {0};
		for (size_t u = 0; u < e->n; u++)
			add_user(&s, &e->user[random_below_wide(&random, e->n)], 1);
		figures_of(&s, which, set->gate, one);
		for (int f = 0; f < FIGURES; f++)
			values[(size_t)f * n + i] = one[f];
	}
	accelerations(e, which, set->gate, acceleration);
	x->stderr_value = deviation(values, n);
	interval(values, n, x->value, acceleration[OF_VALUE], set->alpha, &x->low, &x->high);
	interval(values + n * OF_DIFFERENCE, n, x->difference, acceleration[OF_DIFFERENCE], set->alpha,
		 &x->difference_low, &x->difference_high);
	interval(values + n * OF_RELATIVE, n, x->relative, acceleration[OF_RELATIVE], set->alpha,
		&x->relative_low,
		 &x->relative_high);
	interval(values + n * OF_MARGIN, n, x->value - (1 + set->gate) * x->logged, acceleration[OF_MARGIN],
		set->alpha,
		 &x->margin, &unused);
	free(values);
}
