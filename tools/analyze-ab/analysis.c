/* analysis.c - from users, or states of users, to what was asked for: see analysis.h. */
#include "analysis.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/date.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/number.h"
#include "before.h"
#include "decide.h"
#include "derive.h"
#include "details.h"
#include "health.h"
#include "novelty.h"
#include "plan.h"
#include "planned.h"

static uint32_t *levels_of(const struct attributes *f, const struct users *u)
{
	uint32_t *level = memory_new(u->n + 1, sizeof *level);
	for (size_t i = 0; i < u->n; i++) {
		uint32_t at = strmap_find(f->users, u->id[i]);
		level[i] = at == STRMAP_NONE ? STRMAP_NONE : f->level[at];
	}
	return level;
}

static uint32_t *rows_of(const struct users *pre, const struct users *u)
{
	struct strmap *ids = strmap_new();
	uint32_t *row = memory_new(u->n + 1, sizeof *row);
	for (size_t i = 0; i < pre->n; i++)
		strmap_add(ids, pre->id[i]);
	for (size_t i = 0; i < u->n; i++)
		row[i] = strmap_find(ids, u->id[i]);
	strmap_free(ids);
	return row;
}

/* ---- every user's values ---- */

static void write_users(const struct users *u, struct output *out)
{
	output_text(out, "user");
	for (size_t x = 0; x < u->n_experiments; x++) {
		output_tab(out);
		output_text(out, u->experiment[x]);
	}
	for (size_t v = 0; v < u->n_values; v++) {
		output_tab(out);
		output_text(out, u->name[v]);
	}
	output_end_row(out);
	for (size_t i = 0; i < u->n; i++) {
		output_span(out, u->id[i]);
		for (size_t x = 0; x < u->n_experiments; x++) {
			uint16_t arm = u->arm[i * u->n_experiments + x];
			output_tab(out);
			if (arm == ARM_SEVERAL)
				output_text(out, "(several)");
			else if (arm != ARM_NONE)
				output_span(out, strmap_key(u->arms[x], arm));
		}
		for (size_t v = 0; v < u->n_values; v++)
			output_number(out, u->value[v][i]);
		output_end_row(out);
	}
}

/* The experiment's users with their attributes and values from before. */
static struct experiment_data data_of(struct run *r, const struct users *users, size_t experiment)
{
	struct experiment_data d = {.options = &r->options, .users = users, .experiment = experiment,
		.stratify = r->o->stratify != NULL, .clustered = r->o->cluster != NULL,
		.levels = r->attributes.levels, .pre = r->pre};
	d.segment = r->has_attributes ? levels_of(&r->attributes, users) : NULL;
	d.pre_of = r->pre ? rows_of(r->pre, users) : NULL;
	data_prepare(&d);
	if (d.pre) {
		d.in_pre = users_before(&d);
		d.pre_late = begins_late(d.in_pre);
	}
	return d;
}

static void show_effects(struct run *r, const struct users *users, size_t experiment, const char *name,
			 const char *broken, const struct view_day *day)
{
	struct experiment_data d = data_of(r, users, experiment);
	struct rows rows = compare_all(&d);
	for (size_t i = 0; i < rows.n; i++)
		rows.row[i].broken = broken;
	decide(&r->options, &rows, day ? NULL : name);
	view_rows(&r->view, name, &rows, day);
	free(rows.row);
	data_free(&d);
}

/* Says why an experiment has no verdict, and what to do. Returns that as one text, which stays. */
static const char *report_broken(struct run *r, const char *experiment, const struct broken *broken)
{
	char *checks = broken_checks(broken), *advice = broken_advice(broken);
	if (!checks)
		return NULL;
	const char *text = memory_format("(%s), so there is no verdict: %s; then analyze again", checks, advice);
	warn("warning: experiment %s: a health check failed %s", experiment, text);
	free(checks);
	free(advice);
	r->broken = true;
	return text;
}

