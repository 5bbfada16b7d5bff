/* compare.c - see compare.h. */
#include "compare.h"

#define MATHLIB_STANDALONE
#include <Rmath.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "before.h"
#include "bootstrap.h"
#include "cluster.h"

static struct sequence sequence_of(const struct analysis_options *options)
{
	return (struct sequence){options->alpha, options->tuned};
}

/* The intervals that cover 1 - level. Without a relative effect there is none of it. */
static void set_intervals(const struct analysis_options *options, struct effect *e, double level)
{
	if (e->boot) {
		replicates_interval(&e->boot->diff, level, &e->low, &e->high);
		replicates_interval(&e->boot->share, level, &e->share_low, &e->share_high);
		e->share_low = isnan(e->share) ? NAN : e->share_low;
		e->share_high = isnan(e->share) ? NAN : e->share_high;
	} else if (options->sequential) {
		struct sequence s = sequence_of(options);
		effect_sequential_intervals(e, &s, level, options->interval);
	} else if (e->se > 0) {
		effect_intervals(e, level, options->interval);
	}
}

static struct bootstrap_plan plan_of(const struct analysis_options *options)
{
	return (struct bootstrap_plan){options->rounds, options->seed, options->bootstrap};
}

static struct effect quantile_effect(const struct analysis_options *options, const struct sample *s0,
				     const struct sample *s1, double q)
{
	double *a = sorted_copy(s0->x, s0->n), *b = sorted_copy(s1->x, s1->n);
	struct effect e = {.control = {(double)s0->n, quantile_sorted(a, s0->n, q), NAN},
		.treatment = {(double)s1->n, quantile_sorted(b, s1->n, q), NAN}, .df = NAN};
	struct bootstrap_plan plan = plan_of(options);
	e.boot = bootstrap_quantile(a, s0->n, b, s1->n, q, &plan);
	e.diff = e.treatment.mean - e.control.mean;
	e.share = relative_to(e.diff, e.control.mean);
	e.se = e.boot->se;
	e.t = finite_or_nan(e.diff / e.se);
	e.p = e.boot->p;
	free(a);
	free(b);
	return e;
}

/* The values of a stratum, in `out`. */
static size_t stratum(const struct experiment_data *d, const struct sample *s, uint32_t level, double *out)
{
	size_t n = 0;
	for (size_t i = 0; i < s->n; i++)
		if (d->segment[s->user[i]] == level)
			out[n++] = s->x[i];
	return n;
}

struct effect stratified_effect(const struct experiment_data *d, const struct sample *s0,
				const struct sample *s1, size_t *left_out)
{
	struct moments control = {0}, treatment = {0};
	double *x0 = memory_new(s0->n + 1, sizeof *x0), *x1 = memory_new(s1->n + 1, sizeof *x1);
	for (uint32_t l = 0; l < strmap_count(d->levels); l++) {
		size_t n0 = stratum(d, s0, l, x0), n1 = stratum(d, s1, l, x1);
		if (n0 < 2 || n1 < 2)
			continue;
		control.n += (double)n0;
		treatment.n += (double)n1;
	}
	double all = control.n + treatment.n;
	for (uint32_t l = 0; l < strmap_count(d->levels); l++) {
		size_t n0 = stratum(d, s0, l, x0), n1 = stratum(d, s1, l, x1);
		if (n0 < 2 || n1 < 2)
			continue;
		struct moments a = moments_of(x0, n0), b = moments_of(x1, n1);
		double w = (double)(n0 + n1) / all;
		control.mean += w * a.mean;
		treatment.mean += w * b.mean;
		control.variance += w * w * a.variance / a.n * control.n;
		treatment.variance += w * w * b.variance / b.n * treatment.n;
	}
	free(x0);
	free(x1);
	*left_out = s0->n + s1->n - (size_t)all;
	if (!(all > 0))
		control.mean = treatment.mean = NAN;
	return effect_normal(control, treatment, d->options->alpha, d->options->interval);
}

static struct effect clustered_effect(const struct experiment_data *d, const struct sample *s0,
				      const struct sample *s1, size_t *left_out)
{
	struct cluster_facts facts;
	struct effect e = cluster_effect(d, s0, s1, &facts);
	*left_out = facts.left_out;
	return e;
}

/* The values of both arms that the effect is computed from: capped, ratios linearized,
 * adjusted by --pre. */
static void prepare(const struct experiment_data *d, const struct metric *m, struct sample *s[2])
{
	const struct analysis_options *options = d->options;
	if (m->cap > 0) {
		double cap = d->cap[m - options->metrics];
		sample_limit(s[0], cap);
		sample_limit(s[1], cap);
	}
	if (m->kind == METRIC_RATIO && (d->pre || d->stratify || d->clustered)) {
		sample_linearize(s[0]);
		sample_linearize(s[1]);
	}
	if (m->kind != METRIC_QUANTILE && s[0]->n && s[1]->n && !d->pre_late &&
	    !differs_before(d, m, arm_of(d, s[0]->user[0]), arm_of(d, s[1]->user[0])))
		adjust_by_pre(d, m, s, options->pre_mean);
}

