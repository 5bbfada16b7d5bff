/* importance.c - how much of the values' variance each parameter explains alone:
 * functional ANOVA over a random forest (Hutter, Hoos and Leyton-Brown 2014, "An
 * efficient approach for assessing hyperparameter importance").
 *
 * A tree cuts the unit cube into boxes; the mean of its prediction over all other
 * parameters is a step function of one parameter, whose variance over the variance
 * of the whole prediction is that parameter's share. Shares are means over trees.
 */
#include "show.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/random.h"
#include "streams/output.h"

enum { TREES = 64, LEAF = 3 };

struct box {
	double *low, *high; /* a side for each parameter */
	double value;
};

struct forest {
	size_t dims, rows;
	double *x;      /* rows x dims in 0 ... 1 */
	double *y;
	struct random random;
	struct box *boxes;
	size_t n_boxes, capacity;
};

static void add_box(struct forest *f, const double *low, const double *high, double value)
{
	f->boxes = memory_grow(f->boxes, &f->capacity, f->n_boxes + 1, sizeof *f->boxes);
	struct box *b = &f->boxes[f->n_boxes++];
	b->low = memory_new(2 * f->dims, sizeof *b->low);
	b->high = b->low + f->dims;
	memcpy(b->low, low, f->dims * sizeof *low);
	memcpy(b->high, high, f->dims * sizeof *high);
	b->value = value;
}

static double *sorting;
static size_t sorting_dims, sorting_by;

static int by_coordinate(const void *a, const void *b)
{
	double x = sorting[*(const size_t *)a * sorting_dims + sorting_by];
	double y = sorting[*(const size_t *)b * sorting_dims + sorting_by];
	if (x < y || x > y)
		return x < y ? -1 : 1;
	return (*(const size_t *)a > *(const size_t *)b) - (*(const size_t *)a < *(const size_t *)b);
}

/* The cut of the rows along `dim` that leaves the least squared error. */
static double best_cut(struct forest *f, size_t *rows, size_t n, size_t dim, double *at)
{
	sorting = f->x;
	sorting_dims = f->dims;
	sorting_by = dim;
	qsort(rows, n, sizeof *rows, by_coordinate);
	double total = 0, left = 0, best = -1;
	for (size_t i = 0; i < n; i++)
		total += f->y[rows[i]];
	for (size_t i = 1; i < n; i++) {
		left += f->y[rows[i - 1]];
		double a = f->x[rows[i - 1] * f->dims + dim], b = f->x[rows[i] * f->dims + dim];
		if (!(a < b) || i < LEAF || n - i < LEAF)
			continue;
		double right = total - left;
		double gain = left * left / (double)i + right * right / (double)(n - i) -
			total * total / (double)n;
		if (gain > best) {
			best = gain;
			*at = (a + b) / 2;
		}
	}
	return best;
}

static void grow(struct forest *f, size_t *rows, size_t n, double *low, double *high)
{
	double best = 1e-12, at = 0, sum = 0;
	size_t dim = f->dims;
	for (size_t d = 0; d < f->dims; d++) {
		double where = 0, gain = best_cut(f, rows, n, d, &where);
		if (gain > best) {
			best = gain;
			dim = d;
			at = where;
		}
	}
	if (dim == f->dims) {
		for (size_t i = 0; i < n; i++)
			sum += f->y[rows[i]];
		add_box(f, low, high, sum / (double)n);
		return;
	}
	size_t m = 0;
	for (size_t i = 0; i < n; i++) {
		if (f->x[rows[i] * f->dims + dim] <= at) {
			size_t swap = rows[m];
			rows[m++] = rows[i];
			rows[i] = swap;
		}
	}
	double old = high[dim];
	high[dim] = at;
	grow(f, rows, m, low, high);
	high[dim] = old;
	old = low[dim];
	low[dim] = at;
	grow(f, rows + m, n - m, low, high);
	low[dim] = old;
}

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

