/* evaluate-policy - what would these recommendations have earned? From the log of other ones.
 *
 * In:   events (message timestamp user track time recommendation probability), or with --reward any
 *       table with recommendation, probability and that column; --policy FILE.
 * Out:  estimator value stderr low high logged difference ... rows users effective largest ...
 *
 *	evaluate-policy --policy topk.tsv --pick rank < events.tsv
 *
 * Each logged recommendation counts by how much more often the policy would make it than the service
 * did. It makes no lists, and compares no arms: see analyze-ab(1).
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/number.h"
#include "domain/catalog.h"
#include "frame/options.h"
#include "frame/run.h"
#include "frame/sides.h"
#include "streams/output.h"
#include "streams/table.h"
#include "estimate.h"
#include "log.h"
#include "policy.h"
#include "reward.h"
#include "sessions.h"

enum { VALUE_STEP, VALUE_SESSION };
enum { INTERVAL_INFLUENCE, INTERVAL_BOOTSTRAP };
enum { STATUS_GATE = 5 };

struct options {
	const char *policy, *target, *estimators, *items, *rewards, *gate;
	const char *user, *recommendation, *probability, *reward, *position, *track, *session, *timestamp,
		*message, *time;
	int pick, value, interval, timestamp_unit;
	int64_t folds, resamples, horizon;
	double temperature, clip, shrink, prior_mean, prior_rows, alpha, min_effective, max_unlogged, wait_s;
	struct common common;
};

static const struct option_row OPTIONS[] = {
	OPTION_FILE("policy", "FILE", policy, .side = true, .required = true, .unless = "policy-probability",
		.help = "what is judged: a table of [user], [position], item, probability, or top-N lists"),
	OPTION_TEXT("policy-probability", "COLUMN", target, .excludes = "policy",
		.help = "the policy's probability of what was recommended is in this column of the log"),
	OPTION_COLUMN("reward", reward,
		.help = "name of the column with what the row's recommendation earned; without it the log is events, "
			"and the reward is the share heard of it in the event that follows"),
	OPTION_CHOICE("pick", "HOW", pick, PICKS, .fallback = "uniform", .requires = "policy",
		.help = "how an item is drawn from a top-N list, as next-track does, or always its first"),
	OPTION_FILE("items", "FILE", items, .side = true, .requires = "policy",
		.help = "the catalog: a user without a list is offered any of its items, and lists nothing else"),
	OPTION_TEXT("estimator", "NAME,...", estimators,
		.help = "ipw, snipw, dm, dr, sndr (default all; ipw and snipw with --policy-probability or "
			"--value session)"),
	OPTION_CHOICE("value", "OF", value, "step|session", .fallback = "step",
		.help = "the mean reward of a recommendation, or of all in a session"),
	OPTION_TEXT("gate", "CHANGE", gate,
		.help = "end with 5 unless the interval of the value lies above the log's mean changed by CHANGE, "
			"such as -5%; of one --estimator"),
	COMMON_OUTPUT_FILE, COMMON_SEED, COMMON_ABOUT,

	OPTION_GROUP("Weights and overlap"),
	OPTION_REAL("clip", "X", clip, .low = ABOVE_ZERO, .high = 1e15,
		.help = "no weight is more than X (Ionides 2008); less variance, some bias"),
	OPTION_REAL("shrink", "X", shrink, .low = ABOVE_ZERO, .high = 1e15, .excludes = "clip,value=session",
		.help = "a weight w becomes X w / (w^2 + X) (Su et al. 2020)"),
	OPTION_REAL("min-effective", "N", min_effective, .fallback = "100", .low = 0, .high = 1e15,
		.help = "refuse (3) where the weights are worth fewer than N equal rows"),
	OPTION_REAL("max-unlogged", "SHARE", max_unlogged, .fallback = "0.05", .low = 0, .high = 1,
		.help = "refuse (3) where the policy recommends more than SHARE of the time what the log never has"),
	OPTION_REAL("temperature", "X", temperature, .fallback = "1", .low = ABOVE_ZERO, .high = 1e15,
		.requires = "pick=softmax", .help = "temperature of --pick softmax"),

	OPTION_GROUP("Rewards"),
	OPTION_FILE("rewards", "FILE", rewards, .side = true, .excludes = "policy-probability",
		.help = "expected rewards for dm, dr and sndr, a table of [user], [position], item, reward, in place "
			"of the log's means"),
	OPTION_REAL("prior-rows", "N", prior_rows, .fallback = "20", .low = 0, .high = 1e15,
		.excludes = "rewards",
		.help = "the mean reward of an item is drawn toward that of all as N more rows would draw it"),
	OPTION_REAL("prior-mean", "X", prior_mean,
		.help = "the reward toward which they are drawn, and that of items that --rewards does not have "
			"(default the mean)"),
	OPTION_INT("folds", "N", folds, .fallback = "5", .low = 1, .high = 1000, .excludes = "rewards",
		.help = "parts of the users: the means for one are those of the others; 1: those of all"),
	OPTION_DURATION("wait", "TIME", wait_s, .fallback = "1d", .low = ABOVE_ZERO, .high = 1e11,
		.excludes = "reward",
		.help = "how much later the event may be in which a recommendation was heard"),
	OPTION_INT("horizon", "N", horizon, .fallback = "0", .low = 0, .high = 1e9, .requires = "value=session",
		.help = "only the first N recommendations of a session count; 0: all"),

	OPTION_GROUP("Intervals"),
	OPTION_REAL("alpha", "X", alpha, .fallback = "0.05", .low = 1e-9, .high = 0.5,
		.help = "the intervals hold with probability 1 - X"),
	OPTION_CHOICE("interval", "HOW", interval, "influence|bootstrap", .fallback = "influence",
		.help = "from the estimators' influence functions, or from resampled users (BCa)"),
	OPTION_INT("resamples", "N", resamples, .fallback = "2000", .low = 100, .high = 1e9,
		.requires = "interval=bootstrap", .help = "how many samples the bootstrap draws"),

	OPTION_GROUP("Input"),
	TIMESTAMP_UNIT_ROW(timestamp_unit, "ms"), COMMON_RENAME, COMMON_SIDES,
	OPTION_COLUMN("user", user, .fallback = "user",
		.help = "name of the user column, without which each row of a --reward log is a user of its own"),
	OPTION_COLUMN("recommendation", recommendation, .fallback = "recommendation",
		.help = "name of the column with what was recommended"),
	OPTION_COLUMN("probability", probability, .fallback = "probability",
		.help = "name of the column with the probability with which it was"),
	OPTION_COLUMN("position", position, .requires = "reward",
		.help = "name of the column with the position that was filled; without it there are none"),
	OPTION_COLUMN("track", track, .fallback = "track",
		.help = "name of the column with the track just played, which lists do not offer again"),
	OPTION_COLUMN("session", session, .fallback = "session", .help = "name of the column with the session"),
	OPTION_COLUMN("timestamp", timestamp, .fallback = "timestamp",
		.help = "name of the column with the time"),
	OPTION_COLUMN("message", message, .fallback = "message",
		.help = "name of the events' column with next or last"),
	OPTION_COLUMN("time", time, .fallback = "time",
		.help = "name of the events' column with the share heard"),
	COMMON_INPUT,

	OPTION_GROUP("Expert options"),
	COMMON_LINE_BUFFERED, COMMON_PROGRESS,
	OPTION_END
};

struct evaluation {
	const struct options *o;
	bool wanted[ESTIMATORS];
	struct estimate_settings settings;
	struct table *policy_table, *items_table;
	struct topn_reader *lists;        /* NULL: the policy has probabilities */
	struct entry_reader table, guessed;
	struct log_reader reader;
	struct names names;
	struct log log;
	struct policy policy;
	struct reward_model rewards;
	struct entries expected;  /* of --rewards */
	struct evidence evidence;
	uint64_t without_policy;  /* rows, or sessions */
};

