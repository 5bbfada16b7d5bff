/* Orthonormal columns of train-mf --loss svd: of columns that depend on each other exactly, by
 * rounding alone, or nearly; more of them than there are directions; and what is not finite. */
#include "../../tools/train-mf/basis.c"

#include "unit.h"

enum { ROWS = 3000, COLUMNS = 20 };

static struct basis random_basis(size_t n, size_t columns, struct random *r)
{
	struct basis b = basis_new(n, columns);
	memset(b.rows, 0, n * b.stride * sizeof *b.rows);
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < columns; j++)
			b.rows[i * b.stride + j] = (float)random_normal(r);
	return b;
}

static struct basis copy_of(const struct basis *b)
{
	struct basis copy = basis_new(b->n, b->columns);
	memcpy(copy.rows, b->rows, b->n * b->stride * sizeof *b->rows);
	return copy;
}

/* Column `to` becomes a * column x + b * column y + noise. */
static void combine(struct basis *m, size_t to, double a, size_t x, double b, size_t y, double noise,
		    struct random *r)
{
	for (size_t i = 0; i < m->n; i++) {
		float *row = m->rows + i * m->stride;
		row[to] = (float)(a * (double)row[x] + b * (double)row[y] + noise * random_normal(r));
	}
}

static double column_product(const struct basis *x, size_t i, const struct basis *y, size_t j)
{
	double sum = 0;
	for (size_t k = 0; k < x->n; k++)
		sum += (double)x->rows[k * x->stride + i] * (double)y->rows[k * y->stride + j];
	return sum;
}

/* The largest entry of Q'Q - 1; columns of 0, which are counted, aside. */
static double askew(const struct basis *q, size_t *zeros)
{
	double most = 0;
	*zeros = 0;
	for (size_t i = 0; i < q->columns; i++) {
		double own = column_product(q, i, q, i);
		*zeros += own == 0;
		most = own == 0 ? most : fmax(most, fabs(own - 1));
		for (size_t j = 0; j < i; j++)
			most = fmax(most, fabs(column_product(q, i, q, j)));
	}
	return most;
}

/* The largest share of a column's square that lies outside of what q spans. */
static double outside(const struct basis *q, const struct basis *given)
{
	double most = 0;
	for (size_t j = 0; j < given->columns; j++) {
		double own = column_product(given, j, given, j), left = own;
		for (size_t i = 0; i < q->columns; i++)
			left -= pow(column_product(q, i, given, j), 2);
		most = own > 0 ? fmax(most, fabs(left) / own) : most;
	}
	return most;
}

struct outcome {
	double askew, outside;
	size_t zeros;
	bool good;
};

static struct outcome outcome_of(const struct basis *given, bool exact, const struct normal_kernel *kernel,
				 struct pool *pool)
{
	struct basis from = copy_of(given), to = basis_new(given->n, given->columns);
	struct outcome o = {.good = basis_orthonormalize(&to, &from, 7, exact, kernel, pool)};
	if (o.good) {
		o.askew = askew(&to, &o.zeros);
		o.outside = outside(&to, given);
	}
	free(from.rows);
	free(to.rows);
	return o;
}

/* Three columns are sums of others but for some noise. What is left of such a column is askew
 * after one pass, as the rounding of floats is to it; two passes must not show it. */
static void dependent(const struct normal_kernel *kernel, struct pool *pool, struct random *r)
{
	static const double NOISE[] = {0, 1e-6, 1e-4, 0.02, 0.5};
	for (size_t k = 0; k < sizeof NOISE / sizeof *NOISE; k++) {
		struct basis given = random_basis(ROWS, COLUMNS, r);
		combine(&given, 3, 2, 0, 0, 0, NOISE[k], r);
		combine(&given, 11, 0.7, 3, -1.3, 5, NOISE[k], r);
		combine(&given, 19, 1, 18, 1, 2, NOISE[k], r);
		struct outcome once = outcome_of(&given, false, kernel, pool);
		struct outcome twice = outcome_of(&given, true, kernel, pool);
		CHECK(once.good && twice.good);
		CHECK_INT(once.zeros + twice.zeros, 0);
		CHECK(once.askew < 0.1);
		CHECK(twice.askew < 1e-5);
		CHECK(once.outside < 1e-5 && twice.outside < 1e-5);
		free(given.rows);
	}
}

static void few_directions(const struct normal_kernel *kernel, struct pool *pool, struct random *r)
{
	struct basis small = random_basis(5, 8, r), empty = basis_new(40, 3), one = random_basis(40, 3, r);
	memset(empty.rows, 0, empty.n * empty.stride * sizeof *empty.rows);
	struct outcome o = outcome_of(&small, true, kernel, pool);
	CHECK(o.good && o.askew < 1e-5);
	CHECK_INT(o.zeros, 3);
	o = outcome_of(&empty, true, kernel, pool);
	CHECK(o.good && o.askew < 1e-5);
	CHECK_INT(o.zeros, 0);
	one.rows[one.stride + 1] = INFINITY;
	CHECK(!outcome_of(&one, false, kernel, pool).good);
	one.rows[one.stride + 1] = NAN;
	CHECK(!outcome_of(&one, true, kernel, pool).good);
	free(small.rows);
	free(empty.rows);
	free(one.rows);
}

int main(void)
{
	static const enum kernel_choice KERNELS[] = {KERNEL_PORTABLE, KERNEL_AVX2, KERNEL_AVX512};
	struct pool *pool = pool_new(2);
	for (size_t k = 0; k < sizeof KERNELS / sizeof *KERNELS; k++) {
		struct random r = random_start(23, k);
		if (kernel_resolve(KERNELS[k]) != KERNELS[k])
			continue;
		dependent(normal_kernel_of(KERNELS[k]), pool, &r);
		few_directions(normal_kernel_of(KERNELS[k]), pool, &r);
	}
	pool_free(pool);
	return unit_finish();
}
