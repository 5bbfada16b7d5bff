/* normal-loops.h - the functions of normal.h, compiled once per instruction set.
 *
 * The including file has included one of data/vector-portable.h and its kin.
 */
#include <string.h>

#include "data/normal.h"

const struct normal_kernel *VECTOR_NAME(normal_kernel)(void);

/* A tile of the Gram matrix is TILE_ROWS x TILE_COLUMNS: it stays in registers
 * while the rows go by. */
enum {
	TILE_VECS = 2,
	TILE_COLUMNS = TILE_VECS * LANES,
	TILE_ROWS = LANES == 16 ? 8 : 4,
};

INLINE void gram_tile(float *gram, const float *rows, const float *scaled, size_t count,
		      size_t n, size_t i, size_t j, const size_t vecs)
{
	vec sum[TILE_ROWS][TILE_VECS];
#pragma GCC unroll 8
	for (size_t r = 0; r < TILE_ROWS; r++)
#pragma GCC unroll 8
		for (size_t v = 0; v < vecs; v++)
			sum[r][v] = vec_load(gram + (i + r) * n + j + v * LANES);
	for (size_t k = 0; k < count; k++) {
		vec right[TILE_VECS];
#pragma GCC unroll 8
		for (size_t v = 0; v < vecs; v++)
			right[v] = vec_load(rows + k * n + j + v * LANES);
#pragma GCC unroll 8
		for (size_t r = 0; r < TILE_ROWS; r++) {
			vec left = vec_set(scaled[k * n + i + r]);
#pragma GCC unroll 8
			for (size_t v = 0; v < vecs; v++)
				sum[r][v] = vec_fma(left, right[v], sum[r][v]);
		}
	}
#pragma GCC unroll 8
	for (size_t r = 0; r < TILE_ROWS; r++)
#pragma GCC unroll 8
		for (size_t v = 0; v < vecs; v++)
			vec_store(gram + (i + r) * n + j + v * LANES, sum[r][v]);
}

static void VECTOR_NAME(gram)(float *gram, const float *rows, const float *scaled, size_t count,
			      size_t n)
{
	for (size_t j = 0; j < n; j += TILE_COLUMNS) {
		size_t end = j + TILE_COLUMNS < n ? j + TILE_COLUMNS : n;
		for (size_t i = 0; i < end; i += TILE_ROWS) {
			if (end - j == TILE_COLUMNS)
				gram_tile(gram, rows, scaled, count, n, i, j, TILE_VECS);
			else
				gram_tile(gram, rows, scaled, count, n, i, j, 1);
		}
	}
}

static void VECTOR_NAME(axpy)(float *y, float a, const float *x, size_t n)
{
	vec factor = vec_set(a);
	for (size_t i = 0; i < n; i += LANES)
		vec_store(y + i, vec_fma(factor, vec_load(x + i), vec_load(y + i)));
}

enum { PULL_LOOK = 8 };

INLINE void pull_fetch(const float *rows, size_t width, const uint32_t *index, size_t r,
		       size_t count, size_t n)
{
	if (r + PULL_LOOK < count)
		for (size_t i = 0; i < n; i += 16)
			__builtin_prefetch(rows + index[r + PULL_LOOK] * width + i);
}

/* For lengths known to the compiler: x and the sum stay in registers. */
INLINE float pull_short(float *out, float target, const float *x, const float *rows, size_t width,
			const uint32_t *index, const float *weights, size_t count, const size_t n)
{
	enum { MOST = 128 / LANES };
	vec sum[MOST], with[MOST];
	float all = 0;
#pragma GCC unroll 32
	for (size_t v = 0; v < n / LANES; v++) {
		with[v] = vec_load(x + v * LANES);
		sum[v] = vec_zero();
	}
	for (size_t r = 0; r < count; r++) {
		pull_fetch(rows, width, index, r, count, n);
		const float *y = rows + index[r] * width;
		vec even = vec_zero(), odd = vec_zero();
#pragma GCC unroll 32
		for (size_t v = 0; v < n / LANES; v += 2) {
			even = vec_fma(vec_load(y + v * LANES), with[v], even);
			odd = vec_fma(vec_load(y + (v + 1) * LANES), with[v + 1], odd);
		}
		float score = vec_sum(vec_add(even, odd)), weight = weights ? weights[r] : 1.0f;
		vec factor = vec_set(weight * (target - score));
		all += weight * score;
#pragma GCC unroll 32
		for (size_t v = 0; v < n / LANES; v++)
			sum[v] = vec_fma(factor, vec_load(y + v * LANES), sum[v]);
	}
#pragma GCC unroll 32
	for (size_t v = 0; v < n / LANES; v++)
		vec_store(out + v * LANES, vec_add(vec_load(out + v * LANES), sum[v]));
	return all;
}