/* ---- the command line ---- */

static void want_estimators(struct evaluation *v)
{
	const struct options *o = v->o;
	bool weights_only = o->target || o->value == VALUE_SESSION;
	const char *text = o->estimators ? o->estimators : weights_only ? "ipw,snipw" : "ipw,snipw,dm,dr,sndr";
	size_t wanted = 0;
	for (const char *at = text;; at++) {
		size_t n = strcspn(at, ","), e = 0;
		char shown[QUOTED_SIZE];
		while (e < ESTIMATORS && !span_equal((struct span){at, n}, span_of(ESTIMATOR_NAMES[e])))
			e++;
		if (e == ESTIMATORS)
			usage_error("option '--estimator': not one of ipw, snipw, dm, dr, sndr: %s",
				    quoted(at, n, shown));
		if (weights_only && e > ESTIMATE_SNIPW)
			usage_error("option '--estimator': %s needs expected rewards, which %s does not have",
				    ESTIMATOR_NAMES[e], o->target ? "--policy-probability" : "--value session");
		wanted += !v->wanted[e];
		v->wanted[e] = true;
		at += n;
		if (!*at)
			break;
	}
	if (o->gate && wanted != 1)
		usage_error("--gate requires one --estimator");
}

static double gate_of(const char *text)
{
	size_t n = strlen(text);
	double x;
	char shown[QUOTED_SIZE];
	bool percent = n && text[n - 1] == '%';
	if (number_double(text, n - percent, &x) != NUMBER_OK || x < (percent ? -100 : -1))
		usage_error("option '--gate': not a change such as -5%% or 0.01: %s", quoted(text, n, shown));
	return percent ? x / 100 : x;
}

