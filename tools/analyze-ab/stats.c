/* stats.c - the statistics of two samples. Distributions are R's (libRmath). */
#include "analyze.h"

#define MATHLIB_STANDALONE
#include <Rmath.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/random.h"
#include "data/exactsum.h"

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
	m.mean = a.mean / b.mean;
	m.variance = (a.variance - 2 * m.mean * covariance + m.mean * m.mean * b.variance) /
		(b.mean * b.mean);
	return m;
}

double effect_share_se(const struct effect *e)
{
	double m0 = e->control.mean, m1 = e->treatment.mean;
	double a = e->control.variance / e->control.n, b = e->treatment.variance / e->treatment.n;
	return sqrt(b / (m0 * m0) + a * m1 * m1 / (m0 * m0 * m0 * m0));
}

double effect_log_df(const struct effect *e)
{
	double m0 = e->control.mean, m1 = e->treatment.mean;
	double la = e->control.variance / e->control.n / (m0 * m0);
	double lb = e->treatment.variance / e->treatment.n / (m1 * m1), all = la + lb;
	return all * all / (la * la / (e->control.n - 1) + lb * lb / (e->treatment.n - 1));
}

static void share_interval(struct effect *e, double a, double b, double alpha, enum interval how)
{
	double m0 = e->control.mean, m1 = e->treatment.mean, q = qt(1 - alpha / 2, e->df, 1, 0);
	double s = effect_share_se(e);
	e->share = e->diff / m0;
	switch (how) {
	case INTERVAL_DELTA:
		e->share_low = e->diff / fabs(m0) - q * s;
		e->share_high = e->diff / fabs(m0) + q * s;
		break;
	case INTERVAL_NAIVE:
		e->share_low = fmin(e->low / m0, e->high / m0);
		e->share_high = fmax(e->low / m0, e->high / m0);
		break;
	case INTERVAL_LOG: {
		double la = a / (m0 * m0), lb = b / (m1 * m1), all = la + lb;
		double h = exp(qt(1 - alpha / 2, effect_log_df(e), 1, 0) * sqrt(all));
		bool defined = m1 / m0 > 0;
		e->share_low = defined ? m1 / m0 / h - 1 : NAN;
		e->share_high = defined ? m1 / m0 * h - 1 : NAN;
		break;
	}
	case INTERVAL_FIELLER: {
		double A = m0 * m0 - q * q * a, B = m0 * m1, C = m1 * m1 - q * q * b, D = B * B - A * C;
		bool defined = A > 0 && D >= 0;
		e->share_low = defined ? (B - sqrt(D)) / A - 1 : NAN;
		e->share_high = defined ? (B + sqrt(D)) / A - 1 : NAN;
		break;
	}
	}
}

struct effect effect_welch(struct moments control, struct moments treatment, double alpha,
			   enum interval interval)
{
	struct effect e = {.control = control, .treatment = treatment};
	double a = control.variance / control.n, b = treatment.variance / treatment.n;
	e.diff = treatment.mean - control.mean;
	e.se = sqrt(a + b);
	e.df = (a + b) * (a + b) / (a * a / (control.n - 1) + b * b / (treatment.n - 1));
	e.t = e.diff / e.se;
	if (!(e.se > 0)) { /* nothing varies: no test */
		e.t = e.df = e.p = e.low = e.high = e.share_low = e.share_high = NAN;
		e.share = e.diff / control.mean;
		return e;
	}
	e.p = 2 * pt(-fabs(e.t), e.df, 1, 0);
	double q = qt(1 - alpha / 2, e.df, 1, 0);
	e.low = e.diff - q * e.se;
	e.high = e.diff + q * e.se;
	share_interval(&e, a, b, alpha, interval);
	return e;
}

/* Where the sequence is tightest at `tuned` users. */
static double sequential_rho(double alpha, double tuned)
{
	return sqrt((-2 * log(alpha) + log(-2 * log(alpha) + 1)) / tuned);
}

double sequential_p(double diff, double se, double n, double alpha, double tuned)
{
	double r = sequential_rho(alpha, tuned), k = n * r * r + 1;
	double z = diff * diff * n / (se * se);
	return fmin(1, 1 / (exp(r * r * z / (2 * k)) / sqrt(k)));
}

void effect_sequential(struct effect *e, double alpha, double tuned, double *rho)
{
	double n = e->control.n + e->treatment.n, variance = e->se * e->se * n;
	double r = sequential_rho(alpha, tuned), k = n * r * r + 1;
	double half = sqrt(variance) * sqrt(2 * k * log(sqrt(k) / alpha) / (n * r * n * r));
	double a = e->control.variance / e->control.n, b = e->treatment.variance / e->treatment.n;
	/* Of the share: the delta method, and what strata took from the variance. */
	double relative = effect_share_se(e) * (e->se / sqrt(a + b));
	e->low = e->diff - half;
	e->high = e->diff + half;
	e->share_low = e->share - half / e->se * relative;
	e->share_high = e->share + half / e->se * relative;
	e->p = sequential_p(e->diff, e->se, n, alpha, tuned);
	e->t = e->df = NAN;
	if (rho)
		*rho = r;
}

/* ---- many tests ---- */

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

