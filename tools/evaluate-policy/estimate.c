#include "estimate.h"

#define MATHLIB_STANDALONE
#include <Rmath.h>
#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "data/ratio.h"
#include "bootstrap.h"

const char *const ESTIMATOR_NAMES[ESTIMATORS] = {"ipw", "snipw", "dm", "dr", "sndr"};

/* ---- what was seen ---- */

static void sums_add(struct sums *s, const struct weighed *w)
{
	s->n++;
	s->reward += w->reward;
	s->weight += w->weight;
	s->weighted += w->weighted;
	s->expected += w->expected;
	s->surprise += w->weight * (w->reward - w->guess);
}

void evidence_add(struct evidence *e, const struct weighed *w, bool new_user)
{
	if (new_user || e->n == 0) {
		e->user = memory_grow(e->user, &e->capacity, e->n + 1, sizeof *e->user);
		e->user[e->n++] = (struct sums){0};
	}
	sums_add(&e->user[e->n - 1], w);
	sums_add(&e->all, w);
	e->squares += w->weight * w->weight;
	e->largest = w->weight > e->largest ? w->weight : e->largest;
	e->never += w->never;
}

/* Of sums over users that add up to 0: the variance of their mean over all rows. */
static double variance_of(double squares, const struct evidence *e)
{
	double users = (double)e->n;
	return users > 1 ? squares * users / (users - 1) / (e->all.n * e->all.n) : NAN;
}

struct overlap evidence_overlap(const struct evidence *e)
{
	double n = e->all.n, mean = e->all.weight / n, squares = 0;
	double effective = e->all.weight * e->all.weight / e->squares; /* no number where weights overflow */
	for (size_t u = 0; u < e->n; u++) {
		double d = e->user[u].weight - mean * e->user[u].n;
		squares += d * d;
	}
	return (struct overlap){.rows = (uint64_t)n, .users = (uint32_t)e->n, .largest = e->largest,
		.effective = isfinite(effective) ? effective : 0,
		.mean_weight = mean, .mean_weight_stderr = sqrt(variance_of(squares, e)), .never = e->never / n};
}

void evidence_free(struct evidence *e)
{
	free(e->user);
	free(e->steps_value);
	free(e->influence);
}

/* ---- estimators ---- */

double estimator_value(const struct sums *s, enum estimator which)
{
	switch (which) {
	case ESTIMATE_IPW:
		return s->weighted / s->n;
	case ESTIMATE_SNIPW:
		return s->weighted / s->weight;
	case ESTIMATE_DM:
		return s->expected / s->n;
	case ESTIMATE_DR:
		return (s->expected + s->surprise) / s->n;
	case ESTIMATE_SNDR:
		return s->expected / s->n + s->surprise / s->weight;
	case ESTIMATORS:
		break;
	}
	return NAN;
}

/* A user's influence on the estimate: the derivative by the share of his rows, times n. They add up to 0. */
static double influence(const struct sums *all, const struct sums *u, enum estimator which, double value)
{
	double mean_weight = all->weight / all->n;
	switch (which) {
	case ESTIMATE_IPW:
		return u->weighted - value * u->n;
	case ESTIMATE_SNIPW:
		return (u->weighted - value * u->weight) / mean_weight;
	case ESTIMATE_DM:
		return u->expected - value * u->n;
	case ESTIMATE_DR:
		return u->expected + u->surprise - value * u->n;
	case ESTIMATE_SNDR:
		return u->expected - all->expected / all->n * u->n +
			(u->surprise - all->surprise / all->weight * u->weight) / mean_weight;
	case ESTIMATORS:
		break;
	}
	return NAN;
}

/* ---- intervals ---- */

/* Variances and covariance of the estimate and of the log's mean. */
struct spread {
	double value, logged, both;
};

static struct spread spread_of(const struct evidence *e, enum estimator which, double value, double logged)
{
	struct spread s = {0};
	for (size_t u = 0; u < e->n; u++) {
		double own = e->influence && which == ESTIMATE_SNIPW ? e->influence[u] :
			influence(&e->all, &e->user[u], which, value);
		double of_log = e->user[u].reward - logged * e->user[u].n;
		s.value += own * own;
		s.logged += of_log * of_log;
		s.both += own * of_log;
	}
	return (struct spread){variance_of(s.value, e), variance_of(s.logged, e), variance_of(s.both, e)};
}

/* Of a variance that rounding may have made negative. One that is not a number is not 0. */
static double root(double variance)
{
	return variance < 0 ? 0 : sqrt(variance);
}

static void by_influence(struct estimate *x, const struct evidence *e, enum estimator which,
			 const struct estimate_settings *set)
{
	struct spread s = spread_of(e, which, x->value, x->logged);
	double q = e->n > 1 ? qt(1 - set->alpha / 2, (double)e->n - 1, 1, 0) : NAN, by = 1 + set->gate;
	double of_difference = root(s.value + s.logged - 2 * s.both);
	double of_margin = root(s.value + by * by * s.logged - 2 * by * s.both);
	x->stderr_value = sqrt(s.value);
	x->low = x->value - q * x->stderr_value;
	x->high = x->value + q * x->stderr_value;
	x->difference_low = x->difference - q * of_difference;
	x->difference_high = x->difference + q * of_difference;
	x->margin = x->value - by * x->logged - q * of_margin;
	double square = x->logged * x->logged, low, high;
	struct ratio_of_means r = {x->value / x->logged, s.logged / square, s.value / square, s.both / square};
	if (fabs(x->logged) > 0 && ratio_fieller(&r, q, &low, &high)) {
		double sign = x->logged > 0 ? 1 : -1;
		x->relative_low = sign > 0 ? low - 1 : 1 - high;
		x->relative_high = sign > 0 ? high - 1 : 1 - low;
	}
}

struct estimate estimate(const struct evidence *e, enum estimator which, const struct estimate_settings *set)
{
	struct estimate x = {.stderr_value = NAN, .low = NAN, .high = NAN, .difference_low = NAN,
		.difference_high = NAN,
			     .relative = NAN, .relative_low = NAN, .relative_high = NAN, .margin = NAN};
	bool steps = e->steps_value && which == ESTIMATE_SNIPW;
	x.value = steps ? *e->steps_value : estimator_value(&e->all, which);
	x.logged = e->all.reward / e->all.n;
	x.difference = x.value - x.logged;
	if (fabs(x.logged) > 0)
		x.relative = x.difference / fabs(x.logged);
	if (set->resamples)
		bootstrap(&x, e, which, set);
	else
		by_influence(&x, e, which, set);
	return x;
}
