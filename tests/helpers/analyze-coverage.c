/* analyze-coverage [RUNS] - how often the intervals of analyze-ab cover what is true, over RUNS (4000)
 * simulated experiments for each kind: means and ratios by every relative interval, quantiles, CUPED,
 * strata, ten daily looks with --sequential, the bootstrap, families of tests under every
 * adjustment, and switchbacks. It goes through compare_all, as the tool does. Each line has the share, what is
 * due and whether it lies within 3.5 standard errors of the simulation; exit 1 when one does not.
 *
 * Values are log-normal, of users who differ; treated ones have 20 % more.
 */
#define MATHLIB_STANDALONE
#include <Rmath.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "../../tools/analyze-ab/adjust.c"
#include "../../tools/analyze-ab/bayes.c"
#include "../../tools/analyze-ab/before.c"
#include "../../tools/analyze-ab/bootstrap.c"
#include "../../tools/analyze-ab/cluster.c"
#include "../../tools/analyze-ab/compare.c"
#include "../../tools/analyze-ab/derive.c"
#define ascending ascending_cap
#include "../../tools/analyze-ab/experiment.c"
#undef ascending
#include "../../tools/analyze-ab/metrics.c"
#include "../../tools/analyze-ab/sample.c"
#include "../../tools/analyze-ab/stats.c"
#include "../../tools/analyze-ab/events.c"
#include "../../tools/analyze-ab/users.c"

enum { USERS_MAX = 2000, LEVELS = 3 };
static const double EFFECT = 0.2, ALPHA = 0.05;
static int runs = 4000, bad;

/* ---- a simulated experiment ---- */

static struct users now, past;
static struct strmap *levels, *cells; /* cells: the levels are clusters */
static double *x, *y, *x_past, *y_past;
static uint32_t level[USERS_MAX];
static size_t every = 2;

static struct users users_new(double **first, double **second)
{
	static char *name[] = {"X"};
	struct users u = {.n_experiments = 1, .experiment = name};
	u.arm = memory_new(USERS_MAX, sizeof *u.arm);
	u.arms = memory_new(1, sizeof(*u.arms));
	u.arms[0] = strmap_new();
	strmap_add(u.arms[0], span_of("C"));
	strmap_add(u.arms[0], span_of("T1"));
	*first = memory_new(USERS_MAX, sizeof(double));
	*second = memory_new(USERS_MAX, sizeof(double));
	users_add(&u, "x", *first);
	users_add(&u, "y", *second);
	return u;
}

/* `n` users, every second of them treated (one of `every`). `spread`: the standard deviation of logarithms. */
static void draw(size_t n, double effect, double spread)
{
	now.n = past.n = n;
	for (size_t i = 0; i < n; i++) {
		double taste = spread * norm_rand();
		now.arm[i] = i % every == 1;
		level[i] = (uint32_t)(LEVELS * unif_rand());
		y[i] = 1 + rpois(2);
		y_past[i] = 1 + rpois(2);
		x[i] = y[i] * exp(taste + spread / 2 * norm_rand()) * (1 + level[i]) * (i % every == 1 ? 1 + effect : 1);
		x_past[i] = y_past[i] * exp(taste + spread / 2 * norm_rand());
	}
}

/* The mean of x in the control. */
static double mean_due(double spread)
{
	return 3 * exp(spread * spread * 1.25 / 2) * (1 + (LEVELS - 1) / 2.0);
}

/* What the tool makes of it. */
static struct rows analyze(const struct analysis_options *options, bool with_past, bool stratify)
{
	struct experiment_data d = {.options = options, .users = &now};
	if (with_past) {
		d.pre = &past;
		d.pre_of = memory_new(now.n, sizeof *d.pre_of);
		for (uint32_t i = 0; i < now.n; i++)
			d.pre_of[i] = i;
	}
	if (stratify || cells) {
		d.segment = memory_new(now.n, sizeof *d.segment);
		memcpy(d.segment, level, now.n * sizeof *level);
		d.levels = cells ? cells : levels;
		d.stratify = stratify;
		d.clustered = cells != NULL;
	}
	data_prepare(&d);
	struct rows rows = compare_all(&d);
	data_free(&d);
	return rows;
}

