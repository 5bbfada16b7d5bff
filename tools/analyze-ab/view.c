/* view.c - see view.h. */
#include "view.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/quote.h"
#include "decide.h"

void output_number(struct output *out, double x)
{
	output_tab(out);
	if (isfinite(x))
		output_double(out, x);
}

static const char *role_of(const struct row *r)
{
	return r->of->role == METRIC_PRIMARY ? "primary" : r->of->role == METRIC_GUARDRAIL ? "guardrail" : "";
}

void view_header(const struct view *v)
{
	output_text(v->out, "experiment\ttreatment\tmetric\tn_control\tn_treatment\tcontrol_mean\t"
		    "treatment_mean\teffect\teffect_lower\teffect_upper\tpercent\tpercent_lower\t"
		    "percent_upper\tt\tdf\tp\tp_adjusted\tmde\tsignificant");
	output_text(v->out, v->options->margins ? "\tp_margin" : "");
	output_text(v->out, v->options->bayes ? "\tchance_to_win\texpected_loss" : "");
	output_text(v->out, v->segment ? "\tsegment" : "");
	output_text(v->out, v->day ? "\tday\tday_share" : "");
	output_text(v->out, v->options->described ? "\trole\tdirection" : "");
	output_text(v->out, v->decision ? "\tdecision" : "");
	output_text(v->out, v->decision && v->options->described ? "\treason" : "");
	output_end_row(v->out);
}

static void write_row(const struct view *v, const char *experiment, const struct row *r,
		      const struct view_day *day)
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
		output_number(v->out, numbers[i]);
	output_text(v->out, isnan(r->adjusted) ? "\t" : row_significant(v->options, r) ? "\t1" : "\t0");
	if (v->options->margins)
		output_number(v->out, r->margin_p);
	if (v->options->bayes) {
		output_number(v->out, r->posterior.chance);
		output_number(v->out, r->posterior.loss * 100);
	}
	if (v->segment) {
		output_tab(v->out);
		output_text(v->out, r->segment);
	}
	if (v->day) {
		output_tab(v->out);
		output_text(v->out, day->name);
		output_number(v->out, day->share);
	}
	if (v->options->described) {
		output_tab(v->out);
		output_text(v->out, role_of(r));
		output_text(v->out, r->of->lower ? "\tlower" : "\thigher");
	}
	if (v->decision) {
		output_tab(v->out);
		output_text(v->out, r->decision);
	}
	if (v->decision && v->options->described) {
		output_tab(v->out);
		output_text(v->out, r->reason);
	}
	output_end_row(v->out);
}

/* ---- the table for people ---- */

enum { COLUMNS = 9 };
static const char *const HEAD[COLUMNS] = {"experiment", "treatment", "metric", "users", "control",
	"treatment", "effect %", "interval %", "p adjusted"};

/* Columns on the screen: characters of UTF-8. */
static size_t width_of(const char *text)
{
	size_t n = 0;
	for (; *text; text++)
		n += (*text & 0xc0) != 0x80;
	return n;
}

/* One text or two, as a terminal may have them. */
static char *shown(const char *first, const char *second)
{
	struct buffer b = {0};
	quote_terminal(&b, first, strlen(first));
	if (*second)
		buffer_add_byte(&b, ' ');
	quote_terminal(&b, second, strlen(second));
	return buffer_text(&b);
}

static char *percent_text(double share)
{
	return isnan(share) ? memory_format("-") : memory_format("%+.2f", share * 100);
}

/* Is there no relative interval, so that the absolute one stands in its place? */
static bool is_absolute(const struct effect *e)
{
	return isnan(e->share_low) && isnan(e->share_high) && !isnan(e->low);
}

static char *interval_text(const struct effect *e)
{
	if (is_absolute(e))
		return memory_format("%+.4g .. %+.4g abs", e->low, e->high);
	if (isnan(e->share_low) && isnan(e->share_high))
		return memory_format("-");
	char *low = percent_text(e->share_low), *high = percent_text(e->share_high);
	char *text = memory_format("%s .. %s", low, high);
	free(low);
	free(high);
	return text;
}

static void fill_cells(const struct view *v, size_t i, char **c)
{
	const struct row *r = &v->all.row[i];
	const struct effect *e = &r->effect;
	c[0] = shown(v->experiment[i], v->day ? v->days[i] : "");
	c[1] = shown(r->treatment, r->segment);
	c[2] = shown(r->metric, role_of(r));
	c[3] = memory_format("%.0f/%.0f", e->control.n, e->treatment.n);
	c[4] = isnan(e->control.mean) ? memory_format("-") : memory_format("%.5g", e->control.mean);
	c[5] = isnan(e->treatment.mean) ? memory_format("-") : memory_format("%.5g", e->treatment.mean);
	c[6] = percent_text(e->share);
	c[7] = interval_text(e);
	c[8] = isnan(r->adjusted) ? memory_format("-")
		: r->adjusted < 1e-300 ? memory_format("< 1e-300") : memory_format("%.3g", r->adjusted);
}

