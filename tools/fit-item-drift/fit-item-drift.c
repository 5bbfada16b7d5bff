/* fit-item-drift - which evolution in time do items' ratings have, if any?
 *
 * In:   user item rating timestamp.
 * Out:  form parameters lambda validation_rmse test_rmse gain gain_stderr: one row
 *       per form; with --print-curve timestamp value; with --predict a prediction
 *       after each row.
 *
 *	fit-item-drift < ratings.tsv
 *
 * Forms b_i(t) on top of mu + b_u + b_i are fitted by ridge regression and compared
 * on rows held out. It makes no lists: see train-mf(1).
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/date.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/number.h"
#include "streams/output.h"
#include "streams/table.h"
#include "frame/options.h"
#include "frame/run.h"
#include "frame/sides.h"
#include "compare.h"
#include "curve.h"
#include "fit.h"
#include "forms.h"
#include "keep.h"
#include "ratings.h"

struct options {
	const char *forms, *lambdas, *form, *print_curve, *save, *predict, *plot;
	const char *user, *item, *rating, *timestamp;
	double validation, test;
	int split, unit;
	struct common common;
};

static const struct option_row OPTIONS[] = {
	OPTION_TEXT("forms", "NAME,...", forms, .fallback = "all",
		.help = "drift models to compare with static: bins-5, bins-10, bins-30, linear, spline-6, "
			"spline-12, novelty-20, novelty-5, age, season, step, all-bins-30, user-drift, "
			"user-day"),
	OPTION_CHOICE("split", "HOW", split, "random|user-last|temporal", .fallback = "random",
		.help = "how to hold out rows: by a hash, each user's last, or the last of all"),
	OPTION_TEXT("form", "NAME", form,
		.requires = "save|print-curve|plot",
		.help = "drift model for --print-curve, --plot and --save (default: the best on the "
			"validation rows)"),
	OPTION_TEXT("print-curve", "ITEM", print_curve,
		.help = "write the curve of this item instead of the comparison: timestamp, value"),
	OPTION_OUTPUT("plot", "FILE", plot,
		.help = "write a self-contained gnuplot script for the item of --print-curve, or the one "
			"with the most rows; gnuplot FILE draws it as SVG"),
	OPTION_OUTPUT("save", "FILE", save, .help = "save the fitted model to FILE"),
	OPTION_FILE("predict", "FILE", predict, .side = true,
		.excludes = "save,print-curve,plot,form",
		.help = "do not fit; add the prediction of a model saved by --save to each row (user, "
			"item, timestamp)"),
	COMMON_OUTPUT_FILE, COMMON_THREADS, COMMON_ABOUT,

	OPTION_GROUP("Fit"),
	OPTION_TEXT("lambdas", "X,...", lambdas, .fallback = "1,3,10,30,100,300",
		.help = "ridge penalties to choose from on the validation rows"),
	OPTION_REAL("validation", "SHARE", validation, .fallback = "0.1", .low = ABOVE_ZERO,
		.high = 0.5,
		.help = "share of the rows to choose the penalty on"),
	OPTION_REAL("test", "SHARE", test, .fallback = "0.1", .low = ABOVE_ZERO, .high = 0.5,
		.help = "share of the rows to measure the gain on"),
	COMMON_SEED,

	OPTION_GROUP("Input"),
	COMMON_RENAME, COMMON_SIDES,
	TIMESTAMP_UNIT_ROW(unit, "s"),
	COMMON_INPUT,

	OPTION_GROUP("Expert options"),
	OPTION_COLUMN("user", user, .fallback = "user", .help = "name of the column with users"),
	OPTION_COLUMN("item", item, .fallback = "item", .help = "name of the column with items"),
	OPTION_COLUMN("rating", rating, .fallback = "rating", .help = "name of the column with "
		"ratings"),
	OPTION_COLUMN("timestamp", timestamp, .fallback = "timestamp",
		.help = "name of the column with times"),
	COMMON_LINE_BUFFERED, COMMON_PROGRESS,
	OPTION_END
};

/* What curves count: seconds where the input does, else milliseconds. */
static double ticks_per_day(const struct options *o)
{
	return o->unit == TIME_S ? 86400 : DAY_MS;
}

/* ---- reading ---- */

struct columns {
	size_t user, item, rating, timestamp;
};

static struct columns columns_of(struct table *t, const struct options *o)
{
	struct columns c = {0};
	c.user = table_column(t, option_column("user", o->user));
	c.item = table_column(t, option_column("item", o->item));
	if (!o->predict)
		c.rating = table_column(t, option_column("rating", o->rating));
	c.timestamp = table_column(t, option_column("timestamp", o->timestamp));
	return c;
}

