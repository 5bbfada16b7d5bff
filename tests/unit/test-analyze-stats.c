/* Do the intervals of analyze-ab keep what they promise? Simulated on skewed data
 * (log-normal: skewness 6; and mostly zeros), where the truth is known. A share of
 * covered truths may be off 0.95 by 3.5 standard errors of the simulation; where
 * theory has it below (the naive interval of a large effect) it must be there, and
 * Welch's under many looks must be seen to fail: the test can tell. */
#define MATHLIB_STANDALONE
#include <Rmath.h>
#include <math.h>

#include "../../tools/analyze-ab/stats.c"
#include "../../tools/analyze-ab/bootstrap.c"
#include "unit.h"

/* Mean 1 each. */
static double skewed(void)
{
	return exp(norm_rand() - 0.5);
}

static double mostly_zero(void)
{
	return unif_rand() < 0.7 ? 0 : exp_rand() / 0.3;
}

static void draw_many(double *x, size_t n, double (*one)(void), double scale)
{
	for (size_t i = 0; i < n; i++)
		x[i] = scale * one();
}

static bool in(double truth, double low, double high)
{
	return low <= truth && truth <= high;
}

/* Says the share, and whether it is near what is due in view of the number of simulations. */
static bool near_share(const char *what, double covered, double simulations, double due)
{
	double share = covered / simulations;
	bool good = fabs(share - due) <= 3.5 * sqrt(due * (1 - due) / simulations);
	printf("%-32s covers %.4f of %.0f, due %.3f\n", what, share, simulations, due);
	return good;
}

static bool near_95(const char *what, double covered, double simulations)
{
	return near_share(what, covered, simulations, 0.95);
}

/* The naive interval leaves out that the control's mean varies too: of a relative
 * effect its half width is sqrt((1 + (1 + effect)^2) / (2 (1 + effect)^2)) of what it
 * should be. */
static double naive_due(double effect)
{
	double square = (1 + effect) * (1 + effect), narrow = sqrt((1 + square) / (2 * square));
	return 2 * pnorm(1.959964 * narrow, 0, 1, 1, 0) - 1;
}

enum { USERS = 1000, SIMULATIONS = 2000 };

/* The relative and absolute intervals at a true effect. */
static void means(double (*one)(void), double effect, const char *data)
{
	static const char *const NAMES[] = {"delta", "naive", "log", "fieller"};
	static double x0[USERS], x1[USERS];
	double covered[4] = {0}, absolute = 0;
	for (int s = 0; s < SIMULATIONS; s++) {
		draw_many(x0, USERS, one, 1);
		draw_many(x1, USERS, one, 1 + effect);
		struct moments a = moments_of(x0, USERS), b = moments_of(x1, USERS);
		for (int how = INTERVAL_DELTA; how <= INTERVAL_FIELLER; how++) {
			struct effect e = effect_welch(a, b, 0.05, (enum interval)how);
			covered[how] += in(effect, e.share_low, e.share_high);
			absolute += how == INTERVAL_DELTA && in(effect, e.low, e.high);
		}
	}
	char what[64];
	snprintf(what, sizeof what, "%s +%g %%, absolute", data, effect * 100);
	CHECK(near_95(what, absolute, SIMULATIONS));
	for (int how = INTERVAL_DELTA; how <= INTERVAL_FIELLER; how++) {
		snprintf(what, sizeof what, "%s +%g %%, %s", data, effect * 100, NAMES[how]);
		CHECK(near_share(what, covered[how], SIMULATIONS,
				 how == INTERVAL_NAIVE ? naive_due(effect) : 0.95));
	}
}

/* Ratios of sums by the delta method: the denominators vary, and go with the numerators. */
static void ratios(void)
{
	static double over[2][USERS], under[2][USERS];
	double covered = 0, effect = 0.1;
	for (int s = 0; s < SIMULATIONS; s++) {
		struct moments m[2];
		for (int k = 0; k < 2; k++) {
			for (size_t i = 0; i < USERS; i++) {
				under[k][i] = 1 + rpois(2);
				over[k][i] = under[k][i] * (k ? 1 + effect : 1) * skewed();
			}
			m[k] = moments_of_ratio(over[k], under[k], USERS);
		}
		struct effect e = effect_welch(m[0], m[1], 0.05, INTERVAL_DELTA);
		covered += in(effect, e.share_low, e.share_high);
	}
	CHECK(near_95("ratio of sums +10 %, delta", covered, SIMULATIONS));
}