static void put_cell(struct output *out, const char *text, size_t width, bool left)
{
	size_t pad = width - width_of(text);
	for (size_t i = 0; i < pad && !left; i++)
		output_byte(out, ' ');
	output_text(out, text);
	for (size_t i = 0; i < pad && left; i++)
		output_byte(out, ' ');
}

static void write_line(const struct view *v, char *const *cell, const size_t *width, const struct row *r)
{
	bool marked = r && row_significant(v->options, r);
	bool color = marked && v->color && !r->broken;
	if (color)
		output_text(v->out, row_better(r) ? "\033[32m" : "\033[31m");
	for (size_t k = 0; k < COLUMNS; k++) {
		put_cell(v->out, cell[k], width[k], k < 3);
		output_text(v->out, k + 1 < COLUMNS ? "  " : "");
	}
	output_text(v->out, marked ? "  *" : "");
	if (v->decision)
		output_text(v->out, !r ? "     decision" : marked ? "  " : "     ");
	if (v->decision && r)
		output_text(v->out, r->decision);
	output_text(v->out, color ? "\033[0m" : "");
	output_end_row(v->out);
}

/* Whether p and the intervals are adjusted for their number, and what else the table does not say. */
static void write_legend(const struct view *v)
{
	static const char *const NAMES[] = {"", "Bonferroni", "Holm", "Hochberg", "Benjamini-Hochberg",
		"Benjamini-Yekutieli"};
	const struct analysis_options *options = v->options;
	const char *always = options->sequential ? ", at every look" : "";
	double percent = 100 * (1 - options->alpha);
	char *text = options->adjustment == ADJUST_NONE
		? memory_format("* p < %g; neither p nor the intervals (%g %%%s) are adjusted for the number of "
				"tests", options->alpha, percent, always)
		: memory_format("* p < %g, adjusted (%s) for all tests of the experiment, as the intervals (%g "
				"%%%s) are", options->alpha, NAMES[options->adjustment], percent, always);
	output_text(v->out, text);
	output_end_row(v->out);
	free(text);
	bool absolute = false;
	for (size_t i = 0; i < v->all.n; i++)
		absolute |= is_absolute(&v->all.row[i].effect);
	if (absolute) {
		output_text(v->out, "abs: the interval of the effect itself, where there is none of its share of the "
			    "control's mean");
		output_end_row(v->out);
	}
	for (size_t i = 0; i < v->all.n; i++) {
		const char *why = v->all.row[i].broken;
		if (!why || (i > 0 && strcmp(v->experiment[i], v->experiment[i - 1]) == 0))
			continue;
		char *name = shown(v->experiment[i], "");
		text = memory_format("%s: a health check failed %s", name, why);
		output_text(v->out, text);
		output_end_row(v->out);
		free(name);
		free(text);
	}
}

void view_end(const struct view *v)
{
	size_t rows = v->all.n, width[COLUMNS];
	if (!v->table)
		return;
	char **cell = memory_new((rows + 1) * COLUMNS, sizeof(*cell));
	for (size_t k = 0; k < COLUMNS; k++)
		cell[k] = memory_text(HEAD[k], strlen(HEAD[k]));
	for (size_t i = 0; i < rows; i++)
		fill_cells(v, i, cell + (i + 1) * COLUMNS);
	for (size_t k = 0; k < COLUMNS; k++) {
		width[k] = 0;
		for (size_t i = 0; i <= rows; i++) {
			size_t w = width_of(cell[i * COLUMNS + k]);
			width[k] = w > width[k] ? w : width[k];
		}
	}
	for (size_t i = 0; i <= rows; i++)
		write_line(v, cell + i * COLUMNS, width, i ? &v->all.row[i - 1] : NULL);
	if (rows)
		write_legend(v);
	for (size_t i = 0; i < (rows + 1) * COLUMNS; i++)
		free(cell[i]);
	free(cell);
}

void view_rows(struct view *v, const char *experiment, const struct rows *rows,
	       const struct view_day *day)
{
	v->rows += rows->n;
	for (size_t i = 0; i < rows->n; i++) {
		if (!v->table) {
			write_row(v, experiment, &rows->row[i], day);
			continue;
		}
		size_t n = v->all.n + 1;
		v->experiment = memory_grow(v->experiment, &v->capacity[0], n, sizeof(*v->experiment));
		v->days = memory_grow(v->days, &v->capacity[1], n, sizeof(*v->days));
		v->all.row = memory_grow(v->all.row, &v->all.capacity, n, sizeof *v->all.row);
		v->experiment[n - 1] = experiment;
		v->days[n - 1] = day ? day->name : "";
		v->all.row[v->all.n++] = rows->row[i];
	}
}
