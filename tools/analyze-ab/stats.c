/* stats.c - the statistics of two samples. Distributions are R's (libRmath). */
#include "stats.h"

#define MATHLIB_STANDALONE
#include <Rmath.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/random.h"
#include "data/exactsum.h"
#include "data/ratio.h"

double finite_or_nan(double x)
{
	return isfinite(x) ? x : NAN;
}

struct moments moments_of(const double *x, size_t n)
{
	struct exactsum sum = {0}, squares = {0};
	struct moments m = {0};
	for (size_t i = 0; i < n; i++) {
		if (isnan(x[i]))
			continue;
		exactsum_add(&sum, x[i]);
		m.n++;
	}
	m.mean = m.n > 0 ? exactsum_value(&sum) / m.n : NAN;
	for (size_t i = 0; i < n; i++)
		if (!isnan(x[i]))
			exactsum_add(&squares, (x[i] - m.mean) * (x[i] - m.mean));
	m.variance = m.n > 1 ? exactsum_value(&squares) / (m.n - 1) : NAN;
	return m;
}

struct moments moments_of_ratio(const double *over, const double *under, size_t n)
{
	struct moments a = moments_of(over, n), b = moments_of(under, n), m = {.n = (double)n};
	struct exactsum products = {0};
	for (size_t i = 0; i < n; i++)
		exactsum_add(&products, (over[i] - a.mean) * (under[i] - b.mean));
	double covariance = n > 1 ? exactsum_value(&products) / ((double)n - 1) : NAN;
	m.mean = finite_or_nan(a.mean / b.mean);
	m.variance = finite_or_nan((a.variance - 2 * m.mean * covariance + m.mean * m.mean * b.variance) /
				   b.mean / b.mean);
	return m;
}

/* ---- relative effects ----
 *
 * All are of the size of the control's mean, |m0|: a relative effect has the sign of the
 * effect. Of the ratio m1 / m0, of which the logarithm and Fieller's theorem speak, it is
 * sign(m0) (m1 / m0 - 1). Variances of the means are taken in units of m0, too, so that
 * nothing is lost when it is tiny. */

double relative_to(double diff, double control_mean)
{
	return finite_or_nan(diff / fabs(control_mean));
}

/* The squared standard error of a mean in units of the control's. */
static double squared_in_units(const struct moments *m, double control_mean)
{
	double s = sqrt(m->variance / m->n) / control_mean;
	return s * s;
}

static double covariance_in_units(const struct effect *e)
{
	return e->covariance / e->control.mean / e->control.mean;
}

double effect_share_se(const struct effect *e)
{
	double m0 = e->control.mean, ratio = e->treatment.mean / m0;
	double a = squared_in_units(&e->control, m0), b = squared_in_units(&e->treatment, m0);
	return sqrt(b + a * ratio * ratio - 2 * ratio * covariance_in_units(e));
}

double effect_log_df(const struct effect *e)
{
	double la = squared_in_units(&e->control, e->control.mean);
	double lb = squared_in_units(&e->treatment, e->treatment.mean), all = la + lb;
	return isinf(e->df) || e->clusters > 0 ? e->df
		: all * all / (la * la / (e->control.n - 1) + lb * lb / (e->treatment.n - 1));
}

/* The interval of a ratio m1 / m0 as that of the relative effect. */
static void interval_of_ratio(struct effect *e, double low, double high)
{
	bool negative = e->control.mean < 0;
	e->share_low = negative ? 1 - high : low - 1;
	e->share_high = negative ? 1 - low : high - 1;
}

/* The interval that reaches q standard errors to both sides of the estimate; q_log: on the scale of
 * logarithms. */
static void share_interval(struct effect *e, double q, double q_log, enum interval method)
{
	double m0 = e->control.mean, ratio = e->treatment.mean / m0;
	double a = squared_in_units(&e->control, m0), b = squared_in_units(&e->treatment, m0);
	switch (method) {
	case INTERVAL_DELTA:
		e->share_low = e->share - q * effect_share_se(e);
		e->share_high = e->share + q * effect_share_se(e);
		break;
	case INTERVAL_NAIVE:
		e->share_low = e->low / fabs(m0);
		e->share_high = e->high / fabs(m0);
		break;
	case INTERVAL_LOG: {
		double h = exp(q_log * sqrt(a + b / (ratio * ratio) - 2 * covariance_in_units(e) / ratio));
		bool defined = ratio > 0;
		interval_of_ratio(e, defined ? ratio / h : NAN, defined ? ratio * h : NAN);
		break;
	}
	case INTERVAL_FIELLER: {
		struct ratio_of_means r = {.ratio = ratio, .under = a, .over = b,
			.covariance = covariance_in_units(e)};
		double low = NAN, high = NAN;
		ratio_fieller(&r, q, &low, &high);
		interval_of_ratio(e, low, high);
		break;
	}
	}
	e->share_low = finite_or_nan(e->share_low);
	e->share_high = finite_or_nan(e->share_high);
}

