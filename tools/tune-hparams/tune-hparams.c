/* tune-hparams - find the best options of any command that prints a number.
 *
 * A trial is a run of the command with {name} replaced by proposed values; the last
 * number that it prints is the result. Trials live in a study: an append-only TSV
 * journal that any number of processes may share and that survives kill -9.
 *
 *	tune-hparams --param 'learning-rate=log:1e-4:0.3' --trials 60 --study s.tsv \
 *	             --maximize -- 'train-mf --learning-rate {learning-rate} ...'
 *	tune-hparams best --study s.tsv --as-shell
 *
 * Reads: the space (name kind low high scale step choices condition), the study.
 * Writes: the study; the best trial on standard output.
 * Leaves to others: what a trial does, and what its number means.
 */
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/number.h"
#include "frame/options.h"
#include "command.h"
#include "frame/run.h"
#include "frame/sides.h"
#include "runner.h"
#include "show.h"

struct options {
	struct common common;
	const char *space, *study, *step_as;
	struct option_list parameters, enqueue;
	bool maximize, minimize, as_shell;
	int sampler, pruner, kind, state;
	int64_t trials, jobs, startup, candidates, grid_points;
	int64_t first_step, last_step, reduction, k, trial, step;
	double trial_timeout, timeout, grace, reclaim, value;
};

static const struct option_row OPTIONS[] = {
	OPTION_STATE("study", "FILE", study,
		.required = true,
		.help = "the journal of the trials; a run or ask creates it if missing"),
	OPTION_LIST("param", "NAME=DEF", parameters,
		.of = "run,ask",
		.help = "a parameter: float:LOW:HIGH[:STEP], log:LOW:HIGH, int:LOW:HIGH[:STEP], "
			"log-int:LOW:HIGH[:STEP] or choice:A,B,..., then @OTHER=VALUE|VALUE when it "
			"depends on another"),
	OPTION_FILE("space", "FILE", space, .side = true,
		.of = "run,ask",
		.help = "the search space, as TSV: name kind low high scale step choices condition"),
	OPTION_FLAG("maximize", maximize,
		.of = "run,ask", .excludes = "minimize",
		.help = "larger numbers are better"),
	OPTION_FLAG("minimize", minimize,
		.of = "run,ask",
		.help = "smaller numbers are better (default)"),
	OPTION_INT("trials", "N", trials, .letter = 'n', .fallback = "100", .low = 1, .high = 1e8,
		.of = "run,ask",
		.help = "total number of trials, including those of earlier runs"),
	OPTION_INT("jobs", "N", jobs, .letter = 'J', .fallback = "1", .low = 1, .high = 1024,
		.of = "run",
		.help = "run N trials in parallel"),
	OPTION_OUTPUT("output", "FILE", common.output, .letter = 'o',
		.help = "write to FILE instead of standard output, completely or not at all"),
	OPTION_SEED("seed", "N", common.seed, .letter = 's', .fallback = "0",
		.of = "run,ask",
		.help = "seed of all random choices"),
	COMMON_ABOUT,

	OPTION_GROUP("Proposals"),
	OPTION_CHOICE("sampler", "HOW", sampler, SAMPLERS, .fallback = "tpe",
		.of = "run,ask",
		.help = "how points are sampled"),
	OPTION_INT("startup", "N", startup, .fallback = "10", .low = 1, .high = 1e8,
		.of = "run,ask",
		.help = "tpe: number of random trials before the first modeled one"),
	OPTION_INT("candidates", "N", candidates, .fallback = "100", .low = 1, .high = 1e6,
		.of = "run,ask",
		.help = "tpe: number of points drawn and ranked per proposal"),
	OPTION_INT("grid-points", "N", grid_points, .fallback = "5", .low = 1, .high = 1e6,
		.of = "run,ask",
		.help = "grid: levels of a parameter that has no step"),
	OPTION_LIST("enqueue", "'A=1 B=x'", enqueue,
		.of = "run,ask",
		.help = "try this point first; the sampler proposes the parameters it does not name; "
			"defaults: no option at all, so that the command takes its own values"),
	COMMON_RENAME_RULES(.of = "run,ask"), COMMON_SIDES_RULES(.of = "run,ask"),

	OPTION_GROUP("Ending trials"),
	OPTION_CHOICE("pruner", "HOW", pruner, PRUNERS, .fallback = "none",
		.of = "run,tell",
		.help = "stop bad trials early by their `step TAB value` lines"),
	OPTION_INT("first-step", "N", first_step, .fallback = "1", .low = 1, .high = 1e9,
		.of = "run,tell",
		.help = "do not prune before step N, the lowest rung"),
	OPTION_INT("last-step", "N", last_step, .low = 1, .high = 1e9,
		.of = "run,tell",
		.help = "hyperband: steps of a full trial (default: the most seen so far)"),
	OPTION_INT("reduction", "N", reduction, .fallback = "3", .low = 2, .high = 100,
		.of = "run,tell",
		.help = "asha, hyperband: one in N trials continues at each rung; rungs are N times apart"),
	OPTION_DURATION("trial-timeout", "TIME", trial_timeout, .low = ABOVE_ZERO, .high = INFINITY,
		.of = "run",
		.help = "stop a trial after TIME (30s, 5m, 2h) and count it as failed"),
	OPTION_DURATION("timeout", "TIME", timeout, .low = ABOVE_ZERO, .high = INFINITY,
		.of = "run",
		.help = "start no trial after TIME"),
	OPTION_DURATION("grace", "TIME", grace, .fallback = "2s", .low = 0, .high = INFINITY,
		.of = "run",
		.help = "time between SIGTERM and SIGKILL when a trial is stopped"),
	OPTION_DURATION("reclaim-after", "TIME", reclaim, .low = ABOVE_ZERO, .high = INFINITY,
		.of = "run,ask",
		.help = "take over a trial of another host that has sent no heartbeat for TIME"),

	OPTION_GROUP("Results"),
	OPTION_FLAG("as-shell", as_shell,
		.of = "best,ask",
		.help = "print shell-quoted options (--name value ...) instead of TSV"),
	OPTION_TEXT("step-as", "NAME", step_as,
		.of = "best,top",
		.help = "show the step at which a trial was best as option --NAME, as in --step-as epochs"),
	OPTION_INT("k", "N", k, .letter = 'k', .fallback = "10", .low = 1, .high = 1e8,
		.of = "top",
		.help = "number of trials"),
	OPTION_CHOICE("kind", "KIND", kind, PICTURES, .fallback = "history",
		.of = "plot",
		.help = "kind of plot, on the terminal or in the .svg or .png file of --output"),

	OPTION_GROUP("Reports of tell"),
	OPTION_INT("trial", "N", trial, .low = 1, .high = 1e8,
		.of = "tell", .required = true,
		.help = "the trial's number"),
	OPTION_REAL("value", "X", value, .low = -INFINITY, .high = INFINITY,
		.of = "tell", .required = true, .unless = "state=failed", .excludes = "state=failed",
		.help = "its value"),
	OPTION_INT("step", "N", step, .low = 0, .high = 1e9,
		.of = "tell", .excludes = "state",
		.help = "the value is that of step N, and the trial continues; prints `go on` or `prune`"),
	OPTION_CHOICE("state", "STATE", state, "complete|pruned|failed", .fallback = "complete",
		.of = "tell",
		.help = "how the trial ended"),

	OPTION_GROUP("Expert options"),
	COMMON_PROGRESS_ALONE,
	OPTION_END
};

