/* picture.c - pictures of a study, drawn by gnuplot: SVG or PNG by the file's name,
 * characters on standard output. */
#include "show.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/quote.h"
#include "frame/options.h"
#include "streams/output.h"
#include "palette.h" /* made by make of the pages' colors */

/* What gnuplot is to do. Names and choices are data: lines of a block of its own, which
 * the program knows by their numbers. */
struct drawing {
	struct buffer program, texts;
	size_t n_texts;
	bool file;              /* not characters: colors, a title, the best and pruned trials */
};

/* Appends the expression that has the text. */
static void add_text(struct drawing *d, const char *text, bool tic)
{
	quote_gnuplot(&d->texts, text, strlen(text), tic);
	buffer_format(&d->program, "$text[%zu][2:*]", ++d->n_texts);
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
	size_t across = panels > 2 ? 2 : panels, down = (panels + across - 1) / across;
	buffer_format(b, "set terminal %s noenhanced size %zu,%zu\n",
		      ends_in(output, ".svg") ? "svg" : "pngcairo",
		      panels > 1 ? 480 * across : 800, panels > 1 ? 340 * down : 480);
}

/* What a pruned trial had reached when it was stopped; nan for others. */
static double pruned_at(const struct trial *t)
{
	return t->state == TRIAL_PRUNED && t->n_steps ? t->steps[t->n_steps - 1].value : NAN;
}

/* The colors of the pages, and what the picture is of. */
static void add_look(struct drawing *d, const struct study *study, const char *what)
{
	static const char *const SERIES[] = {PALETTE_SERIES};
	struct buffer *b = &d->program;
	if (!d->file)
		return;
	for (size_t i = 0; i < sizeof SERIES / sizeof *SERIES; i++)
		buffer_format(b, "set linetype %zu lc rgb '%s'\n", i + 1, SERIES[i]);
	buffer_add_text(b, "set palette defined (0 '" PALETTE_STOP_1 "', 1 '" PALETTE_STOP_2 "', 2 '"
			PALETTE_STOP_3 "', 3 '" PALETTE_STOP_4 "', 4 '" PALETTE_STOP_5 "')\n"
			"set border 3 lc rgb '" PALETTE_SOFT "'\nset tics nomirror textcolor rgb '" PALETTE_INK "'\n"
			"set grid lc rgb '" PALETTE_LINE "' lt 1\n");
	size_t complete = 0, pruned = 0;
	for (size_t i = 0; i < study->n; i++) {
		complete += study->trials[i].state == TRIAL_COMPLETE;
		pruned += study->trials[i].state == TRIAL_PRUNED;
	}
	buffer_format(b, "title = \"%s: %zu trials", what, complete);
	if (pruned)
		buffer_format(b, ", %zu pruned", pruned);
	buffer_format(b, ", best: %lld\"\nset title title\n",
		      (long long)(study_best(study) ? study_best(study)->number : 0));
}

/* Blocks $pruned and $top: a row for each pruned trial that has a value, one for the best. */
static void add_marks(struct drawing *d, const struct study *study, size_t parameter)
{
	struct buffer *b = &d->program;
	const struct trial *best = study_best(study);
	bool by_number = parameter == SIZE_MAX;
	if (!d->file)
		return;
	/* An empty block cannot be drawn. */
	buffer_add_text(b, "$pruned << EOD\nnan nan\n");
	for (size_t i = 0; i < study->n; i++) {
		const struct trial *t = &study->trials[i];
		double x = by_number ? (double)t->number : t->point[parameter];
		if (!isnan(pruned_at(t)) && !isnan(x))
			buffer_format(b, "%.17g %.17g\n", x, pruned_at(t));
	}
	buffer_add_text(b, "EOD\n$top << EOD\nnan nan\n");
	if (best && (by_number || !isnan(best->point[parameter])))
		buffer_format(b, "%.17g %.17g\n", by_number ? (double)best->number : best->point[parameter],
			      best->value);
	buffer_add_text(b, "EOD\n");
}

#define MARKS ", $pruned using 1:2 with points pt 2 ps 0.7 lw 1.5 lc rgb '" PALETTE_SOFT "' " \
	"title \"pruned\"" \
	", $top using 1:2 with points pt 6 ps 1.8 lw 2.5 lc rgb '" PALETTE_MARK "' title \"best\""