void effect_intervals(struct effect *e, double level, enum interval interval)
{
	double q = qt(1 - level / 2, e->df, 1, 0);
	e->low = e->diff - q * e->se;
	e->high = e->diff + q * e->se;
	share_interval(e, q, interval == INTERVAL_LOG ? qt(1 - level / 2, effect_log_df(e), 1, 0) : q, interval);
}

/* The difference, its test and intervals, from both means, their covariance, and df. */
static struct effect effect_tested(struct effect e, double alpha, enum interval interval)
{
	e.diff = e.treatment.mean - e.control.mean;
	e.se = sqrt(e.control.variance / e.control.n + e.treatment.variance / e.treatment.n - 2 * e.covariance);
	e.share = relative_to(e.diff, e.control.mean);
	e.t = e.diff / e.se;
	if (!(e.se > 0) || isinf(e.se)) { /* nothing varies, or squares overflow: no test */
		e.se = isinf(e.se) ? NAN : e.se;
		e.t = e.df = e.p = e.low = e.high = e.share_low = e.share_high = NAN;
		return e;
	}
	e.p = 2 * pt(-fabs(e.t), e.df, 1, 0);
	effect_intervals(&e, alpha, interval);
	return e;
}

/* Of two means whose difference has `df` degrees of freedom. */
static struct effect effect_of_means(struct moments control, struct moments treatment, double df,
				     double alpha, enum interval interval)
{
	struct effect e = {.control = control, .treatment = treatment, .df = df};
	return effect_tested(e, alpha, interval);
}

struct effect effect_of_clusters(struct moments control, struct moments treatment, double covariance,
				 double clusters, double df, double alpha, enum interval interval)
{
	struct effect e = {.control = control, .treatment = treatment, .df = df,
		.covariance = covariance, .clusters = clusters};
	return effect_tested(e, alpha, interval);
}

struct effect effect_welch(struct moments control, struct moments treatment, double alpha,
			   enum interval interval)
{
	double a = control.variance / control.n, b = treatment.variance / treatment.n;
	int scale; /* a power of two, so that no square is too small */
	frexp(a + b, &scale);
	a = ldexp(a, -scale);
	b = ldexp(b, -scale);
	double df = (a + b) * (a + b) / (a * a / (control.n - 1) + b * b / (treatment.n - 1));
	return effect_of_means(control, treatment, df, alpha, interval);
}

struct effect effect_normal(struct moments control, struct moments treatment, double alpha,
			    enum interval interval)
{
	return effect_of_means(control, treatment, INFINITY, alpha, interval);
}

/* ---- many looks ---- */

double sequential_rho(double alpha, double tuned)
{
	return sqrt((-2 * log(alpha) + log(-2 * log(alpha) + 1)) / tuned);
}

double sequential_p(double diff, double se, double n, double alpha, double tuned)
{
	double r = sequential_rho(alpha, tuned), k = n * r * r + 1;
	double z = diff * diff * n / (se * se);
	return fmin(1, 1 / (exp(r * r * z / (2 * k)) / sqrt(k)));
}

double sequential_reach(double n, double level, double alpha, double tuned)
{
	double r = sequential_rho(alpha, tuned), k = n * r * r + 1;
	return sqrt(2 * k * log(sqrt(k) / level) / (n * r * r));
}

void effect_sequential_intervals(struct effect *e, const struct sequence *s, double level,
				 enum interval interval)
{
	double reach = sequential_reach(e->control.n + e->treatment.n, level, s->alpha, s->tuned);
	e->low = e->diff - reach * e->se;
	e->high = e->diff + reach * e->se;
	share_interval(e, reach, reach, interval);
}

void effect_sequential(struct effect *e, const struct sequence *s, enum interval interval)
{
	e->p = isnan(e->se) ? NAN
		: sequential_p(e->diff, e->se, e->control.n + e->treatment.n, s->alpha, s->tuned);
	e->t = e->df = NAN;
	effect_sequential_intervals(e, s, s->alpha, interval);
}

/* ---- ranks and quantiles ---- */

double quantile_sorted(const double *x, size_t n, double q)
{
	if (n == 0)
		return NAN;
	double at = (double)(n - 1) * q, floor_at = floor(at), part = at - floor_at;
	size_t i = (size_t)floor_at;
	if (i + 1 >= n)
		return x[n - 1];
	return part < 0.5 ? x[i] + (x[i + 1] - x[i]) * part
		: x[i + 1] - (x[i + 1] - x[i]) * (1 - part);
}

struct sided {
	double x;
	bool treated;
};

static int by_x(const void *a, const void *b)
{
	double x = ((const struct sided *)a)->x, y = ((const struct sided *)b)->x;
	return (x > y) - (x < y);
}

/* Values that differ by less than 2^-40 of the largest are ties: the same sum, added up in
 * another order, is the same value. The step is a power of two, so that the unit in which
 * a metric is given changes nothing. */
