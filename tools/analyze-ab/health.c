/* health.c - what makes a verdict doubtful, looked at before the verdict. */
#include "compare.h"

#define MATHLIB_STANDALONE
#include <Rmath.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/memory.h"

struct check {
	struct output *out; /* or NULL */
	const char *experiment;
};

static void put(const struct check *c, const char *name, struct span arm, double value, double p,
		bool good)
{
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
	output_text(c->out, good ? "ok" : "warning");
	output_end_row(c->out);
}

static const struct span NO_ARM = {"", 0};

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

static void check_ratio(const struct experiment_data *d, const struct check *c, const uint32_t *arms,
			const double *users, size_t n, const double *weights)
{
	double all = 0, weight = 0, chi = 0, g = 0;
	for (size_t a = 0; a < n; a++) {
		all += users[a];
		weight += weights ? weights[arms[a]] : 1;
	}
	for (size_t a = 0; a < n; a++) {
		double expected = all * (weights ? weights[arms[a]] : 1) / weight;
		chi += (users[a] - expected) * (users[a] - expected) / expected;
		g += users[a] > 0 ? 2 * users[a] * log(users[a] / expected) : 0;
	}
	double df = (double)n - 1, p = n > 1 ? pchisq(chi, df, 0, 0) : NAN;
	bool good = !(p < d->how->srm_threshold);
	for (size_t a = 0; a < n; a++)
		put(c, "users", arm_name(d, arms[a]), users[a], NAN, true);
	put(c, "srm_chi2", NO_ARM, chi, p, good);
	put(c, "srm_df", NO_ARM, df, NAN, true);
	put(c, "srm_g", NO_ARM, g, n > 1 ? pchisq(g, df, 0, 0) : NAN, true);
	if (!good)
		warn("WARNING: experiment %s: the arms' sizes are not as planned (sample ratio "
		     "mismatch, p = %.2g): do not trust its effects", c->experiment, p);
}

/* Users of an arm without a finished session; do the arms differ in that? */
static void check_unfinished(const struct experiment_data *d, const struct check *c,
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
		put(c, "without_session", arm_name(d, arms[a]), without[a], NAN, true);
	}
	for (size_t a = 0; a < n && none > 0 && none < all; a++) {
		double expected = none * users[a] / all, rest = users[a] - expected;
		chi += (without[a] - expected) * (without[a] - expected) * (1 / expected + 1 / rest);
	}
	double p = n > 1 && none > 0 && none < all ? pchisq(chi, (double)n - 1, 0, 0) : NAN;
	bool good = !(p < d->how->srm_threshold) && none <= 0.2 * all;
	put(c, "without_session_chi2", NO_ARM, chi, p, good);
	if (none > 0.2 * all)
		warn("WARNING: experiment %s: %.0f %% of the users have no finished session: the log "
		     "may be cut or incomplete", c->experiment, 100 * none / all);
	else if (!good)
		warn("WARNING: experiment %s: the arms differ in users without a finished session "
		     "(p = %.2g)", c->experiment, p);
	free(without);
}

/* Rows that are not the first of their session play what was recommended before; when
 * they do not, rows between them are lost. */
static void check_followed(const struct experiment_data *d, const struct check *c,
			   const uint32_t *arms, size_t n)
{
	double worst = 1;
	for (size_t a = 0; a < n; a++) {
		double rows = total(d, arms[a], "transitions"), kept = total(d, arms[a], "followed");
		if (isnan(rows) || rows < 1)
			continue;
		double share = kept / rows;
		worst = fmin(worst, share);
		put(c, "followed", arm_name(d, arms[a]), share, NAN, share >= 0.99);
	}
	if (worst < 0.99)
		warn("WARNING: experiment %s: only %.1f %% of the played tracks are the ones "
		     "recommended before: events of this log are lost", c->experiment, 100 * worst);
}