/* `together` rows from r on: their sums do not wait for each other, and each number of out
 * is loaded once for all. What each number is made of stays in the order of the rows. */
INLINE void pull_group(float *out, float target, const float *x, const float *rows, size_t width,
		       const uint32_t *index, const float *weights, size_t r, size_t count, size_t n,
		       float *all, const size_t together)
{
	const float *y[8];
	vec sum[8], factor[8];
#pragma GCC unroll 8
	for (size_t k = 0; k < together; k++) {
		pull_fetch(rows, width, index, r + k, count, n);
		y[k] = rows + index[r + k] * width;
		sum[k] = vec_zero();
	}
	for (size_t i = 0; i < n; i += LANES) {
		vec with = vec_load(x + i);
#pragma GCC unroll 8
		for (size_t k = 0; k < together; k++)
			sum[k] = vec_fma(vec_load(y[k] + i), with, sum[k]);
	}
#pragma GCC unroll 8
	for (size_t k = 0; k < together; k++) {
		float score = vec_sum(sum[k]), weight = weights ? weights[r + k] : 1.0f;
		factor[k] = vec_set(weight * (target - score));
		*all += weight * score;
	}
	for (size_t i = 0; i < n; i += LANES) {
		vec to = vec_load(out + i);
#pragma GCC unroll 8
		for (size_t k = 0; k < together; k++)
			to = vec_fma(factor[k], vec_load(y[k] + i), to);
		vec_store(out + i, to);
	}
}

static float VECTOR_NAME(pull)(float *out, float target, const float *x, const float *rows,
			       size_t width, const uint32_t *index, const float *weights,
			       size_t count, size_t n)
{
	if (n == 32)
		return pull_short(out, target, x, rows, width, index, weights, count, 32);
	if (n == 64)
		return pull_short(out, target, x, rows, width, index, weights, count, 64);
	if (n == 128)
		return pull_short(out, target, x, rows, width, index, weights, count, 128);
	float all = 0;
	size_t r = 0;
	for (; r + 8 <= count; r += 8)
		pull_group(out, target, x, rows, width, index, weights, r, count, n, &all, 8);
	for (; r + 4 <= count; r += 4)
		pull_group(out, target, x, rows, width, index, weights, r, count, n, &all, 4);
	for (; r < count; r++)
		pull_group(out, target, x, rows, width, index, weights, r, count, n, &all, 1);
	return all;
}

enum { MIX_COLUMNS = 64, MIX_RUN = 256 };

/* `columns` of them, in registers; runs of rows are added up apart, so that long sums
 * stay exact. */
INLINE void mix_columns(float *out, const float *rows, size_t width, const uint32_t *index,
			const float *weights, size_t count, const size_t columns)
{
	enum { MOST = MIX_COLUMNS / LANES };
	vec all[MOST];
#pragma GCC unroll 16
	for (size_t v = 0; v < columns / LANES; v++)
		all[v] = vec_zero();
	for (size_t from = 0; from < count; from += MIX_RUN) {
		size_t end = from + MIX_RUN < count ? from + MIX_RUN : count;
		vec sum[MOST];
#pragma GCC unroll 16
		for (size_t v = 0; v < columns / LANES; v++)
			sum[v] = vec_zero();
		for (size_t r = from; r < end; r++) {
			pull_fetch(rows, width, index, r, count, columns);
			const float *y = rows + index[r] * width;
			vec factor = vec_set(weights ? weights[r] : 1.0f);
#pragma GCC unroll 16
			for (size_t v = 0; v < columns / LANES; v++)
				sum[v] = vec_fma(factor, vec_load(y + v * LANES), sum[v]);
		}
#pragma GCC unroll 16
		for (size_t v = 0; v < columns / LANES; v++)
			all[v] = vec_add(all[v], sum[v]);
	}
#pragma GCC unroll 16
	for (size_t v = 0; v < columns / LANES; v++)
		vec_store(out + v * LANES, all[v]);
}