void adjust(const double *p, double *adjusted, size_t n, enum adjustment how)
{
	struct ordered *o = memory_new(n + 1, sizeof *o);
	size_t m = 0;
	for (size_t i = 0; i < n; i++) {
		adjusted[i] = p[i];
		if (!isnan(p[i]))
			o[m++] = (struct ordered){p[i], i};
	}
	qsort(o, m, sizeof *o, ascending_p);
	double count = (double)m, harmonic = 0, running;
	for (size_t i = 1; i <= m; i++)
		harmonic += 1 / (double)i;
	bool up = how == ADJUST_HOLM;
	running = up ? 0 : 1;
	for (size_t j = 0; j < m && how != ADJUST_NONE; j++) {
		size_t i = up ? j : m - 1 - j;
		double rank = (double)i + 1, factor = 1;
		if (how == ADJUST_BONFERRONI)
			factor = count;
		else if (how == ADJUST_HOLM || how == ADJUST_HOCHBERG)
			factor = count - rank + 1;
		else
			factor = count / rank * (how == ADJUST_BY ? harmonic : 1);
		double value = fmin(1, o[i].p * factor);
		if (how != ADJUST_BONFERRONI)
			value = running = up ? fmax(running, value) : fmin(running, value);
		adjusted[o[i].at] = value;
	}
	free(o);
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

struct rank_test mann_whitney(const double *control, size_t n0, const double *treatment, size_t n1)
{
	size_t n = n0 + n1;
	struct sided *all = memory_new(n + 1, sizeof *all);
	for (size_t i = 0; i < n; i++)
		all[i] = (struct sided){rint((i < n0 ? control[i] : treatment[i - n0]) * 1e9) / 1e9,
			i >= n0};
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
	return z_sum(alpha, power) * se;
}

double mde_t(double se, double df, double alpha, double power)
{
	double q = qt(1 - alpha / 2, df, 1, 0), low = 0.3 * z_sum(alpha, power) * se;
	double high = 3 * z_sum(alpha, power) * se + 3 * q * se;
	for (int i = 0; i < 200 && high - low > 1e-15 * high; i++) {
		double middle = (low + high) / 2;
		if (pnt(q, df, middle / se, 0, 0) < power)
			low = middle;
		else
			high = middle;
	}
	return (low + high) / 2;
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

/* ---- bootstrap ---- */

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

/* Percentile intervals of differences and shares drawn `rounds` times. */
static struct bootstrap summary(double *diff, double *share, size_t rounds, double alpha)
{
	struct bootstrap b;
	struct moments m = moments_of(diff, rounds);
	size_t below = 0, above = 0;
	for (size_t i = 0; i < rounds; i++) {
		below += diff[i] <= 0;
		above += diff[i] >= 0;
	}
	qsort(diff, rounds, sizeof *diff, ascending);
	qsort(share, rounds, sizeof *share, ascending);
	b.low = quantile_sorted(diff, rounds, alpha / 2);
	b.high = quantile_sorted(diff, rounds, 1 - alpha / 2);
	b.share_low = quantile_sorted(share, rounds, alpha / 2);
	b.share_high = quantile_sorted(share, rounds, 1 - alpha / 2);
	b.se = sqrt(m.variance);
	size_t smaller = below < above ? below : above;
	b.p = fmin(1, 2 * ((double)smaller + 1) / ((double)rounds + 1));
	return b;
}

struct sample {
	const double *a, *b; /* b: of a ratio, or NULL */
	size_t n;
	double quantile;     /* above 0: of sorted a */
	uint32_t *count;     /* scratch of quantiles */
};

static double resample(const struct sample *s, struct random *r)
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

static struct bootstrap bootstrap(struct sample control, struct sample treatment, double alpha,
				  int64_t rounds, uint64_t seed)
{
	size_t n = (size_t)rounds;
	double *diff = memory_new(n, sizeof *diff), *share = memory_new(n, sizeof *share);
	for (size_t i = 0; i < n; i++) {
		struct random r = random_start(seed, i);
		double x0 = resample(&control, &r), x1 = resample(&treatment, &r);
		diff[i] = x1 - x0;
		share[i] = x1 / x0 - 1;
	}
	struct bootstrap b = summary(diff, share, n, alpha);
	free(diff);
	free(share);
	return b;
}

struct bootstrap bootstrap_mean(const double *x0, size_t n0, const double *x1, size_t n1,
				double alpha, int64_t rounds, uint64_t seed)
{
	return bootstrap((struct sample){.a = x0, .n = n0}, (struct sample){.a = x1, .n = n1},
			 alpha, rounds, seed);
}

struct bootstrap bootstrap_ratio(const double *a0, const double *b0, size_t n0, const double *a1,
				 const double *b1, size_t n1, double alpha, int64_t rounds,
				 uint64_t seed)
{
	return bootstrap((struct sample){.a = a0, .b = b0, .n = n0},
			 (struct sample){.a = a1, .b = b1, .n = n1}, alpha, rounds, seed);
}

struct bootstrap bootstrap_quantile(const double *sorted0, size_t n0, const double *sorted1,
				    size_t n1, double q, double alpha, int64_t rounds, uint64_t seed)
{
	uint32_t *count = memory_new((n0 > n1 ? n0 : n1) + 1, sizeof *count);
	struct bootstrap b = bootstrap(
		(struct sample){.a = sorted0, .n = n0, .quantile = q, .count = count},
		(struct sample){.a = sorted1, .n = n1, .quantile = q, .count = count},
		alpha, rounds, seed);
	free(count);
	return b;
}
