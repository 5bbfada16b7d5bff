#include "difference.h"

#define MATHLIB_STANDALONE
#include <Rmath.h>
#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "base/random.h"
#include "data/exactsum.h"
#include "data/ratio.h"
#include "domain/metrics.h"

/* Values that are no further apart, in units of the larger one, are equal: they are sums of
 * the same terms in another order. */
#define ROUNDING 1e-12

static double mean_of(const double *x, size_t n)
{
	struct mean m = {0};
	for (size_t i = 0; i < n; i++)
		mean_add(&m, x[i]);
	return n ? mean_value(&m) : NAN;
}

static void set_interval(struct difference *d, double stderr_mean, size_t n, double alpha)
{
	d->stderr_mean = stderr_mean;
	double half = stderr_mean > 0 ? qt(1 - alpha / 2, (double)n - 1, 1, 0) * stderr_mean : 0;
	d->low = d->mean - half;
	d->high = d->mean + half;
}

static void set_p(struct difference *d, size_t n)
{
	if (d->stderr_mean > 0)
		d->p = 2 * pt(-fabs(d->mean / d->stderr_mean), (double)n - 1, 1, 0);
}

struct difference difference_of_mean(const double *x, size_t n, double alpha)
{
	struct difference r = {.a = NAN, .b = NAN, .mean = NAN, .stderr_mean = NAN, .low = NAN,
			       .high = NAN, .p = NAN, .p_randomization = NAN, .relative = NAN,
			       .relative_low = NAN, .relative_high = NAN, .n = n};
	struct mean m = {0};
	for (size_t i = 0; i < n; i++)
		mean_add(&m, x[i]);
	if (n > 0)
		r.mean = mean_value(&m);
	if (n > 1)
		set_interval(&r, mean_stderr(&m), n, alpha);
	return r;
}

void difference_test(struct difference *d, double stderr_mean, size_t n, double alpha)
{
	if (isnan(stderr_mean) || n < 2)
		return;
	set_interval(d, stderr_mean, n, alpha);
	set_p(d, n);
}

/* ---- the randomization test ----
 *
 * If the two systems are equally good, a difference is as likely to have the other sign.
 * Differences become whole numbers of a unit so small that their sum fills 60 bits: their
 * sums are exact, in any order. Sums that are apart by no more than what rounding (to units, and
 * of the values before: 0.3 - 0.2 is not 0.1) can make are equal. */

/* Resamples of a chunk; differences that share a byte of signs; differences of which all
 * patterns may be tried. */
enum { AT_ONCE = 1024, GROUP = 8, FEW = 20 };

struct randomization {
	const int64_t *d;
	size_t n;              /* of differences that are not 0 */
	int64_t observed;      /* the least |sum| that counts as large as the observed one */
	int64_t resamples;
	uint64_t seed;
	uint64_t *as_large;    /* chunk -> resamples whose |sum| is as large */
};

/* sums[pattern] = the sum of the n <= GROUP differences with the signs of the pattern's bits. */
static void sums_of_signs(const int64_t *d, size_t n, int64_t sums[1 << GROUP])
{
	sums[0] = 0;
	for (size_t i = 0; i < n; i++)
		sums[0] -= d[i];
	for (size_t i = 0; i < n; i++)
		for (size_t pattern = 0; pattern < (size_t)1 << i; pattern++)
			sums[pattern | (size_t)1 << i] = sums[pattern] + 2 * d[i];
}

static void resample_chunk(void *context, size_t chunk, size_t worker)
{
	struct randomization *z = context;
	struct random random = random_start(z->seed, chunk);
	int64_t sums[AT_ONCE] = {0}, signs[1 << GROUP];
	(void)worker;
	for (size_t from = 0; from < z->n; from += GROUP) {
		size_t n = z->n - from < GROUP ? z->n - from : GROUP;
		unsigned mask = (1u << n) - 1;
		sums_of_signs(z->d + from, n, signs);
		for (size_t r = 0; r < AT_ONCE; r += sizeof(uint64_t)) {
			uint64_t bits = random_bits(&random);
			for (size_t i = 0; i < sizeof(uint64_t); i++)
				sums[r + i] += signs[bits >> 8 * i & mask];
		}
	}
	uint64_t count = 0;
	int64_t left = z->resamples - (int64_t)chunk * AT_ONCE;
	for (int64_t r = 0; r < AT_ONCE && r < left; r++)
		count += llabs(sums[r]) >= z->observed;
	z->as_large[chunk] = count;
}