static struct analysis_options options_of(const char *metrics)
{
	struct analysis_options o = {.alpha = ALPHA, .power = 0.8, .tuned = USERS_MAX, .srm_threshold = 0,
		.interval = INTERVAL_FIELLER, .rounds = 400, .control = "C"};
	o.n_metrics = metrics_parse(metrics, &o.metrics);
	return o;
}

/* ---- what is counted ---- */

static bool in(double truth, double low, double high)
{
	return low <= truth && truth <= high;
}

/* A share of `of`; the due share, or at least (most) that. */
static void report(const char *what, double hits, double of, double due, int side)
{
	double share = hits / of, slack = 3.5 * sqrt(due * (1 - due) / of);
	bool good = of > 0 && (side <= 0 || share >= due - slack) && (side >= 0 || share <= due + slack) &&
		(side != 0 || fabs(share - due) <= slack);
	printf("%-58s %.4f of %.0f, due %s%.3f%s\n", what, share, of, side > 0 ? ">= " : side < 0 ? "<= " : "", due,
	       good ? "" : "  <- bad");
	fflush(stdout);
	bad |= !good;
}

/* Relative and absolute intervals of the rows of metrics[] that cover. */
struct covered {
	double share[8], absolute[8], n;
};

static void cover(struct covered *c, const struct rows *rows, double truth)
{
	for (size_t i = 0; i < rows->n; i++) {
		const struct effect *e = &rows->row[i].effect;
		c->share[i] += in(EFFECT, e->share_low, e->share_high);
		c->absolute[i] += in(truth, e->low, e->high);
	}
	c->n++;
	free(rows->row);
}

/* ---- one look ---- */

static void means(void)
{
	static const char *const NAMES[] = {"delta", "naive", "log", "fieller"};
	struct analysis_options o = options_of("x,x/y");
	struct covered c[4] = {0};
	double contradictions[4] = {0}, spread = 0.6, significant = 0;
	char what[80];
	for (int run = 0; run < runs; run++) {
		draw(800, EFFECT, spread);
		for (int how = 0; how < 4; how++) {
			o.interval = (enum interval)how;
			struct rows rows = analyze(&o, false, false);
			const struct row *r = rows.row;
			bool seen = r->adjusted < ALPHA;
			significant += how == 0 && seen;
			contradictions[how] += seen != (r->effect.share_low > 0 || r->effect.share_high < 0);
			cover(&c[how], &rows, EFFECT * mean_due(spread));
		}
	}
	report("means, absolute", c[0].absolute[0], runs, 0.95, 0);
	for (int how = 0; how < 4; how++) {
		/* naive is too narrow by the variance of the control's mean */
		double s = (1 + EFFECT) * (1 + EFFECT), narrow = sqrt((1 + s) / (2 * s));
		double due = how == INTERVAL_NAIVE ? 2 * pnorm(qnorm(0.975, 0, 1, 1, 0) * narrow, 0, 1, 1, 0) - 1 : 0.95;
		snprintf(what, sizeof what, "means, %s", NAMES[how]);
		report(what, c[how].share[0], runs, due, 0);
		snprintf(what, sizeof what, "ratios of sums, %s", NAMES[how]);
		report(what, c[how].share[1], runs, due, 0);
		printf("means, %s: %.0f of %.0f significant effects are contradicted\n", NAMES[how], contradictions[how],
		       significant);
	}
	bad |= contradictions[INTERVAL_FIELLER] > 0;
}