/* Does an estimator that is asked for expect rewards? */
static bool expects(const struct evaluation *v)
{
	return v->wanted[ESTIMATE_DM] || v->wanted[ESTIMATE_DR] || v->wanted[ESTIMATE_SNDR];
}

static void check_options(struct evaluation *v)
{
	static const char *const OF_REWARDS[] = {"rewards", "prior-rows", "prior-mean", "folds"};
	const struct options *o = v->o;
	want_estimators(v);
	for (size_t i = 0; i < sizeof OF_REWARDS / sizeof *OF_REWARDS; i++)
		if (option_given(OF_REWARDS[i]) && !expects(v))
			warn("--%s has no effect without dm, dr or sndr of --estimator", OF_REWARDS[i]);
	if (o->interval == INTERVAL_BOOTSTRAP && o->value == VALUE_SESSION && v->wanted[ESTIMATE_SNIPW])
		usage_error("--interval bootstrap cannot be combined with --value session but of --estimator ipw");
	v->settings = (struct estimate_settings){.alpha = o->alpha, .seed = o->common.seed,
		.gate = o->gate ? gate_of(o->gate) : 0,
		.resamples = o->interval == INTERVAL_BOOTSTRAP ? o->resamples : 0};
}

/* ---- reading ---- */

static struct log_columns columns_of(const struct options *o)
{
	return (struct log_columns){
		.user = option_column("user", o->user), .item = option_column("recommendation", o->recommendation),
		.probability = option_column("probability", o->probability), .reward = option_column("reward",
			o->reward),
		.position = option_column("position", o->position), .played = option_column("track", o->track),
		.session = option_column("session", o->session), .timestamp = option_column("timestamp",
			o->timestamp),
		.message = option_column("message", o->message), .share = option_column("time", o->time),
		.target = {o->target, "policy-probability"},
		.events = !o->reward, .sessions = o->value == VALUE_SESSION, .positions = o->position,
		.unit = (enum time_unit)o->timestamp_unit, .seed = o->common.seed, .folds = (uint32_t)o->folds,
	};
}

static const struct topn_columns LIST_COLUMNS = {{"user", NULL}, {"rank", NULL}, {"item", NULL}, {"score",
	NULL}};
static const struct entry_columns POLICY_COLUMNS = {{"user", NULL}, {"position", NULL}, {"item", NULL},
						    {"probability", NULL}};
static const struct entry_columns REWARD_COLUMNS = {{"user", NULL}, {"position", NULL}, {"item", NULL},
						    {"reward", NULL}};

static void open_policy(struct evaluation *v)
{
	const struct options *o = v->o;
	v->policy_table = option_table("policy", o->policy);
	if (table_find_column(v->policy_table, "probability") < 0) {
		v->lists = topn_open(v->policy_table, &LIST_COLUMNS);
		if (o->pick == PICK_SOFTMAX && !topn_has_scores(v->lists))
			die(STATUS_DATA, "%s: --pick softmax needs lists with scores", shown_file(o->policy));
		return;
	}
	if (option_given("pick") || o->items)
		usage_error("--%s cannot be combined with a policy that has probabilities", o->items ?
			"items" : "pick");
	if (!o->position && table_find_column(v->policy_table, "position") >= 0)
		die(STATUS_DATA, "%s: the policy has positions: --position names the log's column",
		    shown_file(o->policy));
	v->table = entries_open(v->policy_table, &POLICY_COLUMNS, o->position);
}

