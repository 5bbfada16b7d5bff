#include "compare.h"

#define MATHLIB_STANDALONE
#include <Rmath.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "data/exactsum.h"

struct span arm_name(const struct experiment_data *d, uint32_t arm)
{
	return strmap_key(d->users->arms[d->experiment], arm);
}

static uint16_t arm_of(const struct experiment_data *d, size_t user)
{
	return d->users->arm[user * d->users->n_experiments + d->experiment];
}

uint32_t *arms_of(const struct experiment_data *d, size_t *n)
{
	const struct strmap *arms = d->users->arms[d->experiment];
	uint32_t count = strmap_count(arms), *sorted = strmap_sorted(arms);
	uint64_t *users = memory_zero((size_t)count + 1, sizeof *users);
	for (size_t i = 0; i < d->users->n; i++)
		if (arm_of(d, i) < ARM_SEVERAL)
			users[arm_of(d, i)]++;
	size_t kept = 0, control = SIZE_MAX;
	for (uint32_t i = 0; i < count; i++)
		if (users[sorted[i]])
			sorted[kept++] = sorted[i];
	for (size_t i = 0; i < kept; i++)
		if (span_equal(strmap_key(arms, sorted[i]), span_of(d->how->control)))
			control = i;
	if (control == SIZE_MAX && option_given("control"))
		usage_error("option '--control': experiment %s has no users in the arm '%s'",
			    d->users->experiment[d->experiment], d->how->control);
	if (control == SIZE_MAX)
		control = 0;
	if (kept) {
		uint32_t first = sorted[control];
		memmove(sorted + 1, sorted, control * sizeof *sorted);
		sorted[0] = first;
	}
	free(users);
	*n = kept;
	return sorted;
}

/* ---- samples ---- */

/* One arm's values of a metric: users (rows), x, and y of a ratio. */
struct sample {
	size_t n;
	uint32_t *user;
	double *x, *y;
};

static long column_of(const struct experiment_data *d, const char *name)
{
	long c = users_find(d->users, name);
	if (c < 0)
		usage_error("option '--metrics': there is no column '%s'", name);
	return c;
}

/* Of one level, or (-1) of all users of the arm. */
static struct sample sample_of(const struct experiment_data *d, const struct metric *m, uint32_t arm,
			       long level)
{
	const struct users *u = d->users;
	const double *x = u->value[column_of(d, m->of)];
	const double *y = m->kind == METRIC_RATIO ? u->value[column_of(d, m->over)] : NULL;
	size_t from = level < 0 ? 0 : d->level_start[level];
	size_t to = level < 0 ? u->n : d->level_start[level + 1];
	struct sample s = {0};
	s.user = memory_new(to - from + 1, sizeof *s.user);
	s.x = memory_new(to - from + 1, sizeof *s.x);
	s.y = y ? memory_new(to - from + 1, sizeof *s.y) : NULL;
	for (size_t k = from; k < to; k++) {
		size_t i = level < 0 ? k : d->by_level[k];
		if (arm_of(d, i) != arm || isnan(x[i]) || (y && isnan(y[i])))
			continue;
		s.user[s.n] = (uint32_t)i;
		s.x[s.n] = x[i];
		if (y)
			s.y[s.n] = y[i];
		s.n++;
	}
	return s;
}

static void sample_free(struct sample *s)
{
	free(s->user);
	free(s->x);
	free(s->y);
}

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static double *sorted_copy(const double *x, size_t n)
{
	double *copy = memory_new(n + 1, sizeof *copy);
	memcpy(copy, x, n * sizeof *copy);
	qsort(copy, n, sizeof *copy, ascending);
	return copy;
}

/* The quantile of a metric over all users of the experiment. */
static double cap_of(const struct experiment_data *d, const struct metric *m, double q)
{
	const struct users *u = d->users;
	const double *x = u->value[column_of(d, m->of)];
	double *all = memory_new(u->n + 1, sizeof *all);
	size_t n = 0;
	for (size_t i = 0; i < u->n; i++)
		if (arm_of(d, i) < ARM_SEVERAL && !isnan(x[i]))
			all[n++] = x[i];
	qsort(all, n, sizeof *all, ascending);
	double cap = quantile_sorted(all, n, q);
	free(all);
	return cap;
}