/* All patterns of signs, when they are no more than `resamples`: the exact p. */
static double every_pattern(const struct randomization *z)
{
	uint64_t patterns = (uint64_t)1 << z->n, count = 0;
	int64_t *sums = memory_zero(patterns, sizeof *sums);
	for (size_t i = 0; i < z->n; i++)
		sums[0] -= z->d[i];
	for (size_t i = 0; i < z->n; i++)
		for (uint64_t pattern = 0; pattern < (uint64_t)1 << i; pattern++)
			sums[pattern | (uint64_t)1 << i] = sums[pattern] + 2 * z->d[i];
	for (uint64_t pattern = 0; pattern < patterns; pattern++)
		count += llabs(sums[pattern]) >= z->observed;
	free(sums);
	return (double)count / (double)patterns;
}

static double resample(struct randomization *z, struct pool *pool)
{
	size_t chunks = ((size_t)z->resamples + AT_ONCE - 1) / AT_ONCE;
	uint64_t count = 0;
	z->as_large = memory_zero(chunks, sizeof *z->as_large);
	pool_run(pool, chunks, resample_chunk, z);
	for (size_t c = 0; c < chunks; c++)
		count += z->as_large[c];
	free(z->as_large);
	return ((double)count + 1) / ((double)z->resamples + 1);
}

static double p_of_signs(const double *d, size_t n, int64_t resamples, uint64_t seed, struct pool *pool)
{
	struct exactsum total = {0};
	int64_t *whole = memory_new(n, sizeof *whole), sum = 0;
	int exponent;
	struct randomization z = {.d = whole, .resamples = resamples, .seed = seed};
	for (size_t i = 0; i < n; i++)
		exactsum_add(&total, fabs(d[i]));
	double scaled = ldexp(frexp(exactsum_value(&total), &exponent), 60);
	for (size_t i = 0; i < n; i++) {
		int64_t units = llrint(ldexp(d[i], 60 - exponent));
		if (units) {
			whole[z.n++] = units;
			sum += units;
		}
	}
	z.observed = llabs(sum) - (int64_t)z.n - (int64_t)(ROUNDING * scaled);
	double p = z.n <= FEW && (int64_t)1 << z.n <= resamples ? every_pattern(&z) : resample(&z, pool);
	free(whole);
	return p;
}

/* b - a, or 0 where they are equal. */
static double apart(double a, double b)
{
	double d = b - a;
	return fabs(d) <= ROUNDING * fmax(fabs(a), fabs(b)) ? 0 : d;
}

struct difference difference_paired(const double *a, const double *b, size_t n, double alpha,
				    int64_t resamples, uint64_t seed, struct pool *pool)
{
	double *d = memory_new(n, sizeof *d);
	uint64_t wins = 0, losses = 0;
	for (size_t i = 0; i < n; i++) {
		d[i] = apart(a[i], b[i]);
		wins += d[i] > 0;
		losses += d[i] < 0;
	}
	struct difference r = difference_of_mean(d, n, alpha);
	r.a = mean_of(a, n);
	r.b = mean_of(b, n);
	r.wins = wins;
	r.losses = losses;
	r.ties = n - wins - losses;
	set_p(&r, n);
	if (resamples && n)
		r.p_randomization = p_of_signs(d, n, resamples, seed, pool);
	free(d);
	return r;
}

/* ---- the relative difference ----
 *
 * It is the ratio of two means over the same users, that of the differences and that of a, which
 * vary together. Taken as the ratio of b to a, less 1, it would lose digits where both are
 * nearly the same. */

void difference_add_relative(struct difference *r, const double *a, const double *b, double alpha,
			     enum relative method)
{
	struct exactsum squares = {0}, products = {0};
	double n = (double)r->n, sign = r->a < 0 ? -1 : 1;
	if (method == RELATIVE_NONE || !(fabs(r->a) > 0) || !isfinite(r->mean / r->a))
		return;
	r->relative = sign * r->mean / r->a;
	if (r->n < 2)
		return;
	for (size_t i = 0; i < r->n; i++) {
		exactsum_add(&squares, (a[i] - r->a) * (a[i] - r->a));
		exactsum_add(&products, (a[i] - r->a) * (apart(a[i], b[i]) - r->mean));
	}
	double unit = r->a * r->a * n * (n - 1), over = r->stderr_mean / r->a;
	struct ratio_of_means ratio = {.ratio = r->mean / r->a, .over = over * over,
				       .under = exactsum_value(&squares) / unit,
				       .covariance = exactsum_value(&products) / unit};
	double q = qt(1 - alpha / 2, n - 1, 1, 0), half = q * ratio_stderr(&ratio);
	double low = ratio.ratio - half, high = ratio.ratio + half;
	if (method == RELATIVE_FIELLER && !ratio_fieller(&ratio, q, &low, &high))
		return;
	r->relative_low = sign < 0 ? -high : low;
	r->relative_high = sign < 0 ? -low : high;
}
