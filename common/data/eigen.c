#include "data/eigen.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

void eigen_begin(double *axes, size_t n)
{
	memset(axes, 0, n * n * sizeof *axes);
	for (size_t i = 0; i < n; i++)
		axes[i * n + i] = 1;
}

/* One rotation in the plane (p, q) that makes a[p][q] vanish. */
static void rotate(double *a, double *axes, size_t n, size_t p, size_t q)
{
	double theta = (a[q * n + q] - a[p * n + p]) / (2 * a[p * n + q]);
	double t = (theta < 0 ? -1 : 1) / (fabs(theta) + sqrt(theta * theta + 1));
	double c = 1 / sqrt(t * t + 1), s = t * c;
	for (size_t i = 0; i < n; i++) {
		double x = a[i * n + p], y = a[i * n + q];
		a[i * n + p] = c * x - s * y;
		a[i * n + q] = s * x + c * y;
	}
	for (size_t i = 0; i < n; i++) {
		double x = a[p * n + i], y = a[q * n + i];
		a[p * n + i] = c * x - s * y;
		a[q * n + i] = s * x + c * y;
		x = axes[p * n + i];
		y = axes[q * n + i];
		axes[p * n + i] = c * x - s * y;
		axes[q * n + i] = s * x + c * y;
	}
}

bool eigen_sweep(double *a, double *axes, size_t n, double negligible, bool clear)
{
	bool moved = false;
	for (size_t p = 0; p < n; p++) {
		for (size_t q = p + 1; q < n; q++) {
			if (fabs(a[p * n + q]) > negligible) {
				rotate(a, axes, n, p, q);
				if (clear)
					a[p * n + q] = a[q * n + p] = 0;
				moved = true;
			}
		}
	}
	return moved;
}

/* In an order that does not depend on the compiler's: four sums. */
static double dot(const double *x, const double *y, size_t n)
{
	double sum[4] = {0};
	size_t i = 0;
	for (; i + 4 <= n; i += 4)
		for (size_t j = 0; j < 4; j++)
			sum[j] += x[i + j] * y[i + j];
	for (; i < n; i++)
		sum[0] += x[i] * y[i];
	return (sum[0] + sum[2]) + (sum[1] + sum[3]);
}

static void add(double *y, double a, const double *x, size_t n)
{
	for (size_t i = 0; i < n; i++)
		y[i] += a * x[i];
}

/* Reflections from the last row up leave a tridiagonal matrix: `diagonal`, and in beside[i]
 * what lies between i - 1 and i. Row i of `a` keeps the vector u of its reflection
 * 1 - u u' / half[i], of i numbers; half[i] is 0 where there is none. */
static void make_tridiagonal(double *a, double *diagonal, double *beside, double *half, size_t n)
{
	double *p = memory_new(n, sizeof *p);
	for (size_t i = n; i-- > 0;) {
		double *u = a + i * n, size = 0;
		diagonal[i] = u[i];
		beside[i] = i ? u[i - 1] : 0;
		half[i] = 0;
		for (size_t j = 0; j + 1 < i; j++)
			size = fmax(size, fabs(u[j]));
		if (!(size > 0))
			continue;
		size = fmax(size, fabs(u[i - 1]));
		for (size_t j = 0; j < i; j++)
			u[j] /= size;
		double square = dot(u, u, i), length = u[i - 1] > 0 ? -sqrt(square) : sqrt(square);
		double h = square - u[i - 1] * length;
		u[i - 1] -= length;
		beside[i] = size * length;
		half[i] = h;
		for (size_t j = 0; j < i; j++)
			p[j] = dot(a + j * n, u, i) / h;
		add(p, -dot(p, u, i) / (2 * h), u, i);
		for (size_t j = 0; j < i; j++) {
			add(a + j * n, -p[j], u, i);
			add(a + j * n, -u[j], p, i);
		}
	}
	free(p);
}

/* The product of the reflections in the place of their vectors, transposed: row i is then
 * what the i-th axis of the tridiagonal matrix is. */