static void VECTOR_NAME(mix)(float *out, const float *rows, size_t width, const uint32_t *index,
			     const float *weights, size_t count, size_t n)
{
	size_t at = 0;
	for (; at + MIX_COLUMNS <= n; at += MIX_COLUMNS)
		mix_columns(out + at, rows + at, width, index, weights, count, MIX_COLUMNS);
	for (; at < n; at += KERNEL_PAD)
		mix_columns(out + at, rows + at, width, index, weights, count, KERNEL_PAD);
}

/* Four vectors of columns at a time, down all rows of the matrix: they stay in
 * registers and do not wait for each other. */
static void VECTOR_NAME(subtract)(float *out, const float *matrix, const float *x, size_t n)
{
	size_t i = 0;
	for (; i + 4 * LANES <= n; i += 4 * LANES) {
		vec sum[4] = {vec_zero(), vec_zero(), vec_zero(), vec_zero()};
		for (size_t f = 0; f < n; f++) {
			vec factor = vec_set(x[f]);
#pragma GCC unroll 4
			for (size_t v = 0; v < 4; v++)
				sum[v] = vec_fma(factor, vec_load(matrix + f * n + i + v * LANES),
						 sum[v]);
		}
#pragma GCC unroll 4
		for (size_t v = 0; v < 4; v++)
			vec_store(out + i + v * LANES,
				  vec_sub(vec_load(out + i + v * LANES), sum[v]));
	}
	for (; i < n; i += LANES) {
		vec sum = vec_zero();
		for (size_t f = 0; f < n; f++)
			sum = vec_fma(vec_set(x[f]), vec_load(matrix + f * n + i), sum);
		vec_store(out + i, vec_sub(vec_load(out + i), sum));
	}
}

INLINE void subtract_columns(float *const *out, const float *matrix, const float *const *x, size_t n,
			     size_t i, const size_t vecs)
{
	vec sum[NORMAL_TOGETHER][4];
#pragma GCC unroll 4
	for (size_t k = 0; k < NORMAL_TOGETHER; k++)
#pragma GCC unroll 4
		for (size_t v = 0; v < vecs; v++)
			sum[k][v] = vec_zero();
	for (size_t f = 0; f < n; f++) {
		vec row[4];
#pragma GCC unroll 4
		for (size_t v = 0; v < vecs; v++)
			row[v] = vec_load(matrix + f * n + i + v * LANES);
#pragma GCC unroll 4
		for (size_t k = 0; k < NORMAL_TOGETHER; k++) {
			vec factor = vec_set(x[k][f]);
#pragma GCC unroll 4
			for (size_t v = 0; v < vecs; v++)
				sum[k][v] = vec_fma(factor, row[v], sum[k][v]);
		}
	}
#pragma GCC unroll 4
	for (size_t k = 0; k < NORMAL_TOGETHER; k++)
#pragma GCC unroll 4
		for (size_t v = 0; v < vecs; v++)
			vec_store(out[k] + i + v * LANES,
				  vec_sub(vec_load(out[k] + i + v * LANES), sum[k][v]));
}

/* As many columns at a time as registers hold sums of. */
static void VECTOR_NAME(subtract_all)(float *const *out, const float *matrix, const float *const *x,
				      size_t n)
{
	enum { VECS = LANES == 16 ? 4 : 2 };
	size_t i = 0;
	for (; i + VECS * LANES <= n; i += VECS * LANES)
		subtract_columns(out, matrix, x, n, i, VECS);
	for (; i < n; i += LANES)
		subtract_columns(out, matrix, x, n, i, 1);
}

