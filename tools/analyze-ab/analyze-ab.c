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
#include "parts.h"
#include "roles.h"

enum { STATUS_BROKEN = 5 }; /* with --exit-code: a health check failed */

#define COLUMN_ROW(column, text) \
	OPTION_COLUMN(#column, column, .fallback = #column, .help = text)

static const struct option_row OPTIONS[] = {
	OPTION_LIST("experiment", "COLUMN", experiments,
		.help = "the column with the arm of an experiment; without this option, every column "
			"that is not part of the events stream"),
	OPTION_TEXT("control", "ARM", control,
		.help = "the control arm; unless given, the one called C, control, A, 0 or FALSE, or the first by "
			"name, which is reported"),
	OPTION_TEXT("metrics", "NAME,...", metrics, .letter = 'm',
		.fallback = "time,sessions,mean_request_latency,mean_tracks_per_session,mean_time_per_session",
		.help = "metrics to compare: a value per user, a ratio of sums as in time/sessions, "
			"or a quantile as in q90:time; see Metrics in analyze-ab(1)"),
	OPTION_REAL("alpha", "X", alpha, .fallback = "0.05", .low = 1e-9, .high = 0.5,
		.help = "significance level; intervals cover 1 - X, adjusted as p_adjusted is"),
	OPTION_FILE("pre", "FILE", pre, .side = true,
		.help = "events (or users) from before the experiment, to reduce variance (CUPED)"),
	OPTION_FLAG("daily", daily,
		.help = "effects as of the end of each day, with columns day and day_share"),
	OPTION_FLAG("novelty", novelty,
		.requires = "daily",
		.help = "check whether the effect on sums over events changes from day to day"),
	OPTION_TEXT("plan", "SHARE,...", plan,
		.excludes = "daily,deciles,details,health,aa,user-table",
		.help = "instead of effects, write the users and days needed to detect these "
			"relative effects"),
	OPTION_OUTPUT("health", "FILE", health,
		.help = "write every health check as TSV: experiment check arm value p verdict "
			"decision"),
	OPTION_TEXT("primary", "METRIC", primary, .excludes = "plan,partial,interleaving",
		.help = "the metric that decides: decision is that of the treatment, see Decisions in "
			"analyze-ab(1)"),
	OPTION_LIST("guardrail", "METRIC[=SHARE]", guardrails, .requires = "primary",
		.help = "this metric may not get worse, or not by more than SHARE of the control's mean: else "
			"hold"),
	OPTION_FILE("metric-file", "FILE", metric_file, .side = true,
		.excludes = "metrics,primary,guardrail,margin,lower-is-better,winsorize,interleaving",
		.help = "the metrics, as TSV: name kind direction role margin cap"),
	OPTION_FLAG("decision", decision, .excludes = "no-decision,plan,partial,interleaving",
		.help = "the table has the column decision: broken (a health check failed), ship "
			"(significantly better), hold (significantly worse) or continue; as it has without "
			"this option"),
	OPTION_FLAG("no-decision", no_decision,
		.help = "leave out the column decision"),
	OPTION_FLAG("exit-code", exit_code, .excludes = "plan,partial,interleaving",
		.help = "end with status 5 if an experiment is broken: a health check failed"),
	OPTION_CHOICE("format", "FORMAT", format, "auto|tsv|table", .fallback = "auto",
		.help = "TSV, or an aligned table; auto is a table on a terminal, else TSV"),
	COMMON_OUTPUT_FILE, COMMON_ABOUT,

	OPTION_GROUP("Users and events"),
	OPTION_FLAG("user-level", user_level,
		.requires = "experiment",
		.excludes = "merge,partial,triggered,from,to,grouped,session-table,unfinished,daily,"
			"multi-arm!=exclude,exposure,sessions",
		.help = "the input has one row per user: the id, the arms, and the metrics as "
			"columns"),
	OPTION_TEXT("triggered", "COLUMN", triggered,
		.help = "only users with an event where COLUMN is 1: those whom the experiment could "
			"affect"),
	OPTION_TEXT("from", "TIME", from,
		.help = "only events from TIME on: milliseconds since 1970 or YYYY-MM-DD (UTC)"),
	OPTION_TEXT("to", "TIME", to, .help = "only events before TIME"),
	OPTION_CHOICE("multi-arm", "HOW", multi_arm, "exclude|keep", .fallback = "exclude",
		.help = "users in several arms: exclude them, or count each arm's events as a "
			"separate user"),
	OPTION_CHOICE("exposure", "WHEN", exposure, "first|all", .fallback = "first",
		.help = "which events of a user count: those from the first with an arm on, or all"),
	OPTION_CHOICE("sessions", "HOW", sessions, "chained|merged", .fallback = "chained",
		.help = "a user's sessions at the same time: tell them apart by what each recommends, or take all "
			"events up to a `last` as one session"),
	OPTION_CHOICE("unfinished", "HOW", unfinished, "drop|count", .fallback = "drop",
		.help = "events after a user's final `last`: drop them, or count them in everything "
			"but sessions"),
	OPTION_FILE("experiments", "FILE", experiments_file, .side = true,
		.help = "the registry with the planned weights, as TSV: name arm weight"),
	OPTION_LIST("weights", "ARM=N", weights,
		.help = "the planned weight of an arm; 1 if not given; 0: the arm was not planned, and its users "
			"are set aside"),
	OPTION_REAL("srm-threshold", "X", srm_threshold, .fallback = "0.001", .low = 0, .high = 1,
		.help = "warn of a sample ratio mismatch when its p is below X"),

	OPTION_GROUP("Tests and intervals"),
	OPTION_CHOICE("test", "TEST", test, "welch|mann-whitney|bootstrap", .fallback = "welch",
		.help = "the test that gives p; with bootstrap also the intervals; mann-whitney "
			"applies to means only"),
	OPTION_CHOICE("interval", "METHOD", interval, INTERVALS, .fallback = "fieller",
		.help = "method for the interval of the relative effect"),
	OPTION_CHOICE("bootstrap", "METHOD", bootstrap, BOOTSTRAPS, .fallback = "percentile",
		.requires = "test=bootstrap", .help = "intervals and p of --test bootstrap: by percentiles, or bias "
			"corrected and accelerated (BCa); those of quantiles are always percentiles"),
	OPTION_CHOICE("adjust", "METHOD", adjust, ADJUSTMENTS, .fallback = "holm",
		.help = "multiple-testing correction of p_adjusted, the intervals and mde, over all "
			"treatments and metrics of an experiment"),
	OPTION_REAL("power", "X", power, .fallback = "0.8", .low = 0.01, .high = 0.9999,
		.help = "statistical power, for the minimum detectable effect and --plan"),
	OPTION_INT("rounds", "N", rounds, .fallback = "2000", .low = 100, .high = 1e7,
		.help = "number of bootstrap samples, of --test bootstrap, quantiles and --details"),
	OPTION_REAL("winsorize", "Q", winsorize, .low = 0.5, .high = 0.9999999,
		.help = "cap the values of means at quantile Q of all users of the experiment, and "
			"report the cap"),
	OPTION_LIST("margin", "[METRIC=]SHARE", margins,
		.excludes = "test=bootstrap",
		.help = "add p_margin, the p of a non-inferiority test: the treatment is not worse "
			"by more than SHARE of the control's mean"),
	OPTION_LIST("lower-is-better", "METRIC", lower_is_better,
		.help = "lower values of METRIC are better, for --margin, decisions and colors; those "
			"of latency and skips always are"),
	OPTION_FLAG("sequential", sequential,
		.excludes = "test=mann-whitney/bootstrap",
		.help = "always-valid intervals and p values, for any number of looks"),
	OPTION_REAL("sequential-n", "N", tuned, .fallback = "5000", .low = 2, .high = 1e12,
		.help = "number of users at which --sequential is tightest"),
	OPTION_FLAG("bayes", bayes,
		.excludes = "plan,partial,interleaving",
		.help = "add chance_to_win, the probability that the treatment is better, and expected_loss, in "
			"percent of the control's mean, of choosing it"),
	OPTION_TEXT("bayes-prior", "MEAN,SD", prior,
		.requires = "bayes",
		.help = "normal prior of the relative effect, as in 0,0.1; flat unless given"),
	OPTION_INT("aa", "N", aa, .low = 1, .high = 1e6,
		.help = "run N A/A splits of all users and report the false-positive rate"),
	COMMON_SEED,

	OPTION_GROUP("Covariates and segments"),
	OPTION_CHOICE("pre-missing", "HOW", pre_missing, "zero|mean", .fallback = "zero",
		.help = "the covariate of users who are not in --pre"),
	OPTION_FILE("users", "FILE", users, .side = true,
		.requires = "segment|stratify|cluster",
		.help = "attributes of users, for --segment, --stratify or --cluster: a table with the user "
			"column"),
	OPTION_TEXT("segment", "COLUMN", segment,
		.requires = "users", .excludes = "stratify",
		.help = "also report effects for each value of this column of --users"),
	OPTION_TEXT("stratify", "COLUMN", stratify,
		.requires = "users", .excludes = "test=bootstrap",
		.help = "post-stratify effects of means by this column of --users"),
	OPTION_TEXT("cluster", "COLUMN", cluster,
		.requires = "users", .excludes = "segment,stratify,sequential,test=mann-whitney/bootstrap,plan",
		.help = "users with one value of this column of --users are alike or were assigned together: "
			"cluster-robust variances"),

	OPTION_GROUP("Further tables"),
	OPTION_OUTPUT("details", "FILE", details,
		.help = "write every further statistic as TSV: experiment treatment metric stat "
			"value"),
	OPTION_OUTPUT("deciles", "FILE", deciles,
		.help = "write the effect on each decile of users' values, of means, as TSV: experiment treatment "
			"metric decile control_value treatment_value effect effect_lower effect_upper p"),
	OPTION_OUTPUT("user-table", "FILE", user_table,
		.help = "write every user's arms and values as TSV, as --user-level reads them"),
	OPTION_OUTPUT("session-table", "FILE", session_table,
		.help = "write every finished session as TSV: user session start end tracks time "
			"latency skips"),

	OPTION_TEXT("interleaving", "COLUMN", interleaving,
		.excludes = "experiment,metrics,pre,daily,plan,health,user-level,users,segment,stratify,details,"
			"deciles,"
			"user-table,session-table,grouped,partial,merge,aa,sequential,triggered,from,to,weights,"
			"experiments,test=mann-whitney/bootstrap,format=table,exposure,sessions",
		.help = "in place of experiments: which of the two teams in COLUMN, as next-track's interleaved "
			"recommender logs them, do the listeners prefer"),

	OPTION_GROUP("Large inputs"),
	OPTION_FLAG("grouped", grouped,
		.help = "the rows are sorted by the bytes of the user id: only one user's rows are "
			"kept in memory"),
	OPTION_SIZE("memory", "SIZE", memory, .low = 4096, .high = 1e15,
		.excludes = "user-level,grouped,partial,merge,interleaving",
		.help = "keep SIZE of events in memory and the rest in a temporary file; all unless given"),
	OPTION_FLAG("partial", partial,
		.excludes = "multi-arm!=exclude,exposure,plan,deciles,details,health,user-table,aa,pre,users",
		.help = "instead of effects, write a part for --merge; the rows must be sorted as "
			"for --grouped, and no user may be in two parts"),
	OPTION_FLAG("merge", merge,
		.excludes = "triggered,from,to,grouped,session-table,unfinished,sessions",
		.help = "the input is what --partial wrote; with --partial, make one part of all"),
	OPTION_INT("parts", "N", parts, .low = 1, .high = 1e15,
		.requires = "merge",
		.help = "with --merge, fail (3) unless exactly N parts are read"),

	OPTION_GROUP("Input"),
	COMMON_RENAME, COMMON_SIDES,
	TIMESTAMP_UNIT_ROW(timestamp_unit, "ms"),
	COMMON_INPUT,

	OPTION_GROUP("Expert options"),
	COLUMN_ROW(message, "name of the column with next or last"),
	COLUMN_ROW(timestamp, "name of the column with times"),
	COLUMN_ROW(user, "name of the column with user ids"),
	COLUMN_ROW(track, "name of the column with the track played"),
	COLUMN_ROW(time, "name of the column with the share listened to"),
	COLUMN_ROW(latency, "name of the column with the request latency in seconds"),
	COLUMN_ROW(recommendation, "name of the column with the track recommended next"),
	COMMON_LINE_BUFFERED, COMMON_PROGRESS,
	OPTION_END
};

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

/* ---- options ---- */

static void check_options(const struct options *o, const struct analysis_options *options)
{
	if (o->merge && o->partial && (o->metric_file || option_given("metrics")))
		usage_error("--%s cannot be combined with --merge --partial, which keeps all values",
			    options->source);
	for (size_t i = 0; i < options->n_metrics; i++)
		if (options->metrics[i].kind == METRIC_QUANTILE && (o->sequential || o->plan || o->cluster))
			usage_error("%s does not support quantiles: %s", o->plan ? "--plan" : o->cluster ? "--cluster"
				    : "--sequential", options->metrics[i].name);
}

/* MEAN,SD; flat when there is none. */
static struct prior prior_of(const char *text)
{
	struct prior prior = {0, INFINITY};
	char shown[QUOTED_SIZE];
	struct span mean, rest = span_of(text ? text : "");
	if (!text)
		return prior;
	if (!span_next(&rest, ',', &mean) || !rest.n ||
	    number_double(mean.at, mean.n, &prior.mean) != NUMBER_OK ||
	    number_double(rest.at, rest.n, &prior.sd) != NUMBER_OK || !(prior.sd > 0))
		usage_error("option '--bayes-prior': not MEAN,SD with an SD above 0: %s",
			    quoted(text, strlen(text), shown));
	return prior;
}

static double *plan_of(const char *text, size_t *n)
{
	double *share = NULL;
	char shown[QUOTED_SIZE];
	*n = 0;
	for (struct span word, rest = span_of(text); span_next(&rest, ',', &word); (*n)++) {
		share = memory_resize(share, *n + 1, sizeof *share);
		if (number_double(word.at, word.n, &share[*n]) != NUMBER_OK || !(share[*n] > 0))
			usage_error("option '--plan': not a share above 0: %s",
				    quoted(word.at, word.n, shown));
	}
	return share;
}

static struct analysis_options analysis_options_of(const struct options *o)
{
	struct analysis_options options = {.alpha = o->alpha, .power = o->power, .winsorize = o->winsorize,
		.tuned = o->tuned, .srm_threshold = o->srm_threshold,
		.interval = (enum interval)o->interval, .adjustment = (enum adjustment)o->adjust,
		.test = (enum test)o->test, .bootstrap = (enum bootstrap_kind)o->bootstrap,
		.sequential = o->sequential,
		.pre_mean = o->pre_missing == 1, .rounds = o->rounds, .seed = o->common.seed,
		.control = o->control, .bayes = o->bayes, .prior = prior_of(o->prior)};
	const struct role_options roles = {.metrics = o->metrics, .primary = o->primary,
		.guardrails = o->guardrails, .margins = o->margins, .lower_is_better = o->lower_is_better,
		.winsorize = o->winsorize};
	roles_parse(&options, &roles, option_table("metric-file", o->metric_file));
	return options;
}

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
	.options = OPTIONS,
	.options_size = sizeof(struct options),
};

int main(int argc, char **argv)
{
	struct options options = {0};
	int first = program_start(&PROGRAM, argc, argv, &options);
	return finish(run(&options, argv + first, argc - first));
}
