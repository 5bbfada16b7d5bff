/* picture.c - pictures of a study, drawn by gnuplot: SVG or PNG by the file's name,
 * characters on standard output. */
#include "show.h"

#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "base/error.h"
#include "base/memory.h"
#include "frame/options.h"

/* Text inside gnuplot's double quotes. */
static void add_text(struct buffer *b, const char *text)
{
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			buffer_add_byte(b, '\\');
		if (*text == '_' || *text == '^' || *text == '@' || *text == '{' || *text == '}')
			buffer_add_text(b, "\\\\");
		buffer_add_byte(b, *text);
	}
}

static bool ends_in(const char *text, const char *end)
{
	size_t n = strlen(text), m = strlen(end);
	return n >= m && strcmp(text + n - m, end) == 0;
}

static void add_terminal(struct buffer *b, const char *output, int columns, size_t panels)
{
	if (!output) {
		buffer_format(b, "set terminal dumb size %d,%d noenhanced\n", columns,
			      panels > 1 ? 22 * (int)panels : 24);
		return;
	}
	if (!ends_in(output, ".svg") && !ends_in(output, ".png"))
		usage_error("option '--output': the file's name must end in .svg or .png");
	size_t across = panels > 2 ? 2 : panels, down = (panels + across - 1) / across;
	buffer_format(b, "set terminal %s size %zu,%zu\nset output \"",
		      ends_in(output, ".svg") ? "svg" : "pngcairo",
		      panels > 1 ? 480 * across : 800, panels > 1 ? 340 * down : 480);
	for (const char *c = output; *c; c++) {
		if (*c == '"' || *c == '\\')
			buffer_add_byte(b, '\\');
		buffer_add_byte(b, *c);
	}
	buffer_add_text(b, "\"\n");
}

static size_t add_history(struct buffer *b, const struct study *study)
{
	size_t n = 0;
	buffer_add_text(b, "$trials << EOD\n");
	for (size_t i = 0; i < study->n; i++) {
		const struct trial *t = &study->trials[i];
		if (t->state == TRIAL_COMPLETE) {
			buffer_format(b, "%lld %.17g\n", (long long)t->number, t->value);
			n++;
		}
	}
	buffer_add_text(b, "EOD\n$best << EOD\n");
	double best = NAN;
	for (size_t i = 0; i < study->n; i++) {
		const struct trial *t = &study->trials[i];
		if (t->state == TRIAL_COMPLETE && study_better(study, t->value, best))
			best = t->value;
		if (!isnan(best))
			buffer_format(b, "%lld %.17g\n", (long long)t->number, best);
	}
	buffer_add_text(b, "EOD\nset xlabel \"trial\"\nset ylabel \"value\"\nset key bottom\n"
			"plot $trials using 1:2 with points pt 7 ps 0.5 title \"trials\", "
			"$best using 1:2 with steps lw 2 title \"best so far\"\n");
	return n;
}

/* A unit for the axis; choices in the middles of equal parts. */
static double axis(const struct parameter *p, double value)
{
	if (isnan(value))
		return NAN;
	return p->kind == KIND_CHOICE ? (value + 0.5) / (double)p->n_choices : space_unit(p, value);
}

static void add_axis_label(struct buffer *b, size_t axis_number, double at, const char *text)
{
	buffer_add_text(b, "set label \"");
	add_text(b, text);
	buffer_format(b, "\" at %zu,%.9g left offset 0.5,0 front\n", axis_number, at);
}

/* What the heights on a parameter's axis mean: its ends, or its choices. */
static void add_axis_labels(struct buffer *b, const struct parameter *p, size_t axis_number)
{
	if (p->kind == KIND_CHOICE) {
		for (size_t c = 0; c < p->n_choices; c++)
			add_axis_label(b, axis_number, axis(p, (double)c), p->choices[c]);
		return;
	}
	char text[32];
	snprintf(text, sizeof text, "%.4g", p->low);
	add_axis_label(b, axis_number, -0.03, text);
	snprintf(text, sizeof text, "%.4g", p->high);
	add_axis_label(b, axis_number, 1.03, text);
}