static size_t add_history(struct drawing *d, const struct study *study)
{
	struct buffer *b = &d->program;
	size_t n = 0;
	add_look(d, study, "Values");
	add_marks(d, study, SIZE_MAX);
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
	buffer_add_text(b, "EOD\nset xlabel \"trial\"\nset ylabel \"value\"\nset key ");
	buffer_add_text(b, d->file ? "below\n" : "bottom\n");
	buffer_add_text(b, "plot $trials using 1:2 with points pt 7 ps 0.5 title \"trials\", "
			"$best using 1:2 with steps lw 2 title \"best so far\"");
	buffer_add_text(b, d->file ? MARKS "\n" : "\n");
	return n;
}

/* A unit for the axis; choices in the middles of equal parts. */
static double axis(const struct parameter *p, double value)
{
	if (isnan(value))
		return NAN;
	return p->kind == KIND_CHOICE ? (value + 0.5) / (double)p->n_choices : space_unit(p, value);
}

static void add_axis_label(struct drawing *d, size_t axis_number, double at, const char *text)
{
	buffer_add_text(&d->program, "set label ");
	add_text(d, text, false);
	buffer_format(&d->program, " at %zu,%.9g left offset 0.5,0 front\n", axis_number, at);
}

/* What the heights on a parameter's axis mean: its ends, or its choices. */
static void add_axis_labels(struct drawing *d, const struct parameter *p, size_t axis_number)
{
	if (p->kind == KIND_CHOICE) {
		for (size_t c = 0; c < p->n_choices; c++)
			add_axis_label(d, axis_number, axis(p, (double)c), p->choices[c]);
		return;
	}
	char text[32];
	snprintf(text, sizeof text, "%.4g", p->low);
	add_axis_label(d, axis_number, -0.03, text);
	snprintf(text, sizeof text, "%.4g", p->high);
	add_axis_label(d, axis_number, 1.03, text);
}

/* A line of the parallel picture: a height on the axis of each parameter. */
static void add_line(struct buffer *b, const struct space *space, const struct trial *t, double value)
{
	for (size_t p = 0; p < space->n; p++) {
		double u = axis(&space->parameters[p], t->point[p]);
		if (isnan(u))
			buffer_add_text(b, "\n"); /* the line breaks off here */
		else
			buffer_format(b, "%zu %.17g %.17g\n", p + 1, u, value);
	}
}

/* The lines of pruned trials, which end before the value, and of the best one. */
static void add_marked_lines(struct drawing *d, const struct study *study, double low, double high)
{
	struct buffer *b = &d->program;
	const struct trial *best = study_best(study);
	if (!d->file || !best)
		return;
	buffer_add_text(b, "$pruned << EOD\nnan nan nan\n\n");
	for (size_t i = 0; i < study->n; i++) {
		if (study->trials[i].state != TRIAL_PRUNED)
			continue;
		add_line(b, &study->space, &study->trials[i], 0);
		buffer_add_byte(b, '\n');
	}
	buffer_add_text(b, "EOD\n$top << EOD\n");
	add_line(b, &study->space, best, best->value);
	buffer_format(b, "%zu %.17g %.17g\nEOD\n", study->space.n + 1,
		      high > low ? (best->value - low) / (high - low) : 0.5, best->value);
}

static size_t add_parallel(struct drawing *d, const struct study *study)
{
	struct buffer *b = &d->program;
	const struct space *space = &study->space;
	double low = INFINITY, high = -INFINITY;
	size_t n = 0;
	add_look(d, study, "Parameters and value");
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
		add_line(b, space, t, t->value);
		buffer_format(b, "%zu %.17g %.17g\n\n", space->n + 1,
			      high > low ? (t->value - low) / (high - low) : 0.5, t->value);
	}
	buffer_add_text(b, "EOD\n");
	add_marked_lines(d, study, low, high);
	buffer_format(b, "set xrange [0.5:%zu.5]\nset yrange [-0.05:1.05]\nunset ytics\nset xtics (",
		      space->n + 1);
	for (size_t p = 0; p <= space->n; p++) {
		buffer_add_text(b, p ? ", " : "");
		add_text(d, p < space->n ? space->parameters[p].name : "value", true);
		buffer_format(b, " %zu", p + 1);
	}
	buffer_add_text(b, ")\n");
	for (size_t p = 0; p < space->n; p++)
		add_axis_labels(d, &space->parameters[p], p + 1);
	buffer_add_text(b, "set grid xtics\nset cblabel \"value\"\n");
	if (d->file)
		buffer_add_text(b, "set key below\nplot $pruned using 1:2 with lines lw 0.8 lc rgb '" PALETTE_OTHER
				"' title \"pruned\", $lines using 1:2:3 with lines lc palette notitle, "
				"$top using 1:2 with lines lw 4 lc rgb '" PALETTE_MARK "' title \"best\"\n");
	else
		buffer_add_text(b, "plot $lines using 1:2:3 with lines lc palette notitle\n");
	return n;
}

