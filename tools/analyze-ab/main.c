/* analyze-ab - the verdict on experiments, and whether it can be trusted.
 *
 * Reads: events (message timestamp user track time latency recommendation and a
 * column per experiment), in any order and any number of files; or, with
 * --user-level, one row a user.
 * Writes: experiment treatment metric n_control n_treatment control_mean
 * treatment_mean effect effect_lower effect_upper percent percent_lower
 * percent_upper t df p p_adjusted mde significant.
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
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/number.h"
#include "compare.h"
#include "domain/assignment.h"
#include "frame/run.h"
#include "streams/output.h"

struct options {
	struct common common;
	const char *message, *timestamp, *user, *track, *time, *latency, *recommendation;
	const char *control, *metrics, *pre, *users, *segment, *stratify, *triggered, *from, *to;
	const char *experiments_file, *details, *health, *plan;
	struct option_list experiments, weights, lower_is_better;
	bool user_level, sequential, daily, partial, merge;
	int interval, adjust, test, multi_arm, unfinished, pre_missing, format;
	double alpha, power, winsorize, margin, tuned, srm_threshold;
	int64_t rounds, aa;
};

#define AT(member) offsetof(struct options, member)
#define COLUMN_ROW(name, help) {#name, 0, OPTION_TEXT, "COLUMN", AT(name), #name, 0, 0, NULL, help}

static const struct option_row OPTIONS[] = {
	{"experiment", 0, OPTION_LIST, "COLUMN", AT(experiments), NULL, 0, 0, NULL,
	 "an experiment: its column holds the arm; every column that is not the events' own when "
	 "none is named"},
	{"control", 0, OPTION_TEXT, "ARM", AT(control), "C", 0, 0, NULL,
	 "the arm that the others are held against; the first by name when no C is there"},
	{"metrics", 'm', OPTION_TEXT, "NAME,..", AT(metrics),
	 "time,sessions,mean_request_latency,mean_tracks_per_session,mean_time_per_session", 0, 0,
	 NULL, "what is compared: a column of users, a ratio of sums as in time/sessions, a quantile "
	 "as in q90:time"},
	{"user-level", 0, OPTION_FLAG, NULL, AT(user_level), NULL, 0, 0, NULL,
	 "the input has one row a user: ids, arms, and the metrics as columns"},
	{"alpha", 0, OPTION_REAL, "X", AT(alpha), "0.05", 1e-9, 0.5, NULL,
	 "intervals cover 1 - X, and below X is significant"},
	{"power", 0, OPTION_REAL, "X", AT(power), "0.8", 0.01, 0.9999, NULL,
	 "of the minimal detectable effect and of --plan"},
	{"interval", 0, OPTION_CHOICE, "HOW", AT(interval), "delta", 0, 0, INTERVALS,
	 "how the interval of the relative effect is made"},
	{"adjust", 0, OPTION_CHOICE, "HOW", AT(adjust), "holm", 0, 0, ADJUSTMENTS,
	 "p_adjusted, over all treatments and metrics of an experiment; intervals stay as they are"},
	{"test", 0, OPTION_CHOICE, "HOW", AT(test), "welch", 0, 0, "welch|mann-whitney|bootstrap",
	 "where p comes from; with bootstrap the intervals too"},
	{"rounds", 0, OPTION_INT, "N", AT(rounds), "2000", 100, 1e7, NULL, "bootstrap samples"},
	{"winsorize", 0, OPTION_REAL, "Q", AT(winsorize), NULL, 0.5, 0.9999999, NULL,
	 "cap values at the quantile Q of all users of the experiment"},
	{"pre", 0, OPTION_FILE, "FILE", AT(pre), NULL, 0, 0, NULL,
	 "events (or users) of the time before: variance is reduced by what they tell (CUPED)"},
	{"pre-missing", 0, OPTION_CHOICE, "HOW", AT(pre_missing), "zero", 0, 0, "zero|mean",
	 "the covariate of users who are not in --pre"},
	{"users", 0, OPTION_FILE, "FILE", AT(users), NULL, 0, 0, NULL,
	 "what is known of users besides: a table with the user column"},
	{"segment", 0, OPTION_TEXT, "COLUMN", AT(segment), NULL, 0, 0, NULL,
	 "of --users: effects for each value of the column too"},
	{"stratify", 0, OPTION_TEXT, "COLUMN", AT(stratify), NULL, 0, 0, NULL,
	 "of --users: effects of means post-stratified by the column"},
	{"margin", 0, OPTION_REAL, "SHARE", AT(margin), NULL, 0, 10, NULL,
	 "adds p_margin: is the treatment not worse by more than SHARE of the control's mean?"},
	{"lower-is-better", 0, OPTION_LIST, "METRIC", AT(lower_is_better), NULL, 0, 0, NULL,
	 "for --margin and colours: less of METRIC is good"},
	{"sequential", 0, OPTION_FLAG, NULL, AT(sequential), NULL, 0, 0, NULL,
	 "intervals and p that hold however often one looks"},
	{"sequential-n", 0, OPTION_REAL, "N", AT(tuned), "5000", 2, 1e12, NULL,
	 "users at which --sequential is tightest"},
	{"srm-threshold", 0, OPTION_REAL, "X", AT(srm_threshold), "0.001", 0, 1, NULL,
	 "warn when sizes of arms as uneven as these have a lower probability"},
	{"weights", 0, OPTION_LIST, "ARM=N", AT(weights), NULL, 0, 0, NULL,
	 "the planned weight of an arm, 1 unless told otherwise"},
	{"experiments", 0, OPTION_FILE, "FILE", AT(experiments_file), NULL, 0, 0, NULL,
	 "the registry with the planned weights (name arm weight)"},
	{"multi-arm", 0, OPTION_CHOICE, "HOW", AT(multi_arm), "exclude", 0, 0, "exclude|keep",
	 "users in several arms: leave them out, or count each arm's events as a user's"},
	{"unfinished", 0, OPTION_CHOICE, "HOW", AT(unfinished), "drop", 0, 0, "drop|count",
	 "events behind a user's final `last`: leave them out, or count all but the session"},
	{"triggered", 0, OPTION_TEXT, "COLUMN", AT(triggered), NULL, 0, 0, NULL,
	 "only users with an event where COLUMN is 1: those whom the arms could treat differently"},
	{"from", 0, OPTION_TEXT, "TIME", AT(from), NULL, 0, 0, NULL,
	 "events from TIME on: milliseconds since 1970 or YYYY-MM-DD (UTC)"},
	{"to", 0, OPTION_TEXT, "TIME", AT(to), NULL, 0, 0, NULL, "events before TIME"},
	{"daily", 0, OPTION_FLAG, NULL, AT(daily), NULL, 0, 0, NULL,
	 "the effects as they were at the end of each day, with a column day"},
	{"aa", 0, OPTION_INT, "N", AT(aa), NULL, 1, 1e6, NULL,
	 "split all users by N random salts and see how often nothing looks like something"},
	{"plan", 0, OPTION_TEXT, "SHARE,..", AT(plan), NULL, 0, 0, NULL,
	 "instead: users and days that it takes to see these relative effects"},
	{"health", 0, OPTION_FILE, "FILE", AT(health), NULL, 0, 0, NULL,
	 "every check as TSV: experiment check arm value p verdict"},
	{"details", 0, OPTION_FILE, "FILE", AT(details), NULL, 0, 0, NULL,
	 "every further statistic as TSV: experiment treatment metric stat value"},
	{"partial", 0, OPTION_FLAG, NULL, AT(partial), NULL, 0, 0, NULL,
	 "instead: the users' values, to be merged; no user may be in two parts"},
	{"merge", 0, OPTION_FLAG, NULL, AT(merge), NULL, 0, 0, NULL, "the input is what --partial wrote"},
	{"format", 0, OPTION_CHOICE, "HOW", AT(format), "auto", 0, 0, "auto|tsv|table",
	 "TSV, or an aligned table as on a terminal"},
	COLUMN_ROW(message, "the column that says next or last"),
	COLUMN_ROW(timestamp, "the column of times in milliseconds"),
	COLUMN_ROW(user, "the column of user ids"),
	COLUMN_ROW(track, "the column of what was played"),
	COLUMN_ROW(time, "the column of the share that was listened to"),
	COLUMN_ROW(latency, "the column of the request's seconds"),
	COLUMN_ROW(recommendation, "the column of what is played next"),
	COMMON_SEED(struct options, common),
	COMMON_INPUT(struct options, common),
	COMMON_OUTPUT(struct options, common),
	COMMON_LOG(struct options, common),
	OPTION_END
};

enum { DAY_MS = 86400000 };

/* Milliseconds, or a day. */
static int64_t parse_time(const char *text, const char *option, int64_t otherwise)
{
	int64_t ms;
	int year, month, day, used = 0;
	char shown[QUOTED_SIZE];
	if (!text)
		return otherwise;
	if (number_i64(text, strlen(text), &ms) == NUMBER_OK)
		return ms;
	if (sscanf(text, "%4d-%2d-%2d%n", &year, &month, &day, &used) == 3 && !text[used] &&
	    month >= 1 && month <= 12 && day >= 1 && day <= 31) {
		struct tm tm = {.tm_year = year - 1900, .tm_mon = month - 1, .tm_mday = day};
		int64_t s = (int64_t)timegm(&tm);
		if (tm.tm_mday == day)
			return s * 1000;
	}
	usage_error("option '--%s': not milliseconds or YYYY-MM-DD: %s", option,
		    quoted(text, strlen(text), shown));
}