static void read_rows(struct table *t, const struct columns *c, const struct options *o,
		      struct ratings *r)
{
	size_t capacity = 0;
	r->user_ids = strmap_new();
	r->item_ids = strmap_new();
	while (table_next(t)) {
		struct row row = {0};
		int64_t when;
		struct span user = table_field(t, c->user), item = table_field(t, c->item);
		if (user.n == 0 || item.n == 0) {
			table_reject(t, user.n ? c->item : c->user, "an empty id");
			continue;
		}
		if (!table_double(t, c->rating, &row.rating) ||
		    !table_time(t, c->timestamp, (enum time_unit)o->unit, &when))
			continue;
		if (r->n == UINT32_MAX - 1)
			table_fail(t, "too many rows");
		row.time = (double)when / DAY_MS;
		row.user = strmap_add(r->user_ids, user);
		row.item = strmap_add(r->item_ids, item);
		r->row = memory_grow(r->row, &capacity, (size_t)r->n + 1, sizeof *r->row);
		r->row[r->n++] = row;
		progress_step(table_bytes(t), table_size(t), "bytes");
	}
	uint32_t *user_rank, *item_rank;
	r->user_ids = strmap_in_order(r->user_ids, &user_rank);
	r->item_ids = strmap_in_order(r->item_ids, &item_rank);
	r->users = strmap_count(r->user_ids);
	r->items = strmap_count(r->item_ids);
	for (uint32_t i = 0; i < r->n; i++) {
		r->row[i].user = user_rank[r->row[i].user];
		r->row[i].item = item_rank[r->row[i].item];
	}
	free(user_rank);
	free(item_rank);
}

/* ---- comparing ---- */

static double parse_lambda(struct span text)
{
	double x;
	char shown[QUOTED_SIZE];
	if (number_double(text.at, text.n, &x) != NUMBER_OK || x < 0)
		usage_error("option '--lambdas': not a number from 0 up: %s",
			    quoted(text.at, text.n, shown));
	return x;
}

static const struct form *parse_form(struct span name, const char *option)
{
	const struct form *form = form_called(name);
	char shown[QUOTED_SIZE];
	if (!form)
		usage_error("option '--%s': no form is called %s", option,
			    quoted(name.at, name.n, shown));
	return form;
}

static void parse_lists(const struct options *o, struct comparison *c)
{
	bool all = strcmp(o->forms, "all") == 0, wanted[FORMS] = {true};
	for (struct span word, rest = span_of(o->lambdas); span_next(&rest, ',', &word);) {
		if (c->n_lambdas == LAMBDAS)
			usage_error("option '--lambdas': more than %d", LAMBDAS);
		c->lambda[c->n_lambdas++] = parse_lambda(word);
	}
	struct span rest = all ? (struct span){NULL, 0} : span_of(o->forms);
	for (struct span word; span_next(&rest, ',', &word);)
		wanted[parse_form(word, "forms") - DRIFT_FORMS] = true;
	for (uint32_t i = 0; i < FORMS; i++)
		if (wanted[i] || all)
			c->result[c->n_forms++].form = &DRIFT_FORMS[i];
	if (o->form && !wanted[parse_form(span_of(o->form), "form") - DRIFT_FORMS] && !all)
		usage_error("--form %s is not among --forms", o->form);
}

static uint32_t item_of(const struct options *o, const struct ratings *r)
{
	char shown[QUOTED_SIZE];
	uint32_t best = 0;
	if (o->print_curve) {
		best = strmap_find(r->item_ids, span_of(o->print_curve));
		if (best == STRMAP_NONE)
			die(STATUS_DATA, "the input has no item %s (--print-curve)",
			    quoted(o->print_curve, strlen(o->print_curve), shown));
		return best;
	}
	for (uint32_t i = 1; i < r->items; i++)
		if (r->item_start[i + 1] - r->item_start[i] >
		    r->item_start[best + 1] - r->item_start[best])
			best = i;
	return best;
}

static void write_comparison(const struct comparison *c, struct output *out)
{
	for (uint32_t i = 0; i < c->n_forms; i++) {
		const struct result *x = &c->result[i];
		const double values[] = {x->lambda, x->validation, x->test, x->gain, x->gain_error};
		output_text(out, x->form->name);
		output_tab(out);
		output_u64(out, form_parameters(c->r, x->form));
		for (size_t k = 0; k < sizeof values / sizeof *values; k++) {
			output_tab(out);
			output_double(out, values[k]);
		}
		output_end_row(out);
	}
}

