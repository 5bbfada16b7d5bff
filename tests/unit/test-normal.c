/* Normal equations against sums and an elimination in double. */
#include "base/memory.h"
#include "base/random.h"
#include "data/normal.h"

#include "unit.h"

static const enum kernel_choice CHOICES[] = {KERNEL_PORTABLE, KERNEL_AVX2, KERNEL_AVX512};

static float *random_floats(size_t rows, size_t order, size_t n, struct random *r)
{
	float *x = memory_aligned(rows * n, sizeof(float));
	for (size_t i = 0; i < rows; i++)
		for (size_t j = 0; j < order; j++)
			x[i * n + j] = (float)random_normal(r);
	return x;
}

/* Weighted ridge regression of a target that a known x explains exactly but for
 * the ridge: gram, right side and residual all checked in double. */
static void test_least_squares(const struct normal_kernel *kernel, size_t order, size_t count)
{
	struct random r = random_start(order, count);
	size_t n = kernel_padded(order);
	float *rows = random_floats(count, order, n, &r);
	float *scaled = memory_aligned(count * n, sizeof(float));
	float *matrix = memory_aligned(n * n, sizeof(float)), *copy = memory_aligned(n * n, sizeof(float));
	float *b = memory_aligned(n, sizeof(float)), *right = memory_aligned(n, sizeof(float));
	for (size_t k = 0; k < count; k++) {
		float weight = 0.5f + (float)random_share(&r);
		kernel->scale(scaled + k * n, weight, rows + k * n, n);
		kernel->axpy(b, (float)random_normal(&r), scaled + k * n, n);
	}
	kernel->gram(matrix, rows, scaled, count, n);
	for (size_t i = 0; i < order; i++) {
		for (size_t j = i; j < order; j++) {
			double want = 0;
			for (size_t k = 0; k < count; k++)
				want += (double)rows[k * n + i] * (double)scaled[k * n + j];
			CHECK_NEAR(matrix[i * n + j], want, 1e-5 * (double)(count + 1));
		}
		matrix[i * n + i] += 3;
	}
	memcpy(copy, matrix, n * n * sizeof *copy);
	memcpy(right, b, n * sizeof *right);
	CHECK(kernel->solve(matrix, b, order, n));
	for (size_t i = 0; i < order; i++) {
		double residual = -(double)right[i];
		for (size_t j = 0; j < order; j++)
			residual += (double)(j < i ? copy[j * n + i] : copy[i * n + j]) * (double)b[j];
		CHECK_NEAR(residual, 0, 2e-4 * (1 + fabs((double)right[i])));
	}
	for (size_t i = order; i < n; i++)
		CHECK_NEAR(b[i], 0, 0);
	copy[(order - 1) * n + order - 1] = -1;
	CHECK(!kernel->solve(copy, right, order, n));
	free(rows);
	free(scaled);
	free(matrix);
	free(copy);
	free(b);
	free(right);
}