enum mode { MODE_RUN, MODE_BEST, MODE_TOP, MODE_HISTORY, MODE_IMPORTANCE, MODE_PLOT, MODE_ASK,
	MODE_TELL, N_MODES };

static const struct program_command COMMANDS[] = {
	[MODE_RUN] = {.name = "run"}, /* without a word */
	[MODE_BEST] = {"best", "--study FILE [OPTION]...",
		"print the best complete trial, as TSV or as options for a command line"},
	[MODE_TOP] = {"top", "--study FILE [OPTION]...", "print the best -k complete trials"},
	[MODE_HISTORY] = {"history", "--study FILE [OPTION]...",
		"print every trial with its state, value and message"},
	[MODE_IMPORTANCE] = {"importance", "--study FILE [OPTION]...",
		"print the share of the variance that each parameter explains alone"},
	[MODE_PLOT] = {"plot", "--study FILE [OPTION]...",
		"draw the history, parallel coordinates, or values against parameters"},
	[MODE_ASK] = {"ask", "--study FILE [OPTION]...", "propose the next trial and print it"},
	[MODE_TELL] = {"tell", "--study FILE --trial N --value X [OPTION]...",
		"report the value of a trial that ask has given"},
	[N_MODES] = {.name = NULL},
};

static const struct program PROGRAM = {
	.name = "tune-hparams",
	.usage = "--study FILE [OPTION]... -- COMMAND [ARGUMENT]...\n"
		"       tune-hparams best|top|history|importance|plot|ask|tell --study FILE [OPTION]...",
	.summary = "Find the options with which a command prints the best number.",
	.reads = "the space: name kind low high scale step choices condition",
	.writes = "trial value, a column per parameter, best_step: the best trial",
	.examples = {
		"tune-hparams --param factors=log-int:8:64 --study s.tsv --maximize -- \\\n"
		"    'train-mf {options} --epochs 10 --report ndcg@10 dataset.tsv'",
		"eval \"train-mf $(tune-hparams best --study s.tsv --as-shell --step-as epochs)\" \\\n"
		"    < dataset.tsv > model.tsv",
	},
	.options = OPTIONS,
	.options_size = sizeof(struct options),
	.command = true,
	.commands = COMMANDS,
};