/* `side`: as report's; intervals of quantiles are wider than they have to be with few users. */
static void one_look(const char *name, const char *metrics, size_t n, bool with_past, bool stratify, int side)
{
	struct analysis_options o = options_of(metrics);
	struct covered c = {0};
	double spread = 0.6;
	char what[80];
	for (int run = 0; run < runs; run++) {
		o.seed = (uint64_t)run;
		draw(n, EFFECT, spread);
		struct rows rows = analyze(&o, with_past, stratify);
		cover(&c, &rows, EFFECT * mean_due(spread));
	}
	for (size_t i = 0; i < o.n_metrics; i++) {
		snprintf(what, sizeof what, "%s, %s, relative", name, o.metrics[i].name);
		report(what, c.share[i], runs, 0.95, side);
	}
}

/* ---- switchbacks ---- */

/* A draw from gamma distributions, of mean 1. */
static double gamma_one(double shape)
{
	return rgamma(shape, 1 / shape);
}

/* `n` cells of about 20 sessions, `treated` of them of the treatment; a third of the variance is of cells. */
static void draw_switchback(size_t n, size_t treated, bool unequal)
{
	now.n = 0;
	for (uint32_t cell = 0; cell < n; cell++) {
		double of_cell = (gamma_one(2) - 1) * sqrt(2 * 0.5);
		double sessions = unequal ? 1 + rpois(20 * gamma_one(1.5)) : 20;
		for (int i = 0; i < sessions && now.n < USERS_MAX; i++) {
			now.arm[now.n] = cell < treated;
			level[now.n] = cell;
			y[now.n] = 1;
			x[now.n++] = 5 + of_cell + gamma_one(1) + (cell < treated);
		}
	}
}

/* The standard error by CR1, plainly. */
static double cr1_se(size_t n_cells)
{
	double mean[2] = {0}, n[2] = {0}, sum = 0;
	double *of_cell = memory_zero(n_cells, sizeof *of_cell);
	for (size_t i = 0; i < now.n; i++) {
		n[now.arm[i]]++;
		mean[now.arm[i]] += x[i];
	}
	for (size_t i = 0; i < now.n; i++)
		of_cell[level[i]] += (x[i] - mean[now.arm[i]] / n[now.arm[i]]) / n[now.arm[i]];
	for (size_t c = 0; c < n_cells; c++)
		sum += of_cell[c] * of_cell[c];
	free(of_cell);
	double cells_there = (double)n_cells, all = (double)now.n;
	return sqrt(sum * cells_there / (cells_there - 1) * (all - 1) / (all - 2));
}

static void switchbacks(size_t n, size_t treated, bool unequal, double least)
{
	struct analysis_options o = options_of("x");
	double hits = 0, plain_hits = 0, cr1_hits = 0, q = qt(1 - ALPHA / 2, (double)n - 1, 1, 0);
	char what[80], name[24];
	for (int run = 0; run < runs; run++) {
		draw_switchback(n, treated, unequal);
		struct rows plain = analyze(&o, false, false);
		plain_hits += in(1, plain.row[0].effect.low, plain.row[0].effect.high);
		free(plain.row);
		cells = strmap_new();
		for (size_t cell = 0; cell < n; cell++) {
			snprintf(name, sizeof name, "%zu", cell);
			strmap_add(cells, span_of(name));
		}
		struct rows rows = analyze(&o, false, false);
		hits += in(1, rows.row[0].effect.low, rows.row[0].effect.high);
		cr1_hits += fabs(rows.row[0].effect.diff - 1) <= q * cr1_se(n);
		free(rows.row);
		strmap_free(cells);
		cells = NULL;
	}
	snprintf(what, sizeof what, "switchback, %zu of %zu cells treated, %s", treated, n,
		 unequal ? "unequal" : "equal");
	report(what, hits, runs, least, least < 0.95 ? 1 : 0);
	printf("%s: CR1 %.4f, sessions taken for independent %.4f\n", what, cr1_hits / runs, plain_hits / runs);
	bad |= plain_hits > 0.8 * runs;
}