/* Adds the tree's shares; nothing when it is flat. */
static bool add_shares(const struct forest *f, double *shares)
{
	double mean = 0, variance = 0;
	double *volume = memory_new(f->n_boxes, sizeof *volume);
	for (size_t b = 0; b < f->n_boxes; b++) {
		volume[b] = 1;
		for (size_t d = 0; d < f->dims; d++)
			volume[b] *= f->boxes[b].high[d] - f->boxes[b].low[d];
		mean += volume[b] * f->boxes[b].value;
	}
	for (size_t b = 0; b < f->n_boxes; b++)
		variance += volume[b] * (f->boxes[b].value - mean) * (f->boxes[b].value - mean);
	double *edge = memory_new(2 * f->n_boxes + 2, sizeof *edge);
	for (size_t d = 0; d < f->dims && variance > 1e-20; d++) {
		size_t n = 0;
		for (size_t b = 0; b < f->n_boxes; b++) {
			edge[n++] = f->boxes[b].low[d];
			edge[n++] = f->boxes[b].high[d];
		}
		qsort(edge, n, sizeof *edge, ascending);
		double part = 0;
		for (size_t e = 1; e < n; e++) {
			double width = edge[e] - edge[e - 1], middle = (edge[e] + edge[e - 1]) / 2;
			if (!(width > 0))
				continue;
			double marginal = 0;
			for (size_t b = 0; b < f->n_boxes; b++) {
				const struct box *box = &f->boxes[b];
				if (box->low[d] < middle && middle < box->high[d])
					marginal += box->value * volume[b] /
						(box->high[d] - box->low[d]);
			}
			part += width * (marginal - mean) * (marginal - mean);
		}
		shares[d] += part / variance;
	}
	free(edge);
	free(volume);
	return variance > 1e-20;
}

/* Mean 0, variance 1: what is called flat does not hang on the unit of the values, and a
 * large mean takes no digits. */
static void standardize(double *y, size_t n)
{
	double mean = 0, largest = 0, square = 0;
	for (size_t i = 0; i < n; i++)
		mean += y[i] / (double)n;
	for (size_t i = 0; i < n; i++)
		largest = fmax(largest, fabs(y[i] - mean));
	for (size_t i = 0; i < n && largest > 0; i++)
		square += (y[i] - mean) / largest * ((y[i] - mean) / largest) / (double)n;
	for (size_t i = 0; i < n; i++)
		y[i] = largest > 0 ? (y[i] - mean) / largest / sqrt(square) : 0;
}

/* The complete trials: points on the unit cube, values standardized. */
static struct forest forest_of(const struct study *study)
{
	const struct space *space = &study->space;
	struct forest f = {.dims = space->n};
	f.x = memory_new(study->n * space->n + 1, sizeof *f.x);
	f.y = memory_new(study->n + 1, sizeof *f.y);
	for (size_t i = 0; i < study->n; i++) {
		const struct trial *t = &study->trials[i];
		if (t->state != TRIAL_COMPLETE || t->defaults) /* which has no point */
			continue;
		for (size_t p = 0; p < space->n; p++) {
			const struct parameter *q = &space->parameters[p];
			double value = t->point[p];
			double unit = isnan(value) ? 0.5 : space_unit(q, value);
			if (!isnan(value) && q->kind == KIND_CHOICE)
				unit = (value + 0.5) / (double)q->n_choices;
			f.x[f.rows * space->n + p] = unit;
		}
		f.y[f.rows++] = t->value;
	}
	if (f.rows < 2 * LEAF)
		die(STATUS_DATA, "%s: %zu complete trials are too few; %d are needed",
		    study->path, f.rows, 2 * LEAF);
	standardize(f.y, f.rows);
	return f;
}

/* The parameters, those with the greatest shares first. */
static void write_shares(const struct space *space, const double *shares, size_t trees, const char *output)
{
	struct output *out = output_open(output, false);
	output_text(out, "parameter\timportance");
	output_end_row(out);
	bool *done = memory_zero(space->n + 1, sizeof *done);
	for (size_t i = 0; i < space->n; i++) {
		size_t best = space->n;
		for (size_t p = 0; p < space->n; p++)
			if (!done[p] && (best == space->n || shares[p] > shares[best]))
				best = p;
		done[best] = true;
		output_text(out, space->parameters[best].name);
		output_tab(out);
		output_double(out, trees ? shares[best] / (double)trees : 0);
		output_end_row(out);
	}
	output_close(out);
	free(done);
}

void show_importance(const struct study *study, const char *output)
{
	const struct space *space = &study->space;
	struct forest f = forest_of(study);
	double *shares = memory_zero(space->n + 1, sizeof *shares);
	double *low = memory_new(2 * space->n + 1, sizeof *low), *high = low + space->n;
	size_t *rows = memory_new(f.rows, sizeof *rows), trees = 0;
	for (int tree = 0; tree < TREES; tree++) {
		f.random = random_start(study->seed, (uint64_t)tree);
		f.n_boxes = 0;
		for (size_t i = 0; i < f.rows; i++)
			rows[i] = random_below(&f.random, (uint32_t)f.rows);
		for (size_t d = 0; d < space->n; d++) {
			low[d] = 0;
			high[d] = 1;
		}
		grow(&f, rows, f.rows, low, high);
		trees += add_shares(&f, shares);
		for (size_t b = 0; b < f.n_boxes; b++)
			free(f.boxes[b].low);
	}
	write_shares(space, shares, trees, output);
	free(rows);
	free(low);
	free(shares);
	free(f.boxes);
	free(f.x);
	free(f.y);
}