static void round_to_ties(struct sided *all, size_t n)
{
	enum { TIE_BITS = 40 };
	double largest = 0;
	int exponent;
	for (size_t i = 0; i < n; i++)
		largest = fmax(largest, fabs(all[i].x));
	frexp(largest, &exponent);
	double step = ldexp(1, exponent - TIE_BITS);
	for (size_t i = 0; step > 0 && i < n; i++)
		all[i].x = rint(all[i].x / step);
}

struct rank_test mann_whitney(const double *control, size_t n0, const double *treatment, size_t n1)
{
	size_t n = n0 + n1;
	struct sided *all = memory_new(n + 1, sizeof *all);
	for (size_t i = 0; i < n; i++)
		all[i] = (struct sided){i < n0 ? control[i] : treatment[i - n0], i >= n0};
	round_to_ties(all, n);
	qsort(all, n, sizeof *all, by_x);
	double ranks = 0, ties = 0, a = (double)n0, b = (double)n1, total = a + b;
	for (size_t from = 0, to; from < n; from = to) {
		double treated = 0;
		for (to = from; to < n && !(all[to].x > all[from].x); to++)
			treated += all[to].treated;
		double count = (double)(to - from);
		ranks += treated * ((double)from + 1 + (double)to) / 2;
		ties += count * count * count - count;
	}
	free(all);
	double u = ranks - b * (b + 1) / 2, larger = fmax(u, a * b - u);
	double deviation = sqrt(a * b / 12 * (total + 1 - ties / (total * (total - 1))));
	double z = (larger - a * b / 2 - 0.5) / deviation;
	return (struct rank_test){u, fmin(1, 2 * pnorm(-z, 0, 1, 1, 0)), u / a / b};
}

double student_p(struct moments a, struct moments b)
{
	double df = a.n + b.n - 2;
	double pooled = ((a.n - 1) * a.variance + (b.n - 1) * b.variance) / df;
	double t = (b.mean - a.mean) / sqrt(pooled * (1 / a.n + 1 / b.n));
	return 2 * pt(-fabs(t), df, 1, 0);
}

/* ---- plans ---- */

static double z_sum(double alpha, double power)
{
	return qnorm(1 - alpha / 2, 0, 1, 1, 0) + qnorm(power, 0, 1, 1, 0);
}

double mde_z(double se, double alpha, double power)
{
	return fmax(0, z_sum(alpha, power)) * se;
}

double mde_reach(double reach, double se, double power)
{
	return fmax(0, reach + qnorm(power, 0, 1, 1, 0)) * se;
}

/* By false position (Illinois): the power of the noncentral t grows with the shift. */
double mde_t(double se, double df, double alpha, double power)
{
	double z = z_sum(alpha, power);
	if (!(z > 0))
		return 0;
	double q = qt(1 - alpha / 2, df, 1, 0), low = 0.3 * z, high = 3 * z + 3 * q, shift = low;
	double below = pnt(q, df, low, 0, 0) - power, above = pnt(q, df, high, 0, 0) - power;
	int side = 0;
	if (!(below < 0 && above > 0))
		return NAN;
	/* Near to begin with: the normal power at the quantile of t. */
	double guess = q + qnorm(power, 0, 1, 1, 0);
	for (int i = 0; i < 200 && high - low > 1e-14 * high; i++) {
		shift = i == 0 && low < guess && guess < high ? guess
			: (low * above - high * below) / (above - below);
		double off = pnt(q, df, shift, 0, 0) - power;
		if (fabs(off) < 1e-14)
			break;
		if (off < 0) {
			above *= side < 0 ? 0.5 : 1;
			low = shift;
			below = off;
			side = -1;
		} else {
			below *= side > 0 ? 0.5 : 1;
			high = shift;
			above = off;
			side = 1;
		}
	}
	return shift * se;
}

double sample_size_z(double effect, double sd, double alpha, double power)
{
	double d = z_sum(alpha, power) * sd / effect;
	return 2 * d * d;
}

void sample_size_proportion(double p0, double p1, double alpha, double power, double size[2])
{
	double za = qnorm(1 - alpha / 2, 0, 1, 1, 0), zb = qnorm(power, 0, 1, 1, 0);
	double both = p0 * (1 - p0) + p1 * (1 - p1), middle = (p0 + p1) / 2, d = p1 - p0;
	double pooled = za * sqrt(2 * middle * (1 - middle)) + zb * sqrt(both);
	size[0] = (za + zb) * (za + zb) * both / (d * d);
	size[1] = pooled * pooled / (d * d);
}

/* Both tails of the noncentral t, for n in each arm. */
double sample_size_t(double effect, double sd, double alpha, double power)
{
	double low = 2, high = 2 * sample_size_z(effect, sd, alpha, power) + 100;
	for (int i = 0; i < 200 && high - low > 1e-14 * high; i++) {
		double n = (low + high) / 2, df = 2 * n - 2, shift = effect / sd * sqrt(n / 2);
		double q = qt(1 - alpha / 2, df, 1, 0);
		if (pnt(q, df, shift, 0, 0) + pnt(-q, df, shift, 1, 0) < power)
			low = n;
		else
			high = n;
	}
	return (low + high) / 2;
}