static const char NAME_BYTES[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";

static void check_options(enum mode mode, const struct options *o, int operands)
{
	if (o->step_as && o->step_as[strspn(o->step_as, NAME_BYTES)]) {
		char shown[QUOTED_SIZE];
		usage_error("option '--step-as': a name has letters, digits and - _ . only: %s",
			    quoted(o->step_as, strlen(o->step_as), shown));
	}
	if (mode == MODE_RUN && operands == 0)
		usage_error("a command is required, as in -- 'train-mf --factors {factors} ...'");
	if (mode != MODE_RUN && operands > 0)
		usage_error("'%s' takes no operands", COMMANDS[mode].name);
}

static struct study_terms terms_of(const struct options *o)
{
	struct study_terms terms = {.direction_given = o->maximize || o->minimize,
		.maximize = o->maximize, .seed_given = option_given("seed"),
		.seed = o->common.seed};
	if (o->space)
		space_read(&terms.space, option_table("space", o->space));
	for (size_t i = 0; i < o->parameters.n; i++) {
		char *problem = space_add(&terms.space, o->parameters.values[i]);
		if (problem)
			usage_error("option '--param': %s", problem);
	}
	return terms;
}

static void open_study(struct study *study, enum study_access access, const struct options *o,
		       const struct study_terms *terms)
{
	switch (study_open(study, o->study, access, terms)) {
	case STUDY_OPENED:
		return;
	case STUDY_NO_SPACE:
		usage_error("a new study requires --space or --param");
	case STUDY_OTHER_DIRECTION:
		usage_error("%s was started with --%s", study->path,
			    study->maximize ? "maximize" : "minimize");
	case STUDY_OTHER_SEED:
		usage_error("%s was started with --seed %llu", study->path,
			    (unsigned long long)study->seed);
	case STUDY_OTHER_SPACE:
		usage_error("%s was started with another space", study->path);
	}
}

/* A waiting trial without values, which the command must be able to do without, unless there
 * is one. */
static void enqueue_defaults(struct study *study, char **command, int words)
{
	const char *place = command_value(&study->space, command, words);
	double *point = memory_new(study->space.n + 1, sizeof *point);
	bool known = false;
	if (place)
		usage_error("option '--enqueue': defaults leaves every option out, and the command has "
			    "a place for {%s}: write {--%s}, or {options}", place, place);
	for (size_t t = 0; t < study->n; t++)
		known |= study->trials[t].defaults;
	for (size_t p = 0; p < study->space.n; p++)
		point[p] = NAN;
	if (!known)
		study_append(study, &(struct study_row){.trial = (int64_t)study->n + 1,
			.state = "waiting", .value = NAN, .step = -1, .seconds = NAN,
			.message = TRIAL_DEFAULTS, .point = point}, true);
	free(point);
}

/* The points of --enqueue as waiting trials; those that are there already stay one. */
static void enqueue(struct study *study, const struct option_list *points, char **command, int words)
{
	struct space *space = &study->space;
	double *point = memory_new(space->n + 1, sizeof *point);
	for (size_t i = 0; i < points->n; i++) {
		const char *text = points->values[i];
		char shown[QUOTED_SIZE];
		if (strcmp(text, "defaults") == 0) {
			enqueue_defaults(study, command, words);
			continue;
		}
		for (size_t p = 0; p < space->n; p++)
			point[p] = NAN;
		for (const char *at = text + strspn(text, " "); *at; at += strspn(at, " ")) {
			size_t n = strcspn(at, " "), name = strcspn(at, "= ");
			long p = space_find(space, at, name);
			if (p < 0 || name == n ||
			    !space_parse(&space->parameters[p], at + name + 1, n - name - 1, &point[p]))
				usage_error("option '--enqueue': no parameter with such a value: %s",
					    quoted(at, n, shown));
			at += n;
		}
		bool known = false;
		char *message = memory_format("enqueued: %s", text);
		for (size_t t = 0; t < study->n && !known; t++)
			known = study->trials[t].message && study->trials[t].state == TRIAL_WAITING &&
				strcmp(study->trials[t].message, message) == 0;
		for (size_t t = 0; t < study->n && !known; t++) {
			bool same = study->trials[t].state != TRIAL_WAITING;
			for (size_t p = 0; p < space->n && same; p++)
				same = isnan(point[p]) || point[p] == study->trials[t].point[p];
			known = same;
		}
		if (!known)
			study_append(study, &(struct study_row){.trial = (int64_t)study->n + 1,
				.state = "waiting", .value = NAN, .step = -1, .seconds = NAN,
				.message = message, .point = point}, true);
		free(message);
	}
	free(point);
}

static int ask(struct study *study, const struct running *how, const struct options *o)
{
	study_lock(study);
	struct trial *t = take_trial(study, how);
	study_unlock(study);
	if (!t)
		die(STATUS_FAILED, "%s already has %lld trials", study->path, (long long)how->trials);
	show_trial(study, t, o->as_shell, o->common.output);
	return STATUS_DONE;
}

static int tell_value(struct study *study, const struct pruning *pruning, const struct options *o)
{
	static const char *const STATE[] = {"complete", "pruned", "failed"};
	study_lock(study);
	struct trial *t = study_trial(study, o->trial);
	if (!t || t->state != TRIAL_RUNNING)
		die(STATUS_DATA, "%s: trial %lld is not running", study->path, (long long)o->trial);
	bool step = option_given("step"), end = false;
	study_append(study, &(struct study_row){.trial = o->trial,
		.state = step ? "step" : STATE[o->state],
		.value = option_given("value") ? o->value : NAN,
		.step = step ? o->step : -1, .seconds = NAN}, true);
	if (step)
		end = prune(pruning, study, study_trial(study, o->trial));
	study_unlock(study);
	if (step)
		puts(end ? "prune" : "go on");
	return STATUS_DONE;
}

/* Columns of the terminal, for pictures in characters. */
static int terminal_columns(void)
{
	struct winsize size;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 20)
		return size.ws_col;
	return 79;
}

