/* analyze-ab - the effects of experiments, and whether they can be trusted.
 *
 * Reads: events (message timestamp user track time latency recommendation and a
 * column per experiment), in any order and any number of files; or, with
 * --user-level, one row per user.
 * Writes: experiment treatment metric n_control n_treatment control_mean
 * treatment_mean effect effect_lower effect_upper percent percent_lower
 * percent_upper t df p p_adjusted mde significant decision.
 *
 *	analyze-ab --experiment PERSONALIZED events.r*.tsv
 *
 * Leaves to others: who gets which arm (ab-split), and what JSON means (import-logs).
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/date.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/number.h"
#include "frame/run.h"
#include "frame/sides.h"
#include "streams/output.h"
#include "streams/table.h"
#include "analysis.h"
#include "collect.h"
#include "derive.h"
#include "interleaving.h"
#include "options.h"
#include "parts.h"
#include "roles.h"

enum { STATUS_BROKEN = 5 }; /* with --exit-code: a health check failed */

/* Milliseconds, or a day. */
static int64_t parse_time(const char *text, const char *option, int64_t fallback)
{
	int64_t ms;
	char shown[QUOTED_SIZE];
	if (!text)
		return fallback;
	if (number_i64(text, strlen(text), &ms) == NUMBER_OK || date_read_day(text, strlen(text), &ms))
		return ms;
	usage_error("option '--%s': not milliseconds or YYYY-MM-DD: %s", option,
		    quoted(text, strlen(text), shown));
}

/* ---- attributes of users ---- */

static struct attributes attributes_read(const struct options *o, struct table *t)
{
	size_t user = table_column(t, option_column("user", o->user));
	size_t column = table_column(t, o->segment ? option_column("segment", o->segment)
				     : o->stratify ? option_column("stratify", o->stratify)
				     : option_column("cluster", o->cluster));
	struct attributes f = {strmap_new(), strmap_new(), NULL};
	size_t capacity = 0;
	while (table_next(t)) {
		uint32_t n = strmap_count(f.users);
		if (strmap_add(f.users, table_field(t, user)) != n) {
			table_reject(t, user, "a duplicate user");
			continue;
		}
		f.level = memory_grow(f.level, &capacity, (size_t)n + 1, sizeof *f.level);
		f.level[n] = strmap_add(f.levels, table_field(t, column));
	}
	table_close(t);
	return f;
}

/* ---- what to read ---- */

static struct event_columns columns_of(const struct run *r, bool pre)
{
	const struct options *o = r->o;
	return (struct event_columns){o->message, o->timestamp, o->user, o->track, o->time, o->latency,
		o->recommendation, pre ? NULL : o->triggered, o->experiments, pre,
		pre ? INT64_MIN : parse_time(o->from, "from", INT64_MIN),
		pre ? INT64_MAX : parse_time(o->to, "to", INT64_MAX), &r->measures,
		(enum time_unit)o->timestamp_unit};
}

static struct state_rules rules_of(const struct run *r, bool pre)
{
	const struct options *o = r->o;
	return (struct state_rules){.open = o->unfinished == 1, .triggered = !pre && o->triggered,
		.daily = !pre && o->daily, .scopes = !pre && (o->multi_arm == 1 || o->partial),
		.chained = o->sessions == 0, .exposed = !pre && o->exposure == 0,
		.header = !o->common.no_header, .memory = o->memory ? o->memory : UINT64_MAX,
		.sessions = pre ? NULL : r->session_table};
}

static struct state *read_state(struct run *r, struct table *t, bool pre)
{
	const struct options *o = r->o;
	struct event_columns columns = columns_of(r, pre);
	struct state_rules rules = rules_of(r, pre);
	if (o->merge) {
		struct option_list wanted = metrics_columns(r->options.metrics, r->options.n_metrics);
		struct merge_rules merge = {.experiments = pre ? NULL : &o->experiments,
			.wanted = o->partial ? NULL : &wanted, .daily = !pre && o->daily,
			.parts = pre ? 0 : (uint64_t)o->parts};
		struct state *s = state_merge(t, o->user, &merge);
		free(wanted.values);
		return s;
	}
	return o->grouped ? state_of_groups(t, &columns, &rules, NULL)
		: state_of_events(t, &columns, &rules);
}

static struct users *read_users(struct run *r, struct table *t, bool pre)
{
	struct option_list values = metrics_columns(r->options.metrics, r->options.n_metrics), none = {0};
	struct users *u = users_read(t, r->o->user, pre ? &none : &r->o->experiments, &values);
	metrics_derive(u, r->options.metrics, r->options.n_metrics);
	free(values.values);
	return u;
}

