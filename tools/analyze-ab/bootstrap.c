/* bootstrap.c - see bootstrap.h. */
#include "bootstrap.h"

#define MATHLIB_STANDALONE
#include <Rmath.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/random.h"
#include "stats.h"

double bootstrap_least(int64_t rounds)
{
	return 2 / ((double)rounds + 1);
}

/* ---- intervals ---- */

static int ascending_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

/* Sorts the values; rounds without a value are left out and counted. */
static struct replicates replicates_of(double *x, size_t rounds)
{
	struct replicates r = {.x = x};
	for (size_t i = 0; i < rounds; i++)
		if (!isnan(x[i]))
			x[r.n++] = x[i];
	r.undefined = rounds - r.n;
	qsort(x, r.n, sizeof *x, ascending_value);
	return r;
}

/* Value i of all rounds, of which `before` without a value come first and the rest last. */
static double value_at(const struct replicates *r, size_t before, size_t i)
{
	return i < before ? -INFINITY : i - before < r->n ? r->x[i - before] : INFINITY;
}

/* Quantile q (type 7, as quantile_sorted). */
static double quantile_of(const struct replicates *r, size_t before, double q)
{
	size_t rounds = r->n + r->undefined;
	double at = (double)(rounds - 1) * q, part = at - floor(at);
	size_t i = (size_t)at;
	double x = value_at(r, before, i), y = i + 1 < rounds ? value_at(r, before, i + 1) : x;
	double value = part < 0.5 ? x + (y - x) * part : y - (y - x) * (1 - part);
	return finite_or_nan(value);
}

/* The quantile that replaces q (Efron 1987, equation 3.9). */
static double corrected(const struct replicates *r, double q)
{
	double z = r->bias + qnorm(q, 0, 1, 1, 0);
	return pnorm(r->bias + z / (1 - r->acceleration * z), 0, 1, 1, 0);
}

void replicates_interval(const struct replicates *r, double level, double *low, double *high)
{
	size_t rounds = r->n + r->undefined;
	double q[2] = {level / 2, 1 - level / 2};
	*low = *high = NAN;
	if (rounds == 0 || level < bootstrap_least((int64_t)rounds) || !isfinite(r->bias) ||
	    !isfinite(r->acceleration))
		return;
	if (fabs(r->bias) > 0 || fabs(r->acceleration) > 0)
		for (int end = 0; end < 2; end++)
			q[end] = corrected(r, q[end]);
	*low = quantile_of(r, r->undefined, q[0]);
	*high = quantile_of(r, 0, q[1]);
}

/* The share of a tail at which the interval ends at a value that `share` of all rounds are below:
 * `corrected` the other way round. */
static double tail_of(const struct replicates *r, double share)
{
	double u = qnorm(share, 0, 1, 1, 0) - r->bias, scale = 1 + r->acceleration * u;
	return scale > 0 ? pnorm(u / scale - r->bias, 0, 1, 1, 0) : u < 0 ? 0 : 1;
}

/* Two-sided: the level of the interval that ends at 0; never below what the rounds can tell. */
static double p_of(const struct replicates *r)
{
	double all = (double)(r->n + r->undefined), below = (double)r->undefined, above = below;
	for (size_t i = 0; i < r->n; i++) {
		below += r->x[i] <= 0;
		above += r->x[i] >= 0;
	}
	double least = bootstrap_least((int64_t)all);
	if (!(fabs(r->bias) > 0 || fabs(r->acceleration) > 0))
		return fmin(1, (fmin(below, above) + 1) * least);
	double low = tail_of(r, fmin(1, (below + 1) / (all + 1)));
	double high = 1 - tail_of(r, fmax(0, 1 - (above + 1) / (all + 1)));
	return fmin(1, fmax(least, 2 * fmin(low, high)));
}

/* ---- bias and acceleration ---- */

/* One arm. Of a quantile a is sorted. */
struct arm {
	const double *a, *b;          /* b: of a ratio, or NULL */
	size_t n;
	double quantile;              /* above 0 */
	uint32_t *count;              /* scratch of quantiles */
};

/* z0: the normal quantile of the share of rounds below the statistic, ties half (as SciPy). */
static double bias_of(const struct replicates *r, double statistic)
{
	double below = 0;
	for (size_t i = 0; i < r->n; i++)
		below += (r->x[i] < statistic) + 0.5 * !(r->x[i] < statistic || r->x[i] > statistic);
	return qnorm(below / (double)r->n, 0, 1, 1, 0);
}

/* The statistic of an arm without its user i (of sums over all). */
static double without(const struct arm *s, double over, double under, size_t i)
{
	return (over - s->a[i]) / (under - (s->b ? s->b[i] : 1));
}

/* What a is made of: the sums over both arms of squares and cubes of the jackknife's deviations
 * `u`, in units of `unit` (Efron and Tibshirani 1993, equation 14.15, of two samples as SciPy). */
struct influence {
	double squares, cubes, unit;
};

/* Adds an arm's: values[i] is the statistic of both arms without user i of this one. */
static void add_influence(struct influence *f, double *values, size_t n)
{
	double middle = moments_of(values, n).mean, size = (double)n;
	for (size_t i = 0; i < n; i++)
		values[i] = (size - 1) / size * (middle - values[i]);
	double largest = f->unit;
	for (size_t i = 0; i < n; i++)
		largest = fmax(largest, fabs(values[i]));
	if (largest > f->unit) {
		double scale = f->unit / largest;
		f->squares *= scale * scale;
		f->cubes *= scale * scale * scale;
		f->unit = largest;
	}
	for (size_t i = 0; i < n && f->unit > 0; i++) {
		double u = values[i] / f->unit;
		f->squares += u * u;
		f->cubes += u * u * u;
	}
}