static const char *day_text(int64_t ms)
{
	time_t s = (time_t)(ms >= 0 ? ms / 1000 : (ms - 999) / 1000);
	struct tm tm;
	char text[32];
	gmtime_r(&s, &tm);
	strftime(text, sizeof text, "%Y-%m-%d", &tm);
	return memory_text(text, strlen(text));
}

/* ---- the main table ---- */

struct view {
	struct output *out;
	bool table, colour, margin, segment, day;
	struct rows all;              /* kept for the table */
	const char **experiment, **days;
	size_t capacity[2];
};

static void put_number(struct output *out, double x)
{
	output_tab(out);
	if (isinf(x))
		output_text(out, x > 0 ? "inf" : "-inf");
	else if (!isnan(x))
		output_double(out, x);
}

static bool significant(const struct row *r, double alpha)
{
	return r->adjusted < alpha;
}

static void write_header(const struct view *v)
{
	output_text(v->out, "experiment\ttreatment\tmetric\tn_control\tn_treatment\tcontrol_mean\t"
		    "treatment_mean\teffect\teffect_lower\teffect_upper\tpercent\tpercent_lower\t"
		    "percent_upper\tt\tdf\tp\tp_adjusted\tmde\tsignificant");
	output_text(v->out, v->margin ? "\tp_margin" : "");
	output_text(v->out, v->segment ? "\tsegment" : "");
	output_text(v->out, v->day ? "\tday" : "");
	output_end_row(v->out);
}