/* Checks health, then does everything except the effects. Returns why there is no verdict, or NULL. */
static const char *analyze_experiment(struct run *r, const struct users *users, size_t experiment,
				      const struct health *health)
{
	const struct options *o = r->o;
	struct broken broken = {0};
	struct experiment_data d = data_of(r, users, experiment);
	if (r->plan) {
		r->view.rows += write_plan(&d, r->plan, r->n_plan, r->days, r->view.out);
	} else {
		check_health(&d, health, r->health, &broken);
		report_adjustments(&d);
		if (r->details)
			write_details(&d, r->details);
		if (r->deciles)
			write_deciles(&d, r->deciles);
		if (o->aa && health->first)
			calibrate(&d, o->aa, r->health, r->details, &r->uncalibrated);
	}
	data_free(&d);
	broken_add_all(&broken, &r->uncalibrated);
	const char *why = report_broken(r, users->experiment[experiment], &broken);
	broken_free(&broken);
	return why;
}

/* ---- from a table of users ---- */

void analyze_users(struct run *r, struct users *users)
{
	r->days = NAN;
	if (r->user_table)
		write_users(users, r->user_table);
	for (size_t x = 0; x < users->n_experiments; x++) {
		struct health health = {.first = x == 0, .pre_last_ms = INT64_MIN};
		health.weights = planned_weights(r->o, &r->registry, users, x);
		health.stray = set_strays_aside(users, x, health.weights, &health.n_strays);
		const char *broken = analyze_experiment(r, users, x, &health);
		if (!r->plan)
			show_effects(r, users, x, users->experiment[x], broken, NULL);
		free(health.stray);
		free(health.weights);
	}
}

/* ---- from events ---- */

static struct unit_rules unit_rules_of(const struct run *r, size_t experiment)
{
	return (struct unit_rules){experiment, r->o->multi_arm == 1, r->o->exposure == 0};
}

/* Of each metric; NULL without --novelty. */
static double **slopes_of(const struct run *r, const struct state *s, size_t experiment)
{
	size_t n = r->options.n_metrics;
	struct unit_rules rules = unit_rules_of(r, experiment);
	if (!r->o->novelty || s->totals.first_ms > s->totals.last_ms)
		return NULL;
	double **slopes = memory_zero(n + 1, sizeof *slopes);
	for (size_t i = 0; i < n; i++) {
		const struct metric *m = &r->options.metrics[i];
		if (m->kind == METRIC_MEAN)
			slopes[i] = novelty_slopes(s, &rules, m->of, date_day(s->totals.first_ms),
						   date_day(s->totals.last_ms));
		if (!slopes[i])
			warn("experiment %s: --novelty says nothing of %s, which is no sum over the events of several "
			     "days", s->experiment[experiment], m->name);
	}
	return slopes;
}

static void slopes_free(double **slopes, size_t n)
{
	for (size_t i = 0; slopes && i < n; i++)
		free(slopes[i]);
	free(slopes);
}

static struct users *users_at(const struct run *r, const struct state *s, size_t experiment, int64_t day)
{
	struct unit_rules rules = unit_rules_of(r, experiment);
	struct users *u = users_of_state(s, &rules, day);
	metrics_derive(u, r->options.metrics, r->options.n_metrics);
	return u;
}

static struct health health_of(const struct state *s)
{
	const struct totals *all = &s->totals;
	struct health h = {.ties = all->tied, .duplicates = all->duplicates, .overlapping = all->overlapping,
		.pre_last_ms = INT64_MIN};
	if (all->first_ms > all->last_ms || all->beyond)
		return h;
	int64_t from = date_day(all->first_ms), to = date_day(all->last_ms);
	if (to - from > EMPTY_DAYS_SPAN)
		return h;
	for (int64_t d = from; d <= to; d++) {
		if (all->days[d / 64] >> d % 64 & 1)
			continue;
		h.empty_days = memory_resize(h.empty_days, h.n_empty_days + 1, sizeof(*h.empty_days));
		h.empty_days[h.n_empty_days++] = date_day_text(d);
	}
	return h;
}