/* Users from before the experiment. A state keeps their ids. */
static void read_pre(struct run *r, struct table *t)
{
	if (r->o->user_level) {
		r->pre = read_users(r, t, true);
	} else {
		r->pre_state = read_state(r, t, true);
		struct unit_rules rules = {.only = SIZE_MAX};
		r->pre = users_of_state(r->pre_state, &rules, INT64_MAX);
		metrics_derive(r->pre, r->options.metrics, r->options.n_metrics);
	}
	table_close(t);
}

/* Fails before the input is read if a metric cannot be computed from its columns. */
static void check_metrics(const struct run *r, struct table *t)
{
	struct users nobody = {0};
	if (r->o->user_level || r->o->merge) {
		for (size_t c = 0; c < table_width(t); c++) {
			struct span name = table_column_name(t, c);
			char *text = memory_text(name.at, name.n);
			users_add(&nobody, text, memory_new(1, sizeof(double)));
			free(text);
		}
	} else {
		struct option_list sums = metrics_columns(NULL, 0);
		for (size_t i = 0; i < sums.n; i++)
			users_add(&nobody, sums.values[i], memory_new(1, sizeof(double)));
		for (size_t m = 0; m < r->measures.n; m++)
			users_add(&nobody, r->measures.all[m].name, memory_new(1, sizeof(double)));
		free(sums.values);
	}
	metrics_derive(&nobody, r->options.metrics, r->options.n_metrics);
	for (size_t i = 0; i < r->options.n_metrics; i++) {
		const struct metric *m = &r->options.metrics[i];
		if (users_find(&nobody, m->of) < 0)
			usage_error("option '--%s': there is no column '%s'", r->options.source, m->of);
		if (m->over && users_find(&nobody, m->over) < 0)
			usage_error("option '--%s': there is no column '%s'", r->options.source, m->over);
	}
	for (size_t v = 0; v < nobody.n_values; v++) {
		free(nobody.name[v]);
		free(nobody.value[v]);
	}
	free(nobody.name);
	free(nobody.value);
}

/* ---- outputs ---- */

static void open_outputs(struct run *r)
{
	const struct options *o = r->o;
	struct view *v = &r->view;
	v->out = output_open(o->common.output, o->common.line_buffered);
	v->options = &r->options;
	v->segment = o->segment != NULL;
	v->day = o->daily;
	v->decision = !o->no_decision;
	bool terminal = !o->common.output && isatty(STDOUT_FILENO);
	const char *kind = getenv("TERM");
	v->table = (o->format == 2 || (o->format == 0 && terminal)) && !o->partial && !o->plan;
	v->color = v->table && terminal && !getenv("NO_COLOR") && kind && strcmp(kind, "dumb") != 0;
	if (o->details) {
		r->details = output_open(o->details, false);
		output_text(r->details, "experiment\ttreatment\tmetric\tstat\tvalue\n");
	}
	if (o->deciles) {
		r->deciles = output_open(o->deciles, false);
		output_text(r->deciles, "experiment\ttreatment\tmetric\tdecile\tcontrol_value\ttreatment_value\t"
			    "effect\teffect_lower\teffect_upper\tp\n");
	}
	if (o->health) {
		r->health = output_open(o->health, false);
		output_text(r->health, "experiment\tcheck\tarm\tvalue\tp\tverdict\tdecision\n");
	}
	r->user_table = o->user_table ? output_open(o->user_table, false) : NULL;
	if (o->session_table) {
		r->session_table = output_open(o->session_table, false);
		output_text(r->session_table, "user\tsession\tstart\tend\ttracks\ttime\tlatency\tskips\n");
	}
}

/* Called once the columns are known to exist. */
static void write_header(const struct run *r)
{
	const struct options *o = r->o;
	if (o->common.no_header)
		return;
	if (o->plan)
		output_text(r->view.out, "experiment\tmetric\tmean\tsd\tpercent\tpower\tn_per_arm\t"
			    "n_per_arm_t\tdays\n");
	else if (!o->partial && !r->view.table)
		view_header(&r->view);
}

static void close_outputs(struct run *r)
{
	view_end(&r->view);
	output_close(r->view.out);
	if (r->details)
		output_close(r->details);
	if (r->deciles)
		output_close(r->deciles);
	if (r->health)
		output_close(r->health);
	if (r->user_table)
		output_close(r->user_table);
	if (r->session_table)
		output_close(r->session_table);
}

