/* details.c - see details.h. */
#include "details.h"

#define MATHLIB_STANDALONE
#include <Rmath.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"
#include "cluster.h"
#include "compare.h"
#include "sample.h"
#include "view.h"

/* ---- details ---- */

struct writer {
	struct output *out;
	const char *experiment, *metric;
	struct span treatment;
};

static void put(const struct writer *w, const char *prefix, const char *name, double value)
{
	if (!isfinite(value))
		return;
	output_text(w->out, w->experiment);
	output_tab(w->out);
	output_span(w->out, w->treatment);
	output_tab(w->out);
	output_text(w->out, w->metric);
	output_tab(w->out);
	output_text(w->out, prefix);
	output_text(w->out, name);
	output_tab(w->out);
	output_double(w->out, value);
	output_end_row(w->out);
}

static void effect_stats(const struct writer *w, const char *prefix, const struct effect *e)
{
	put(w, prefix, "mean0", e->control.mean);
	put(w, prefix, "mean1", e->treatment.mean);
	put(w, prefix, "var0", e->control.variance);
	put(w, prefix, "var1", e->treatment.variance);
	put(w, prefix, "diff", e->diff);
	put(w, prefix, "se", e->se);
	put(w, prefix, "t", e->t);
	put(w, prefix, "df", e->df);
	put(w, prefix, "p", e->p);
	put(w, prefix, "lo", e->low);
	put(w, prefix, "hi", e->high);
	put(w, prefix, "rel", e->share);
	put(w, prefix, "rel_lo", e->share_low);
	put(w, prefix, "rel_hi", e->share_high);
	put(w, prefix, "rel_se", effect_share_se(e));
}

static void proportion_stats(const struct writer *w, const struct sample *s0, const struct sample *s1,
			     double alpha)
{
	double k0 = 0, k1 = 0, n0 = (double)s0->n, n1 = (double)s1->n;
	for (size_t i = 0; i < s0->n; i++) {
		if (s0->x[i] > 0 && s0->x[i] < 1)
			return;
		if (s0->x[i] < 0 || s0->x[i] > 1)
			return;
		k0 += s0->x[i];
	}
	for (size_t i = 0; i < s1->n; i++) {
		if ((s1->x[i] > 0 && s1->x[i] < 1) || s1->x[i] < 0 || s1->x[i] > 1)
			return;
		k1 += s1->x[i];
	}
	double p0 = k0 / n0, p1 = k1 / n1, pooled = (k0 + k1) / (n0 + n1);
	double z = (p1 - p0) / sqrt(pooled * (1 - pooled) * (1 / n0 + 1 / n1));
	double half = qnorm(1 - alpha / 2, 0, 1, 1, 0) * sqrt(p0 * (1 - p0) / n0 + p1 * (1 - p1) / n1);
	put(w, "", "k0", k0);
	put(w, "", "k1", k1);
	put(w, "", "n0", n0);
	put(w, "", "n1", n1);
	put(w, "", "z_pooled", z);
	put(w, "", "p_pooled", 2 * pnorm(-fabs(z), 0, 1, 1, 0));
	put(w, "", "wald_lo", p1 - p0 - half);
	put(w, "", "wald_hi", p1 - p0 + half);
	put(w, "", "chi2_p", pchisq(z * z, 1, 0, 0));
}

static void bootstrap_stats(const struct writer *w, const struct bootstrap *b, double alpha)
{
	double low, high;
	replicates_interval(&b->diff, alpha, &low, &high);
	put(w, "bootstrap_", "lo", low);
	put(w, "bootstrap_", "hi", high);
	replicates_interval(&b->share, alpha, &low, &high);
	put(w, "bootstrap_", "rel_lo", low);
	put(w, "bootstrap_", "rel_hi", high);
	put(w, "bootstrap_", "se", b->se);
}