static void VECTOR_NAME(scale)(float *y, float a, const float *x, size_t n)
{
	vec factor = vec_set(a);
	for (size_t i = 0; i < n; i += LANES)
		vec_store(y + i, vec_mul(factor, vec_load(x + i)));
}

enum { PANEL = 4 }; /* rows that are finished before the rest is brought up to date */

/* Row k of the factor from what is left in row k of the matrix; the columns from
 * `from`, a multiple of LANES at or before k. */
INLINE bool pivot(float *row, size_t k, size_t from, size_t n)
{
	if (!(row[k] > 0))
		return false;
	vec by = vec_set(1.0f / sqrtf(row[k]));
	for (size_t j = from; j < n; j += LANES)
		vec_store(row + j, vec_mul(by, vec_load(row + j)));
	for (size_t j = from; j < k; j++)
		row[j] = 0;
	return row[k] > 0 && row[k] < INFINITY;
}

/* Upper factor: matrix = U' U, in place. Where a vector reaches below the
 * diagonal it holds zeros afterwards, so that whole vectors can be used. */
INLINE bool factorize(float *m, size_t order, size_t n)
{
	for (size_t k = 0; k < order; k += PANEL) {
		size_t end = k + PANEL < order ? k + PANEL : order, from = k / LANES * LANES;
		for (size_t r = k; r < end; r++) {
			for (size_t q = k; q < r; q++) {
				vec left = vec_set(-m[q * n + r]);
				for (size_t j = from; j < n; j += LANES)
					vec_store(m + r * n + j,
						  vec_fma(left, vec_load(m + q * n + j),
							  vec_load(m + r * n + j)));
			}
			if (!pivot(m + r * n, r, from, n))
				return false;
		}
		if (end - k < PANEL)
			break;
		const float *u0 = m + k * n, *u1 = u0 + n, *u2 = u1 + n, *u3 = u2 + n;
		for (size_t i = end; i < order; i++) {
			vec c0 = vec_set(-u0[i]), c1 = vec_set(-u1[i]);
			vec c2 = vec_set(-u2[i]), c3 = vec_set(-u3[i]);
			float *row = m + i * n;
			for (size_t j = i / LANES * LANES; j < n; j += LANES) {
				vec x = vec_load(row + j);
				x = vec_fma(c0, vec_load(u0 + j), x);
				x = vec_fma(c1, vec_load(u1 + j), x);
				x = vec_fma(c2, vec_load(u2 + j), x);
				x = vec_fma(c3, vec_load(u3 + j), x);
				vec_store(row + j, x);
			}
		}
	}
	return true;
}

static bool VECTOR_NAME(solve)(float *m, float *b, size_t order, size_t n)
{
	if (!factorize(m, order, n))
		return false;
	for (size_t k = 0; k < order; k++) { /* U' z = b */
		const float *row = m + k * n;
		float z = b[k] / row[k];
		vec minus = vec_set(-z);
		for (size_t j = k / LANES * LANES; j < n; j += LANES)
			vec_store(b + j, vec_fma(minus, vec_load(row + j), vec_load(b + j)));
		b[k] = z;
	}
	for (size_t k = order; k < n; k++)
		b[k] = 0;
	for (size_t k = order; k-- > 0;) { /* U x = z */
		const float *row = m + k * n;
		float z = b[k];
		vec sum = vec_zero();
		b[k] = 0;
		for (size_t j = k / LANES * LANES; j < n; j += LANES)
			sum = vec_fma(vec_load(row + j), vec_load(b + j), sum);
		b[k] = (z - vec_sum(sum)) / row[k];
	}
	return true;
}

static const struct normal_kernel VECTOR_NAME(KERNEL) = {
	.gram = VECTOR_NAME(gram),
	.axpy = VECTOR_NAME(axpy),
	.pull = VECTOR_NAME(pull),
	.mix = VECTOR_NAME(mix),
	.subtract = VECTOR_NAME(subtract),
	.subtract_all = VECTOR_NAME(subtract_all),
	.scale = VECTOR_NAME(scale),
	.solve = VECTOR_NAME(solve),
};

const struct normal_kernel *VECTOR_NAME(normal_kernel)(void)
{
	return &VECTOR_NAME(KERNEL);
}