static void open_side_files(struct evaluation *v)
{
	const struct options *o = v->o;
	if (o->policy)
		open_policy(v);
	v->items_table = option_table("items", o->items);
	if (v->items_table)
		table_column(v->items_table, column_called("item"));
	if (o->rewards)
		v->guessed = entries_open(option_table("rewards", o->rewards), &REWARD_COLUMNS, o->position);
}

static void read_policy(struct evaluation *v)
{
	const struct options *o = v->o;
	v->policy = (struct policy){.lists = v->lists, .pick = (enum pick)o->pick, .temperature = o->temperature};
	if (v->lists) {
		v->policy.entries = policy_lists(v->lists, &v->names);
		table_close(v->policy_table);
	} else if (o->policy)
		v->policy.entries = entries_read(&v->table, &v->names, 0, 1);
	if (o->rewards)
		v->expected = entries_read(&v->guessed, &v->names, -INFINITY, INFINITY);
}

/* Afterwards numbers no longer depend on the order of any rows. */
static void put_in_order(struct evaluation *v, struct catalog *catalog)
{
	for (uint32_t i = 0; catalog && i < catalog->n_offered; i++)
		strmap_add(v->names.items, strmap_key(catalog->ids, catalog->offered[i]));
	struct ranks ranks = names_in_order(&v->names);
	log_renumber(&v->log, &ranks);
	entries_renumber(&v->policy.entries, &ranks);
	entries_renumber(&v->expected, &ranks);
	ranks_free(&ranks);
	log_sort(&v->log);
	if (!catalog)
		return;
	v->policy.catalog = memory_zero((size_t)strmap_count(v->names.items) + 1, sizeof *v->policy.catalog);
	v->policy.n_catalog = catalog->n_offered;
	for (uint32_t i = 0; i < catalog->n_offered; i++)
		v->policy.catalog[strmap_find(v->names.items, strmap_key(catalog->ids, catalog->offered[i]))] = true;
	policy_offer(&v->policy);
}

static void follow(struct evaluation *v)
{
	const struct options *o = v->o;
	bool sessions = o->value == VALUE_SESSION;
	if (!o->reward)
		log_chain(&v->log, (int64_t)(o->wait_s * 1000), sessions);
	else if (sessions)
		log_number_sessions(&v->log);
	if (v->log.unheard)
		warn("%llu recommendations were set aside: no event in which they were heard follows",
		     (unsigned long long)v->log.unheard);
}

/* ---- weighing ---- */

static double weight_of(const struct options *o, double w)
{
	if (o->clip > 0)
		return fmin(w, o->clip);
	if (!(o->shrink > 0))
		return w;
	return isfinite(w * w) ? o->shrink * w / (w * w + o->shrink) : 0; /* what it goes to */
}

static bool look(struct evaluation *v, const struct row *row, struct prospect *prospect, struct outlook *out)
{
	*prospect = (struct prospect){0};
	*out = (struct outlook){.probability = row->target};
	if (v->o->target)
		return true;
	*prospect = reward_prospect(&v->rewards, row);
	return policy_outlook(&v->policy, row, prospect, out);
}

static void weigh_steps(struct evaluation *v)
{
	const struct row *last = NULL;
	for (size_t i = 0; i < v->log.n; i++) {
		const struct row *row = &v->log.rows[i];
		struct prospect prospect;
		struct outlook out;
		if (!look(v, row, &prospect, &out)) {
			v->without_policy++;
			continue;
		}
		double w = weight_of(v->o, out.probability / row->probability);
		struct weighed weighed = {row->user, row->reward, w, w * row->reward,
					  v->o->target ? 0 : prospect_of(&prospect, row->item), out.expected, out.never};
		evidence_add(&v->evidence, &weighed, !last || last->user != row->user);
		last = row;
	}
}