static void mean_stats(const struct experiment_data *d, const struct writer *w,
		       const struct metric *m, const struct sample *s0, const struct sample *s1)
{
	static const double QUANTILES[] = {.25, .5, .75, .9, .99};
	const struct analysis_options *options = d->options;
	struct rank_test ranks = mann_whitney(s0->x, s0->n, s1->x, s1->n);
	put(w, "", "mannwhitney_U", ranks.u);
	put(w, "", "mannwhitney_p", ranks.p);
	put(w, "", "prob_superiority", ranks.superiority);
	put(w, "", "student_t_p", student_p(moments_of(s0->x, s0->n), moments_of(s1->x, s1->n)));
	double *sorted[2] = {sorted_copy(s0->x, s0->n), sorted_copy(s1->x, s1->n)};
	for (size_t i = 0; i < sizeof QUANTILES / sizeof *QUANTILES; i++) {
		char name[48];
		for (int side = 0; side < 2; side++) {
			snprintf(name, sizeof name, "quantile%d_%g", side, QUANTILES[i]);
			put(w, "", name, quantile_sorted(sorted[side], side ? s1->n : s0->n,
							  QUANTILES[i]));
		}
	}
	free(sorted[0]);
	free(sorted[1]);
	double q = m->cap > 0 ? m->cap : 0.99, cap = cap_of(d, m, q);
	double *x0 = memory_new(s0->n + 1, sizeof *x0), *x1 = memory_new(s1->n + 1, sizeof *x1);
	for (size_t i = 0; i < s0->n; i++)
		x0[i] = fmin(s0->x[i], cap);
	for (size_t i = 0; i < s1->n; i++)
		x1[i] = fmin(s1->x[i], cap);
	struct effect winsor = effect_welch(moments_of(x0, s0->n), moments_of(x1, s1->n), options->alpha,
					    INTERVAL_DELTA);
	char prefix[32];
	snprintf(prefix, sizeof prefix, "winsor%g_", q * 100);
	put(w, prefix, "cap", cap);
	effect_stats(w, prefix, &winsor);
	free(x0);
	free(x1);
	proportion_stats(w, s0, s1, options->alpha);
}

static void interval_stats(const struct analysis_options *options, const struct writer *w,
			   const struct effect *e)
{
	static const char *const NAMES[] = {"", "_naive", "_log", "_fieller"};
	effect_stats(w, "", e);
	for (int i = INTERVAL_NAIVE; i <= INTERVAL_FIELLER; i++) {
		struct effect f = effect_welch(e->control, e->treatment, options->alpha, (enum interval)i);
		char name[32];
		snprintf(name, sizeof name, "rel_lo%s", NAMES[i]);
		put(w, "", name, f.share_low);
		snprintf(name, sizeof name, "rel_hi%s", NAMES[i]);
		put(w, "", name, f.share_high);
	}
	put(w, "", "df_log", effect_log_df(e));
	char name[2][40];
	snprintf(name[0], sizeof name[0], "mde_abs_z_power%g", options->power * 100);
	snprintf(name[1], sizeof name[1], "mde_rel_z_power%g", options->power * 100);
	double mde = mde_z(e->se, options->alpha, options->power);
	put(w, "", name[0], mde);
	put(w, "", name[1], relative_to(mde, e->control.mean));
	snprintf(name[0], sizeof name[0], "mde_abs_t_power%g", options->power * 100);
	put(w, "", name[0], mde_t(e->se, e->df, options->alpha, options->power));
	struct effect s = *e;
	effect_sequential(&s, &(struct sequence){options->alpha, options->tuned}, INTERVAL_DELTA);
	put(w, "seq_", "rho", sequential_rho(options->alpha, options->tuned));
	put(w, "seq_", "lo", s.low);
	put(w, "seq_", "hi", s.high);
	put(w, "seq_", "p", s.p);
}

