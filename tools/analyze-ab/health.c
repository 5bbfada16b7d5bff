/* health.c - see health.h. */
#include "health.h"

#define MATHLIB_STANDALONE
#include <Rmath.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/memory.h"
#include "before.h"

struct check {
	struct output *out; /* or NULL */
	const char *experiment;
	struct broken *broken;
};

/* What a check says: a warning, or that there can be no verdict. */
enum outcome { GOOD, DOUBTFUL, BROKEN };

static void put(struct check *c, const char *name, struct span arm, double value, double p,
		enum outcome outcome)
{
	if (outcome == BROKEN)
		broken_add(c->broken, name);
	if (!c->out)
		return;
	output_text(c->out, c->experiment);
	output_tab(c->out);
	output_text(c->out, name);
	output_tab(c->out);
	output_span(c->out, arm);
	output_tab(c->out);
	if (!isnan(value))
		output_double(c->out, value);
	output_tab(c->out);
	if (!isnan(p))
		output_double(c->out, p);
	output_tab(c->out);
	output_text(c->out, outcome == GOOD ? "ok\t" : "warning\t");
	output_text(c->out, outcome == BROKEN ? "broken" : "");
	output_end_row(c->out);
}

static const struct span NO_ARM = {"", 0};

const char *p_text(double p, char text[PVALUE_SIZE])
{
	if (p < 1e-300)
		snprintf(text, PVALUE_SIZE, "p < 1e-300");
	else
		snprintf(text, PVALUE_SIZE, "p = %.2g", p);
	return text;
}

/* Sum of a column over the users of an arm. */
static double total(const struct experiment_data *d, uint32_t arm, const char *name)
{
	long c = users_find(d->users, name);
	double sum = 0;
	for (size_t i = 0; c >= 0 && i < d->users->n; i++)
		if (d->users->arm[i * d->users->n_experiments + d->experiment] == arm)
			sum += d->users->value[c][i];
	return c < 0 ? NAN : sum;
}

/* Which arm is the control, where nobody says so; users in arms that were not planned, who are set
 * aside: a few are no fault of the others. */
static void check_arms(const struct experiment_data *d, struct check *c, const struct health *h,
		       const uint32_t *arms, size_t n)
{
	char shown[QUOTED_SIZE];
	struct span control = n ? arm_name(d, arms[0]) : NO_ARM;
	for (size_t i = 0; i < h->n_strays; i++) {
		const struct stray *stray = &h->stray[i];
		put(c, "stray_arm", stray->arm, (double)stray->users, NAN,
		    (double)stray->users <= STRAY_SHARE * (double)d->users->n ? GOOD : BROKEN);
		warn("experiment %s: the arm %s %s: its %llu users of %zu are set aside [stray_arm]", c->experiment,
		     quoted(stray->arm.at, stray->arm.n, shown),
		     h->weights ? "was not planned" : "is too small to be planned (--weights keeps it)",
		     (unsigned long long)stray->users, d->users->n);
	}
	if (n == 0 && d->users->n)
		warn("experiment %s: no user has an arm", c->experiment);
	else if (n == 1)
		warn("experiment %s: there is one arm, %s: there is nothing to compare", c->experiment,
		     quoted(control.at, control.n, shown));
	else if (n && !d->options->control && !is_control_name(control))
		warn("experiment %s: no arm has a control's name (C, control, A, 0): the control is %s, the first "
		     "(--control)", c->experiment, quoted(control.at, control.n, shown));
}

/* By arm: clusters with users in it, which were assigned together. */
static double *clusters_of_arms(const struct experiment_data *d)
{
	size_t arms = strmap_count(d->users->arms[d->experiment]), clusters = strmap_count(d->levels);
	double *n = memory_zero(arms + 1, sizeof *n);
	bool *seen = memory_zero(arms * clusters + 1, sizeof *seen);
	for (size_t i = 0; i < d->users->n; i++) {
		uint16_t arm = arm_of(d, i);
		if (arm >= ARM_SEVERAL || d->segment[i] == STRMAP_NONE)
			continue;
		bool *pair = &seen[arm * clusters + d->segment[i]];
		n[arm] += !*pair;
		*pair = true;
	}
	free(seen);
	return n;
}

