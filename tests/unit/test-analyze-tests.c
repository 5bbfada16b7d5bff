/* The tests of analyze-ab one by one: adjusted p beside R's p.adjust, the level at which a
 * test is made beside trying every p, ranks with ties and ratios beside SciPy and NumPy. */
#define MATHLIB_STANDALONE
#include <Rmath.h>
#include <math.h>

#include "../../tools/analyze-ab/adjust.c"
#include "../../tools/analyze-ab/stats.c"
#include "unit.h"

static void adjusted(void)
{
	static const double P[] = {0.03, 0.01, 0.05, 0.02, 0.04};
	static const struct {
		enum adjustment how;
		double want[5];
	} ROWS[] = {
		{ADJUST_NONE, {0.03, 0.01, 0.05, 0.02, 0.04}},
		{ADJUST_BONFERRONI, {0.15, 0.05, 0.25, 0.1, 0.2}},
		{ADJUST_HOLM, {0.09, 0.05, 0.09, 0.08, 0.09}},
		{ADJUST_HOCHBERG, {0.05, 0.05, 0.05, 0.05, 0.05}},
		{ADJUST_BH, {0.05, 0.05, 0.05, 0.05, 0.05}},
		{ADJUST_BY, {0.11416666666666667, 0.11416666666666667, 0.11416666666666667,
			     0.11416666666666667, 0.11416666666666667}},
	};
	for (size_t r = 0; r < sizeof ROWS / sizeof *ROWS; r++) {
		double got[5];
		adjust(P, got, 5, ROWS[r].how);
		for (int i = 0; i < 5; i++)
			CHECK_NEAR(got[i], ROWS[r].want[i], 1e-15);
	}
}

/* The largest p of a test that is significant beside the others, by bisection. */
static double level_tried(const double *p, size_t n, size_t at, enum adjustment how)
{
	double tried[8], q[8], low = 0, high = 1;
	memcpy(tried, p, n * sizeof *p);
	for (int step = 0; step < 100; step++) {
		tried[at] = (low + high) / 2;
		adjust(tried, q, n, how);
		if (q[at] <= 0.05)
			low = tried[at];
		else
			high = tried[at];
	}
	return low;
}

static void levels(void)
{
	struct random r = random_start(3, 4);
	for (int round = 0; round < 500; round++) {
		double p[8], level[8];
		size_t n = 1 + random_below(&r, 7);
		for (size_t i = 0; i < n; i++) /* near the thresholds, some equal, one unknown */
			p[i] = random_below(&r, 40) == 0 ? NAN
				: 0.002 * (double)random_below(&r, round % 2 ? 12 : 40) + 0.0001;
		for (int how = ADJUST_NONE; how <= ADJUST_BY; how++) {
			adjust_levels(p, level, n, 0.05, (enum adjustment)how);
			for (size_t i = 0; i < n; i++) {
				if (isnan(p[i]))
					CHECK(isnan(level[i]));
				else
					CHECK_NEAR(level[i], level_tried(p, n, i, (enum adjustment)how), 1e-12);
			}
		}
	}
}

static void ranks(void)
{
	static const double C[] = {1, 2, 2, 3, 5, 5, 7}, T[] = {2, 3, 3, 4, 5, 8, 9, 9};
	struct rank_test test = mann_whitney(C, 7, T, 8);
	CHECK_NEAR(test.u, 39, 0);
	CHECK_NEAR(test.p, 0.21888680104470826, 1e-13);
	CHECK_NEAR(test.superiority, 0.6964285714285714, 1e-15);
	/* In any unit the same, and a last bit makes no difference. */
	static const int UNITS[] = {-1000, -60, -1, 60, 900};
	for (size_t k = 0; k < sizeof UNITS / sizeof *UNITS; k++) {
		double c[7], t[8];
		for (int i = 0; i < 7; i++)
			c[i] = ldexp(i % 2 ? nextafter(C[i], 0) : C[i], UNITS[k]);
		for (int i = 0; i < 8; i++)
			t[i] = ldexp(T[i], UNITS[k]);
		CHECK_NEAR(mann_whitney(c, 7, t, 8).p, 0.21888680104470826, 1e-13);
	}
}

static void ratios(void)
{
	static const double X[] = {3, 1, 4, 1, 5, 9}, Y[] = {2, 1, 3, 1, 4, 5}, Z[] = {1, -1, 2, -2, 3, -3};
	struct moments m = moments_of_ratio(X, Y, 6);
	CHECK_NEAR(m.mean, 1.4375, 1e-15);
	CHECK_NEAR(m.variance, 0.12216796875, 1e-15);
	m = moments_of_ratio(X, Z, 6);
	CHECK(isnan(m.mean) && isnan(m.variance));
}

static void looks(void)
{
	/* A difference as far as the sequence reaches has the p that was asked for. */
	for (double level = 0.5; level > 1e-6; level /= 3)
		for (double n = 10; n < 1e6; n *= 7)
			CHECK_NEAR(sequential_p(2 * sequential_reach(n, level, 0.05, 5000), 2, n, 0.05, 5000), level,
				   1e-9 * level);
	CHECK_NEAR(mde_reach(3, 2, 0.5), 6, 1e-12);
	CHECK_NEAR(mde_z(1, 0.05, 0.8), 2.801585, 1e-6);
	CHECK_NEAR(mde_z(1, 0.05, 0.01), 0, 0);
	CHECK_NEAR(mde_t(1, 10, 0.05, 0.01), 0, 0);
	/* What is found has the power that was asked for. */
	for (double df = 1; df < 1e6; df *= 4.3)
		for (double level = 0.3; level > 1e-7; level /= 7)
			for (double power = 0.2; power < 1; power += 0.19) {
				double d = mde_t(2, df, level, power) / 2;
				if (qt(1 - level / 2, df, 1, 0) < 30) /* R's distribution ends at a shift of 37.62 */
					CHECK_NEAR(pnt(qt(1 - level / 2, df, 1, 0), df, d, 0, 0), power, 1e-9);
			}
}

int main(void)
{
	adjusted();
	levels();
	ranks();
	ratios();
	looks();
	return unit_finish();
}
