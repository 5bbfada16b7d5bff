#include "basis.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/random.h"

enum {
	SUMMED = 1024,    /* rows that are summed in floats; from there on in doubles */
	CHUNKS = 8,       /* such sums at a time */
	CHUNK_ROWS = 64,  /* rows that a thread multiplies before it takes the next */
};

struct basis basis_new(size_t n, size_t columns)
{
	struct basis b = {.n = n, .columns = columns, .stride = kernel_padded(columns)};
	b.rows = memory_aligned(n * b.stride, sizeof *b.rows);
	return b;
}

struct products {
	const struct basis *left, *right;
	const struct normal_kernel *kernel;
	size_t from;   /* the row that the first chunk begins with */
	float *sums;   /* CHUNKS * stride * stride */
};

static void sum_products(void *context, size_t chunk, size_t worker)
{
	(void)worker;
	struct products *s = context;
	size_t stride = s->left->stride, from = s->from + chunk * SUMMED;
	size_t end = from + SUMMED < s->left->n ? from + SUMMED : s->left->n;
	float *sum = s->sums + chunk * stride * stride;
	memset(sum, 0, stride * stride * sizeof *sum);
	if (from < end)
		s->kernel->gram(sum, s->right->rows + from * stride, s->left->rows + from * stride,
				end - from, stride);
}

void basis_products(const struct basis *left, const struct basis *right, double *products,
		    const struct normal_kernel *kernel, struct pool *pool)
{
	size_t n = left->columns, stride = left->stride;
	struct products s = {left, right, kernel, 0, NULL};
	s.sums = memory_aligned(CHUNKS * stride * stride, sizeof *s.sums);
	memset(products, 0, n * n * sizeof *products);
	for (; s.from < left->n; s.from += CHUNKS * SUMMED) {
		pool_run(pool, CHUNKS, sum_products, &s);
		for (size_t chunk = 0; chunk < CHUNKS; chunk++)
			for (size_t i = 0; i < n; i++)
				for (size_t j = i; j < n; j++)
					products[i * n + j] +=
						(double)s.sums[(chunk * stride + i) * stride + j];
	}
	free(s.sums);
}

struct product {
	struct basis *out;
	const struct basis *in;
	const struct normal_kernel *kernel;
	const float *matrix;
	const uint32_t *index; /* 0, 1, ... */
};

static void multiply_chunk(void *context, size_t chunk, size_t worker)
{
	(void)worker;
	const struct product *p = context;
	size_t stride = p->in->stride, from = chunk * CHUNK_ROWS, end = from + CHUNK_ROWS;
	for (size_t r = from; r < end && r < p->in->n; r++)
		p->kernel->mix(p->out->rows + r * stride, p->matrix, stride, p->index,
			       p->in->rows + r * stride, p->in->columns, stride);
}

void basis_multiply(struct basis *out, const struct basis *in, const double *matrix,
		    const struct normal_kernel *kernel, struct pool *pool)
{
	size_t n = in->columns, stride = in->stride;
	float *floats = memory_aligned(n * stride, sizeof *floats);
	uint32_t *index = memory_new(n, sizeof *index);
	for (size_t i = 0; i < n; i++) {
		index[i] = (uint32_t)i;
		for (size_t j = 0; j < n; j++)
			floats[i * stride + j] = (float)matrix[i * n + j];
	}
	struct product p = {out, in, kernel, floats, index};
	pool_run(pool, (in->n + CHUNK_ROWS - 1) / CHUNK_ROWS, multiply_chunk, &p);
	free(floats);
	free(index);
}

/* Of a column less than this share of its square being its own, rounding in floats decides. */
static const double DEPENDENT = 1e-5;

/* U of U' U, in the upper triangle, for the columns that are `kept`: the others' rows and
 * columns are 0. False when a number is not finite. */
static bool factor(double *u, bool *kept, size_t n)
{
	double *own = memory_new(n, sizeof *own);
	bool finite = true;
	for (size_t k = 0; k < n; k++)
		own[k] = u[k * n + k];
	for (size_t k = 0; k < n; k++) {
		double *row = u + k * n, left = row[k];
		finite &= left - left == 0;
		kept[k] = left > DEPENDENT * own[k] && left > 0;
		for (size_t i = 0; i <= k && !kept[k]; i++)
			u[i * n + k] = 0;
		double by = kept[k] ? 1 / sqrt(left) : 0;
		for (size_t j = k; j < n; j++)
			row[j] *= by;
		for (size_t i = k + 1; i < n; i++)
			for (size_t j = i; j < n && kept[k]; j++)
				u[i * n + j] -= row[i] * row[j];
	}
	free(own);
	return finite;
}

/* The inverse of the upper triangle u, row by row from the last. */
static void invert(const double *u, const bool *kept, double *inverse, size_t n)
{
	memset(inverse, 0, n * n * sizeof *inverse);
	for (size_t i = n; i-- > 0;) {
		if (!kept[i])
			continue;
		double *to = inverse + i * n;
		for (size_t k = i + 1; k < n; k++)
			for (size_t j = k; j < n; j++)
				to[j] -= u[i * n + k] * inverse[k * n + j];
		to[i] = 1;
		for (size_t j = i; j < n; j++)
			to[j] /= u[i * n + i];
	}
}

/* Once by Cholesky's factor; the columns that depend on others are 0. Returns how many
 * are, -1 when numbers are not finite. */
static long orthonormalize_once(struct basis *to, const struct basis *from, bool *kept,
				const struct normal_kernel *kernel, struct pool *pool)
{
	size_t n = from->columns;
	double *u = memory_new(n * n, sizeof *u), *inverse = memory_new(n * n, sizeof *inverse);
	basis_products(from, from, u, kernel, pool);
	bool finite = factor(u, kept, n);
	long lost = 0;
	for (size_t k = 0; k < n; k++)
		lost += !kept[k];
	if (finite) {
		invert(u, kept, inverse, n);
		basis_multiply(to, from, inverse, kernel, pool);
	}
	free(u);
	free(inverse);
	return finite ? lost : -1;
}

static void draw_columns(struct basis *b, const bool *kept, uint64_t seed)
{
	double scale = 1 / sqrt((double)b->n);
	for (size_t j = 0; j < b->columns; j++) {
		struct random random = random_start(seed, j);
		for (size_t r = 0; r < b->n && !kept[j]; r++)
			b->rows[r * b->stride + j] = (float)(random_normal(&random) * scale);
	}
}

bool basis_orthonormalize(struct basis *to, struct basis *from, uint64_t seed, bool exact,
			  const struct normal_kernel *kernel, struct pool *pool)
{
	bool *kept = memory_new(from->columns, sizeof *kept);
	long lost = orthonormalize_once(to, from, kept, kernel, pool);
	if (lost > 0)
		draw_columns(to, kept, seed);
	if (lost > 0 || (exact && lost == 0)) {
		struct basis other = *to;
		*to = *from;
		*from = other;
		lost = orthonormalize_once(to, from, kept, kernel, pool);
	}
	free(kept);
	return lost >= 0;
}
