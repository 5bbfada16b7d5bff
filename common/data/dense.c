#include "data/dense.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "base/memory.h"

const struct dense_kernel *dense_kernel_portable(void);
const struct dense_kernel *dense_kernel_avx2(void);
const struct dense_kernel *dense_kernel_avx512(void);

const struct dense_kernel *dense_kernel_of(enum kernel_choice resolved)
{
	return resolved == KERNEL_AVX512 ? dense_kernel_avx512()
	     : resolved == KERNEL_AVX2 ? dense_kernel_avx2() : dense_kernel_portable();
}

/* Sizes of tiles, multiples of both panels: a large one reads memory less often, a small one
 * wastes less on its edges. */
enum { EDGE_SMALL = 96, EDGE_LARGE = 192, LARGE_FROM = 8192 };

struct dense {
	size_t n, edge, tiles;    /* rows; of a tile; tiles in a row */
	enum dense_precision precision;
	const struct dense_kernel *kernel;
	void *cells;
	double *least;            /* what is left of each diagonal element must be above this */
};

struct dense_system {
	size_t n;
	enum dense_precision precision;
	const struct dense_kernel *kernel;
	void *cells, *inverse, *held, *right;
	double *least;            /* as of struct dense */
};

/* Of a diagonal element that came to less than this share everything may be rounding. */
static double least_share(enum dense_precision precision)
{
	return 16 * (precision == DENSE_DOUBLE ? DBL_EPSILON : (double)FLT_EPSILON);
}

/* Cholesky's factor of the lower triangle of n x n, row by row, and then the factor's
 * inverse in its place. */
static bool factor_small(double *l, const double *least, size_t n)
{
	for (size_t j = 0; j < n; j++) {
		for (size_t i = j; i < n; i++) {
			double sum = l[i * n + j];
			for (size_t k = 0; k < j; k++)
				sum -= l[i * n + k] * l[j * n + k];
			if (i > j)
				l[i * n + j] = sum / l[j * n + j];
			else if (sum > least[i] && sum < INFINITY)
				l[i * n + i] = sqrt(sum);
			else
				return false;
		}
	}
	for (size_t j = 0; j < n; j++) {
		l[j * n + j] = 1 / l[j * n + j];
		for (size_t i = j + 1; i < n; i++) {
			double sum = 0;
			for (size_t k = j; k < i; k++)
				sum -= l[i * n + k] * l[k * n + j];
			l[i * n + j] = sum / l[i * n + i];
		}
	}
	return true;
}

#define NAME(x) x##_double
#define REAL double
#define PANEL DENSE_PANEL_DOUBLE
#define MULTIPLY multiply_double
#define FACTOR factor_double
#include "data/dense-tiles.h"

#define NAME(x) x##_single
#define REAL float
#define PANEL DENSE_PANEL_SINGLE
#define MULTIPLY multiply_single
#define FACTOR factor_single
#include "data/dense-tiles.h"

static size_t size_of(enum dense_precision precision)
{
	return precision == DENSE_DOUBLE ? sizeof(double) : sizeof(float);
}

static size_t panel_of(enum dense_precision precision)
{
	return precision == DENSE_DOUBLE ? DENSE_PANEL_DOUBLE : DENSE_PANEL_SINGLE;
}

static size_t edge_of(size_t n)
{
	return n < LARGE_FROM ? EDGE_SMALL : EDGE_LARGE;
}

uint64_t dense_bytes(size_t n, enum dense_precision precision, size_t workers)
{
	uint64_t edge = edge_of(n), tiles = (n + edge - 1) / edge;
	return (tiles * (tiles + 1) / 2 + tiles + workers + 2) * edge * edge * size_of(precision) +
	       edge * edge * sizeof(double);
}

struct dense *dense_new(size_t n, enum dense_precision precision, enum kernel_choice resolved)
{
	struct dense *m = memory_zero(1, sizeof *m);
	m->n = n;
	m->edge = edge_of(n);
	m->tiles = (n + m->edge - 1) / m->edge;
	m->precision = precision;
	m->kernel = dense_kernel_of(resolved);
	m->cells = memory_aligned(m->tiles * (m->tiles + 1) / 2 * m->edge * m->edge, size_of(precision));
	return m;
}