/* Are the arms as large as planned? Arms that are planned and have no users count. */
static void check_ratio(const struct experiment_data *d, struct check *c, const double *weights)
{
	const struct users *u = d->users;
	const struct strmap *arms = u->arms[d->experiment];
	uint32_t n = strmap_count(arms), *order = strmap_sorted(arms), there = 0;
	double *users = d->clustered ? clusters_of_arms(d) : memory_zero((size_t)n + 1, sizeof *users);
	double all = 0, weight = 0, chi = 0, g = 0;
	for (size_t i = 0; i < u->n && !d->clustered; i++)
		if (u->arm[i * u->n_experiments + d->experiment] < ARM_SEVERAL)
			users[u->arm[i * u->n_experiments + d->experiment]]++;
	for (uint32_t a = 0; a < n; a++) {
		double planned = weights ? weights[a] : users[a] > 0;
		all += users[a];
		weight += planned;
		there += planned > 0;
	}
	for (uint32_t k = 0; k < n; k++) {
		uint32_t a = order[k];
		double planned = weights ? weights[a] : users[a] > 0, expected = all * planned / weight;
		if (!(planned > 0))
			continue;
		put(c, d->clustered ? "clusters" : "users", arm_name(d, a), users[a], NAN, GOOD);
		chi += (users[a] - expected) * (users[a] - expected) / expected;
		g += users[a] > 0 ? 2 * users[a] * log(users[a] / expected) : 0;
	}
	double df = (double)there - 1, p = there > 1 && all > 0 ? pchisq(chi, df, 0, 0) : NAN;
	bool good = !(p < d->options->srm_threshold);
	put(c, "srm_chi2", NO_ARM, chi, p, good ? GOOD : BROKEN);
	put(c, "srm_df", NO_ARM, df, NAN, GOOD);
	put(c, "srm_g", NO_ARM, g, there > 1 ? pchisq(g, df, 0, 0) : NAN, GOOD);
	char text[PVALUE_SIZE];
	if (!good)
		warn("warning: experiment %s: the arms' sizes are not as planned (sample ratio "
		     "mismatch, %s): do not trust its effects [srm_chi2]", c->experiment, p_text(p, text));
	free(users);
	free(order);
}

/* Users of an arm without a finished session: are they many, and do the arms differ in that? */
static void check_unfinished(const struct experiment_data *d, struct check *c,
			     const uint32_t *arms, const double *users, size_t n)
{
	long sessions = users_find(d->users, "sessions");
	if (sessions < 0)
		return;
	double *without = memory_zero(n + 1, sizeof *without), all = 0, none = 0, chi = 0;
	for (size_t i = 0; i < d->users->n; i++)
		for (size_t a = 0; a < n; a++)
			if (d->users->arm[i * d->users->n_experiments + d->experiment] == arms[a])
				without[a] += d->users->value[sessions][i] < 1;
	for (size_t a = 0; a < n; a++) {
		all += users[a];
		none += without[a];
		put(c, "without_session", arm_name(d, arms[a]), without[a], NAN, GOOD);
	}
	for (size_t a = 0; a < n && none > 0 && none < all; a++) {
		double expected = none * users[a] / all, rest = users[a] - expected;
		chi += (without[a] - expected) * (without[a] - expected) * (1 / expected + 1 / rest);
	}
	double p = n > 1 && none > 0 && none < all ? pchisq(chi, (double)n - 1, 0, 0) : NAN;
	bool many = none > 0.2 * all, differ = p < d->options->srm_threshold;
	enum outcome bad = none < 2 ? DOUBTFUL : BROKEN; /* not by one user */
	put(c, "without_session_share", NO_ARM, all > 0 ? none / all : NAN, NAN, many ? bad : GOOD);
	put(c, "without_session_chi2", NO_ARM, chi, p, differ ? bad : GOOD);
	char text[PVALUE_SIZE];
	if (many)
		warn("warning: experiment %s: %.0f %% of the users have no finished session: the log "
		     "may be truncated or incomplete [without_session_share]", c->experiment, 100 * none / all);
	if (differ)
		warn("warning: experiment %s: the arms differ in users without a finished session "
		     "(%s) [without_session_chi2]", c->experiment, p_text(p, text));
	free(without);
}

/* The share followed by an arm's users without the one of them who followed least often. */
static double followed_by_others(const struct experiment_data *d, uint32_t arm, double rows, double kept)
{
	const double *all = column_values(d, "transitions"), *followed = column_values(d, "followed");
	size_t worst = SIZE_MAX;
	for (size_t i = 0; i < d->users->n; i++)
		if (arm_of(d, i) == arm &&
		    (worst == SIZE_MAX || all[i] - followed[i] > all[worst] - followed[worst]))
			worst = i;
	return worst == SIZE_MAX || rows <= all[worst] ? 1 : (kept - followed[worst]) / (rows - all[worst]);
}