/* Sessions with a step for which the policy has nothing are taken out. */
static void weigh_sessions(struct evaluation *v)
{
	struct log *log = &v->log;
	bool *without = memory_zero((size_t)log->sessions + 1, sizeof *without);
	double *of_row = memory_new(log->n + 1, sizeof *of_row), never = 0;
	size_t kept = 0;
	for (size_t i = 0; i < log->n; i++) {
		struct prospect prospect;
		struct outlook out;
		if (!look(v, &log->rows[i], &prospect, &out)) {
			v->without_policy += !without[log->rows[i].session];
			without[log->rows[i].session] = true;
		}
		log->rows[i].target = out.probability;
		of_row[i] = out.never;
	}
	for (size_t i = 0; i < log->n; i++)
		if (!without[log->rows[i].session]) {
			never += of_row[i];
			log->rows[kept++] = log->rows[i];
		}
	never = kept ? never / (double)kept : 0;
	log->n = kept;
	log_number_sessions(log);
	log_sort_sessions(log);
	sessions_add(&v->evidence, log, (uint64_t)v->o->horizon, v->o->clip > 0 ? v->o->clip : INFINITY);
	v->evidence.never = never * v->evidence.all.n;
	free(of_row);
	free(without);
}

/* ---- the table ---- */

static const char TOO_LITTLE[] = "the log says too little of this policy";

static void refuse_without_overlap(const struct evaluation *v, const struct overlap *x)
{
	const char *of = v->o->value == VALUE_SESSION ? "sessions" : "rows";
	bool by_weight = false;
	for (int e = 0; e < ESTIMATORS; e++)
		by_weight |= v->wanted[e] && e != ESTIMATE_DM;
	if (by_weight && x->effective < v->o->min_effective)
		die(STATUS_DATA, "%s: %llu %s are worth %.3g equal ones (--min-effective %g); the largest "
		    "weight is %.3g", TOO_LITTLE, (unsigned long long)x->rows, of, x->effective,
		    v->o->min_effective, x->largest);
	if (x->never > v->o->max_unlogged)
		die(STATUS_DATA, "%s: %.3g %% of what it recommends was never recommended (--max-unlogged %g)",
		    TOO_LITTLE, 100 * x->never, v->o->max_unlogged);
	if (by_weight && !(v->o->clip > 0) && !(v->o->shrink > 0) &&
	    fabs(x->mean_weight - 1) > 4 * x->mean_weight_stderr + 1e-9)
		warn("the mean weight is %.4g with a standard error of %.2g, and should be 1: the logged "
		     "probabilities are not those of the draws, or the log never has some of what the policy "
		     "recommends", x->mean_weight, x->mean_weight_stderr);
}

static void write_value(struct output *out, double value)
{
	output_tab(out);
	if (isfinite(value))
		output_double(out, value);
}

static void write_estimate(struct output *out, const char *name, const struct estimate *x,
	const struct overlap *of)
{
	const double values[] = {x->value, x->stderr_value, x->low, x->high, x->logged, x->difference,
		x->difference_low,
				 x->difference_high, x->relative, x->relative_low, x->relative_high};
	const double beside[] = {of->effective, of->largest, of->mean_weight, of->never};
	output_text(out, name);
	for (size_t i = 0; i < sizeof values / sizeof *values; i++)
		write_value(out, values[i]);
	output_tab(out);
	output_u64(out, of->rows);
	output_tab(out);
	output_u64(out, of->users);
	for (size_t i = 0; i < sizeof beside / sizeof *beside; i++)
		write_value(out, beside[i]);
	output_end_row(out);
}

/* Returns the exit status. */
static int write_estimates(struct evaluation *v, struct output *out, uint64_t *rows)
{
	struct overlap overlap = evidence_overlap(&v->evidence);
	int status = STATUS_DONE;
	if (v->evidence.n == 0) {
		warn("no row is left: there is nothing to evaluate");
		return v->o->gate ? STATUS_GATE : STATUS_DONE;
	}
	refuse_without_overlap(v, &overlap);
	for (int e = 0; e < ESTIMATORS; e++) {
		if (!v->wanted[e])
			continue;
		struct estimate x = estimate(&v->evidence, (enum estimator)e, &v->settings);
		write_estimate(out, ESTIMATOR_NAMES[e], &x, &overlap);
		++*rows;
		if (v->o->gate && !(x.margin > 0 && isfinite(x.margin))) {
			tell("the gate is closed: the %s interval does not lie above the log's mean changed by %s",
			     ESTIMATOR_NAMES[e], v->o->gate);
			status = STATUS_GATE;
		}
	}
	return status;
}