static void multiply_reflections(double *a, const double *half, size_t n)
{
	double *q = memory_zero(n * n, sizeof *q), *w = memory_new(n, sizeof *w);
	eigen_begin(q, n);
	for (size_t i = 1; i < n; i++) { /* q = (reflection i) q, of its first i rows and columns */
		const double *u = a + i * n;
		if (half[i] == 0)
			continue;
		memset(w, 0, i * sizeof *w);
		for (size_t j = 0; j < i; j++)
			add(w, u[j] / half[i], q + j * n, i);
		for (size_t j = 0; j < i; j++)
			add(q + j * n, -u[j], w, i);
	}
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < n; j++)
			a[j * n + i] = q[i * n + j];
	free(q);
	free(w);
}

/* Rotates two rows: x becomes c x - s y, y becomes s x + c y. */
static void turn(double *x, double *y, double c, double s, size_t n)
{
	for (size_t k = 0; k < n; k++) {
		double before = x[k], other = y[k];
		x[k] = c * before - s * other;
		y[k] = s * before + c * other;
	}
}

/* One implicit QL step on rows first ... last of the tridiagonal matrix, whose beside[i] is
 * what lies between i and i + 1. */
static void ql_step(double *axes, double *diagonal, double *beside, size_t n, size_t first,
		    size_t last)
{
	double g = (diagonal[first + 1] - diagonal[first]) / (2 * beside[first]);
	double r = hypot(g, 1), s = 1, c = 1, p = 0;
	g = diagonal[last] - diagonal[first] + beside[first] / (g + (g < 0 ? -r : r));
	for (size_t i = last; i-- > first;) {
		double f = s * beside[i], b = c * beside[i];
		r = hypot(f, g);
		beside[i + 1] = r;
		if (r == 0) { /* the matrix falls apart here */
			diagonal[i + 1] -= p;
			beside[last] = 0;
			return;
		}
		s = f / r;
		c = g / r;
		g = diagonal[i + 1] - p;
		r = (diagonal[i] - g) * s + 2 * c * b;
		p = s * r;
		diagonal[i + 1] = g + p;
		g = c * r - b;
		turn(axes + i * n, axes + (i + 1) * n, c, s, n);
	}
	diagonal[first] -= p;
	beside[first] = g;
	beside[last] = 0;
}

/* Where the block that begins at `first` ends: what follows is too small to matter. */
static size_t block_end(const double *diagonal, const double *beside, size_t first, size_t n)
{
	size_t last = first;
	for (; last + 1 < n; last++) {
		double near = fabs(diagonal[last]) + fabs(diagonal[last + 1]);
		if (fabs(beside[last]) <= 0x1p-53 * near)
			break;
	}
	return last;
}

static void sort_falling(double *a, double *values, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		size_t best = i;
		for (size_t j = i + 1; j < n; j++)
			if (values[j] > values[best])
				best = j;
		double value = values[i];
		values[i] = values[best];
		values[best] = value;
		for (size_t k = 0; best != i && k < n; k++) {
			double x = a[i * n + k];
			a[i * n + k] = a[best * n + k];
			a[best * n + k] = x;
		}
	}
}

bool eigen_solve(double *a, double *values, size_t n)
{
	double *beside = memory_zero(n + 1, sizeof *beside), *half = memory_new(n, sizeof *half);
	bool good = true;
	make_tridiagonal(a, values, beside, half, n);
	multiply_reflections(a, half, n);
	memmove(beside, beside + 1, n * sizeof *beside);
	for (size_t first = 0; first < n && good; first++) {
		size_t last, steps = 0;
		while ((last = block_end(values, beside, first, n)) > first && good) {
			ql_step(a, values, beside, n, first, last);
			good = ++steps < EIGEN_SWEEPS;
		}
	}
	for (size_t i = 0; i < n; i++)
		good &= values[i] - values[i] == 0;
	if (good)
		sort_falling(a, values, n);
	free(beside);
	free(half);
	return good;
}