/* The number of users in several arms, each of which is kept. */
static uint64_t kept_several(const struct state *s, size_t experiment)
{
	uint64_t n = 0;
	for (size_t i = 0; i < s->n; i++)
		n += s->scope[i] == 0 && s->arm[i * s->n_experiments + experiment] == ARM_SEVERAL &&
			(i + 1 == s->n || s->user[i + 1] != s->user[i] || s->scope[i + 1]);
	return n;
}

/* The number of users with events before their first arm, which do not count. */
static uint64_t exposed_later(const struct state *s, size_t experiment)
{
	uint64_t n = 0;
	for (size_t i = 0; i < s->n; i++)
		n += s->scope[i] == experiment + 1 && (i + 1 == s->n || s->user[i + 1] != s->user[i] ||
						      s->scope[i + 1] != s->scope[i]) && state_is_exposed(s, i, experiment);
	return n;
}

/* Tracks played by all users in finished sessions. */
static double sum_of_tracks(const struct users *u)
{
	long c = users_find(u, "tracks");
	double sum = 0;
	for (size_t i = 0; c >= 0 && i < u->n; i++)
		sum += u->value[c][i];
	return sum;
}

/* The effects as of the end of each day; `all`: the number of tracks of all days. */
static void show_days(struct run *r, const struct state *s, size_t experiment, const double *weights,
		      const char *broken, double all)
{
	if (s->totals.first_ms > s->totals.last_ms)
		return;
	int64_t first = date_day(s->totals.first_ms), last = date_day(s->totals.last_ms);
	if (last - first > EMPTY_DAYS_SPAN)
		die(STATUS_DATA, "--daily: the events span %lld days; check their times, or use --from and --to",
		    (long long)(last - first + 1));
	double before = 0;
	for (int64_t day = first; day <= last; day++) {
		struct users *u = users_at(r, s, experiment, day);
		size_t n;
		free(set_strays_aside(u, 0, weights, &n));
		struct experiment_data d = {.options = &r->options, .users = u};
		uint32_t *arms = arms_of(&d, &n);
		double tracks = sum_of_tracks(u);
		struct view_day shown = {date_day_text(day), (tracks - before) / all};
		if (n > 1)
			show_effects(r, u, 0, s->experiment[experiment], broken, &shown);
		before = tracks;
		free(arms);
		users_free(u);
	}
}

void analyze_state(struct run *r, const struct state *s)
{
	const struct totals *all = &s->totals;
	bool any = all->first_ms <= all->last_ms;
	r->days = any ? fmax(1, ceil(((double)all->last_ms - (double)all->first_ms + 1) / DAY_MS)) : 1;
	struct health health = health_of(s);
	if (r->pre_state)
		health.pre_last_ms = r->pre_state->totals.last_ms;
	for (size_t x = 0; x < s->n_experiments; x++) {
		struct users *u = users_at(r, s, x, INT64_MAX);
		health.first = x == 0;
		health.kept_several = r->o->multi_arm == 1 ? kept_several(s, x) : 0;
		health.exposed_later = r->o->exposure == 0 ? exposed_later(s, x) : 0;
		health.weights = planned_weights(r->o, &r->registry, u, 0);
		health.stray = set_strays_aside(u, 0, health.weights, &health.n_strays);
		health.slopes = slopes_of(r, s, x);
		const char *broken = analyze_experiment(r, u, 0, &health);
		slopes_free(health.slopes, r->options.n_metrics);
		if (r->o->daily)
			show_days(r, s, x, health.weights, broken, sum_of_tracks(u));
		else if (!r->plan)
			show_effects(r, u, 0, s->experiment[x], broken, NULL);
		free(health.stray);
		free(health.weights);
		users_free(u);
	}
	if (r->user_table) { /* of one experiment: its units, which may be a user in an arm */
		struct users *u = users_at(r, s, s->n_experiments == 1 ? 0 : SIZE_MAX, INT64_MAX);
		write_users(u, r->user_table);
		users_free(u);
	}
}