static void write_row(const struct view *v, const char *experiment, const struct row *r,
		      const char *day, double alpha)
{
	const struct effect *e = &r->effect;
	output_text(v->out, experiment);
	output_tab(v->out);
	output_text(v->out, r->treatment);
	output_tab(v->out);
	output_text(v->out, r->metric);
	const double numbers[] = {e->control.n, e->treatment.n, e->control.mean, e->treatment.mean,
		e->diff, e->low, e->high, e->share * 100, e->share_low * 100, e->share_high * 100,
		e->t, e->df, e->p, r->adjusted, r->mde};
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
		put_number(v->out, numbers[i]);
	output_text(v->out, isnan(r->adjusted) ? "\t" : significant(r, alpha) ? "\t1" : "\t0");
	if (v->margin)
		put_number(v->out, r->margin_p);
	if (v->segment) {
		output_tab(v->out);
		output_text(v->out, r->segment);
	}
	if (v->day) {
		output_tab(v->out);
		output_text(v->out, day);
	}
	output_end_row(v->out);
}

/* ---- the table for people ---- */

static bool lower_is_better(const struct options *o, const char *metric)
{
	for (size_t i = 0; i < o->lower_is_better.n; i++)
		if (strcmp(o->lower_is_better.values[i], metric) == 0)
			return true;
	return strstr(metric, "latency") != NULL;
}