static void cuped_stats(const struct experiment_data *d, const struct writer *w,
			const struct metric *m, uint32_t control, uint32_t treatment,
			const struct effect *plain)
{
	for (int mean = 0; mean < 2 && d->pre; mean++) {
		struct sample s0 = sample_of(d, m, control, -1), s1 = sample_of(d, m, treatment, -1);
		struct sample *both[2] = {&s0, &s1};
		if (m->kind == METRIC_RATIO) {
			sample_linearize(&s0);
			sample_linearize(&s1);
		}
		struct cuped c = adjust_by_pre(d, m, both, mean);
		if (c.applied) {
			const char *prefix = mean ? "cupedmean_" : "cuped_";
			struct effect e = effect_welch(moments_of(s0.x, s0.n), moments_of(s1.x, s1.n),
						       d->options->alpha, INTERVAL_DELTA);
			put(w, prefix, "theta", c.theta);
			put(w, prefix, "corr", c.correlation);
			effect_stats(w, prefix, &e);
			struct effect log_scale = effect_welch(e.control, e.treatment, d->options->alpha,
							       INTERVAL_LOG);
			put(w, prefix, "rel_lo_log", log_scale.share_low);
			put(w, prefix, "rel_hi_log", log_scale.share_high);
			put(w, prefix, "var_reduction", 1 - e.se * e.se / (plain->se * plain->se));
		}
		sample_free(&s0);
		sample_free(&s1);
	}
}

static void level_stats(const struct experiment_data *d, const struct writer *w,
			const struct metric *m, uint32_t control, uint32_t treatment)
{
	if (d->stratify || d->clustered) {
		struct sample s0 = sample_of(d, m, control, -1), s1 = sample_of(d, m, treatment, -1);
		size_t left_out;
		struct cluster_facts facts;
		struct effect e = d->clustered ? cluster_effect(d, &s0, &s1, &facts)
			: stratified_effect(d, &s0, &s1, &left_out);
		sample_free(&s0);
		sample_free(&s1);
		if (d->clustered) {
			put(w, "cluster_", "n", e.clusters);
			put(w, "cluster_", "cr1_se", facts.cr1_se);
			effect_stats(w, "cluster_", &e);
			return;
		}
		put(w, "poststrat_", "diff", e.diff);
		put(w, "poststrat_", "se", e.se);
		put(w, "poststrat_", "p_z", e.p);
		return;
	}
	uint32_t levels = strmap_count(d->levels), *order = strmap_sorted(d->levels);
	double weights = 0, sum = 0, squares = 0, used = 0;
	for (uint32_t l = 0; l < levels; l++) {
		struct sample s0 = sample_of(d, m, control, (long)order[l]);
		struct sample s1 = sample_of(d, m, treatment, (long)order[l]);
		struct effect e = effect_welch(moments_of(s0.x, s0.n), moments_of(s1.x, s1.n),
					       d->options->alpha, INTERVAL_DELTA);
		struct span name = strmap_key(d->levels, order[l]);
		char *prefix = memory_format("segment_%.*s_", (int)name.n, name.at);
		put(w, prefix, "n0", (double)s0.n);
		put(w, prefix, "n1", (double)s1.n);
		effect_stats(w, prefix, &e);
		if (e.se > 0) {
			double weight = 1 / (e.se * e.se);
			weights += weight;
			sum += weight * e.diff;
			squares += weight * e.diff * e.diff;
			used++;
		}
		free(prefix);
		sample_free(&s0);
		sample_free(&s1);
	}
	/* Cochran's Q: do the segments differ more than chance has it? */
	double q = squares - sum * sum / weights;
	put(w, "segment_", "Q", q);
	put(w, "segment_", "Q_p", pchisq(q, used - 1, 0, 0));
	free(order);
}