static void bootstrap_effect(const struct analysis_options *options, const struct sample *s0,
			     const struct sample *s1, struct effect *e)
{
	struct bootstrap_plan plan = plan_of(options);
	e->boot = s0->y ? bootstrap_ratio(s0->x, s0->y, s0->n, s1->x, s1->y, s1->n, &plan)
		: bootstrap_mean(s0->x, s0->n, s1->x, s1->n, &plan);
	e->p = e->boot->p;
	e->df = NAN;
}

/* With the intervals of one test. */
static struct effect effect_of(const struct experiment_data *d, const struct metric *m,
			       uint32_t control, uint32_t treatment, long level, size_t *left_out)
{
	const struct analysis_options *options = d->options;
	struct sample s0 = sample_of(d, m, control, level), s1 = sample_of(d, m, treatment, level);
	struct sample *both[2] = {&s0, &s1};
	struct effect e = {.control = {(double)s0.n, NAN, NAN}, .treatment = {(double)s1.n, NAN, NAN},
		.diff = NAN, .se = NAN, .t = NAN, .df = NAN, .p = NAN, .low = NAN, .high = NAN, .share = NAN,
		.share_low = NAN, .share_high = NAN};
	*left_out = 0;
	if (m->kind == METRIC_QUANTILE) {
		if (s0.n && s1.n)
			e = quantile_effect(options, &s0, &s1, m->quantile);
	} else {
		prepare(d, m, both);
		e = d->stratify ? stratified_effect(d, &s0, &s1, left_out)
			: d->clustered ? clustered_effect(d, &s0, &s1, left_out)
			: effect_welch(sample_moments(&s0), sample_moments(&s1), options->alpha, options->interval);
		if (s0.n > 1 && s1.n > 1) {
			if (options->test == TEST_MANN_WHITNEY && m->kind == METRIC_MEAN)
				e.p = mann_whitney(s0.x, s0.n, s1.x, s1.n).p;
			else if (options->test == TEST_BOOTSTRAP)
				bootstrap_effect(options, &s0, &s1, &e);
			if (options->sequential && e.se > 0) {
				struct sequence s = sequence_of(options);
				effect_sequential(&e, &s, options->interval);
			}
		}
	}
	sample_free(&s0);
	sample_free(&s1);
	return e;
}

/* One-sided: is the treatment not worse than the control by more than the margin, a
 * share of the control's mean? */
static double margin_p(const struct analysis_options *options, const struct metric *m, const struct effect *e)
{
	double margin = m->margin * fabs(e->control.mean);
	double better = (m->lower ? -1 : 1) * e->diff + margin, t = better / e->se;
	if (isnan(t))
		return NAN;
	if (options->sequential) /* two-sided, which is conservative */
		return better > 0 ? sequential_p(better, e->se, e->control.n + e->treatment.n, options->alpha,
						 options->tuned) : 1;
	return isinf(e->df) || isnan(e->df) ? pnorm(t, 0, 1, 0, 0) : pt(t, e->df, 0, 0);
}

/* The minimum effect detected with probability options->power, if p must be below `level`:
 * by Student's distribution if the test uses it, at this look with --sequential; nan if the p
 * of a bootstrap cannot be so small. */
static double detectable(const struct analysis_options *options, const struct effect *e, double level)
{
	double n = e->control.n + e->treatment.n;
	if (!(e->se > 0) || isnan(level))
		return NAN;
	if (options->sequential)
		return mde_reach(sequential_reach(n, level, options->alpha, options->tuned), e->se, options->power);
	if (isnan(e->df) && level < bootstrap_least(options->rounds))
		return NAN;
	return isfinite(e->df) ? mde_t(e->se, e->df, level, options->power) : mde_z(e->se, level, options->power);
}

static void add_row(struct rows *rows, struct row row)
{
	rows->row = memory_grow(rows->row, &rows->capacity, rows->n + 1, sizeof row);
	rows->row[rows->n++] = row;
}

static const char *text_of(struct span s)
{
	return memory_text(s.at, s.n);
}

/* Warns once if significance needs a smaller p than the bootstrap can give. */
static void report_coarse_p(const struct experiment_data *d, const struct rows *rows, const double *level)
{
	static bool warned;
	double least = bootstrap_least(d->options->rounds), lowest = 1;
	for (size_t i = 0; i < rows->n; i++)
		if (isnan(rows->row[i].effect.df) && !d->options->sequential && level[i] < lowest)
			lowest = level[i];
	if (lowest >= least || warned)
		return;
	warned = true;
	warn("experiment %s: with this many tests p must be below %.2g, but with --rounds %lld it is at least "
	     "%.2g: use more rounds", d->users->experiment[d->experiment], lowest,
	     (long long)d->options->rounds, least);
}