static void write_table(const struct options *o, const struct view *v)
{
	enum { COLUMNS = 9 };
	static const char *const HEAD[COLUMNS] = {"experiment", "treatment", "metric", "users",
		"control", "treatment", "effect %", "interval %", "p adjusted"};
	size_t rows = v->all.n, width[COLUMNS];
	char **cell = memory_new((rows + 1) * COLUMNS, sizeof(*cell));
	for (size_t i = 0; i < rows; i++) {
		const struct row *r = &v->all.row[i];
		const struct effect *e = &r->effect;
		char **c = cell + i * COLUMNS;
		c[0] = memory_format("%s%s%s", v->experiment[i], v->day ? " " : "",
				     v->day ? v->days[i] : "");
		c[1] = memory_format("%s%s%s", r->treatment, *r->segment ? " " : "", r->segment);
		c[2] = memory_format("%s", r->metric);
		c[3] = memory_format("%.0f/%.0f", e->control.n, e->treatment.n);
		c[4] = memory_format("%.5g", e->control.mean);
		c[5] = memory_format("%.5g", e->treatment.mean);
		c[6] = isnan(e->share) ? memory_format("-") : memory_format("%+.2f", e->share * 100);
		c[7] = isnan(e->share_low) ? memory_format("-")
			: memory_format("%+.2f .. %+.2f", e->share_low * 100, e->share_high * 100);
		c[8] = isnan(r->adjusted) ? memory_format("-") : memory_format("%.3g", r->adjusted);
	}
	for (int k = 0; k < COLUMNS; k++) {
		width[k] = strlen(HEAD[k]);
		for (size_t i = 0; i < rows; i++)
			width[k] = strlen(cell[i * COLUMNS + (size_t)k]) > width[k]
				? strlen(cell[i * COLUMNS + (size_t)k]) : width[k];
	}
	for (size_t i = 0; i <= rows; i++) {
		const struct row *r = i ? &v->all.row[i - 1] : NULL;
		const char *colour = "";
		if (r && v->colour && significant(r, o->alpha))
			colour = (r->effect.diff > 0) != lower_is_better(o, r->metric) ? "\033[32m"
				: "\033[31m";
		output_text(v->out, colour);
		for (size_t k = 0; k < COLUMNS; k++) {
			const char *text = i ? cell[(i - 1) * COLUMNS + k] : HEAD[k];
			char *padded = k < 3 ? memory_format("%-*s", (int)width[k], text)
				: memory_format("%*s", (int)width[k], text);
			output_text(v->out, padded);
			output_text(v->out, k + 1 < COLUMNS ? "  " : "");
			free(padded);
		}
		output_text(v->out, r && significant(r, o->alpha) ? "  *" : "");
		output_text(v->out, *colour ? "\033[0m" : "");
		output_end_row(v->out);
	}
	for (size_t i = 0; i < rows * COLUMNS; i++)
		free(cell[i]);
	free(cell);
}

static void show_rows(const struct options *o, struct view *v, const char *experiment,
		      const struct rows *rows, const char *day)
{
	for (size_t i = 0; i < rows->n; i++) {
		if (!v->table) {
			write_row(v, experiment, &rows->row[i], day, o->alpha);
			continue;
		}
		size_t n = v->all.n + 1;
		v->experiment = memory_grow(v->experiment, &v->capacity[0], n, sizeof(*v->experiment));
		v->days = memory_grow(v->days, &v->capacity[1], n, sizeof(*v->days));
		v->all.row = memory_grow(v->all.row, &v->all.capacity, n, sizeof *v->all.row);
		v->experiment[n - 1] = experiment;
		v->days[n - 1] = day ? day : "";
		v->all.row[v->all.n++] = rows->row[i];
	}
}

/* ---- what is known of users besides ---- */

struct features {
	struct strmap *users, *levels;
	uint32_t *level; /* of each user */
};

static struct features features_read(const struct options *o, struct table *t)
{
	const char *name = o->segment ? o->segment : o->stratify;
	size_t user = table_column(t, o->user, option_given("user") ? "user" : NULL);
	size_t column = table_column(t, name, o->segment ? "segment" : "stratify");
	struct features f = {strmap_new(), strmap_new(), NULL};
	size_t capacity = 0;
	while (table_next(t)) {
		uint32_t n = strmap_count(f.users);
		if (strmap_add(f.users, table_field(t, user)) != n) {
			table_reject(t, user, "a user that occurs twice");
			continue;
		}
		f.level = memory_grow(f.level, &capacity, (size_t)n + 1, sizeof *f.level);
		f.level[n] = strmap_add(f.levels, table_field(t, column));
	}
	table_close(t);
	return f;
}