/* Trials that are all equally good learn nothing: most often the command does not get its
 * parameters. */
static void check_values_differ(const struct study *study)
{
	enum { ENOUGH = 3 };
	size_t complete = 0;
	double value = NAN;
	for (size_t t = 0; t < study->n; t++) {
		const struct trial *trial = &study->trials[t];
		if (trial->state != TRIAL_COMPLETE)
			continue;
		if (complete++ && trial->value != value)
			return;
		value = trial->value;
	}
	if (complete >= ENOUGH)
		warn("all %zu complete trials have the value %g: does the command get its parameters, by "
		     "{options}, {NAME} or HP_NAME?", complete, value);
}

static int run(enum mode mode, const struct options *o, char **command, int words)
{
	static const enum study_access ACCESS[N_MODES] = {
		[MODE_RUN] = STUDY_MAKE, [MODE_ASK] = STUDY_MAKE, [MODE_TELL] = STUDY_WORK};
	struct study study;
	struct study_terms terms = terms_of(o);
	const struct sampling sampling = {.sampler = (enum sampler)o->sampler, .startup = o->startup,
		.candidates = o->candidates, .grid_points = o->grid_points};
	const struct pruning pruning = {.pruner = (enum pruner)o->pruner, .first = o->first_step,
		.last = o->last_step, .eta = o->reduction, .startup = 5};
	const struct running how = {.sampling = &sampling, .pruning = &pruning,
		.trials = o->trials, .jobs = o->jobs, .trial_timeout_s = o->trial_timeout,
		.timeout_s = o->timeout, .grace_s = o->grace, .reclaim_s = o->reclaim,
		.show_errors = log_level == LOG_VERBOSE, .asked = mode == MODE_ASK};
	if (mode == MODE_RUN && terms.space.n)
		command_check(&terms.space, command, words); /* before a study is made of it */
	open_study(&study, ACCESS[mode], o, &terms);
	if (mode == MODE_RUN && terms.space.n == 0)
		command_check(&study.space, command, words);
	if (o->enqueue.n) {
		study_lock(&study);
		enqueue(&study, &o->enqueue, command, words);
		study_unlock(&study);
	}
	int status = STATUS_DONE;
	if (mode == MODE_RUN) {
		if (run_trials(&study, &how, command, words) == 0)
			die(STATUS_FAILED, "no trial is complete");
		check_values_differ(&study);
		show_best(&study, false, NULL, o->common.output);
	} else if (mode == MODE_BEST) {
		show_best(&study, o->as_shell, o->step_as, o->common.output);
	} else if (mode == MODE_TOP) {
		show_top(&study, o->k, o->step_as, o->common.output);
	} else if (mode == MODE_HISTORY) {
		show_history(&study, o->common.output);
	} else if (mode == MODE_IMPORTANCE) {
		show_importance(&study, o->common.output);
	} else if (mode == MODE_PLOT) {
		show_picture(&study, (enum picture)o->kind, o->common.output, terminal_columns());
	} else if (mode == MODE_ASK) {
		status = ask(&study, &how, o);
	} else {
		status = tell_value(&study, &pruning, o);
	}
	study_close(&study);
	space_free(&terms.space);
	return status;
}

int main(int argc, char **argv)
{
	struct options options = {0};
	int first = program_start(&PROGRAM, argc, argv, &options);
	enum mode mode = (enum mode)option_command();
	check_options(mode, &options, argc - first);
	return finish(run(mode, &options, argv + first, argc - first));
}
