#include "options.h"

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/number.h"
#include "frame/sides.h"
#include "roles.h"

#define COLUMN_ROW(column, text) \
	OPTION_COLUMN(#column, column, .fallback = #column, .help = text)

const struct option_row ANALYZE_OPTIONS[] = {
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
		.requires = "sequential|details",
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
		.requires = "pre", .help = "the covariate of users who are not in --pre"),
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

void check_options(const struct options *o, const struct analysis_options *options)
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
	    number_double(rest.at, rest.n, &prior.sd) != NUMBER_OK || !(prior.sd > 0) ||
	    !(fabs(prior.mean) <= 1e300)) /* its percent is a number, too */
		usage_error("option '--bayes-prior': not MEAN,SD with an SD above 0 and a MEAN within 1e300: %s",
			    quoted(text, strlen(text), shown));
	return prior;
}

double *plan_of(const char *text, size_t *n)
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

struct analysis_options analysis_options_of(const struct options *o)
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