/* An event that is not the first of its session plays the track recommended before; if not,
 * events between them are missing. A single user's do not break an experiment. */
static void check_followed(const struct experiment_data *d, struct check *c,
			   const uint32_t *arms, size_t n)
{
	double worst = 1;
	for (size_t a = 0; a < n; a++) {
		double rows = total(d, arms[a], "transitions"), kept = total(d, arms[a], "followed");
		if (!(rows >= 1) || isnan(kept))
			continue;
		double share = kept / rows;
		worst = fmin(worst, share);
		put(c, "followed", arm_name(d, arms[a]), share, NAN, share >= 0.99 ? GOOD :
		    followed_by_others(d, arms[a], rows, kept) >= 0.99 ? DOUBTFUL : BROKEN);
	}
	if (worst < 0.99)
		warn("warning: experiment %s: only %.1f %% of the played tracks are the ones recommended "
		     "before: events are missing from this log [followed]", c->experiment, 100 * worst);
}

/* Did the arms differ before the experiment began? Then they do not differ by it alone, and CUPED
 * takes away what was never there. */
static void check_before(const struct experiment_data *d, struct check *c, const uint32_t *arms, size_t n)
{
	for (size_t i = 0; i < d->options->n_metrics; i++) {
		const struct metric *m = &d->options->metrics[i];
		char *name = memory_format("pre_%s", m->name), text[PVALUE_SIZE];
		for (size_t a = 1; a < n; a++) {
			struct effect e;
			if (!effect_before(d, m, arms[0], arms[a], &e))
				continue;
			bool good = !differs_before(d, m, arms[0], arms[a]);
			put(c, name, arm_name(d, arms[a]), e.diff, e.p, good ? GOOD : BROKEN);
			if (!good)
				warn("warning: experiment %s: the arms differed in %s before it began (%s): do not "
				     "trust its effects, which are not adjusted by --pre [%s]", c->experiment, m->name,
				     p_text(e.p, text), name);
		}
		free(name);
	}
}

/* Is what --pre has from before the experiment? What the experiment did is in it otherwise, and CUPED takes
 * that away. */
static void check_overlap(const struct experiment_data *d, struct check *c, int64_t pre_last_ms)
{
	struct before_users n = d->in_pre;
	long first = users_find(d->users, "first_ms");
	double began = INFINITY;
	for (size_t i = 0; i < d->users->n; i++)
		if (arm_of(d, i) < ARM_SEVERAL && first >= 0)
			began = fmin(began, d->users->value[first][i]);
	bool doubtful = n.late || n.same || (double)pre_last_ms >= began;
	put(c, "pre_overlap", NO_ARM, (double)n.late, NAN, d->pre_late ? BROKEN : doubtful ? DOUBTFUL : GOOD);
	if (d->pre_late)
		warn("warning: experiment %s: %zu of %zu users have nothing in --pre from before the experiment: its "
		     "effects are not adjusted by --pre [pre_overlap]", c->experiment, n.late, n.both);
	else if (n.same)
		warn("warning: experiment %s: --pre has the values of the experiment itself: what it changed is "
		     "taken away from its effects [pre_overlap]", c->experiment);
	else if (doubtful)
		warn("warning: experiment %s: --pre has events from after the experiment began: what it changed "
		     "may be in the covariate [pre_overlap]", c->experiment);
}

/* Does the effect change from day to day? Then it may be novelty, or what listeners have yet to learn. */
static void check_novelty(const struct experiment_data *d, struct check *c, double *const *slopes,
			  const uint32_t *arms, size_t n)
{
	double *x = memory_new(d->users->n + 1, sizeof *x);
	for (size_t i = 0; i < d->options->n_metrics; i++) {
		const struct metric *m = &d->options->metrics[i];
		struct moments control = {0};
		if (!slopes[i])
			continue;
		char *name = memory_format("novelty_%s", m->name), text[PVALUE_SIZE];
		for (size_t a = 0; a < n; a++) {
			size_t users = 0;
			for (size_t u = 0; u < d->users->n; u++)
				if (arm_of(d, u) == arms[a])
					x[users++] = slopes[i][u];
			struct moments now = moments_of(x, users);
			if (a == 0) {
				control = now;
				continue;
			}
			struct effect e = effect_welch(control, now, d->options->alpha, INTERVAL_DELTA);
			bool good = !(e.p < d->options->srm_threshold);
			put(c, name, arm_name(d, arms[a]), e.diff, e.p, good ? GOOD : DOUBTFUL);
			if (!good)
				warn("warning: experiment %s: the effect on %s changes by %.3g a day (%s): a novelty, or "
				     "something that is still being learned [%s]", c->experiment, m->name, e.diff,
				     p_text(e.p, text), name);
		}
		free(name);
	}
	free(x);
}

