#include "data/eigen.h"

#include <math.h>
#include <string.h>

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
