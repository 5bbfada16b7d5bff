#include "pca.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

static double *mean_row(const float *rows, uint32_t n, uint32_t width, uint32_t stride)
{
	double *mean = memory_zero(width, sizeof *mean);
	for (uint32_t i = 0; i < n; i++)
		for (uint32_t f = 0; f < width; f++)
			mean[f] += (double)rows[(size_t)i * stride + f];
	for (uint32_t f = 0; f < width && n; f++)
		mean[f] /= n;
	return mean;
}

static double *covariance(const float *rows, uint32_t n, uint32_t width, uint32_t stride,
			  const double *mean)
{
	double *a = memory_zero((size_t)width * width, sizeof *a);
	double *row = memory_new(width, sizeof *row);
	for (uint32_t i = 0; i < n; i++) {
		for (uint32_t f = 0; f < width; f++)
			row[f] = (double)rows[(size_t)i * stride + f] - mean[f];
		for (uint32_t f = 0; f < width; f++)
			for (uint32_t g = 0; g <= f; g++)
				a[(size_t)f * width + g] += row[f] * row[g];
	}
	for (uint32_t f = 0; f < width; f++)
		for (uint32_t g = 0; g < f; g++)
			a[(size_t)g * width + f] = a[(size_t)f * width + g];
	free(row);
	return a;
}

/* One rotation in the plane (p, q) that makes a[p][q] zero; `axes` has the
 * eigenvectors as rows. */
static void rotate(double *a, double *axes, uint32_t n, uint32_t p, uint32_t q)
{
	double apq = a[(size_t)p * n + q];
	double theta = (a[(size_t)q * n + q] - a[(size_t)p * n + p]) / (2 * apq);
	double t = (theta >= 0 ? 1 : -1) / (fabs(theta) + sqrt(theta * theta + 1));
	double c = 1 / sqrt(t * t + 1), s = t * c;
	for (uint32_t i = 0; i < n; i++) {
		double x = a[(size_t)i * n + p], y = a[(size_t)i * n + q];
		a[(size_t)i * n + p] = c * x - s * y;
		a[(size_t)i * n + q] = s * x + c * y;
	}
	for (uint32_t i = 0; i < n; i++) {
		double x = a[(size_t)p * n + i], y = a[(size_t)q * n + i];
		a[(size_t)p * n + i] = c * x - s * y;
		a[(size_t)q * n + i] = s * x + c * y;
		x = axes[(size_t)p * n + i];
		y = axes[(size_t)q * n + i];
		axes[(size_t)p * n + i] = c * x - s * y;
		axes[(size_t)q * n + i] = s * x + c * y;
	}
	a[(size_t)p * n + q] = a[(size_t)q * n + p] = 0;
}

/* Makes `a` diagonal; returns the eigenvectors as rows. */
static double *diagonalise(double *a, uint32_t n)
{
	double *axes = memory_zero((size_t)n * n, sizeof *axes), total = 0;
	for (uint32_t i = 0; i < n; i++) {
		axes[(size_t)i * n + i] = 1;
		for (uint32_t j = 0; j < n; j++)
			total += a[(size_t)i * n + j] * a[(size_t)i * n + j];
	}
	double small = sqrt(total) * 1e-15 / (n ? n : 1);
	for (int sweep = 0; sweep < 60; sweep++) {
		bool moved = false;
		for (uint32_t p = 0; p + 1 < n; p++) {
			for (uint32_t q = p + 1; q < n; q++) {
				if (fabs(a[(size_t)p * n + q]) > small) {
					rotate(a, axes, n, p, q);
					moved = true;
				}
			}
		}
		if (!moved)
			break;
	}
	return axes;
}

static void fix_sign(double *axis, uint32_t n)
{
	uint32_t largest = 0;
	for (uint32_t i = 1; i < n; i++)
		if (fabs(axis[i]) > fabs(axis[largest]) * (1 + 1e-9))
			largest = i;
	if (axis[largest] < 0)
		for (uint32_t i = 0; i < n; i++)
			axis[i] = -axis[i];
}

void pca_project(const float *rows, uint32_t n, uint32_t width, uint32_t stride, uint32_t k,
		 double *out, double *share)
{
	double *mean = mean_row(rows, n, width, stride);
	double *a = covariance(rows, n, width, stride, mean);
	double *axes = diagonalise(a, width), total = 0;
	bool *taken = memory_zero(width, sizeof *taken);
	for (uint32_t f = 0; f < width; f++)
		total += a[(size_t)f * width + f];
	for (uint32_t c = 0; c < k; c++) {
		uint32_t best = width;
		for (uint32_t f = 0; f < width; f++)
			if (!taken[f] && (best == width || a[(size_t)f * width + f] >
							   a[(size_t)best * width + best]))
				best = f;
		taken[best] = true;
		double *axis = axes + (size_t)best * width;
		fix_sign(axis, width);
		share[c] = total > 0 ? fmax(a[(size_t)best * width + best], 0) / total : 0;
		for (uint32_t i = 0; i < n; i++) {
			double sum = 0;
			for (uint32_t f = 0; f < width; f++)
				sum += axis[f] * ((double)rows[(size_t)i * stride + f] - mean[f]);
			out[(size_t)i * k + c] = sum;
		}
	}
	free(taken);
	free(axes);
	free(a);
	free(mean);
}
