/* Eigenvectors: known ones, and A = V' D V with V orthonormal for matrices at random. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/random.h"
#include "data/eigen.h"
#include "unit.h"

static int solve(double *a, double *axes, size_t n, double negligible)
{
	int sweeps = 0;
	eigen_begin(axes, n);
	while (sweeps < EIGEN_SWEEPS && eigen_sweep(a, axes, n, negligible, n % 2))
		sweeps++;
	return sweeps;
}

/* The largest entry of V' D V - A and of V V' - I. */
static double error_of(const double *given, const double *a, const double *axes, size_t n)
{
	double worst = 0;
	for (size_t i = 0; i < n; i++) {
		for (size_t j = 0; j < n; j++) {
			double entry = -given[i * n + j], length = i == j ? -1 : 0;
			for (size_t k = 0; k < n; k++) {
				entry += axes[k * n + i] * a[k * n + k] * axes[k * n + j];
				length += axes[i * n + k] * axes[j * n + k];
			}
			worst = fmax(worst, fmax(fabs(entry), fabs(length)));
		}
	}
	return worst;
}

static void at_random(size_t n, struct random *r)
{
	double *a = memory_new(n * n, sizeof *a), *given = memory_new(n * n, sizeof *given);
	double *axes = memory_new(n * n, sizeof *axes);
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j <= i; j++)
			given[i * n + j] = given[j * n + i] = random_normal(r);
	memcpy(a, given, n * n * sizeof *a);
	CHECK(solve(a, axes, n, 1e-14) < 15);
	CHECK(error_of(given, a, axes, n) < 1e-12 * (double)n);
	free(a);
	free(given);
	free(axes);
}

int main(void)
{
	double a[] = {2, 1, 1, 2}, axes[4], diagonal[] = {3, 0, 0, 5};
	CHECK_INT(solve(a, axes, 2, 1e-15), 1);
	CHECK_NEAR(fmin(a[0], a[3]), 1, 1e-15);
	CHECK_NEAR(fmax(a[0], a[3]), 3, 1e-15);
	CHECK_INT(solve(diagonal, axes, 2, 0), 0);
	CHECK_INT(axes[0] == 1 && axes[1] == 0 && axes[2] == 0 && axes[3] == 1, 1);
	struct random r = random_start(17, 0);
	for (size_t n = 1; n < 40; n += 6)
		at_random(n, &r);
	return unit_finish();
}