static uint32_t *levels_of(const struct features *f, const struct users *u)
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

/* The planned weights by arm number; NULL when all are equal. */
static double *weights_of(const struct options *o, const struct experiments *registry,
			  const struct users *u, size_t experiment)
{
	const struct strmap *arms = u->arms[experiment];
	uint32_t n = strmap_count(arms);
	const char *name = u->experiment[experiment];
	struct experiment *known = experiments_find(registry, span_of(name));
	if (!known && o->weights.n == 0)
		return NULL;
	double *weight = memory_new((size_t)n + 1, sizeof *weight);
	for (uint32_t a = 0; a < n; a++) {
		struct span arm = strmap_key(arms, a);
		weight[a] = 1;
		if (known) {
			size_t at = experiment_find_arm(known, arm);
			weight[a] = at < known->n ? (double)known->arms[at].weight : 0;
		}
		for (size_t i = 0; i < o->weights.n; i++) {
			const char *text = o->weights.values[i], *equal = strrchr(text, '=');
			struct span left = {text, equal ? (size_t)(equal - text) : 0};
			if (!equal || number_double(equal + 1, strlen(equal + 1), &weight[n]) != NUMBER_OK ||
			    !(weight[n] > 0))
				usage_error("option '--weights': not ARM=NUMBER: \"%s\"", text);
			if (span_equal(left, arm))
				weight[a] = weight[n];
		}
	}
	return weight;
}

/* ---- plans ---- */

static void write_plan(const struct options *o, const struct experiment_data *d, struct output *out,
		       double days)
{
	size_t n;
	uint32_t *arms = arms_of(d, &n);
	double total = 0;
	for (size_t i = 0; i < d->users->n; i++)
		total += d->users->arm[i * d->users->n_experiments + d->experiment] < ARM_SEVERAL;
	for (size_t m = 0; m < d->how->n_metrics; m++) {
		const struct metric *metric = &d->how->metrics[m];
		long c = users_find(d->users, metric->of);
		long under = metric->over ? users_find(d->users, metric->over) : -1;
		if (c < 0 || (metric->over && under < 0))
			usage_error("option '--metrics': there is no column of '%s'", metric->name);
		if (metric->kind == METRIC_QUANTILE)
			usage_error("--plan is about means and ratios: %s", metric->name);
		double *x = memory_new(d->users->n + 1, sizeof *x);
		double *y = memory_new(d->users->n + 1, sizeof *y);
		size_t count = 0;
		for (size_t i = 0; i < d->users->n; i++) {
			if (d->users->arm[i * d->users->n_experiments + d->experiment] != arms[0])
				continue;
			x[count] = d->users->value[c][i];
			y[count++] = under >= 0 ? d->users->value[under][i] : 1;
		}
		struct moments moments = under >= 0 ? moments_of_ratio(x, y, count) : moments_of(x, count);
		double sd = sqrt(moments.variance);
		const char *at = o->plan;
		for (size_t length; length = strcspn(at, ","), true; at += length + 1) {
			double share;
			if (number_double(at, length, &share) != NUMBER_OK || !(share > 0))
				usage_error("option '--plan': not a share above 0: \"%.*s\"", (int)length, at);
			double users = sample_size_z(share * fabs(moments.mean), sd, o->alpha, o->power);
			output_text(out, d->users->experiment[d->experiment]);
			output_tab(out);
			output_text(out, metric->name);
			const double numbers[] = {moments.mean, sd, share * 100, o->power, users,
				sample_size_t(share * fabs(moments.mean), sd, o->alpha, o->power),
				ceil(users) * (double)n / (total / days)};
			for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
				put_number(out, numbers[i]);
			output_end_row(out);
			if (!at[length])
				break;
		}
		free(x);
		free(y);
	}
	free(arms);
}

/* ---- partial results ---- */

static const char *const SUMS[] = {"sessions", "tracks", "time", "latency", "skips", "transitions",
	"followed", "distinct_tracks", "first_ms"};