/* ---- the run ---- */

static struct output *open_output(const struct options *o)
{
	struct output *out = output_open(o->common.output, o->common.line_buffered);
	if (!o->common.no_header) {
		output_text(out,
			"estimator\tvalue\tstderr\tlow\thigh\tlogged\tdifference\tdifference_low\tdifference_high"
				 "\trelative\trelative_low\trelative_high"
				 "\trows\tusers\teffective\tlargest\tmean_weight\tunlogged");
		output_end_row(out);
	}
	output_flush(out);
	return out;
}

static void read_all(struct evaluation *v)
{
	v->names = (struct names){strmap_new(), strmap_new(), strmap_new()};
	log_read(&v->reader, &v->names, &v->log);
	read_policy(v);
	if (!v->log.has_users && (v->policy.entries.by_user || v->expected.by_user))
		die(STATUS_DATA, "the log has no users, and %s has", v->policy.entries.by_user ? "the "
			"policy" : "--rewards");
	struct catalog *catalog = v->items_table ? catalog_read(v->items_table, column_called("item")) : NULL;
	put_in_order(v, catalog);
	if (catalog)
		catalog_free(catalog);
	if (v->o->policy)
		policy_check(&v->policy, &v->names, v->o->policy);
	follow(v);
}

static void weigh(struct evaluation *v)
{
	const struct options *o = v->o;
	struct reward_settings settings = {.folds = (uint32_t)o->folds, .weight = o->prior_rows,
					   .mean = option_given("prior-mean") ? o->prior_mean : NAN,
					   .wanted = expects(v)};
	if (!o->target)
		v->rewards = reward_model_new(&v->log, &v->names, &v->policy, &settings, o->rewards ?
			&v->expected : NULL);
	if (v->rewards.unknown)
		warn("%llu rows recommend what --rewards does not have; they are expected to earn %.4g",
		     (unsigned long long)v->rewards.unknown, v->rewards.otherwise);
	if (o->value == VALUE_SESSION)
		weigh_sessions(v);
	else
		weigh_steps(v);
	if (v->without_policy)
		warn("%llu %s were set aside: the policy has nothing for them", (unsigned long long)v->without_policy,
		     o->value == VALUE_SESSION ? "sessions" : "rows");
}

static void evaluation_free(struct evaluation *v)
{
	evidence_free(&v->evidence);
	reward_model_free(&v->rewards);
	entries_free(&v->expected);
	policy_free(&v->policy);
	log_free(&v->log);
	strmap_free(v->names.users);
	strmap_free(v->names.items);
	strmap_free(v->names.positions);
}

static int run(const struct options *o, char **files, int count)
{
	struct evaluation v = {.o = o};
	struct table_format format = COMMON_FORMAT(&o->common);
	struct log_columns columns = columns_of(o);
	check_options(&v);
	struct table *t = table_open(files, count, &format);
	v.reader = log_open(t, &columns);
	open_side_files(&v);
	struct output *out = open_output(o);
	uint64_t written = 0;
	read_all(&v);
	weigh(&v);
	int status = write_estimates(&v, out, &written);
	uint64_t read = table_rows(t), rejected = table_rejected(t);
	table_close(t);
	output_close(out);
	run_report(read, written, rejected);
	evaluation_free(&v);
	return status;
}

static const struct program PROGRAM = {
	.name = "evaluate-policy",
	.usage = "--policy FILE [OPTION]... [FILE]...",
	.summary = "What other recommendations would have earned, from a log with probabilities.",
	.reads = "message timestamp user track time recommendation probability (events), or with --reward "
		"recommendation "
		 "probability and that column; of --policy [user] [position] item probability, or user rank item "
			"[score]",
	.writes = "estimator value stderr low high logged difference difference_low difference_high relative "
		"relative_low "
		  "relative_high rows users effective largest mean_weight unlogged",
	.examples = {
		"evaluate-policy --policy topk.tsv --items items.tsv --pick rank < events.tsv",
		"evaluate-policy --policy policy.tsv --reward click --position position < shown.tsv",
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
