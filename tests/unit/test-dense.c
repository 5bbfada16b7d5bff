/* Inverses and solutions against products and an elimination in double: random, Hilbert's,
 * and known matrices; both precisions, all kernels, any team. */
#include "../../common/data/dense.c"

#include "base/random.h"

#include "unit.h"

static const enum kernel_choice CHOICES[] = {KERNEL_PORTABLE, KERNEL_AVX2, KERNEL_AVX512};
static const enum dense_precision PRECISIONS[] = {DENSE_DOUBLE, DENSE_SINGLE};

static void run_forward(void *pool, size_t chunks, void (*work)(void *, size_t, size_t), void *context)
{
	(void)pool;
	for (size_t i = 0; i < chunks; i++)
		work(context, i, 0);
}

/* Another order and three workers. */
static void run_backward(void *pool, size_t chunks, void (*work)(void *, size_t, size_t), void *context)
{
	(void)pool;
	for (size_t i = chunks; i-- > 0;)
		work(context, i, i % 3);
}

static uint64_t last_step;

static void hear(uint64_t done, uint64_t total)
{
	last_step = done * 1000 + total;
}

static const struct dense_team ALONE = {NULL, 1, run_forward, hear};
static const struct dense_team THREE = {NULL, 3, run_backward, NULL};

/* X' X + I of a random X with as many rows, its lower triangle row by row. */
static double *random_matrix(size_t n)
{
	struct random r = random_start(7, n);
	double *x = memory_new(n * n, sizeof *x), *a = memory_zero(n * n, sizeof *a);
	for (size_t i = 0; i < n * n; i++)
		x[i] = random_normal(&r);
	for (size_t k = 0; k < n; k++)
		for (size_t i = 0; i < n; i++)
			for (size_t j = 0; j <= i; j++)
				a[i * n + j] += x[k * n + i] * x[k * n + j] / (double)n + (k == 0 && i == j);
	free(x);
	return a;
}

static struct dense *matrix_of(const double *a, size_t n, enum dense_precision p, enum kernel_choice k)
{
	struct dense *m = dense_new(n, p, k);
	for (size_t i = 0; i < n; i++)
		dense_put_row(m, i, a + i * n);
	return m;
}

/* The largest element of A B - 1 for the lower triangle of A and all of B = m. */
static double residual(const double *a, const struct dense *m, size_t n)
{
	double *row = memory_new(n, sizeof *row), worst = 0;
	for (size_t i = 0; i < n; i++) {
		dense_get_row(m, i, row);
		for (size_t j = 0; j < n; j++) {
			double sum = -(double)(i == j);
			for (size_t k = 0; k < n; k++)
				sum += row[k] * (k < j ? a[j * n + k] : a[k * n + j]);
			worst = fabs(sum) > worst || isnan(sum) ? fabs(sum) : worst;
		}
	}
	free(row);
	return worst;
}

static bool same_cells(const struct dense *a, const struct dense *b)
{
	return memcmp(a->cells, b->cells,
		      a->tiles * (a->tiles + 1) / 2 * a->edge * a->edge * size_of(a->precision)) == 0;
}

static void test_inverse(size_t n, enum dense_precision p, enum kernel_choice k, size_t edge)
{
	double *a = random_matrix(n), tolerance = (p == DENSE_DOUBLE ? 1e-14 : 1e-5) * (double)(n + 10);
	struct dense *m = dense_new(n, p, k), *other = dense_new(n, p, k);
	struct dense *pair[] = {m, other};
	for (size_t q = 0; q < 2; q++) {
		struct dense *x = pair[q];
		free(x->cells);
		x->edge = edge;
		x->tiles = (n + edge - 1) / edge;
		x->cells = memory_aligned(x->tiles * (x->tiles + 1) / 2 * edge * edge, size_of(p));
		for (size_t i = 0; i < n; i++)
			dense_put_row(x, i, a + i * n);
	}
	for (size_t i = 0; i < n; i += 17)
		CHECK_NEAR(dense_get(m, i, i / 2), a[i * n + i / 2], p == DENSE_DOUBLE ? 0 : 1e-6);
	CHECK(dense_invert(m, &ALONE));
	CHECK_INT(last_step, m->tiles * 1001);
	CHECK_NEAR(residual(a, m, n), 0, tolerance);
	CHECK_NEAR(dense_get(m, n - 1, 0), dense_get(m, 0, n - 1), 0);
	CHECK(dense_invert(other, &THREE));
	CHECK(same_cells(m, other));
	dense_free(m);
	dense_free(other);
	free(a);
}