static void write_users(const struct users *u, struct output *out)
{
	output_text(out, "user");
	for (size_t e = 0; e < u->n_experiments; e++) {
		output_tab(out);
		output_text(out, u->experiment[e]);
	}
	for (size_t v = 0; v < sizeof SUMS / sizeof *SUMS; v++) {
		output_tab(out);
		output_text(out, SUMS[v]);
	}
	output_end_row(out);
	for (size_t i = 0; i < u->n; i++) {
		output_span(out, u->id[i]);
		for (size_t e = 0; e < u->n_experiments; e++) {
			uint16_t arm = u->arm[i * u->n_experiments + e];
			output_tab(out);
			if (arm == ARM_SEVERAL)
				output_text(out, "(several)");
			else if (arm != ARM_NONE)
				output_span(out, strmap_key(u->arms[e], arm));
		}
		for (size_t v = 0; v < sizeof SUMS / sizeof *SUMS; v++)
			put_number(out, u->value[users_find(u, SUMS[v])][i]);
		output_end_row(out);
	}
}

/* ---- running ---- */

struct run {
	const struct options *o;
	struct how how;
	struct view view;
	struct output *details, *health;
	struct features features;
	bool has_features;
	struct users *pre;
	struct events *pre_events;
	struct experiments registry;
	double days;
	bool wants_distinct;
};

static void one_experiment(struct run *r, const struct users *users, size_t experiment,
			   const struct health *health, const char *day)
{
	const struct options *o = r->o;
	struct experiment_data d = {.how = &r->how, .users = users, .experiment = experiment,
		.day = day, .stratify = o->stratify != NULL};
	uint32_t *segment = r->has_features ? levels_of(&r->features, users) : NULL;
	uint32_t *pre_of = r->pre ? rows_of(r->pre, users) : NULL;
	d.segment = segment;
	d.levels = r->features.levels;
	d.pre = r->pre;
	d.pre_of = pre_of;
	if (o->plan) {
		write_plan(o, &d, r->view.out, r->days);
	} else {
		if (health) {
			double *weights = weights_of(o, &r->registry, users, experiment);
			check_health(&d, health, weights, r->health);
			free(weights);
		}
		struct rows rows = compare_all(&d);
		show_rows(o, &r->view, users->experiment[experiment], &rows, day);
		free(rows.row);
		if (r->details && !day)
			write_details(&d, r->details);
		if (o->aa && health && experiment == 0)
			calibrate(&d, o->aa, r->health, r->details);
	}
	free(segment);
	free(pre_of);
}

static struct health health_of(const struct events *e)
{
	struct health h = {.ties = e->ties, .duplicates = e->duplicates};
	int64_t first = INT64_MAX, last = INT64_MIN;
	for (size_t i = 0; i < e->n; i++) {
		first = e->timestamp[i] < first ? e->timestamp[i] : first;
		last = e->timestamp[i] > last ? e->timestamp[i] : last;
	}
	if (e->n == 0 || first < 0 || last / DAY_MS - first / DAY_MS > 3660)
		return h;
	int64_t from = first / DAY_MS, days = last / DAY_MS - from + 1;
	bool *seen = memory_zero((size_t)days, sizeof *seen);
	for (size_t i = 0; i < e->n; i++)
		seen[e->timestamp[i] / DAY_MS - from] = true;
	for (int64_t d = 0; d < days; d++) {
		if (seen[d])
			continue;
		h.empty_days = memory_resize(h.empty_days, h.n_empty_days + 1, sizeof(*h.empty_days));
		h.empty_days[h.n_empty_days++] = day_text((from + d) * DAY_MS);
	}
	free(seen);
	return h;
}