/* ---- the bootstrap ---- */

/* Skewed values of few users: what is due has been measured, and is below 0.95; of many it is 0.95. */
static void bootstraps(size_t n, double spread, double due)
{
	static const char *const NAMES[] = {"percentile", "BCa", "Welch"};
	struct analysis_options o = options_of("x,x/y");
	char what[80];
	for (int kind = 0; kind < 3; kind++) {
		struct covered c = {0};
		o.test = kind < 2 ? TEST_BOOTSTRAP : TEST_WELCH;
		o.bootstrap = (enum bootstrap_kind)(kind % 2);
		for (int run = 0; run < runs; run++) {
			o.seed = (uint64_t)run;
			draw(n, EFFECT, spread);
			struct rows rows = analyze(&o, false, false);
			cover(&c, &rows, EFFECT * mean_due(spread));
		}
		snprintf(what, sizeof what, "%s, %zu users, %zu treated, means, absolute", NAMES[kind], n, n / every);
		report(what, c.absolute[0], runs, due, 1);
		snprintf(what, sizeof what, "%s, %zu users, %zu treated, means, relative", NAMES[kind], n, n / every);
		report(what, c.share[0], runs, due, 1);
		snprintf(what, sizeof what, "%s, %zu users, %zu treated, ratios, relative", NAMES[kind], n, n / every);
		report(what, c.share[1], runs, due, 1);
	}
}

/* ---- ten daily looks ---- */

static void looks(double effect)
{
	enum { DAYS = 10 };
	struct analysis_options o = options_of("x,x/y");
	double missed[2] = {0}, share_missed[2] = {0}, found[2] = {0}, welch = 0, spread = 0.6;
	char what[80];
	for (int run = 0; run < runs; run++) {
		bool miss[2] = {0}, share_miss[2] = {0}, seen[2] = {0}, seen_welch = false;
		draw(USERS_MAX, effect, spread);
		for (size_t day = 1; day <= DAYS; day++) {
			now.n = USERS_MAX / DAYS * day;
			o.sequential = true;
			struct rows rows = analyze(&o, false, false);
			for (int i = 0; i < 2; i++) {
				const struct effect *e = &rows.row[i].effect;
				double truth = effect * (i ? mean_due(spread) / 3 : mean_due(spread));
				miss[i] |= !in(truth, e->low, e->high);
				/* where there is no finite interval, none is wrong */
				share_miss[i] |= e->share_low > effect || e->share_high < effect;
				seen[i] |= rows.row[i].adjusted < ALPHA;
			}
			free(rows.row);
			if (effect > 0)
				continue;
			o.sequential = false;
			rows = analyze(&o, false, false);
			seen_welch |= rows.row[0].adjusted < ALPHA;
			free(rows.row);
		}
		for (int i = 0; i < 2; i++) {
			missed[i] += miss[i];
			share_missed[i] += share_miss[i];
			found[i] += seen[i];
		}
		welch += seen_welch;
	}
	for (int i = 0; i < 2; i++) {
		const char *name = i ? "ratio" : "mean";
		snprintf(what, sizeof what, "ten looks, %+g %%, %s: absolute misses at any", 100 * effect, name);
		report(what, missed[i], runs, 0.05, -1);
		snprintf(what, sizeof what, "ten looks, %+g %%, %s: relative misses at any", 100 * effect, name);
		report(what, share_missed[i], runs, 0.05, -1);
		if (effect > 0)
			continue;
		snprintf(what, sizeof what, "ten looks at nothing, %s: type I", name);
		report(what, found[i], runs, 0.05, -1);
		bad |= found[i] >= 0.05 * runs;
	}
	if (!(effect > 0)) { /* the test can tell */
		printf("ten looks at nothing, Welch: type I %.4f\n", welch / runs);
		bad |= welch < 0.1 * runs;
	}
}

