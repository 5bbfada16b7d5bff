/* BCa of analyze-ab beside SciPy's own (analyze-bca.py made the figures): acceleration, the two quantiles
 * and the ends, given the same replicates; p is the level whose interval ends at 0; rounds that have no
 * value. How often they cover is in slow/analyze-coverage. */
#define MATHLIB_STANDALONE
#include <Rmath.h>
#include <math.h>

#include "../../tools/analyze-ab/stats.c"
#include "../../tools/analyze-ab/bootstrap.c"
#include "unit.h"

static const double X0[] = {1, 2, 2, 3, 5, 5, 17}, X1[] = {2, 3, 3, 4, 5, 8, 9, 29};
static const double Y0[] = {1, 1, 2, 1, 3, 2, 4}, Y1[] = {1, 2, 1, 2, 2, 3, 3, 8};
enum { ROUNDS = 199 };

/* What analyze-bca.py takes for replicates of a statistic. */
static struct replicates formula(double at)
{
	double *x = memory_new(ROUNDS, sizeof *x);
	for (int i = 0; i < ROUNDS; i++)
		x[i] = at + 3 * sin(i) + 0.5 * cos(3.0 * i) - 0.25;
	return replicates_of(x, ROUNDS);
}

static void check_one(const struct replicates *r, const double want[2][5])
{
	static const double LEVEL[] = {0.05, 0.2};
	for (int k = 0; k < 2; k++) {
		double low, high;
		CHECK_NEAR(r->acceleration, want[k][0], 1e-14);
		CHECK_NEAR(corrected(r, LEVEL[k] / 2), want[k][1], 1e-14);
		CHECK_NEAR(corrected(r, 1 - LEVEL[k] / 2), want[k][2], 1e-14);
		replicates_interval(r, LEVEL[k], &low, &high);
		CHECK_NEAR(low, want[k][3], 1e-13);
		CHECK_NEAR(high, want[k][4], 1e-13);
	}
}

/* In any unit, as far as squares would overflow. */
static void beside_scipy(double unit)
{
	static const double DIFF[2][5] = {
		{0.048892011387180995, 0.04384850133355716, 0.9882700053148457, -0.5670203669688906, 5.879592158017846},
		{0.048892011387180995, 0.13077105052781351, 0.928078461273495, -0.05549275082349057, 5.71175799328662}};
	static const double SHARE[2][5] = {
		{-0.05500141606679758, 0.017977923972983645, 0.9677852596127328, -2.9263919839026635, 3.534023754135224},
		{-0.05500141606679758, 0.0996192837599223, 0.8996684462698344, -2.597762132606979, 3.2614669024645973}};
	static const double RATIO[2][5] = {
		{-0.04565728509323533, 0.01991953613405313, 0.9699572189984346, -3.1358532431071273, 3.3239310681028775},
		{-0.04565728509323533, 0.10249703190982845, 0.9021838980199393, -2.7890852188840416, 3.0684172694181875}};
	double x0[7], x1[8], m0 = 5, m1 = 7.875, r0 = 35.0 / 14, r1 = 63.0 / 22;
	for (int i = 0; i < 7; i++)
		x0[i] = X0[i] * unit;
	for (int i = 0; i < 8; i++)
		x1[i] = X1[i] * unit;
	struct bootstrap b = {.diff = formula(m1 - m0), .share = formula((m1 - m0) / m0)};
	struct arm control = {.a = x0, .n = 7}, treatment = {.a = x1, .n = 8};
	for (int i = 0; i < ROUNDS; i++)
		b.diff.x[i] *= unit;
	accelerate(&b, &control, &treatment);
	for (int i = 0; i < ROUNDS; i++)
		b.diff.x[i] /= unit;
	check_one(&b.diff, DIFF);
	check_one(&b.share, SHARE);
	free(b.diff.x);
	free(b.share.x);
	b = (struct bootstrap){.diff = formula(r1 - r0), .share = formula(r1 - r0)};
	accelerate(&b, &(struct arm){.a = X0, .b = Y0, .n = 7}, &(struct arm){.a = X1, .b = Y1, .n = 8});
	check_one(&b.diff, RATIO);
	free(b.diff.x);
	free(b.share.x);
}

/* The interval at the level p ends at 0, within what a round or two more or less make. */
static void levels(void)
{
	for (double at = -2; at < 2.5; at += 0.25) {
		for (int bca = 0; bca < 2; bca++) {
			struct replicates r = formula(at);
			r.bias = bca ? 0.3 : 0;
			r.acceleration = bca ? -0.1 : 0;
			double p = p_of(&r), low[2], high[2], step = 2.0 / (ROUNDS + 1);
			replicates_interval(&r, fmin(1, p + 4 * step), &low[0], &high[0]);
			if (p + 4 * step < 1)
				CHECK(low[0] > 0 || high[0] < 0);
			if (p < 1 && p - 4 * step > step) {
				replicates_interval(&r, p - 4 * step, &low[1], &high[1]);
				CHECK(low[1] < 0 && high[1] > 0);
			}
			/* The mirror image has the same p. */
			for (size_t i = 0; i < r.n; i++)
				r.x[i] = -r.x[i];
			qsort(r.x, r.n, sizeof *r.x, ascending_value);
			r.bias = -r.bias;
			r.acceleration = -r.acceleration;
			CHECK_NEAR(p_of(&r), p, 1e-12);
			free(r.x);
		}
	}
}

/* What is no number is on the wrong side of both ends; too few rounds for a level have no interval. */
static void no_values(void)
{
	double x[40], low, high;
	for (int i = 0; i < 40; i++)
		x[i] = 39 - i;
	struct replicates r = replicates_of(x, 40);
	replicates_interval(&r, 0.1, &low, &high);
	CHECK_NEAR(low, 1.95, 1e-12);
	CHECK_NEAR(high, 37.05, 1e-12);
	replicates_interval(&r, 0.04, &low, &high);
	CHECK(isnan(low) && isnan(high));
	for (int i = 0; i < 40; i++)
		x[i] = i % 20 == 0 ? NAN : 39 - (double)i;
	r = replicates_of(x, 40);
	CHECK(r.undefined == 2);
	replicates_interval(&r, 0.1, &low, &high);
	CHECK(isnan(low) && isnan(high));
	for (int i = 0; i < 40; i++)
		x[i] = i == 7 ? NAN : 39 - (double)i; /* 32 is not there */
	r = replicates_of(x, 40);
	replicates_interval(&r, 0.1, &low, &high);
	CHECK_NEAR(low, 0.95, 1e-12);
	CHECK_NEAR(high, 38.05, 1e-12);
}

int main(void)
{
	beside_scipy(1);
	beside_scipy(ldexp(1, 600));
	beside_scipy(ldexp(1, -600));
	levels();
	no_values();
	return unit_finish();
}
