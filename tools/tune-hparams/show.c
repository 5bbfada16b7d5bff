/* show.c - what a study holds, as TSV. */
#include "show.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/quote.h"
#include "command.h"
#include "streams/output.h"

static const char *const STATES[] = {"waiting", "running", "complete", "pruned", "failed"};

/* A field that holds anything: as it is in a file or a pipe, but no terminal is to obey
 * it. By the line goes here only what goes to a terminal. */
static void add_field(struct output *out, const char *text, size_t n)
{
	struct buffer b = {0};
	if (out->by_line)
		quote_terminal(&b, text, n);
	else
		buffer_add(&b, text, n);
	output_bytes(out, b.data, b.n);
	buffer_free(&b);
}

static void add_point(struct output *out, const struct space *space, const double *point)
{
	struct buffer b = {0};
	for (size_t p = 0; p < space->n; p++) {
		b.n = 0;
		space_format(&space->parameters[p], point[p], &b);
		output_tab(out);
		add_field(out, b.data, b.n);
	}
	buffer_free(&b);
}

static void add_names(struct output *out, const struct space *space)
{
	for (size_t p = 0; p < space->n; p++) {
		output_tab(out);
		output_text(out, space->parameters[p].name);
	}
}

static bool is_parameter(const struct space *space, const char *name)
{
	return name && space_find(space, name, strlen(name)) >= 0;
}

static void add_step_name(struct output *out, const struct space *space, const char *step_as)
{
	output_tab(out);
	output_text(out, step_as && !is_parameter(space, step_as) ? step_as : "best_step");
}

/* The trial's values and the step at which it was best, which replaces the
 * parameter that it is the value of. */
static void add_point_and_step(struct output *out, const struct study *study, const struct trial *t,
			       const char *step_as)
{
	const struct space *space = &study->space;
	int64_t step = trial_best_step(study, t);
	for (size_t p = 0; p < space->n; p++) {
		struct buffer b = {0};
		if (step >= 0 && step_as && strcmp(space->parameters[p].name, step_as) == 0)
			buffer_format(&b, "%lld", (long long)step);
		else
			space_format(&space->parameters[p], t->point[p], &b);
		output_tab(out);
		add_field(out, b.data, b.n);
		buffer_free(&b);
	}
	output_tab(out);
	if (step >= 0)
		output_i64(out, step);
}

static void add_value(struct output *out, double value)
{
	if (!isnan(value))
		output_double(out, value);
}

/* What cannot be an option is not printed as one. */
static void check_step(const struct study *study, const struct trial *t, const char *step_as)
{
	if (step_as && trial_best_step(study, t) < 0)
		die(STATUS_DATA, "%s: trial %lld has reported no steps, so there is no value for --%s",
		    study->path, (long long)t->number, step_as);
}

static void show_options(const struct study *study, const struct trial *t, const char *step_as,
			 const char *output)
{
	struct output *out = output_open(output, false);
	struct buffer b = {0};
	command_options(&b, &study->space, t->point, step_as, trial_best_step(study, t));
	add_field(out, b.data, b.n);
	output_end_row(out);
	buffer_free(&b);
	output_close(out);
}

void show_trial(const struct study *study, const struct trial *trial, bool as_shell,
		const char *output)
{
	if (as_shell) {
		show_options(study, trial, NULL, output);
		return;
	}
	struct output *out = output_open(output, false);
	output_text(out, "trial\tvalue");
	add_names(out, &study->space);
	output_end_row(out);
	output_i64(out, trial->number);
	output_tab(out);
	add_value(out, trial->value);
	add_point(out, &study->space, trial->point);
	output_end_row(out);
	output_close(out);
}

/* A table of complete trials; `seconds`: with the time that each took. */
static void show_trials(const struct study *study, const struct trial *const *list, size_t n,
			bool seconds, const char *step_as, const char *output)
{
	struct output *out = output_open(output, false);
	output_text(out, seconds ? "trial\tvalue\tseconds" : "trial\tvalue");
	add_names(out, &study->space);
	add_step_name(out, &study->space, step_as);
	output_end_row(out);
	for (size_t i = 0; i < n; i++) {
		output_i64(out, list[i]->number);
		output_tab(out);
		add_value(out, list[i]->value);
		if (seconds) {
			output_tab(out);
			output_double(out, list[i]->seconds);
		}
		add_point_and_step(out, study, list[i], step_as);
		output_end_row(out);
	}
	output_close(out);
}

/* A search that finds nothing better than where it began has found nothing: that is said. */
static void check_search(const struct study *study, const struct trial *best)
{
	enum { ENOUGH = 8 };
	size_t complete = 0, as_good = 0;
	for (size_t i = 0; i < study->n; i++) {
		const struct trial *t = &study->trials[i];
		complete += t->state == TRIAL_COMPLETE;
		as_good += t->state == TRIAL_COMPLETE && !study_better(study, best->value, t->value);
	}
	if (complete < ENOUGH || as_good > 1 || (!best->enqueued && best->number > 1))
		return;
	warn("trial %lld, %s, is the best of %zu complete ones: the search has found nothing better",
	     (long long)best->number, best->defaults ? "the command's defaults" :
	     best->enqueued ? "a point of --enqueue" : "the first", complete);
}

void show_best(const struct study *study, bool as_shell, const char *step_as, const char *output)
{
	const struct trial *best = study_best(study);
	if (!best)
		die(STATUS_DATA, "%s: no trial is complete", study->path);
	check_search(study, best);
	check_step(study, best, step_as);
	if (as_shell)
		show_options(study, best, step_as, output);
	else
		show_trials(study, &best, 1, false, step_as, output);
}

void show_top(const struct study *study, int64_t k, const char *step_as, const char *output)
{
	const struct trial **list = memory_new(study->n + 1, sizeof(*list));
	size_t n = 0;
	for (size_t i = 0; i < study->n; i++)
		if (study->trials[i].state == TRIAL_COMPLETE)
			list[n++] = &study->trials[i];
	qsort_r(list, n, sizeof(*list), study_by_merit, (void *)(uintptr_t)study);
	show_trials(study, list, n < (size_t)k ? n : (size_t)k, true, step_as, output);
	free(list);
}

void show_history(const struct study *study, const char *output)
{
	struct output *out = output_open(output, false);
	output_text(out, "trial\tstate\tvalue\tbest\tsteps\tseconds\tmessage");
	add_names(out, &study->space);
	output_end_row(out);
	double best = NAN;
	for (size_t i = 0; i < study->n; i++) {
		const struct trial *t = &study->trials[i];
		if (t->state == TRIAL_COMPLETE && study_better(study, t->value, best))
			best = t->value;
		output_i64(out, t->number);
		output_tab(out);
		output_text(out, STATES[t->state]);
		output_tab(out);
		add_value(out, t->value);
		output_tab(out);
		add_value(out, best);
		output_tab(out);
		output_u64(out, t->n_steps);
		output_tab(out);
		output_double(out, t->seconds);
		output_tab(out);
		if (t->state > TRIAL_RUNNING && t->message)
			add_field(out, t->message, strlen(t->message));
		add_point(out, &study->space, t->point);
		output_end_row(out);
	}
	output_close(out);
}