static void from_events(struct run *r, struct events *e)
{
	const struct options *o = r->o;
	int64_t first = INT64_MAX, last = INT64_MIN;
	for (size_t i = 0; i < e->n; i++) {
		first = e->timestamp[i] < first ? e->timestamp[i] : first;
		last = e->timestamp[i] > last ? e->timestamp[i] : last;
	}
	r->days = e->n ? fmax(1, ceil((double)(last - first + 1) / DAY_MS)) : 1;
	if (o->partial) {
		struct users *u = users_of_events(e, SIZE_MAX, false, INT64_MAX, o->unfinished == 1, o->triggered,
						   true);
		write_users(u, r->view.out);
		users_free(u);
		return;
	}
	struct health health = health_of(e);
	for (size_t x = 0; x < e->n_experiments; x++) {
		struct users *u = users_of_events(e, x, o->multi_arm == 1, INT64_MAX,
						  o->unfinished == 1, o->triggered, r->wants_distinct);
		if (!o->daily) {
			one_experiment(r, u, 0, &health, NULL);
		} else if (e->n) {
			int64_t day = first >= 0 ? first / DAY_MS : (first - DAY_MS + 1) / DAY_MS;
			for (; day * DAY_MS <= last; day++) {
				struct users *until = users_of_events(e, x, o->multi_arm == 1,
					(day + 1) * DAY_MS, o->unfinished == 1, o->triggered,
					r->wants_distinct);
				size_t n;
				struct experiment_data d = {.how = &r->how, .users = until};
				uint32_t *arms = arms_of(&d, &n);
				if (n > 1)
					one_experiment(r, until, 0, NULL, day_text(day * DAY_MS));
				free(arms);
				users_free(until);
			}
		}
		if (!r->view.table)
			users_free(u); /* a table for people shows names of experiments at the end */
	}
}

static struct event_columns columns_of(const struct options *o, bool pre, bool distinct)
{
	return (struct event_columns){o->message, o->timestamp, o->user, o->track, o->time, o->latency,
		o->recommendation, pre ? NULL : o->triggered, o->experiments,
		pre ? INT64_MIN : parse_time(o->from, "from", INT64_MIN),
		pre ? INT64_MAX : parse_time(o->to, "to", INT64_MAX),
		distinct};
}

/* The columns that the metrics need, and what they may follow from. */
static struct option_list needed_columns(const struct how *how)
{
	struct option_list list = {0};
	size_t n = sizeof SUMS / sizeof *SUMS;
	list.values = memory_new(2 * how->n_metrics + n, sizeof(*list.values));
	for (size_t i = 0; i < how->n_metrics; i++) {
		list.values[list.n++] = how->metrics[i].of;
		if (how->metrics[i].over)
			list.values[list.n++] = how->metrics[i].over;
	}
	for (size_t i = 0; i < n; i++)
		list.values[list.n++] = SUMS[i];
	return list;
}

static void check_options(const struct options *o)
{
	bool ready = o->user_level || o->merge;
	if (o->user_level && o->merge)
		usage_error("--user-level and --merge exclude each other");
	if (ready && o->experiments.n == 0)
		usage_error("a table of users needs --experiment");
	if (ready && (o->triggered || o->from || o->to || o->daily || o->partial || o->multi_arm))
		usage_error("--triggered, --from, --to, --daily, --partial and --multi-arm are about "
			    "events, not a table of users");
	if (o->partial && (o->multi_arm == 1 || o->daily || o->plan || o->details || o->health))
		usage_error("--partial writes users: it excludes --multi-arm keep, --daily, --plan, "
			    "--details and --health");
	if (o->segment && o->stratify)
		usage_error("--segment and --stratify exclude each other");
	if (!o->users != !(o->segment || o->stratify))
		usage_error("--users goes with --segment or --stratify");
	if (o->test == TEST_BOOTSTRAP && o->sequential)
		usage_error("--sequential has intervals of its own: it excludes --test bootstrap");
}

static struct users *read_pre(struct run *r, struct table *t)
{
	const struct options *o = r->o;
	if (o->user_level || o->merge) {
		struct option_list values = needed_columns(&r->how), none = {0};
		return users_read(t, o->user, &none, &values);
	}
	struct event_columns c = columns_of(o, true, r->wants_distinct);
	r->pre_events = events_read(t, &c);
	return users_of_events(r->pre_events, SIZE_MAX, false, INT64_MAX,
			       o->unfinished == 1, false, r->wants_distinct);
}