/* ---- families ---- */

/* Six metrics, of which half do not differ. Of every adjustment: an interval excludes 0 exactly when
 * the effect is significant; those that exclude it are wrong with a rate of at most alpha (the false
 * coverage rate of Benjamini and Yekutieli 2005); of those that do not, all cover at once (Guilbaud
 * 2008), and under Bonferroni all do. */
static void family(enum adjustment how, const char *name)
{
	enum { METRICS = 6 };
	struct analysis_options o = options_of("x,y,a,b,c,d");
	double wrong = 0, all_cover = 0, others_cover = 0, contradictions = 0;
	char what[80];
	o.adjustment = how;
	now.n = 200;
	for (int run = 0; run < runs; run++) {
		double rejected = 0, missed = 0;
		bool all = true, others = true;
		for (size_t i = 0; i < now.n; i++)
			for (int m = 0; m < METRICS; m++)
				now.value[m][i] = norm_rand() + (m % 2 && i % 2 ? 0.4 : 0);
		struct rows rows = analyze(&o, false, false);
		for (int m = 0; m < METRICS; m++) {
			const struct row *r = &rows.row[m];
			bool seen = r->adjusted < ALPHA, right = in(m % 2 * 0.4, r->effect.low, r->effect.high);
			contradictions += seen != (r->effect.low > 0 || r->effect.high < 0);
			rejected += seen;
			missed += seen && !right;
			all &= right;
			others &= seen || right;
		}
		wrong += rejected > 0 ? missed / rejected : 0;
		all_cover += all;
		others_cover += others;
		free(rows.row);
	}
	snprintf(what, sizeof what, "%s: false coverage of significant intervals", name);
	report(what, wrong, runs, 0.05, -1);
	if (how == ADJUST_HOLM || how == ADJUST_BONFERRONI) {
		snprintf(what, sizeof what, "%s: all intervals that are not significant cover", name);
		report(what, others_cover, runs, 0.95, 1);
	}
	if (how == ADJUST_BONFERRONI)
		report("bonferroni: all intervals cover", all_cover, runs, 0.95, 1);
	printf("%s: all cover in %.4f; %.0f contradictions\n", name, all_cover / runs, contradictions);
	bad |= contradictions > 0;
}

int main(int argc, char **argv)
{
	static const char *const ADJUST_NAMES[] = {"none", "bonferroni", "holm", "hochberg", "bh", "by"};
	runs = argc > 1 ? atoi(argv[1]) : runs;
	now = users_new(&x, &y);
	past = users_new(&x_past, &y_past);
	for (const char *more = "a\0b\0c\0d"; *more; more += 2) /* of families */
		users_add(&now, more, memory_new(USERS_MAX, sizeof(double)));
	levels = strmap_new();
	for (int l = 0; l < LEVELS; l++)
		strmap_add(levels, span_of(l == 0 ? "0" : l == 1 ? "1" : "2"));
	set_seed(17, 29);
	means();
	one_look("CUPED", "x,x/y", 600, true, false, 0);
	one_look("strata", "x,x/y", 600, false, true, 0);
	one_look("CUPED and strata", "x", 600, true, true, 0);
	one_look("quantiles", "q50:x,q90:x", 300, false, false, 1);
	bootstraps(60, 0.6, 0.88);
	bootstraps(400, 0.3, 0.94);
	looks(0);
	looks(EFFECT);
	for (int how = ADJUST_BONFERRONI; how <= ADJUST_BY; how++)
		family((enum adjustment)how, ADJUST_NAMES[how]);
	every = 11;
	bootstraps(330, 0.6, 0.88);
	every = 2;
	switchbacks(12, 6, false, 0.95);
	switchbacks(30, 15, false, 0.95);
	switchbacks(30, 15, true, 0.95);
	switchbacks(30, 6, true, 0.94);
	return bad;
}