void dense_free(struct dense *m)
{
	if (m)
		free(m->cells);
	free(m);
}

size_t dense_rows_together(const struct dense *m)
{
	return panel_of(m->precision);
}

void dense_put_row(struct dense *m, size_t row, const double *values)
{
	if (m->precision == DENSE_DOUBLE)
		put_row_double(m, row, values);
	else
		put_row_single(m, row, values);
}

void dense_get_row(const struct dense *m, size_t row, double *values)
{
	if (m->precision == DENSE_DOUBLE)
		get_row_double(m, row, values);
	else
		get_row_single(m, row, values);
}

double dense_get(const struct dense *m, size_t row, size_t column)
{
	size_t i = row > column ? row : column, j = row > column ? column : row, e = m->edge;
	return m->precision == DENSE_DOUBLE
		? tile_double(m, i / e, j / e)[place_double(e, i % e, j % e)]
		: (double)tile_single(m, i / e, j / e)[place_single(e, i % e, j % e)];
}

bool dense_invert(struct dense *m, const struct dense_team *team)
{
	/* Rows that only fill the last tile: they stay what they are. */
	size_t rows = m->tiles * m->edge;
	double *row = memory_zero(rows + 1, sizeof *row);
	for (size_t i = m->n; i < rows; i++) {
		row[i] = 1;
		dense_put_row(m, i, row);
		row[i] = 0;
	}
	for (size_t i = 0; i < rows; i++)
		row[i] = least_share(m->precision) * fabs(dense_get(m, i, i));
	m->least = row;
	bool good = (m->precision == DENSE_DOUBLE ? invert_double : invert_single)(m, team);
	free(row);
	if (!good)
		return false;
	size_t cells = m->tiles * (m->tiles + 1) / 2 * m->edge * m->edge;
	if (m->precision == DENSE_DOUBLE) {
		double *x = m->cells;
		for (size_t i = 0; i < cells; i++)
			x[i] = -x[i];
	} else {
		float *x = m->cells;
		for (size_t i = 0; i < cells; i++)
			x[i] = -x[i];
	}
	return true;
}

static size_t panels_of(size_t n, enum dense_precision precision)
{
	return (n + panel_of(precision) - 1) / panel_of(precision) + 1;
}

uint64_t dense_system_bytes(size_t most, enum dense_precision precision)
{
	uint64_t panels = panels_of(most, precision), panel = panel_of(precision);
	return ((panels * (panels + 1) / 2 + panels + 1) * panel + panels) * panel * size_of(precision);
}

struct dense_system *dense_system_new(size_t most, enum dense_precision precision,
				      enum kernel_choice resolved)
{
	size_t panels = panels_of(most, precision), block = panel_of(precision) * panel_of(precision);
	struct dense_system *s = memory_zero(1, sizeof *s);
	s->precision = precision;
	s->kernel = dense_kernel_of(resolved);
	s->cells = memory_aligned(panels * (panels + 1) / 2 * block, size_of(precision));
	s->inverse = memory_aligned(panels * block, size_of(precision));
	s->held = memory_aligned(block, size_of(precision));
	s->right = memory_aligned(panels * panel_of(precision), size_of(precision));
	s->least = memory_new(panels * panel_of(precision), sizeof *s->least);
	return s;
}

void dense_system_free(struct dense_system *s)
{
	if (!s)
		return;
	free(s->cells);
	free(s->inverse);
	free(s->held);
	free(s->right);
	free(s->least);
	free(s);
}

void dense_system_begin(struct dense_system *s, size_t n)
{
	s->n = n;
	if (s->precision == DENSE_DOUBLE)
		begin_double(s);
	else
		begin_single(s);
}

void dense_system_put_row(struct dense_system *s, size_t row, const double *values)
{
	s->least[row] = least_share(s->precision) * fabs(values[row]);
	if (s->precision == DENSE_DOUBLE)
		put_system_double(s, row, values);
	else
		put_system_single(s, row, values);
}

bool dense_system_solve(struct dense_system *s, double *b)
{
	return s->precision == DENSE_DOUBLE ? solve_double(s, b) : solve_single(s, b);
}