static size_t add_parallel(struct buffer *b, const struct study *study)
{
	const struct space *space = &study->space;
	double low = INFINITY, high = -INFINITY;
	size_t n = 0;
	for (size_t i = 0; i < study->n; i++) {
		if (study->trials[i].state == TRIAL_COMPLETE) {
			low = fmin(low, study->trials[i].value);
			high = fmax(high, study->trials[i].value);
		}
	}
	buffer_add_text(b, "$lines << EOD\n");
	for (size_t i = 0; i < study->n; i++) {
		const struct trial *t = &study->trials[i];
		if (t->state != TRIAL_COMPLETE)
			continue;
		n++;
		for (size_t p = 0; p < space->n; p++) {
			double u = axis(&space->parameters[p], t->point[p]);
			if (isnan(u))
				buffer_add_text(b, "\n"); /* the line breaks off here */
			else
				buffer_format(b, "%zu %.17g %.17g\n", p + 1, u, t->value);
		}
		buffer_format(b, "%zu %.17g %.17g\n\n", space->n + 1,
			      high > low ? (t->value - low) / (high - low) : 0.5, t->value);
	}
	buffer_format(b, "EOD\nset xrange [0.5:%zu.5]\nset yrange [-0.05:1.05]\nunset ytics\nset xtics (",
		      space->n + 1);
	for (size_t p = 0; p <= space->n; p++) {
		buffer_format(b, "%s\"", p ? ", " : "");
		add_text(b, p < space->n ? space->parameters[p].name : "value");
		buffer_format(b, "\" %zu", p + 1);
	}
	buffer_add_text(b, ")\n");
	for (size_t p = 0; p < space->n; p++)
		add_axis_labels(b, &space->parameters[p], p + 1);
	buffer_add_text(b, "set grid xtics\nset cblabel \"value\"\n"
			"plot $lines using 1:2:3 with lines lc palette notitle\n");
	return n;
}

static size_t add_slices(struct buffer *b, const struct study *study)
{
	const struct space *space = &study->space;
	size_t across = space->n > 2 ? 2 : space->n, n = 0;
	buffer_format(b, "set multiplot layout %zu,%zu\nunset key\nset ylabel \"value\"\n"
		      "set cblabel \"trial\"\nset format x \"%%g\"\n",
		      (space->n + across - 1) / across, across);
	for (size_t p = 0; p < space->n; p++) {
		const struct parameter *q = &space->parameters[p];
		n = 0;
		buffer_format(b, "$p%zu << EOD\n", p);
		for (size_t i = 0; i < study->n; i++) {
			const struct trial *t = &study->trials[i];
			if (t->state != TRIAL_COMPLETE)
				continue;
			n++;
			if (!isnan(t->point[p]))
				buffer_format(b, "%.17g %.17g %lld\n", t->point[p], t->value,
					      (long long)t->number);
		}
		/* An empty block cannot be drawn: a parameter that was never active. */
		buffer_add_text(b, "nan nan nan\nEOD\nset xlabel \"");
		add_text(b, q->name);
		buffer_add_text(b, "\"\n");
		buffer_add_text(b, q->log ? "set logscale x\n" : "unset logscale x\n");
		if (q->kind == KIND_CHOICE) {
			buffer_add_text(b, "set xtics (");
			for (size_t c = 0; c < q->n_choices; c++) {
				buffer_format(b, "%s\"", c ? ", " : "");
				add_text(b, q->choices[c]);
				buffer_format(b, "\" %zu", c);
			}
			buffer_format(b, ")\nset xrange [-0.5:%zu.5]\n", q->n_choices - 1);
		} else {
			double low = q->low, high = q->high;
			if (!(high > low)) {
				low -= q->log ? low / 2 : 1;
				high += 1;
			}
			buffer_format(b, "set xtics autofreq\nset xrange [%.17g:%.17g]\n", low, high);
		}
		buffer_format(b, "plot $p%zu using 1:2:3 with points pt 7 ps 0.6 lc palette\n", p);
	}
	buffer_add_text(b, "unset multiplot\n");
	return n;
}

void show_picture(const struct study *study, enum picture kind, const char *output, int columns)
{
	struct buffer b = {0};
	size_t panels = kind == PICTURE_SLICE ? study->space.n : 1;
	add_terminal(&b, output, columns, panels);
	size_t n = kind == PICTURE_HISTORY ? add_history(&b, study)
		: kind == PICTURE_PARALLEL ? add_parallel(&b, study) : add_slices(&b, study);
	if (n == 0)
		die(STATUS_DATA, "%s: no trial is complete", study->path);
	signal(SIGPIPE, SIG_IGN); /* gnuplot's own failure is told by its exit status */
	FILE *gnuplot = popen("gnuplot", "w");
	if (!gnuplot)
		die_errno(STATUS_FAILED, "cannot start gnuplot");
	bool written = fwrite(b.data, 1, b.n, gnuplot) == b.n;
	int status = pclose(gnuplot);
	if (status != 0 || !written)
		die(STATUS_FAILED, "gnuplot failed%s", WIFEXITED(status) &&
		    WEXITSTATUS(status) == 127 ? ": it is not installed" : "");
	buffer_free(&b);
}