static int run(const struct options *o, char **files, int count)
{
	check_options(o);
	struct run r = {.o = o, .days = 1};
	r.how = (struct how){.alpha = o->alpha, .power = o->power, .winsorize = o->winsorize,
		.margin = o->margin, .tuned = o->tuned, .srm_threshold = o->srm_threshold,
		.interval = (enum interval)o->interval, .adjustment = (enum adjustment)o->adjust,
		.test = (enum test)o->test, .sequential = o->sequential,
		.margin_given = option_given("margin"), .pre_mean = o->pre_missing == 1,
		.rounds = o->rounds, .seed = o->common.seed, .control = o->control,
		.lower_is_better = o->lower_is_better};
	r.how.n_metrics = metrics_parse(o->metrics, &r.how.metrics);
	for (size_t i = 0; i < r.how.n_metrics; i++)
		r.wants_distinct |= strcmp(r.how.metrics[i].of, "distinct_tracks") == 0 ||
			(r.how.metrics[i].over && strcmp(r.how.metrics[i].over, "distinct_tracks") == 0);
	struct event_columns columns = columns_of(o, false, r.wants_distinct || o->partial);
	struct table_format format = COMMON_FORMAT(&o->common);
	struct table *t = table_open(files, count, &format);
	struct table *pre = o->pre ? table_open_file(o->pre) : NULL;
	struct table *features = o->users ? table_open_file(o->users) : NULL;
	if (o->experiments_file)
		experiments_read(&r.registry, o->experiments_file);
	struct view *v = &r.view;
	v->out = output_open(o->common.output, o->common.line_buffered);
	v->margin = r.how.margin_given;
	v->segment = o->segment != NULL;
	v->day = o->daily;
	bool terminal = !o->common.output && isatty(STDOUT_FILENO);
	const char *kind = getenv("TERM");
	v->table = (o->format == 2 || (o->format == 0 && terminal)) && !o->partial && !o->plan;
	v->colour = v->table && terminal && !getenv("NO_COLOR") && kind && strcmp(kind, "dumb") != 0;
	if (o->details) {
		r.details = output_open(o->details, false);
		output_text(r.details, "experiment\ttreatment\tmetric\tstat\tvalue\n");
	}
	if (o->health) {
		r.health = output_open(o->health, false);
		output_text(r.health, "experiment\tcheck\tarm\tvalue\tp\tverdict\n");
	}
	if (features) {
		r.features = features_read(o, features);
		r.has_features = true;
	}
	if (pre) {
		r.pre = read_pre(&r, pre);
		table_close(pre);
	}
	struct users *users = NULL;
	struct events *events = NULL;
	if (o->user_level || o->merge) {
		struct option_list values = needed_columns(&r.how);
		users = users_read(t, o->user, &o->experiments, &values);
	} else {
		events = events_read(t, &columns);
	}
	uint64_t rows = table_rows(t), rejected = table_rejected(t);
	table_close(t);
	progress_clear();
	if (o->plan)
		output_text(v->out, "experiment\tmetric\tmean\tsd\tpercent\tpower\tn_per_arm\t"
			    "n_per_arm_t\tdays\n");
	else if (!o->partial && !v->table && !o->common.no_header)
		write_header(v);
	if (users) {
		struct health none = {0};
		for (size_t x = 0; x < users->n_experiments; x++)
			one_experiment(&r, users, x, &none, NULL);
	} else {
		from_events(&r, events);
	}
	if (v->table)
		write_table(o, v);
	output_close(v->out);
	if (r.details)
		output_close(r.details);
	if (r.health)
		output_close(r.health);
	run_report(rows, users ? users->n : events->n, rejected);
	users_free(users);
	users_free(r.pre);
	events_free(events);
	events_free(r.pre_events);
	experiments_free(&r.registry);
	return STATUS_DONE;
}

static const struct program PROGRAM = {
	.name = "analyze-ab",
	.usage = "[OPTION].. [FILE]..",
	.summary = "Compare the arms of experiments by their events, health first.",
	.reads = "message timestamp user track time latency recommendation and a column per "
		"experiment; with --user-level user, the experiments and the metrics",
	.writes = "experiment treatment metric n_control n_treatment control_mean treatment_mean effect "
		"effect_lower effect_upper percent percent_lower percent_upper t df p p_adjusted mde "
		"significant",
	.examples = {
		"analyze-ab --experiment PERSONALIZED events.r*.tsv",
		"import-logs run.r*.json.gz | analyze-ab --metrics time,time/sessions,q90:time --health h.tsv",
	},
	.options = OPTIONS,
	.options_size = sizeof(struct options),
};

int main(int argc, char **argv)
{
	struct options options = {0};
	int first = program_start(&PROGRAM, argc, argv, &options);
	return finish(run(&options, argv + first, argc - first));
}