struct rows compare_all(const struct experiment_data *d)
{
	const struct analysis_options *options = d->options;
	struct rows rows = {0};
	size_t n;
	uint32_t *arms = arms_of(d, &n);
	long levels = d->segment && !d->stratify && !d->clustered ? (long)strmap_count(d->levels) : 0;
	uint32_t *order = levels ? strmap_sorted(d->levels) : NULL;
	for (size_t a = 1; a < n; a++) {
		for (size_t i = 0; i < options->n_metrics; i++) {
			const struct metric *m = &options->metrics[i];
			for (long l = -1; l < levels; l++) {
				long level = l < 0 ? -1 : (long)order[l];
				size_t left_out;
				struct effect e = effect_of(d, m, arms[0], arms[a], level, &left_out);
				if (left_out)
					warn("experiment %s: %zu users are in no %s, and are excluded from %s of %s",
					     d->users->experiment[d->experiment], left_out, d->clustered ? "cluster"
					     : "stratum, or in one that is too small in an arm", m->name,
					     text_of(arm_name(d, arms[a])));
				add_row(&rows, (struct row){.treatment = text_of(arm_name(d, arms[a])),
					.metric = m->name, .of = m, .arm = a, .level = level, .effect = e,
					.segment = level < 0 ? ""
						: text_of(strmap_key(d->levels, (uint32_t)level)),
					.margin_p = margin_p(options, m, &e),
					.posterior = bayes_posterior(&e, m->lower, &options->prior)});
			}
		}
	}
	double *p = memory_new(rows.n + 1, sizeof *p), *q = memory_new(rows.n + 1, sizeof *q);
	for (size_t i = 0; i < rows.n; i++)
		p[i] = rows.row[i].effect.p;
	adjust(p, q, rows.n, options->adjustment);
	for (size_t i = 0; i < rows.n; i++)
		rows.row[i].adjusted = q[i];
	adjust_levels(p, q, rows.n, options->alpha, options->adjustment);
	for (size_t i = 0; i < rows.n; i++) {
		struct effect *e = &rows.row[i].effect;
		if (!isnan(q[i]))
			set_intervals(options, e, q[i]);
		rows.row[i].mde = detectable(options, e, q[i]);
		bootstrap_free(e->boot);
		e->boot = NULL;
	}
	report_coarse_p(d, &rows, q);
	free(p);
	free(q);
	free(order);
	free(arms);
	return rows;
}

/* ---- reports ---- */

static void report_cap(const struct experiment_data *d, const struct metric *m)
{
	const struct users *u = d->users;
	double cap = d->cap[m - d->options->metrics];
	const double *x = column_values(d, m->of);
	size_t n = 0, above = 0;
	for (size_t i = 0; i < u->n; i++) {
		if (arm_of(d, i) >= ARM_SEVERAL || isnan(x[i]))
			continue;
		n++;
		above += x[i] > cap;
	}
	warn("experiment %s: %zu of %zu values of %s are capped at %.10g, quantile %g",
	     u->experiment[d->experiment], above, n, m->name, cap, m->cap);
}

void report_adjustments(const struct experiment_data *d)
{
	const struct analysis_options *options = d->options;
	const struct users *u = d->users;
	size_t unlisted = 0, unknown = 0, n = 0;
	for (size_t i = 0; i < u->n; i++) {
		if (arm_of(d, i) >= ARM_SEVERAL)
			continue;
		n++;
		unlisted += d->segment && d->segment[i] == STRMAP_NONE;
		unknown += d->pre && d->pre_of[i] == STRMAP_NONE;
	}
	if (unlisted && !d->stratify && !d->clustered)
		warn("experiment %s: %zu of %zu users are not in --users and belong to no segment",
		     u->experiment[d->experiment], unlisted, n);
	if (unknown)
		warn("experiment %s: %zu of %zu users are not in --pre; their covariate is %s",
		     u->experiment[d->experiment], unknown, n, options->pre_mean ? "the others' mean" : "0");
	for (size_t i = 0; i < options->n_metrics; i++) {
		const struct metric *m = &options->metrics[i];
		if (m->cap > 0)
			report_cap(d, m);
		else if (options->winsorize > 0)
			warn("%s is not a mean: --winsorize does not apply", m->name);
		if (m->kind == METRIC_QUANTILE && (d->pre || d->stratify))
			warn("%s is a quantile: --pre and --stratify do not apply", m->name);
		else if (d->pre && (users_find(d->pre, m->of) < 0 ||
				    (m->over && users_find(d->pre, m->over) < 0)))
			warn("%s is not in --pre and is not adjusted", m->name);
		if (options->test == TEST_MANN_WHITNEY && m->kind != METRIC_MEAN)
			warn("%s is not a mean: its p is not from the Mann-Whitney test", m->name);
	}
}