/* What was done to events of users, and is no fault. */
static void report_events(struct check *c, const struct health *h)
{
	if (h->exposed_later) {
		put(c, "before_first_arm", NO_ARM, (double)h->exposed_later, NAN, GOOD);
		warn("experiment %s: %llu users have events before their first arm, which do not count "
		     "(--exposure) [before_first_arm]", c->experiment, (unsigned long long)h->exposed_later);
	}
	if (!h->overlapping)
		return;
	put(c, "overlapping_sessions", NO_ARM, (double)h->overlapping, NAN, GOOD);
	if (h->first)
		warn("%llu users have overlapping sessions, which are told apart by their recommendations "
		     "(--sessions) [overlapping_sessions]", (unsigned long long)h->overlapping);
}

/* Users in several arms: excluded, or kept as a user in each. A few are a warning. */
static void check_several(const struct experiment_data *d, struct check *c, uint64_t kept, double several)
{
	double n = kept ? (double)kept : several;
	put(c, "several_arms", NO_ARM, n, NAN, !(n > 0) ? GOOD
	    : n < 2 || n <= 0.01 * (double)d->users->n ? DOUBTFUL : BROKEN);
	if (kept)
		warn("warning: experiment %s: %llu users are in several arms; each arm's events count as a "
		     "separate user [several_arms]", c->experiment, (unsigned long long)kept);
	else if (several > 0)
		warn("warning: experiment %s: %.0f users are in several arms and are excluded [several_arms]",
		     c->experiment, several);
}

void check_health(const struct experiment_data *d, const struct health *h, struct output *out,
		  struct broken *broken)
{
	struct check c = {out, d->users->experiment[d->experiment], broken};
	size_t n;
	uint32_t *arms = arms_of(d, &n);
	double *users = memory_zero(n + 1, sizeof *users), several = 0, without = 0;
	for (size_t i = 0; i < d->users->n; i++) {
		uint16_t arm = d->users->arm[i * d->users->n_experiments + d->experiment];
		several += arm == ARM_SEVERAL;
		without += arm == ARM_NONE;
		for (size_t a = 0; a < n; a++)
			users[a] += arm == arms[a];
	}
	check_arms(d, &c, h, arms, n);
	check_ratio(d, &c, h->weights);
	check_several(d, &c, h->kept_several, several);
	put(&c, "without_arm", NO_ARM, without, NAN, GOOD);
	report_events(&c, h);
	check_unfinished(d, &c, arms, users, n);
	check_followed(d, &c, arms, n);
	if (d->pre) {
		check_overlap(d, &c, h->pre_last_ms);
		if (!d->pre_late)
			check_before(d, &c, arms, n);
	}
	if (h->slopes)
		check_novelty(d, &c, h->slopes, arms, n);
	put(&c, "tied_events", NO_ARM, (double)h->ties, NAN, GOOD);
	put(&c, "duplicate_events", NO_ARM, (double)h->duplicates, NAN, h->duplicates ? DOUBTFUL : GOOD);
	if (h->duplicates)
		warn("warning: %llu duplicate events [duplicate_events]", (unsigned long long)h->duplicates);
	put(&c, "empty_days", NO_ARM, (double)h->n_empty_days, NAN, h->n_empty_days ? DOUBTFUL : GOOD);
	for (size_t i = 0; i < h->n_empty_days; i++)
		warn("warning: there are no events on %s [empty_days]", h->empty_days[i]);
	free(users);
	free(arms);
}

/* ---- A/A ---- */

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

/* Kolmogorov's distance from the uniform distribution, and its asymptotic p. */
static double uniform_distance(double *p, size_t n, double *p_value)
{
	double distance = 0;
	qsort(p, n, sizeof *p, ascending);
	for (size_t i = 0; i < n; i++)
		distance = fmax(distance, fmax((double)(i + 1) / (double)n - p[i],
					       p[i] - (double)i / (double)n));
	double x = distance * (sqrt((double)n) + 0.12 + 0.11 / sqrt((double)n)), sum = 0;
	for (int k = 1; k < 100; k++)
		sum += 2 * (k % 2 ? 1 : -1) * exp(-2.0 * k * k * x * x);
	*p_value = fmin(1, fmax(0, x < 0.2 ? 1 : sum));
	return distance;
}