/* Users by level, in the order of users within each. */
static void order_levels(struct experiment_data *d)
{
	size_t levels = strmap_count(d->levels), n = d->users->n;
	d->level_start = memory_zero(levels + 2, sizeof *d->level_start);
	d->by_level = memory_new(n + 1, sizeof *d->by_level);
	for (size_t i = 0; i < n; i++)
		if (d->segment[i] != STRMAP_NONE)
			d->level_start[d->segment[i] + 1]++;
	for (size_t l = 1; l <= levels; l++)
		d->level_start[l] += d->level_start[l - 1];
	size_t *at = memory_new(levels + 1, sizeof *at);
	memcpy(at, d->level_start, (levels + 1) * sizeof *at);
	for (size_t i = 0; i < n; i++)
		if (d->segment[i] != STRMAP_NONE)
			d->by_level[at[d->segment[i]]++] = (uint32_t)i;
	free(at);
}

void data_prepare(struct experiment_data *d)
{
	const struct how *how = d->how;
	if (d->segment)
		order_levels(d);
	d->cap = memory_new(how->n_metrics + 1, sizeof *d->cap);
	for (size_t m = 0; m < how->n_metrics; m++)
		d->cap[m] = how->winsorize > 0 && how->metrics[m].kind == METRIC_MEAN
			? cap_of(d, &how->metrics[m], how->winsorize) : NAN;
}

void data_free(struct experiment_data *d)
{
	free(d->pre_of);
	free(d->segment);
	free(d->by_level);
	free(d->level_start);
	free(d->cap);
}

static void limit(struct sample *s, double cap)
{
	for (size_t i = 0; i < s->n; i++)
		s->x[i] = fmin(s->x[i], cap);
}

/* A ratio of sums as a mean: R + (x - R y) / mean(y) has the ratio R for its mean and
 * the delta method's variance for its own (Budylin et al. 2018, with R of the arm). */
static void linearise(struct sample *s)
{
	struct moments over = moments_of(s->x, s->n), under = moments_of(s->y, s->n);
	double ratio = over.mean / under.mean;
	for (size_t i = 0; i < s->n; i++)
		s->x[i] = ratio + (s->x[i] - ratio * s->y[i]) / under.mean;
	free(s->y);
	s->y = NULL;
}

/* CUPED (Deng et al. 2013): values less theta times what the same users did before. */
struct cuped {
	double theta, correlation;
	bool applied;
};

/* A value of each of both arms' users before, nan for those who were not there; NULL
 * when --pre does not know it. */
static double *before(const struct experiment_data *d, struct sample *const s[2], const char *name)
{
	long c = d->pre ? users_find(d->pre, name) : -1;
	if (c < 0)
		return NULL;
	double *x = memory_new(s[0]->n + s[1]->n + 1, sizeof *x);
	for (size_t side = 0, at = 0; side < 2; side++) {
		for (size_t i = 0; i < s[side]->n; i++, at++) {
			uint32_t row = d->pre_of[s[side]->user[i]];
			x[at] = row == STRMAP_NONE ? NAN : d->pre->value[c][row];
		}
	}
	return x;
}

/* The covariate of a ratio: what the pooled ratio of the time before leaves of a user. */
static void ratio_before(double *x, const double *y, size_t n)
{
	struct moments over = moments_of(x, n), under = moments_of(y, n);
	double ratio = over.mean / under.mean;
	for (size_t i = 0; i < n; i++)
		x[i] = isnan(x[i]) || isnan(y[i]) ? 0 : (x[i] - ratio * y[i]) / under.mean;
}