/* All of one treatment and metric. */
static void metric_details(const struct experiment_data *d, const struct writer *w, const struct metric *m,
			   uint32_t control, uint32_t treatment)
{
	const struct analysis_options *options = d->options;
	struct sample s0 = sample_of(d, m, control, -1), s1 = sample_of(d, m, treatment, -1);
	const struct bootstrap_plan plan = {options->rounds, options->seed, options->bootstrap};
	struct bootstrap *b = NULL;
	if (s0.n && s1.n && m->kind == METRIC_QUANTILE) {
		double *x0 = sorted_copy(s0.x, s0.n), *x1 = sorted_copy(s1.x, s1.n);
		b = bootstrap_quantile(x0, s0.n, x1, s1.n, m->quantile, &plan);
		free(x0);
		free(x1);
	} else if (m->kind != METRIC_QUANTILE) {
		struct effect e = effect_welch(sample_moments(&s0), sample_moments(&s1), options->alpha,
					       INTERVAL_DELTA);
		if (e.se > 0) {
			interval_stats(options, w, &e);
			if (m->kind == METRIC_MEAN) {
				mean_stats(d, w, m, &s0, &s1);
				if (d->segment)
					level_stats(d, w, m, control, treatment);
			}
			cuped_stats(d, w, m, control, treatment, &e);
			b = m->kind == METRIC_RATIO
				? bootstrap_ratio(s0.x, s0.y, s0.n, s1.x, s1.y, s1.n, &plan)
				: bootstrap_mean(s0.x, s0.n, s1.x, s1.n, &plan);
		}
	}
	if (b)
		bootstrap_stats(w, b, options->alpha);
	bootstrap_free(b);
	sample_free(&s0);
	sample_free(&s1);
}

void write_details(const struct experiment_data *d, struct output *out)
{
	size_t n;
	uint32_t *arms = arms_of(d, &n);
	for (size_t a = 1; a < n; a++) {
		for (size_t i = 0; i < d->options->n_metrics; i++) {
			const struct metric *m = &d->options->metrics[i];
			struct writer w = {out, d->users->experiment[d->experiment], m->name,
				arm_name(d, arms[a])};
			metric_details(d, &w, m, arms[0], arms[a]);
		}
	}
	free(arms);
}

/* All deciles of one treatment and metric. */
static void decile_rows(const struct experiment_data *d, const struct writer *w, const struct metric *m,
			uint32_t control, uint32_t treatment)
{
	const struct analysis_options *options = d->options;
	const struct bootstrap_plan plan = {options->rounds, options->seed, BOOTSTRAP_PERCENTILE};
	struct sample s0 = sample_of(d, m, control, -1), s1 = sample_of(d, m, treatment, -1);
	double *x0 = sorted_copy(s0.x, s0.n), *x1 = sorted_copy(s1.x, s1.n);
	for (int decile = 1; decile < 10 && s0.n && s1.n; decile++) {
		struct bootstrap *b = bootstrap_quantile(x0, s0.n, x1, s1.n, decile / 10.0, &plan);
		double low, high, of[2] = {quantile_sorted(x0, s0.n, decile / 10.0),
			quantile_sorted(x1, s1.n, decile / 10.0)};
		replicates_interval(&b->diff, options->alpha, &low, &high);
		output_text(w->out, w->experiment);
		output_tab(w->out);
		output_span(w->out, w->treatment);
		output_tab(w->out);
		output_text(w->out, w->metric);
		const double numbers[] = {decile, of[0], of[1], of[1] - of[0], low, high, b->p};
		for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
			output_number(w->out, numbers[i]);
		output_end_row(w->out);
		bootstrap_free(b);
	}
	free(x0);
	free(x1);
	sample_free(&s0);
	sample_free(&s1);
}

void write_deciles(const struct experiment_data *d, struct output *out)
{
	size_t n;
	uint32_t *arms = arms_of(d, &n);
	for (size_t a = 1; a < n; a++) {
		for (size_t i = 0; i < d->options->n_metrics; i++) {
			const struct metric *m = &d->options->metrics[i];
			struct writer w = {out, d->users->experiment[d->experiment], m->name, arm_name(d, arms[a])};
			if (m->kind == METRIC_MEAN)
				decile_rows(d, &w, m, arms[0], arms[a]);
		}
	}
	free(arms);
}