/* The p of one split of a metric; x and y are scratch of both arms. */
static double split_p(const struct experiment_data *d, const struct metric *m, const uint8_t *arm,
		      double *x[2], double *y[2])
{
	const struct users *u = d->users;
	const double *of = u->value[users_find(u, m->of)];
	const double *over = m->over ? u->value[users_find(u, m->over)] : NULL;
	size_t n[2] = {0};
	for (size_t i = 0; i < u->n; i++) {
		if (isnan(of[i]) || (over && isnan(over[i])))
			continue;
		size_t side = arm[i], at = n[side]++;
		x[side][at] = of[i];
		y[side][at] = over ? over[i] : 1;
	}
	struct moments both[2];
	for (int k = 0; k < 2; k++)
		both[k] = over ? moments_of_ratio(x[k], y[k], n[k]) : moments_of(x[k], n[k]);
	return effect_welch(both[0], both[1], d->options->alpha, INTERVAL_DELTA).p;
}

/* Are the p values of a metric uniform, as they are under the null hypothesis? */
static void uniform(const struct metric *m, double *p, size_t n, struct output *health, struct broken *broken)
{
	struct check c = {health, "-", broken};
	size_t tests = 0;
	double below[2] = {0}, ks_p;
	for (size_t i = 0; i < n; i++) {
		if (isnan(p[i]))
			continue;
		below[0] += p[i] < 0.05;
		below[1] += p[i] < 0.01;
		p[tests++] = p[i];
	}
	if (tests == 0)
		return;
	double share = below[0] / (double)tests, ks = uniform_distance(p, tests, &ks_p);
	double slack = 3.3 * sqrt(0.05 * 0.95 / (double)tests);
	bool often = fabs(share - 0.05) > slack, uneven = ks_p < 0.001;
	char *names[3] = {memory_format("aa_%s_below_0.05", m->name),
		memory_format("aa_%s_below_0.01", m->name), memory_format("aa_%s_ks", m->name)};
	put(&c, names[0], NO_ARM, share, NAN, often ? BROKEN : GOOD);
	put(&c, names[1], NO_ARM, below[1] / (double)tests, NAN, GOOD);
	put(&c, names[2], NO_ARM, ks, ks_p, uneven ? BROKEN : GOOD);
	if (often || uneven)
		warn("warning: of %zu A/A splits %.1f %% have p < 0.05 for %s: its test is not "
		     "calibrated on these users [%s]", tests, 100 * share, m->name, names[often ? 0 : 2]);
	for (int k = 0; k < 3; k++)
		free(names[k]);
}

static void write_splits(const struct metric *m, const double *p, size_t n, struct output *details)
{
	for (size_t s = 0; s < n && details; s++) {
		if (isnan(p[s]))
			continue;
		output_text(details, "-\taa");
		output_u64(details, s);
		output_tab(details);
		output_text(details, m->name);
		output_text(details, "\taa_p\t");
		output_double(details, p[s]);
		output_end_row(details);
	}
}

void calibrate(const struct experiment_data *d, int64_t salts, struct output *health,
	       struct output *details, struct broken *broken)
{
	const struct users *u = d->users;
	const struct analysis_options *options = d->options;
	size_t n = (size_t)salts;
	uint8_t *arm = memory_new(u->n + 1, sizeof *arm);
	double *p = memory_new(options->n_metrics * n + 1, sizeof *p), *x[2], *y[2];
	for (int k = 0; k < 2; k++) {
		x[k] = memory_new(u->n + 1, sizeof(double));
		y[k] = memory_new(u->n + 1, sizeof(double));
	}
	for (size_t s = 0; s < n; s++) {
		char salt[32];
		int length = snprintf(salt, sizeof salt, "aa%zu", s);
		uint32_t seed = hash_murmur3(salt, (size_t)length, 0);
		for (size_t i = 0; i < u->n; i++)
			arm[i] = hash_murmur3(u->id[i].at, u->id[i].n, seed) & 1;
		for (size_t m = 0; m < options->n_metrics; m++)
			if (options->metrics[m].kind != METRIC_QUANTILE)
				p[m * n + s] = split_p(d, &options->metrics[m], arm, x, y);
	}
	for (size_t m = 0; m < options->n_metrics; m++) {
		if (options->metrics[m].kind == METRIC_QUANTILE) {
			warn("--aa does not support quantiles: %s", options->metrics[m].name);
			continue;
		}
		write_splits(&options->metrics[m], p + m * n, n, details);
		uniform(&options->metrics[m], p + m * n, n, health, broken);
	}
	for (int k = 0; k < 2; k++) {
		free(x[k]);
		free(y[k]);
	}
	free(arm);
	free(p);
}
