#include "pca.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "data/eigen.h"

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

/* Makes `a` diagonal; returns the eigenvectors as rows. */
static double *diagonalise(double *a, uint32_t n)
{
	double *axes = memory_new((size_t)n * n, sizeof *axes), total = 0;
	eigen_begin(axes, n);
	for (size_t i = 0; i < (size_t)n * n; i++)
		total += a[i] * a[i];
	double small = sqrt(total) * 1e-15 / (n ? n : 1);
	for (int sweep = 0; sweep < EIGEN_SWEEPS && eigen_sweep(a, axes, n, small, true); sweep++)
		;
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