/* Where AVX2 and AVX-512 are: the same bits. */
static void test_kernels_agree(size_t n, enum dense_precision p)
{
	if (kernel_resolve(KERNEL_AVX512) != KERNEL_AVX512)
		return;
	double *a = random_matrix(n), *b = memory_new(n, sizeof *b), *c = memory_new(n, sizeof *c);
	struct dense *m = matrix_of(a, n, p, KERNEL_AVX2), *other = matrix_of(a, n, p, KERNEL_AVX512);
	CHECK(dense_invert(m, &ALONE) && dense_invert(other, &ALONE));
	CHECK(same_cells(m, other));
	dense_free(m);
	dense_free(other);
	for (size_t q = 0; q < 2; q++) {
		struct dense_system *s = dense_system_new(n, p, q ? KERNEL_AVX2 : KERNEL_AVX512);
		double *x = q ? b : c;
		dense_system_begin(s, n);
		for (size_t i = 0; i < n; i++) {
			dense_system_put_row(s, i, a + i * n);
			x[i] = (double)i - 3;
		}
		CHECK(dense_system_solve(s, x));
		dense_system_free(s);
	}
	CHECK(memcmp(b, c, n * sizeof *b) == 0);
	free(a);
	free(b);
	free(c);
}

/* x of A x = b by Gauss's elimination with pivots. */
static void eliminate(const double *lower, double *x, size_t n)
{
	double *a = memory_new(n * n, sizeof *a);
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < n; j++)
			a[i * n + j] = j <= i ? lower[i * n + j] : lower[j * n + i];
	for (size_t k = 0; k < n; k++) {
		size_t pivot = k;
		for (size_t i = k; i < n; i++)
			pivot = fabs(a[i * n + k]) > fabs(a[pivot * n + k]) ? i : pivot;
		for (size_t j = 0; j < n; j++) {
			double held = a[k * n + j];
			a[k * n + j] = a[pivot * n + j];
			a[pivot * n + j] = held;
		}
		double held = x[k];
		x[k] = x[pivot];
		x[pivot] = held;
		for (size_t i = 0; i < n; i++) {
			double by = i == k ? 0 : a[i * n + k] / a[k * n + k];
			for (size_t j = 0; j < n; j++)
				a[i * n + j] -= by * a[k * n + j];
			x[i] -= by * x[k];
		}
	}
	for (size_t i = 0; i < n; i++)
		x[i] /= a[i * n + i];
	free(a);
}

/* One system after the other in the same memory. */
static void test_systems(enum dense_precision p, enum kernel_choice k)
{
	static const size_t ORDERS[] = {100, 1, 2, 6, 23, 24, 25, 47, 48, 49, 130};
	struct dense_system *s = dense_system_new(130, p, k);
	for (size_t q = 0; q < sizeof ORDERS / sizeof *ORDERS; q++) {
		size_t n = ORDERS[q];
		double *a = random_matrix(n), *x = memory_new(n, sizeof *x), *want = memory_new(n, sizeof *want);
		dense_system_begin(s, n);
		for (size_t i = 0; i < n; i++) {
			dense_system_put_row(s, i, a + i * n);
			x[i] = want[i] = (double)(i % 7) - 2.5;
		}
		CHECK(dense_system_solve(s, x));
		eliminate(a, want, n);
		for (size_t i = 0; i < n; i++)
			CHECK_NEAR(x[i], want[i], p == DENSE_DOUBLE ? 1e-12 : 5e-5);
		dense_system_begin(s, n);
		a[n * n - 1] = -1;
		for (size_t i = 0; i < n; i++)
			dense_system_put_row(s, i, a + i * n);
		CHECK(!dense_system_solve(s, x));
		free(a);
		free(x);
		free(want);
	}
	dense_system_free(s);
}

/* Hilbert's matrix of 6 rows, whose inverse consists of integers up to 4,410,000: its
 * condition is 1.5e7, so that 16 digits leave 9. */