/* Percentile bootstrap of means and of medians. */
static void bootstraps(void)
{
	enum { N = 400, ROUNDS = 400, RUNS = 500 };
	static double x0[N], x1[N];
	double mean = 0, median = 0, effect = 0.2, middle = exp(-0.5);
	for (int s = 0; s < RUNS; s++) {
		draw_many(x0, N, skewed, 1);
		draw_many(x1, N, skewed, 1 + effect);
		const struct bootstrap_plan plan = {.rounds = ROUNDS, .seed = (uint64_t)s, .kind = BOOTSTRAP_PERCENTILE};
		double low, high;
		struct bootstrap *b = bootstrap_mean(x0, N, x1, N, &plan);
		replicates_interval(&b->share, 0.05, &low, &high);
		mean += in(effect, low, high);
		bootstrap_free(b);
		qsort(x0, N, sizeof *x0, ascending_value);
		qsort(x1, N, sizeof *x1, ascending_value);
		b = bootstrap_quantile(x0, N, x1, N, 0.5, &plan);
		replicates_interval(&b->diff, 0.05, &low, &high);
		median += in(effect * middle, low, high);
		bootstrap_free(b);
	}
	CHECK(near_95("bootstrap of means +20 %", mean, RUNS));
	CHECK(near_95("bootstrap of medians +20 %", median, RUNS));
}

/* Moments that grow. */
struct running {
	double n, mean, squares;
};

static void add(struct running *r, double x)
{
	double off = x - r->mean;
	r->n++;
	r->mean += off / r->n;
	r->squares += off * (x - r->mean);
}

static struct moments now(const struct running *r)
{
	return (struct moments){r->n, r->mean, r->squares / (r->n - 1)};
}

/* Nothing differs, and somebody looks 100 times: how often is that seen as an effect? */
static void looks(void)
{
	enum { LOOKS = 100, STEP = 100, RUNS = 1000 };
	double always = 0, welch = 0, p_below = 0, share = 0, ratio = 0;
	const struct sequence sequence = {0.05, 5000};
	for (int s = 0; s < RUNS; s++) {
		struct running r[2] = {{0, 0, 0}, {0, 0, 0}};
		bool out = false, out_welch = false, out_p = false, out_share = false, out_ratio = false;
		for (int look = 0; look < LOOKS; look++) {
			for (int i = 0; i < STEP; i++)
				for (int k = 0; k < 2; k++)
					add(&r[k], skewed());
			struct effect e = effect_welch(now(&r[0]), now(&r[1]), 0.05, INTERVAL_DELTA);
			out_welch |= !in(0, e.low, e.high);
			effect_sequential(&e, &sequence, INTERVAL_DELTA);
			out |= !in(0, e.low, e.high);
			out_p |= e.p < 0.05;
			out_share |= !in(0, e.share_low, e.share_high);
			effect_sequential_intervals(&e, &sequence, 0.05, INTERVAL_FIELLER);
			out_ratio |= e.share_low > 0 || e.share_high < 0;
		}
		always += out;
		welch += out_welch;
		p_below += out_p;
		share += out_share;
		ratio += out_ratio;
	}
	double limit = 0.05 + 3.5 * sqrt(0.05 * 0.95 / RUNS);
	printf("100 looks at nothing: always valid %.4f (p %.4f, relative %.4f), Welch %.4f\n", always / RUNS,
	       p_below / RUNS, share / RUNS, welch / RUNS);
	CHECK(always / RUNS <= limit);
	CHECK(p_below / RUNS <= limit);
	CHECK(share / RUNS <= limit);
	CHECK(ratio >= always && ratio <= always); /* Fieller's excludes no effect exactly when the absolute one does */
	CHECK(welch / RUNS > 0.2);
}

int main(void)
{
	set_seed(7, 11);
	means(skewed, 0, "log-normal");
	means(skewed, 0.1, "log-normal");
	means(skewed, 1, "log-normal");
	means(mostly_zero, 0.1, "mostly zeros");
	ratios();
	bootstraps();
	looks();
	return unit_finish();
}