void check_health(const struct experiment_data *d, const struct health *h, const double *weights,
		  struct output *out)
{
	const struct check c = {out, d->users->experiment[d->experiment]};
	size_t n;
	uint32_t *arms = arms_of(d, &n);
	double *users = memory_zero(n + 1, sizeof *users), several = 0, nowhere = 0;
	for (size_t i = 0; i < d->users->n; i++) {
		uint16_t arm = d->users->arm[i * d->users->n_experiments + d->experiment];
		several += arm == ARM_SEVERAL;
		nowhere += arm == ARM_NONE;
		for (size_t a = 0; a < n; a++)
			users[a] += arm == arms[a];
	}
	check_ratio(d, &c, arms, users, n, weights);
	put(&c, "several_arms", NO_ARM, several, NAN, several <= 0);
	if (several > 0)
		warn("WARNING: experiment %s: %.0f users are in several arms and were left out",
		     c.experiment, several);
	put(&c, "without_arm", NO_ARM, nowhere, NAN, true);
	check_unfinished(d, &c, arms, users, n);
	check_followed(d, &c, arms, n);
	put(&c, "tied_events", NO_ARM, (double)h->ties, NAN, true);
	put(&c, "duplicate_events", NO_ARM, (double)h->duplicates, NAN, h->duplicates == 0);
	if (h->duplicates)
		warn("WARNING: %llu events occur twice", (unsigned long long)h->duplicates);
	put(&c, "empty_days", NO_ARM, (double)h->n_empty_days, NAN, h->n_empty_days == 0);
	for (size_t i = 0; i < h->n_empty_days; i++)
		warn("WARNING: there are no events on %s", h->empty_days[i]);
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

void calibrate(const struct experiment_data *d, int64_t salts, struct output *health,
	       struct output *details)
{
	const struct users *u = d->users;
	const struct check c = {health, "-"};
	size_t n = (size_t)salts;
	double *p = memory_new(n + 1, sizeof *p);
	double *x[2] = {memory_new(u->n + 1, sizeof(double)), memory_new(u->n + 1, sizeof(double))};
	for (size_t i = 0; i < d->how->n_metrics; i++) {
		const struct metric *m = &d->how->metrics[i];
		long column = users_find(u, m->of);
		if (m->kind != METRIC_MEAN || column < 0)
			continue;
		size_t tests = 0;
		double below[2] = {0};
		for (size_t s = 0; s < n; s++) {
			char salt[32];
			int length = snprintf(salt, sizeof salt, "aa%zu", s);
			uint32_t seed = hash_murmur3(salt, (size_t)length, 0);
			size_t count[2] = {0};
			for (size_t k = 0; k < u->n; k++) {
				unsigned arm = hash_murmur3(u->id[k].at, u->id[k].n, seed) & 1;
				x[arm][count[arm]++] = u->value[column][k];
			}
			struct effect e = effect_welch(moments_of(x[0], count[0]),
						       moments_of(x[1], count[1]), d->how->alpha,
						       INTERVAL_DELTA);
			if (isnan(e.p))
				continue;
			p[tests++] = e.p;
			below[0] += e.p < 0.05;
			below[1] += e.p < 0.01;
			if (details) {
				output_text(details, "-\t");
				output_text(details, salt);
				output_tab(details);
				output_text(details, m->name);
				output_text(details, "\taa_p\t");
				output_double(details, e.p);
				output_end_row(details);
			}
		}
		if (tests == 0)
			continue;
		double share = below[0] / (double)tests, ks_p, ks = uniform_distance(p, tests, &ks_p);
		double slack = 3.3 * sqrt(0.05 * 0.95 / (double)tests);
		bool good = fabs(share - 0.05) <= slack && ks_p >= 0.001;
		char *names[4] = {memory_format("aa_%s_below_0.05", m->name),
			memory_format("aa_%s_below_0.01", m->name), memory_format("aa_%s_ks", m->name)};
		put(&c, names[0], NO_ARM, share, NAN, good);
		put(&c, names[1], NO_ARM, below[1] / (double)tests, NAN, true);
		put(&c, names[2], NO_ARM, ks, ks_p, good);
		for (int k = 0; k < 3; k++)
			free(names[k]);
		if (!good)
			warn("WARNING: of %zu A/A splits %.1f %% have p < 0.05 for %s: its test is not "
			     "calibrated on these users", tests, 100 * share, m->name);
	}
	free(x[0]);
	free(x[1]);
	free(p);
}
