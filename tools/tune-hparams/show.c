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
	output_end_row(out);
}

static void add_value(struct output *out, double value)
{
	if (!isnan(value))
		output_double(out, value);
}

void show_trial(const struct study *study, const struct trial *trial, bool as_shell,
		const char *output)
{
	struct output *out = output_open(output, false);
	if (as_shell) {
		struct buffer b = {0};
		command_options(&b, &study->space, trial->point);
		add_field(out, b.data, b.n);
		output_end_row(out);
		buffer_free(&b);
	} else {
		output_text(out, "trial\tvalue");
		add_names(out, &study->space);
		output_i64(out, trial->number);
		output_tab(out);
		add_value(out, trial->value);
		add_point(out, &study->space, trial->point);
		output_end_row(out);
	}
	output_close(out);
}

void show_best(const struct study *study, bool as_shell, const char *output)
{
	const struct trial *best = study_best(study);
	if (!best)
		die(STATUS_DATA, "%s: no trial is complete", study->path);
	show_trial(study, best, as_shell, output);
}

void show_top(const struct study *study, int64_t k, const char *output)
{
	const struct trial **list = memory_new(study->n + 1, sizeof(*list));
	size_t n = 0;
	for (size_t i = 0; i < study->n; i++)
		if (study->trials[i].state == TRIAL_COMPLETE)
			list[n++] = &study->trials[i];
	qsort_r(list, n, sizeof(*list), study_by_merit, (void *)(uintptr_t)study);
	struct output *out = output_open(output, false);
	output_text(out, "trial\tvalue\tseconds");
	add_names(out, &study->space);
	for (size_t i = 0; i < n && i < (size_t)k; i++) {
		output_i64(out, list[i]->number);
		output_tab(out);
		add_value(out, list[i]->value);
		output_tab(out);
		output_double(out, list[i]->seconds);
		add_point(out, &study->space, list[i]->point);
		output_end_row(out);
	}
	output_close(out);
	free(list);
}

void show_history(const struct study *study, const char *output)
{
	struct output *out = output_open(output, false);
	output_text(out, "trial\tstate\tvalue\tbest\tsteps\tseconds\tmessage");
	add_names(out, &study->space);
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
