/* Eigenvectors: known ones, and A = V' D V with V orthonormal for matrices at random. */
#include <math.h>
#include <stdbool.h>
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

/* eigen_solve against the same: A = V' D V, V orthonormal, D falling. Every third row and
 * column is that before it, so that values come twice and 0. */
static void solve_at_random(size_t n, bool deficient, struct random *r)
{
	double *given = memory_zero(n * n, sizeof *given), *d = memory_zero(n * n, sizeof *d);
	double *axes = memory_new(n * n, sizeof *axes), *values = memory_new(n, sizeof *values);
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j <= i; j++)
			given[i * n + j] = given[j * n + i] = random_normal(r);
	for (size_t i = 2; i < n && deficient; i += 3)
		for (size_t j = 0; j < n; j++)
			given[i * n + j] = given[(i - 1) * n + j];
	for (size_t i = 2; i < n && deficient; i += 3)
		for (size_t j = 0; j < n; j++)
			given[j * n + i] = given[j * n + i - 1];
	memcpy(axes, given, n * n * sizeof *axes);
	CHECK(eigen_solve(axes, values, n));
	for (size_t i = 0; i < n; i++) {
		d[i * n + i] = values[i];
		CHECK(i == 0 || values[i] <= values[i - 1]);
	}
	CHECK(error_of(given, d, axes, n) < 1e-12 * (double)n);
	free(given);
	free(d);
	free(axes);
	free(values);
}

static void solve_known(void)
{
	double path[] = {2, -1, 0, -1, 2, -1, 0, -1, 2}, zero[16] = {0}, values[4];
	double bad[] = {1, NAN, NAN, 1};
	CHECK(eigen_solve(path, values, 3));
	CHECK_NEAR(values[0], 2 + sqrt(2), 1e-15);
	CHECK_NEAR(values[1], 2, 1e-15);
	CHECK_NEAR(values[2], 2 - sqrt(2), 1e-15);
	CHECK(eigen_solve(zero, values, 4));
	CHECK(values[0] == 0 && values[3] == 0 && zero[0] == 1 && zero[1] == 0);
	CHECK(!eigen_solve(bad, values, 2));
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
	solve_known();
	for (size_t n = 1; n < 120; n += n < 12 ? 1 : 29) {
		solve_at_random(n, false, &r);
		solve_at_random(n, true, &r);
	}
	return unit_finish();
}