static double *covariate_of(const struct experiment_data *d, const struct metric *m,
			    struct sample *const s[2], bool missing_is_mean)
{
	double *x = before(d, s, m->of), *y = m->over ? before(d, s, m->over) : NULL;
	size_t n = s[0]->n + s[1]->n;
	if (!x || (m->over && !y)) {
		free(x);
		free(y);
		return NULL;
	}
	if (y) {
		ratio_before(x, y, n);
		free(y);
		return x;
	}
	double fill = missing_is_mean ? moments_of(x, n).mean : 0;
	for (size_t i = 0; i < n; i++)
		x[i] = isnan(x[i]) ? (isnan(fill) ? 0 : fill) : x[i];
	return x;
}

/* Of a ratio the samples are linearised already. */
static struct cuped adjust_by_pre(const struct experiment_data *d, const struct metric *m,
				  struct sample *const s[2], bool missing_is_mean)
{
	struct cuped result = {0};
	double *x = covariate_of(d, m, s, missing_is_mean);
	if (!x)
		return result;
	size_t n = s[0]->n + s[1]->n;
	double *y = memory_new(n + 1, sizeof *y);
	for (size_t side = 0, at = 0; side < 2; side++)
		for (size_t i = 0; i < s[side]->n; i++, at++)
			y[at] = s[side]->x[i];
	struct moments mx = moments_of(x, n), my = moments_of(y, n);
	struct exactsum products = {0};
	for (size_t i = 0; i < n; i++)
		exactsum_add(&products, (x[i] - mx.mean) * (y[i] - my.mean));
	double covariance = exactsum_value(&products) / ((double)n - 1);
	if (n > 2 && mx.variance > 0) {
		result.theta = covariance / mx.variance;
		result.correlation = covariance / sqrt(mx.variance * my.variance);
		result.applied = true;
		for (size_t side = 0, at = 0; side < 2; side++)
			for (size_t i = 0; i < s[side]->n; i++, at++)
				s[side]->x[i] = y[at] - result.theta * (x[at] - mx.mean);
	}
	free(x);
	free(y);
	return result;
}

/* ---- effects ---- */