static size_t add_slices(struct drawing *d, const struct study *study)
{
	struct buffer *b = &d->program;
	const struct space *space = &study->space;
	size_t across = space->n > 2 ? 2 : space->n, n = 0;
	add_look(d, study, "Value by parameter (ring: best, cross: pruned)");
	buffer_add_text(b, "set multiplot");
	buffer_add_text(b, d->file ? " title title" : "");
	buffer_format(b, " layout %zu,%zu\nunset title\nunset key\nset ylabel \"value\"\n"
		      "set cblabel \"trial\"\nset format x \"%%g\"\n",
		      (space->n + across - 1) / across, across);
	for (size_t p = 0; p < space->n; p++) {
		const struct parameter *q = &space->parameters[p];
		n = 0;
		add_marks(d, study, p);
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
		buffer_add_text(b, "nan nan nan\nEOD\nset xlabel ");
		add_text(d, q->name, false);
		buffer_add_text(b, q->log ? "\nset logscale x\n" : "\nunset logscale x\n");
		if (q->kind == KIND_CHOICE) {
			buffer_add_text(b, "set xtics (");
			for (size_t c = 0; c < q->n_choices; c++) {
				buffer_add_text(b, c ? ", " : "");
				add_text(d, q->choices[c], true);
				buffer_format(b, " %zu", c);
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
		buffer_format(b, "plot $p%zu using 1:2:3 with points pt 7 ps 0.6 lc palette%s\n", p,
			      d->file ? MARKS : "");
	}
	buffer_add_text(b, "unset multiplot\n");
	return n;
}

/* gnuplot on the program, its drawing copied to `out` while it draws; its exit status as
 * waitpid has it. */
static int run_gnuplot(const struct buffer *program, struct output *out)
{
	int from[2], in = memfd_create("gnuplot", MFD_CLOEXEC);
	if (in < 0 || write(in, program->data, program->n) != (ssize_t)program->n ||
	    lseek(in, 0, SEEK_SET) != 0 || pipe2(from, O_CLOEXEC) != 0)
		die_errno(STATUS_FAILED, "cannot start gnuplot");
	pid_t child = fork();
	if (child < 0)
		die_errno(STATUS_FAILED, "cannot start gnuplot");
	if (child == 0) {
		if (dup2(in, STDIN_FILENO) >= 0 && dup2(from[1], STDOUT_FILENO) >= 0)
			execlp("gnuplot", "gnuplot", "-d", (char *)NULL);
		_exit(127);
	}
	close(in);
	close(from[1]);
	for (;;) {
		ssize_t n = read(from[0], output_room(out, 4096), 4096);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			die_errno(STATUS_FAILED, "cannot read gnuplot's output");
		if (n == 0)
			break;
		out->n += (size_t)n;
	}
	close(from[0]);
	int status;
	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			die_errno(STATUS_FAILED, "cannot wait for gnuplot");
	return status;
}

void show_picture(const struct study *study, enum picture kind, const char *output, int columns)
{
	struct buffer all = {0};
	if (output && strcmp(output, "-") == 0)
		output = NULL;
	struct drawing d = {.file = output != NULL};
	if (output && !ends_in(output, ".svg") && !ends_in(output, ".png"))
		usage_error("option '--output': the file's name must end in .svg or .png");
	size_t panels = kind == PICTURE_SLICE ? study->space.n : 1;
	size_t n = kind == PICTURE_HISTORY ? add_history(&d, study)
		: kind == PICTURE_PARALLEL ? add_parallel(&d, study) : add_slices(&d, study);
	if (n == 0)
		die(STATUS_DATA, "%s: no trial is complete", study->path);
	add_terminal(&all, output, columns, panels);
	buffer_add_text(&all, "$text << EOD\n");
	buffer_add(&all, d.texts.data, d.texts.n);
	buffer_add_text(&all, "EOD\n");
	buffer_add(&all, d.program.data, d.program.n);
	struct output *out = output_open(output, false);
	int status = run_gnuplot(&all, out);
	if (status != 0)
		die(STATUS_FAILED, "gnuplot failed%s", WIFEXITED(status) &&
		    WEXITSTATUS(status) == 127 ? ": it is not installed" : "");
	output_close(out);
	buffer_free(&all);
	buffer_free(&d.program);
	buffer_free(&d.texts);
}