static void test_hilbert(enum kernel_choice k)
{
	static const double FIRST[] = {36, -630, 3360, -7560, 7560, -2772};
	double a[36];
	for (size_t i = 0; i < 6; i++)
		for (size_t j = 0; j < 6; j++)
			a[i * 6 + j] = 1 / (double)(i + j + 1);
	struct dense *m = matrix_of(a, 6, DENSE_DOUBLE, k);
	CHECK(dense_invert(m, &ALONE));
	for (size_t j = 0; j < 6; j++)
		CHECK_NEAR(dense_get(m, 0, j), FIRST[j], 1e-8 * fabs(FIRST[j]));
	CHECK_NEAR(dense_get(m, 4, 4), 4410000, 0.05);
	CHECK_NEAR(dense_get(m, 5, 4), -1746360, 0.02);
	dense_free(m);
}

/* A diagonal and one pair: the inverse is known, and what fills the last tile is not in it. */
static void test_known(enum dense_precision p, enum kernel_choice k)
{
	enum { N = 100 };
	double row[N] = {0};
	struct dense *m = dense_new(N, p, k);
	for (size_t i = 0; i < N; i++) {
		row[i] = 2;
		if (i == 98)
			row[3] = 1;
		dense_put_row(m, i, row);
		row[i] = row[3] = 0;
	}
	CHECK(dense_invert(m, &ALONE));
	CHECK_NEAR(dense_get(m, 99, 99), 0.5, 1e-6);
	CHECK_NEAR(dense_get(m, 3, 3), 2.0 / 3, 1e-6);
	CHECK_NEAR(dense_get(m, 3, 98), -1.0 / 3, 1e-6);
	CHECK_NEAR(dense_get(m, 97, 98), 0, 0);
	dense_free(m);
	m = dense_new(N, p, k);
	for (size_t i = 0; i < N; i++) {
		row[i] = i == 97 ? -2 : 2;
		dense_put_row(m, i, row);
		row[i] = 0;
	}
	CHECK(!dense_invert(m, &ALONE));
	dense_free(m);
}

/* Two rows that are the same but for what rounding leaves of their difference. */
static void test_singular(enum dense_precision p, enum kernel_choice k)
{
	enum { N = 130 };
	static const size_t TWINS[] = {1, 30, 99, 129};
	for (size_t t = 0; t < sizeof TWINS / sizeof *TWINS; t++) {
		size_t twin = TWINS[t];
		double *a = random_matrix(N), x[N] = {0};
		for (size_t i = 0; i < N; i++)
			for (size_t j = 0; j <= i; j++) {
				size_t r = i == twin ? 0 : i, c = j == twin ? 0 : j;
				a[i * N + j] = r > c ? a[r * N + c] : a[c * N + r];
			}
		struct dense *m = matrix_of(a, N, p, k);
		struct dense_system *s = dense_system_new(N, p, k);
		dense_system_begin(s, N);
		for (size_t i = 0; i < N; i++)
			dense_system_put_row(s, i, a + i * N);
		CHECK(!dense_invert(m, &ALONE));
		CHECK(!dense_system_solve(s, x));
		dense_system_free(s);
		dense_free(m);
		free(a);
	}
}

int main(void)
{
	static const size_t ORDERS[] = {1, 2, 24, 48, 95, 96, 97, 200};
	for (size_t i = 0; i < sizeof CHOICES / sizeof *CHOICES; i++) {
		if (kernel_resolve(CHOICES[i]) != CHOICES[i])
			continue;
		for (size_t p = 0; p < 2; p++) {
			for (size_t k = 0; k < sizeof ORDERS / sizeof *ORDERS; k++)
				test_inverse(ORDERS[k], PRECISIONS[p], CHOICES[i], EDGE_SMALL);
			test_inverse(250, PRECISIONS[p], CHOICES[i], EDGE_LARGE);
			test_systems(PRECISIONS[p], CHOICES[i]);
			test_known(PRECISIONS[p], CHOICES[i]);
			test_singular(PRECISIONS[p], CHOICES[i]);
		}
		test_hilbert(CHOICES[i]);
	}
	test_kernels_agree(120, DENSE_DOUBLE);
	test_kernels_agree(120, DENSE_SINGLE);
	CHECK(dense_bytes(20000, DENSE_DOUBLE, 2) > 1600000000);
	CHECK(dense_bytes(20000, DENSE_DOUBLE, 2) < 1700000000);
	CHECK(dense_system_bytes(500, DENSE_DOUBLE) < 1400000);
	return unit_finish();
}