static int run_interleaving(const struct options *o, char **files, int count)
{
	const struct interleaving_columns columns = {
		.message = option_column("message", o->message),
		.timestamp = option_column("timestamp", o->timestamp),
		.user = option_column("user", o->user), .track = option_column("track", o->track),
		.time = option_column("time", o->time), .unit = (enum time_unit)o->timestamp_unit,
		.recommendation = option_column("recommendation", o->recommendation),
		.team = {o->interleaving, "interleaving"},
	};
	struct table_format format = COMMON_FORMAT(&o->common);
	struct table *t = table_open(files, count, &format);
	struct interleaving_reader reader = interleaving_open(t, &columns);
	struct output *out = output_open(o->common.output, o->common.line_buffered);
	if (!o->common.no_header)
		interleaving_header(out);
	output_flush(out);
	uint64_t written = interleaving_analyze(&reader, o->alpha, out);
	uint64_t rows = table_rows(t), rejected = table_rejected(t);
	table_close(t);
	output_close(out);
	run_report(rows, written, rejected);
	return STATUS_DONE;
}

/* Of so many events that were read, those that count nowhere. */
static void note_left_out(const struct totals *all, uint64_t events)
{
	if (events > all->events)
		note("%llu events are left out: they are outside the time of --from and --to",
		     (unsigned long long)(events - all->events));
	if (all->unfinished)
		note("%llu events are left out: they come after a user's last message `last` (--unfinished)",
		     (unsigned long long)all->unfinished);
}

static int run(const struct options *o, char **files, int count)
{
	if (o->interleaving)
		return run_interleaving(o, files, count);
	struct run r = {.o = o, .options = analysis_options_of(o), .days = 1};
	check_options(o, &r.options);
	r.plan = o->plan ? plan_of(o->plan, &r.n_plan) : NULL;
	if (!o->user_level && !o->merge)
		r.measures = metrics_measures(r.options.metrics, r.options.n_metrics, o->track, o->partial);
	struct event_columns columns = columns_of(&r, false);
	struct table_format format = COMMON_FORMAT(&o->common);
	struct table *t = table_open(files, count, &format);
	struct table *pre = option_table("pre", o->pre);
	struct table *attributes = option_table("users", o->users);
	if (o->merge)
		parts_check(t);
	if (o->merge && pre)
		parts_check(pre);
	if (!o->merge || !o->partial)
		check_metrics(&r, t);
	if (o->experiments_file)
		experiments_read(&r.registry, option_table("experiments", o->experiments_file));
	open_outputs(&r);
	if (attributes) {
		r.attributes = attributes_read(o, attributes);
		r.has_attributes = true;
	}
	if (pre)
		read_pre(&r, pre);
	struct users *users = NULL;
	struct state *state = NULL;
	struct state_rules rules = rules_of(&r, false);
	if (o->partial && !o->merge)
		state = state_of_groups(t, &columns, &rules, r.view.out);
	else if (o->user_level)
		users = read_users(&r, t, false);
	else
		state = read_state(&r, t, false);
	uint64_t rows = table_rows(t), rejected = table_rejected(t);
	if (rows == 0 && o->common.no_header && !o->partial)
		die(STATUS_DATA, "%s: no rows: there is nothing to analyze", table_file(t));
	table_close(t);
	progress_clear();
	if (state && !o->merge)
		note_left_out(&state->totals, rows - rejected);
	write_header(&r);
	if (users)
		analyze_users(&r, users);
	else if (o->partial && o->merge)
		state_write(state, !o->common.no_header, r.view.out);
	else if (!o->partial)
		analyze_state(&r, state);
	close_outputs(&r);
	run_report(rows, r.view.rows + (state ? state->rows_out : 0), rejected);
	users_free(users);
	users_free(r.pre);
	state_free(state);
	state_free(r.pre_state);
	experiments_free(&r.registry);
	return o->exit_code && r.broken ? STATUS_BROKEN : STATUS_DONE;
}

static const struct program PROGRAM = {
	.name = "analyze-ab",
	.usage = "[OPTION]... [FILE]...",
	.summary = "Check the health of experiments and compare their arms.",
	.reads = "message timestamp user track time latency recommendation and a column per "
		"experiment; with --user-level user, the experiments and the metrics",
	.writes = "experiment treatment metric n_control n_treatment control_mean treatment_mean effect "
		"effect_lower effect_upper percent percent_lower percent_upper t df p p_adjusted mde "
		"significant decision",
	.examples = {
		"analyze-ab --experiment PERSONALIZED events.r*.tsv",
		"import-logs run.r*.json.gz | analyze-ab --metrics time,time/sessions,q90:time --health h.tsv",
	},
	.options = ANALYZE_OPTIONS,
	.options_size = sizeof(struct options),
};

int main(int argc, char **argv)
{
	struct options options = {0};
	int first = program_start(&PROGRAM, argc, argv, &options);
	return finish(run(&options, argv + first, argc - first));
}