/* Everything after the reading; returns the rows written. */
static uint64_t fit_and_write(const struct options *o, struct comparison *c, struct ratings *r,
			      struct output *out)
{
	ratings_split(r, (enum split_rule)o->split, o->validation, o->test, o->common.seed);
	ratings_prepare(r);
	if (r->n == 0) {
		warn("the input has no rows: nothing is fitted");
		return 0;
	}
	if (r->train == 0 || r->validation == 0 || ratings_tests(r) == 0)
		die(STATUS_DATA, "%u rows give %u train, %u validation and %u test rows: none may be 0",
		    r->n, r->train, r->validation, ratings_tests(r));
	uint32_t item = item_of(o, r);
	c->r = r;
	compare_forms(c, (size_t)o->common.threads);
	const struct result *chosen = compare_best(c, true);
	for (uint32_t i = 0; o->form && i < c->n_forms; i++)
		if (strcmp(c->result[i].form->name, o->form) == 0)
			chosen = &c->result[i];
	if (o->print_curve)
		curve_write(r, chosen->fit, item, ticks_per_day(o), out);
	else
		write_comparison(c, out);
	compare_say_verdict(c);
	if (o->plot)
		curve_plot(r, chosen->fit, item, o->plot);
	if (o->save)
		keep_save(r, chosen->fit, o->save);
	return o->print_curve ? CURVE_POINTS : c->n_forms;
}

/* ---- predicting ---- */

/* A prediction after each row. */
static uint64_t predict(struct table *t, const struct columns *c, const struct options *o,
			const struct ratings *r, const struct fit *f, struct output *out)
{
	uint64_t rows = 0;
	while (table_next(t)) {
		int64_t when;
		if (!table_time(t, c->timestamp, (enum time_unit)o->unit, &when))
			continue;
		uint32_t user = strmap_find(r->user_ids, table_field(t, c->user));
		uint32_t item = strmap_find(r->item_ids, table_field(t, c->item));
		output_span(out, table_row(t));
		output_tab(out);
		output_double(out, fit_predict(r, f, user, item, (double)when / DAY_MS));
		output_end_row(out);
		rows++;
	}
	return rows;
}

/* ---- the run ---- */

static void write_header(const struct options *o, struct table *t, struct output *out)
{
	if (o->common.no_header)
		return;
	if (o->predict) {
		output_span(out, table_header(t));
		output_text(out, "\tprediction");
	} else if (o->print_curve) {
		output_text(out, "timestamp\tvalue");
	} else {
		output_text(out, "form\tparameters\tlambda\tvalidation_rmse\ttest_rmse\tgain\t"
			    "gain_stderr");
	}
	output_end_row(out);
	output_flush(out);
}

static int run(const struct options *o, char **files, int count)
{
	struct table_format format = COMMON_FORMAT(&o->common);
	struct comparison c = {0};
	struct ratings r = {0};
	struct fit *kept = NULL;
	uint64_t rows_out = 0;
	parse_lists(o, &c);
	struct table *t = table_open(files, count, &format);
	struct columns columns = columns_of(t, o);
	if (o->predict) {
		struct table *form = option_table("predict", o->predict);
		kept = keep_load(form, &r);
		table_close(form);
	}
	struct output *out = output_open(o->common.output, o->common.line_buffered);
	write_header(o, t, out);
	if (kept)
		rows_out = predict(t, &columns, o, &r, kept, out);
	else
		read_rows(t, &columns, o, &r);
	uint64_t rows_in = table_rows(t), rejected = table_rejected(t);
	table_close(t);
	if (!kept)
		rows_out = fit_and_write(o, &c, &r, out);
	output_close(out);
	comparison_free(&c);
	fit_free(kept);
	ratings_free(&r);
	run_report(rows_in, rows_out, rejected);
	return STATUS_DONE;
}

static const struct program PROGRAM = {
	.name = "fit-item-drift",
	.usage = "[OPTION]... [FILE]...",
	.summary = "Compare forms of the evolution of items' ratings in time with no evolution at all.",
	.reads = "user, item, rating, timestamp (or those that options name)",
	.writes = "form, parameters, lambda, validation_rmse, test_rmse, gain, gain_stderr",
	.examples = {
		"fit-item-drift -j 2 < ratings.tsv",
		"fit-item-drift --forms linear,season --form season --print-curve 42 < ratings.tsv",
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