static struct effect quantile_effect(const struct how *how, const struct sample *s0,
				     const struct sample *s1, double q)
{
	double *a = sorted_copy(s0->x, s0->n), *b = sorted_copy(s1->x, s1->n);
	struct effect e = {.control = {(double)s0->n, quantile_sorted(a, s0->n, q), NAN},
		.treatment = {(double)s1->n, quantile_sorted(b, s1->n, q), NAN}, .df = NAN};
	struct bootstrap boot = bootstrap_quantile(a, s0->n, b, s1->n, q, how->alpha, how->rounds,
						   how->seed);
	e.diff = e.treatment.mean - e.control.mean;
	e.share = e.diff / e.control.mean;
	e.low = boot.low;
	e.high = boot.high;
	e.share_low = boot.share_low;
	e.share_high = boot.share_high;
	e.se = boot.se;
	e.t = e.diff / e.se;
	e.p = boot.p;
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

/* Post-stratified difference, weights the pooled shares of the levels; normal test.
 * `*left_out`: users of levels too small to have a variance in both arms. */
static struct effect stratified_effect(const struct experiment_data *d, const struct sample *s0,
				       const struct sample *s1, struct effect plain, size_t *left_out)
{
	double all = 0, diff = 0, variance = 0;
	double *x0 = memory_new(s0->n + 1, sizeof *x0), *x1 = memory_new(s1->n + 1, sizeof *x1);
	for (uint32_t l = 0; l < strmap_count(d->levels); l++) {
		size_t n0 = stratum(d, s0, l, x0), n1 = stratum(d, s1, l, x1);
		all += n0 > 1 && n1 > 1 ? (double)(n0 + n1) : 0;
	}
	*left_out = s0->n + s1->n - (size_t)all;
	for (uint32_t l = 0; l < strmap_count(d->levels); l++) {
		size_t n0 = stratum(d, s0, l, x0), n1 = stratum(d, s1, l, x1);
		if (n0 < 2 || n1 < 2)
			continue;
		struct moments a = moments_of(x0, n0), b = moments_of(x1, n1);
		double w = (double)(n0 + n1) / all;
		diff += w * (b.mean - a.mean);
		variance += w * w * (a.variance / a.n + b.variance / b.n);
	}
	free(x0);
	free(x1);
	struct effect e = plain;
	double q = qnorm(1 - d->how->alpha / 2, 0, 1, 1, 0), ratio = sqrt(variance) / plain.se;
	e.diff = all > 0 ? diff : NAN;
	e.se = sqrt(variance);
	e.t = diff / e.se;
	e.df = INFINITY;
	e.p = 2 * pnorm(-fabs(e.t), 0, 1, 1, 0);
	e.low = e.diff - q * e.se;
	e.high = e.diff + q * e.se;
	e.share = e.diff / plain.control.mean;
	double half = (plain.share_high - plain.share_low) / 2 * ratio;
	e.share_low = e.share - half;
	e.share_high = e.share + half;
	return e;
}

/* The values of both arms as the effect is made from them: capped, made means of by
 * linearising, less what was known before. */
static void prepare(const struct experiment_data *d, const struct metric *m, struct sample *s[2])
{
	const struct how *how = d->how;
	if (m->kind == METRIC_MEAN && how->winsorize > 0) {
		double cap = d->cap[m - how->metrics];
		limit(s[0], cap);
		limit(s[1], cap);
	}
	if (m->kind == METRIC_RATIO && (d->pre || d->stratify)) {
		linearise(s[0]);
		linearise(s[1]);
	}
	if (m->kind != METRIC_QUANTILE)
		adjust_by_pre(d, m, s, how->pre_mean);
}

static struct moments moments_of_sample(const struct sample *s)
{
	return s->y ? moments_of_ratio(s->x, s->y, s->n) : moments_of(s->x, s->n);
}

static void bootstrap_effect(const struct how *how, const struct sample *s0, const struct sample *s1,
			     struct effect *e)
{
	struct bootstrap b = s0->y
		? bootstrap_ratio(s0->x, s0->y, s0->n, s1->x, s1->y, s1->n, how->alpha, how->rounds, how->seed)
		: bootstrap_mean(s0->x, s0->n, s1->x, s1->n, how->alpha, how->rounds, how->seed);
	e->low = b.low;
	e->high = b.high;
	e->share_low = b.share_low;
	e->share_high = b.share_high;
	e->p = b.p;
	e->df = NAN;
}

static struct effect effect_of(const struct experiment_data *d, const struct metric *m,
			       uint32_t control, uint32_t treatment, long level, size_t *left_out)
{
	const struct how *how = d->how;
	struct sample s0 = sample_of(d, m, control, level), s1 = sample_of(d, m, treatment, level);
	struct sample *both[2] = {&s0, &s1};
	struct effect e = {.control = {(double)s0.n, NAN, NAN}, .treatment = {(double)s1.n, NAN, NAN},
		.diff = NAN, .se = NAN, .t = NAN, .df = NAN, .p = NAN, .low = NAN, .high = NAN, .share = NAN,
		.share_low = NAN, .share_high = NAN};
	*left_out = 0;
	if (m->kind == METRIC_QUANTILE) {
		if (s0.n && s1.n)
			e = quantile_effect(how, &s0, &s1, m->quantile);
	} else {
		prepare(d, m, both);
		e = effect_welch(moments_of_sample(&s0), moments_of_sample(&s1), how->alpha, how->interval);
		if (d->stratify && level < 0)
			e = stratified_effect(d, &s0, &s1, e, left_out);
		if (s0.n > 1 && s1.n > 1) {
			if (how->test == TEST_MANN_WHITNEY && m->kind == METRIC_MEAN)
				e.p = mann_whitney(s0.x, s0.n, s1.x, s1.n).p;
			else if (how->test == TEST_BOOTSTRAP)
				bootstrap_effect(how, &s0, &s1, &e);
			if (how->sequential && e.se > 0)
				effect_sequential(&e, how->alpha, how->tuned, NULL);
		}
	}
	sample_free(&s0);
	sample_free(&s1);
	return e;
}

bool lower_is_better(const struct how *how, const char *metric)
{
	for (size_t i = 0; i < how->lower_is_better.n; i++)
		if (strcmp(how->lower_is_better.values[i], metric) == 0)
			return true;
	return strstr(metric, "latency") || strstr(metric, "skips");
}

/* The share that a metric may lose; nan: nobody said. */
static double margin_share(const struct how *how, const char *metric)
{
	double share = NAN;
	for (size_t i = 0; i < how->n_margins; i++) {
		if (!how->margins[i].metric)
			share = isnan(share) ? how->margins[i].share : share;
		else if (strcmp(how->margins[i].metric, metric) == 0)
			return how->margins[i].share;
	}
	return share;
}

/* One-sided: is the treatment not worse than the control by more than the margin, a
 * share of the control's mean? */
static double margin_p(const struct how *how, const struct metric *m, const struct effect *e)
{
	double margin = margin_share(how, m->name) * fabs(e->control.mean);
	double better = (lower_is_better(how, m->name) ? -1 : 1) * e->diff + margin, t = better / e->se;
	if (isnan(t))
		return NAN;
	if (how->sequential) /* of both sides, which is more than is asked */
		return better > 0 ? sequential_p(better, e->se, e->control.n + e->treatment.n, how->alpha,
						 how->tuned) : 1;
	return isinf(e->df) || isnan(e->df) ? pnorm(t, 0, 1, 0, 0) : pt(t, e->df, 0, 0);
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

struct rows compare_all(const struct experiment_data *d)
{
	const struct how *how = d->how;
	struct rows rows = {0};
	size_t n;
	uint32_t *arms = arms_of(d, &n);
	long levels = d->segment && !d->stratify ? (long)strmap_count(d->levels) : 0;
	uint32_t *order = levels ? strmap_sorted(d->levels) : NULL;
	for (size_t a = 1; a < n; a++) {
		for (size_t i = 0; i < how->n_metrics; i++) {
			const struct metric *m = &how->metrics[i];
			for (long l = -1; l < levels; l++) {
				long level = l < 0 ? -1 : (long)order[l];
				size_t left_out;
				struct effect e = effect_of(d, m, arms[0], arms[a], level, &left_out);
				if (left_out)
					warn("experiment %s: %zu users are in no stratum, or in one too small in an "
					     "arm, and left out of %s of %s", d->users->experiment[d->experiment],
					     left_out, m->name, text_of(arm_name(d, arms[a])));
				add_row(&rows, (struct row){.treatment = text_of(arm_name(d, arms[a])),
					.metric = m->name, .effect = e,
					.segment = level < 0 ? ""
						: text_of(strmap_key(d->levels, (uint32_t)level)),
					.mde = mde_z(e.se, how->alpha, how->power),
					.margin_p = margin_p(how, m, &e)});
			}
		}
	}
	double *p = memory_new(rows.n + 1, sizeof *p), *q = memory_new(rows.n + 1, sizeof *q);
	for (size_t i = 0; i < rows.n; i++)
		p[i] = rows.row[i].effect.p;
	adjust(p, q, rows.n, how->adjustment);
	for (size_t i = 0; i < rows.n; i++)
		rows.row[i].adjusted = q[i];
	free(p);
	free(q);
	free(order);
	free(arms);
	return rows;
}

/* ---- what is said aloud ---- */

static void say_cap(const struct experiment_data *d, const struct metric *m)
{
	const struct users *u = d->users;
	double cap = d->cap[m - d->how->metrics];
	const double *x = u->value[column_of(d, m->of)];
	size_t n = 0, above = 0;
	for (size_t i = 0; i < u->n; i++) {
		if (arm_of(d, i) >= ARM_SEVERAL || isnan(x[i]))
			continue;
		n++;
		above += x[i] > cap;
	}
	warn("experiment %s: %zu of %zu values of %s are capped at %.10g, the quantile %g",
	     u->experiment[d->experiment], above, n, m->name, cap, d->how->winsorize);
}

void say_adjustments(const struct experiment_data *d)
{
	const struct how *how = d->how;
	const struct users *u = d->users;
	size_t nowhere = 0, unknown = 0, n = 0;
	for (size_t i = 0; i < u->n; i++) {
		if (arm_of(d, i) >= ARM_SEVERAL)
			continue;
		n++;
		nowhere += d->segment && d->segment[i] == STRMAP_NONE;
		unknown += d->pre && d->pre_of[i] == STRMAP_NONE;
	}
	if (nowhere && !d->stratify)
		warn("experiment %s: %zu of %zu users are not in --users, and in no segment",
		     u->experiment[d->experiment], nowhere, n);
	if (unknown)
		warn("experiment %s: %zu of %zu users are not in --pre; their covariate is %s",
		     u->experiment[d->experiment], unknown, n, how->pre_mean ? "the others' mean" : "0");
	for (size_t i = 0; i < how->n_metrics; i++) {
		const struct metric *m = &how->metrics[i];
		if (how->winsorize > 0 && m->kind == METRIC_MEAN)
			say_cap(d, m);
		else if (how->winsorize > 0)
			warn("%s is no mean: --winsorize leaves it as it is", m->name);
		if (m->kind == METRIC_QUANTILE && (d->pre || d->stratify))
			warn("%s is a quantile: --pre and --stratify leave it as it is", m->name);
		else if (d->pre && (users_find(d->pre, m->of) < 0 ||
				    (m->over && users_find(d->pre, m->over) < 0)))
			warn("--pre knows nothing of %s: it is not adjusted", m->name);
		if (how->test == TEST_MANN_WHITNEY && m->kind != METRIC_MEAN)
			warn("%s is no mean: its p is not of Mann and Whitney's test", m->name);
	}
}

/* ---- details ---- */

struct writer {
	struct output *out;
	const char *experiment, *metric;
	struct span treatment;
};

static void put(const struct writer *w, const char *prefix, const char *name, double value)
{
	if (isnan(value))
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
	if (isinf(value))
		output_text(w->out, value < 0 ? "-inf" : "inf");
	else
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

static void bootstrap_stats(const struct writer *w, const struct bootstrap *b)
{
	put(w, "bootstrap_", "lo", b->low);
	put(w, "bootstrap_", "hi", b->high);
	put(w, "bootstrap_", "rel_lo", b->share_low);
	put(w, "bootstrap_", "rel_hi", b->share_high);
	put(w, "bootstrap_", "se", b->se);
}

static void mean_stats(const struct experiment_data *d, const struct writer *w,
		       const struct metric *m, const struct sample *s0, const struct sample *s1)
{
	static const double QUANTILES[] = {.25, .5, .75, .9, .99};
	const struct how *how = d->how;
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
	double q = how->winsorize > 0 ? how->winsorize : 0.99, cap = cap_of(d, m, q);
	double *x0 = memory_new(s0->n + 1, sizeof *x0), *x1 = memory_new(s1->n + 1, sizeof *x1);
	for (size_t i = 0; i < s0->n; i++)
		x0[i] = fmin(s0->x[i], cap);
	for (size_t i = 0; i < s1->n; i++)
		x1[i] = fmin(s1->x[i], cap);
	struct effect winsor = effect_welch(moments_of(x0, s0->n), moments_of(x1, s1->n), how->alpha,
					    INTERVAL_DELTA);
	char prefix[32];
	snprintf(prefix, sizeof prefix, "winsor%g_", q * 100);
	put(w, prefix, "cap", cap);
	effect_stats(w, prefix, &winsor);
	free(x0);
	free(x1);
	proportion_stats(w, s0, s1, how->alpha);
}

static void interval_stats(const struct how *how, const struct writer *w, const struct effect *e)
{
	static const char *const NAMES[] = {"", "_naive", "_log", "_fieller"};
	effect_stats(w, "", e);
	for (int i = INTERVAL_NAIVE; i <= INTERVAL_FIELLER; i++) {
		struct effect f = effect_welch(e->control, e->treatment, how->alpha, (enum interval)i);
		char name[32];
		snprintf(name, sizeof name, "rel_lo%s", NAMES[i]);
		put(w, "", name, f.share_low);
		snprintf(name, sizeof name, "rel_hi%s", NAMES[i]);
		put(w, "", name, f.share_high);
	}
	put(w, "", "df_log", effect_log_df(e));
	char name[2][40];
	snprintf(name[0], sizeof name[0], "mde_abs_z_power%g", how->power * 100);
	snprintf(name[1], sizeof name[1], "mde_rel_z_power%g", how->power * 100);
	double mde = mde_z(e->se, how->alpha, how->power), rho;
	put(w, "", name[0], mde);
	put(w, "", name[1], mde / e->control.mean);
	snprintf(name[0], sizeof name[0], "mde_abs_t_power%g", how->power * 100);
	put(w, "", name[0], mde_t(e->se, e->df, how->alpha, how->power));
	struct effect s = *e;
	effect_sequential(&s, how->alpha, how->tuned, &rho);
	put(w, "seq_", "rho", rho);
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
			linearise(&s0);
			linearise(&s1);
		}
		struct cuped c = adjust_by_pre(d, m, both, mean);
		if (c.applied) {
			const char *prefix = mean ? "cupedmean_" : "cuped_";
			struct effect e = effect_welch(moments_of(s0.x, s0.n), moments_of(s1.x, s1.n),
						       d->how->alpha, INTERVAL_DELTA);
			put(w, prefix, "theta", c.theta);
			put(w, prefix, "corr", c.correlation);
			effect_stats(w, prefix, &e);
			struct effect log_scale = effect_welch(e.control, e.treatment, d->how->alpha,
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
			const struct metric *m, uint32_t control, uint32_t treatment,
			const struct effect *plain)
{
	if (d->stratify) {
		struct sample s0 = sample_of(d, m, control, -1), s1 = sample_of(d, m, treatment, -1);
		size_t left_out;
		struct effect e = stratified_effect(d, &s0, &s1, *plain, &left_out);
		sample_free(&s0);
		sample_free(&s1);
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
					       d->how->alpha, INTERVAL_DELTA);
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
	const struct how *how = d->how;
	struct sample s0 = sample_of(d, m, control, -1), s1 = sample_of(d, m, treatment, -1);
	struct bootstrap b;
	if (s0.n && s1.n && m->kind == METRIC_QUANTILE) {
		double *x0 = sorted_copy(s0.x, s0.n), *x1 = sorted_copy(s1.x, s1.n);
		b = bootstrap_quantile(x0, s0.n, x1, s1.n, m->quantile, how->alpha, how->rounds, how->seed);
		bootstrap_stats(w, &b);
		free(x0);
		free(x1);
	} else if (m->kind != METRIC_QUANTILE) {
		struct effect e = effect_welch(moments_of_sample(&s0), moments_of_sample(&s1), how->alpha,
					       INTERVAL_DELTA);
		if (e.se > 0) {
			interval_stats(how, w, &e);
			if (m->kind == METRIC_MEAN) {
				mean_stats(d, w, m, &s0, &s1);
				if (d->segment)
					level_stats(d, w, m, control, treatment, &e);
			}
			cuped_stats(d, w, m, control, treatment, &e);
			b = m->kind == METRIC_RATIO
				? bootstrap_ratio(s0.x, s0.y, s0.n, s1.x, s1.y, s1.n, how->alpha, how->rounds,
						  how->seed)
				: bootstrap_mean(s0.x, s0.n, s1.x, s1.n, how->alpha, how->rounds, how->seed);
			bootstrap_stats(w, &b);
		}
	}
	sample_free(&s0);
	sample_free(&s1);
}

void write_details(const struct experiment_data *d, struct output *out)
{
	size_t n;
	uint32_t *arms = arms_of(d, &n);
	for (size_t a = 1; a < n; a++) {
		for (size_t i = 0; i < d->how->n_metrics; i++) {
			const struct metric *m = &d->how->metrics[i];
			struct writer w = {out, d->users->experiment[d->experiment], m->name,
				arm_name(d, arms[a])};
			metric_details(d, &w, m, arms[0], arms[a]);
		}
	}
	free(arms);
}