static double acceleration_of(const struct influence *f)
{
	return f->squares > 0 ? f->cubes / (6 * f->squares * sqrt(f->squares)) : 0;
}

/* The accelerations of the difference and of the relative effect. */
static void accelerate(struct bootstrap *b, const struct arm *control, const struct arm *treatment)
{
	const struct arm *arm[2] = {control, treatment};
	double over[2] = {0}, under[2] = {0}, at[2];
	size_t n = control->n > treatment->n ? control->n : treatment->n;
	double *diff = memory_new(n + 1, sizeof *diff), *share = memory_new(n + 1, sizeof *share);
	struct influence of_diff = {0}, of_share = {0};
	for (int k = 0; k < 2; k++) {
		for (size_t i = 0; i < arm[k]->n; i++) {
			over[k] += arm[k]->a[i];
			under[k] += arm[k]->b ? arm[k]->b[i] : 1;
		}
		at[k] = over[k] / under[k];
	}
	for (int k = 0; k < 2; k++) {
		for (size_t i = 0; i < arm[k]->n; i++) {
			double mean[2] = {at[0], at[1]};
			mean[k] = without(arm[k], over[k], under[k], i);
			diff[i] = mean[1] - mean[0];
			share[i] = diff[i] / fabs(mean[0]);
		}
		add_influence(&of_diff, diff, arm[k]->n);
		add_influence(&of_share, share, arm[k]->n);
	}
	b->diff.acceleration = acceleration_of(&of_diff);
	b->share.acceleration = acceleration_of(&of_share);
	b->diff.bias = bias_of(&b->diff, at[1] - at[0]);
	b->share.bias = bias_of(&b->share, (at[1] - at[0]) / fabs(at[0]));
	free(diff);
	free(share);
}

/* ---- rounds ---- */

static double resample(const struct arm *s, struct random *r)
{
	double over = 0, under = 0;
	if (s->quantile > 0) {
		memset(s->count, 0, s->n * sizeof *s->count);
		for (size_t i = 0; i < s->n; i++)
			s->count[random_below(r, (uint32_t)s->n)]++;
		double at = (double)(s->n - 1) * s->quantile;
		size_t want = (size_t)at, seen = 0, i = 0;
		while (seen + s->count[i] <= want)
			seen += s->count[i++];
		size_t j = i;
		if (seen + s->count[i] <= want + 1 && want + 1 < s->n)
			while (s->count[++j] == 0)
				;
		return s->a[i] + (s->a[j] - s->a[i]) * (at - (double)want);
	}
	for (size_t i = 0; i < s->n; i++) {
		uint32_t j = random_below(r, (uint32_t)s->n);
		over += s->a[j];
		under += s->b ? s->b[j] : 1;
	}
	return over / under;
}

static struct bootstrap *bootstrap(struct arm control, struct arm treatment,
				   const struct bootstrap_plan *plan)
{
	struct bootstrap *b = memory_zero(1, sizeof *b);
	size_t n = (size_t)plan->rounds, finite = 0;
	double *diff = memory_new(n, sizeof *diff), *share = memory_new(n, sizeof *share);
	for (size_t i = 0; i < n; i++) {
		struct random r = random_start(plan->seed, i);
		double x0 = resample(&control, &r), x1 = resample(&treatment, &r);
		diff[i] = x1 - x0;
		share[i] = diff[i] / fabs(x0);
		finite += isfinite(diff[i]) != 0;
	}
	b->se = finite == n ? sqrt(moments_of(diff, n).variance) : NAN;
	b->diff = replicates_of(diff, n);
	b->share = replicates_of(share, n);
	if (plan->kind == BOOTSTRAP_BCA && !(control.quantile > 0) && control.n > 1 && treatment.n > 1)
		accelerate(b, &control, &treatment);
	b->p = p_of(&b->diff);
	return b;
}

struct bootstrap *bootstrap_mean(const double *x0, size_t n0, const double *x1, size_t n1,
				 const struct bootstrap_plan *plan)
{
	return bootstrap((struct arm){.a = x0, .n = n0}, (struct arm){.a = x1, .n = n1}, plan);
}

struct bootstrap *bootstrap_ratio(const double *a0, const double *b0, size_t n0, const double *a1,
				  const double *b1, size_t n1, const struct bootstrap_plan *plan)
{
	return bootstrap((struct arm){.a = a0, .b = b0, .n = n0},
			 (struct arm){.a = a1, .b = b1, .n = n1}, plan);
}

struct bootstrap *bootstrap_quantile(const double *sorted0, size_t n0, const double *sorted1, size_t n1,
				     double q, const struct bootstrap_plan *plan)
{
	uint32_t *count = memory_new((n0 > n1 ? n0 : n1) + 1, sizeof *count);
	struct bootstrap *b = bootstrap((struct arm){.a = sorted0, .n = n0, .quantile = q, .count = count},
					(struct arm){.a = sorted1, .n = n1, .quantile = q, .count = count}, plan);
	free(count);
	return b;
}

void bootstrap_free(struct bootstrap *b)
{
	if (!b)
		return;
	free(b->diff.x);
	free(b->share.x);
	free(b);
}