/* pull and subtract against sums in double. */
static void test_products(const struct normal_kernel *kernel, size_t order, size_t count)
{
	enum { ROWS = 9 };
	struct random r = random_start(order, count + 1);
	size_t n = kernel_padded(order);
	float *rows = random_floats(ROWS, order, n, &r), *x = random_floats(1, order, n, &r);
	float *out = random_floats(1, order, n, &r), *matrix = random_floats(n, n, n, &r);
	float *weights = memory_new(count, sizeof *weights);
	uint32_t *index = memory_new(count, sizeof *index);
	double *want = memory_new(n, sizeof *want), all = 0;
	for (size_t i = 0; i < n; i++)
		want[i] = (double)out[i];
	for (size_t k = 0; k < count; k++) {
		weights[k] = (float)random_share(&r);
		index[k] = random_below(&r, ROWS);
		double score = 0;
		for (size_t i = 0; i < n; i++)
			score += (double)rows[index[k] * n + i] * (double)x[i];
		all += (double)weights[k] * score;
		for (size_t i = 0; i < n; i++)
			want[i] += (double)weights[k] * (0.75 - score) * (double)rows[index[k] * n + i];
	}
	double got = (double)kernel->pull(out, 0.75f, x, rows, n, index, weights, count, n);
	double tolerance = 1e-5 * (double)(count + 1) * (double)(order + 10);
	CHECK_NEAR(got, all, tolerance);
	for (size_t i = 0; i < n; i++)
		CHECK_NEAR(out[i], want[i], tolerance);
	for (size_t i = 0; i < n; i++) {
		want[i] = (double)out[i];
		for (size_t j = 0; j < i; j++)
			matrix[i * n + j] = matrix[j * n + i];
	}
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < n; j++)
			want[i] -= (double)matrix[i * n + j] * (double)x[j];
	float *copies = memory_aligned(NORMAL_TOGETHER * n, sizeof *copies), *to[NORMAL_TOGETHER];
	float *others = random_floats(NORMAL_TOGETHER, order, n, &r);
	const float *by[NORMAL_TOGETHER];
	for (size_t k = 0; k < NORMAL_TOGETHER; k++) {
		memcpy(to[k] = copies + k * n, out, n * sizeof *out);
		by[k] = others + k * n;
	}
	kernel->subtract_all(to, matrix, by, n);
	for (size_t k = 0; k < NORMAL_TOGETHER; k++) { /* the same bits as one by one */
		float *alone = memory_aligned(n, sizeof *alone);
		memcpy(alone, out, n * sizeof *out);
		kernel->subtract(alone, matrix, by[k], n);
		CHECK(memcmp(alone, to[k], n * sizeof *alone) == 0);
		free(alone);
	}
	free(copies);
	free(others);
	kernel->subtract(out, matrix, x, n);
	for (size_t i = 0; i < n; i++)
		CHECK_NEAR(out[i], want[i], tolerance);
	free(rows);
	free(x);
	free(out);
	free(matrix);
	free(weights);
	free(index);
	free(want);
}

/* mix against sums in double, longer than a run that is added up apart; what is beside the
 * columns stays. */
static void test_mix(const struct normal_kernel *kernel, size_t n, size_t count, bool weighted)
{
	enum { ROWS = 11 };
	struct random r = random_start(n, count);
	size_t width = n + KERNEL_PAD;
	float *rows = random_floats(ROWS, width, width, &r), *out = random_floats(1, width, width, &r);
	float *weights = memory_new(count, sizeof *weights), beside = out[n];
	uint32_t *index = memory_new(count, sizeof *index);
	double *want = memory_zero(n, sizeof *want);
	for (size_t k = 0; k < count; k++) {
		weights[k] = (float)random_share(&r);
		index[k] = random_below(&r, ROWS);
		for (size_t i = 0; i < n; i++)
			want[i] += (weighted ? (double)weights[k] : 1) * (double)rows[index[k] * width + i];
	}
	kernel->mix(out, rows, width, index, weighted ? weights : NULL, count, n);
	for (size_t i = 0; i < n; i++)
		CHECK_NEAR(out[i], want[i], 3e-6 * (double)(count + 10));
	CHECK_NEAR(out[n], beside, 0);
	free(rows);
	free(out);
	free(weights);
	free(index);
	free(want);
}

int main(void)
{
	static const size_t ORDERS[] = {1, 2, 3, 5, 8, 15, 16, 17, 31, 33, 48, 64, 100, 128};
	for (size_t i = 0; i < sizeof CHOICES / sizeof *CHOICES; i++) {
		if (kernel_resolve(CHOICES[i]) != CHOICES[i])
			continue;
		const struct normal_kernel *kernel = normal_kernel_of(CHOICES[i]);
		for (size_t n = KERNEL_PAD; n <= 160; n += 3 * KERNEL_PAD)
			for (size_t count = 0; count < 3000; count = 3 * count + 1)
				test_mix(kernel, n, count, count % 2 == 0);
		for (size_t k = 0; k < sizeof ORDERS / sizeof *ORDERS; k++) {
			test_least_squares(kernel, ORDERS[k], 0);
			test_least_squares(kernel, ORDERS[k], 1);
			test_least_squares(kernel, ORDERS[k], 70);
			test_products(kernel, ORDERS[k], 0);
			test_products(kernel, ORDERS[k], 30);
		}
	}
	return unit_finish();
}
