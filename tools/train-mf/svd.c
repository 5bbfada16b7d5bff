#include "svd.h"

#include <math.h>
#include <stdlib.h>

#include "base/hash.h"
#include "base/memory.h"
#include "base/random.h"
#include "data/csr.h"
#include "data/eigen.h"
#include "data/normal.h"
#include "frame/run.h"
#include "basis.h"

enum {
	BLOCK = 64,      /* columns multiplied at a time */
	CHUNK_ROWS = 64, /* rows that a thread sums up before it takes the next */
};

/* Of the largest eigenvalue: what is less is rounding. */
static const double NOTHING = 1e-6;

struct svd {
	const struct train_data *data;
	const struct normal_kernel *kernel;
	struct pool *pool;
	struct csr by_item;              /* the rows by item: users ascending within each */
	double *user_degree, *item_degree;
	float *user_scale, *item_scale;  /* d^-2A and d^-B */
	double square;                   /* the sum of squares of the normalized matrix */
	struct basis basis, image;       /* of the items, and the matrix' matrix times it */
	float *items, *users;            /* BLOCK columns: scaled, and the matrix times them */
	size_t at, width;                /* the columns that are multiplied now */
};

static double *degrees(const uint64_t *start, const float *weight, uint32_t n)
{
	double *sum = memory_zero(n, sizeof *sum);
	for (uint32_t r = 0; r < n; r++)
		for (uint64_t row = start[r]; row < start[r + 1]; row++)
			sum[r] += weight ? (double)weight[row] : 1;
	return sum;
}

static float *scales(const double *degree, double exponent, uint32_t n)
{
	float *scale = memory_new(n, sizeof *scale);
	for (uint32_t r = 0; r < n; r++)
		scale[r] = (float)pow(degree[r], -exponent);
	return scale;
}

static double squares(const struct svd *s, const struct svd_options *o)
{
	const struct train_data *p = s->data;
	double sum = 0;
	for (uint32_t u = 0; u < p->users.n; u++) {
		double by = pow(s->user_degree[u], -2 * o->user_exponent);
		for (uint64_t row = p->start[u]; row < p->start[u + 1]; row++) {
			double entry = (p->weight ? (double)p->weight[row] : 1) *
				       (double)s->item_scale[p->item[row]];
			sum += by * entry * entry;
		}
	}
	return sum;
}

static struct svd svd_new(const struct train_data *p, const struct svd_options *o, size_t factors,
			  enum kernel_choice kernel, struct pool *pool)
{
	uint32_t users = p->users.n, items = p->items.n;
	size_t most = users < items ? users : items, columns = factors + o->oversampling;
	struct svd s = {.data = p, .kernel = normal_kernel_of(kernel), .pool = pool};
	s.by_item = csr_transpose(users, items, p->start, p->item, p->weight);
	s.user_degree = degrees(p->start, p->weight, users);
	s.item_degree = degrees(s.by_item.start, s.by_item.value, items);
	s.user_scale = scales(s.user_degree, 2 * o->user_exponent, users);
	s.item_scale = scales(s.item_degree, o->item_exponent, items);
	s.square = squares(&s, o);
	s.basis = basis_new(items, columns < most ? columns : most);
	s.image = basis_new(items, s.basis.columns);
	s.items = memory_aligned((size_t)items * BLOCK, sizeof *s.items);
	s.users = memory_aligned((size_t)users * BLOCK, sizeof *s.users);
	return s;
}

static void svd_free(struct svd *s)
{
	csr_free(&s->by_item);
	free(s->user_degree);
	free(s->item_degree);
	free(s->user_scale);
	free(s->item_scale);
	free(s->basis.rows);
	free(s->image.rows);
	free(s->items);
	free(s->users);
}

/* Columns in (-1/2, 1/2). */
static void draw(struct svd *s, uint64_t seed)
{
	for (uint32_t i = 0; i < s->data->items.n; i++) {
		struct random random = random_start(
			hash_row(seed, side_id(&s->data->items, i), span_of("svd")), 0);
		for (size_t j = 0; j < s->image.columns; j++)
			s->image.rows[i * s->image.stride + j] = (float)(random_share(&random) - 0.5);
	}
}

static void scale_items(void *context, size_t chunk, size_t worker)
{
	(void)worker;
	struct svd *s = context;
	size_t from = chunk * CHUNK_ROWS, end = from + CHUNK_ROWS;
	for (size_t i = from; i < end && i < s->basis.n; i++)
		s->kernel->scale(s->items + i * s->width, s->item_scale[i],
				 s->basis.rows + i * s->basis.stride + s->at, s->width);
}

static void sum_users(void *context, size_t chunk, size_t worker)
{
	(void)worker;
	struct svd *s = context;
	const struct train_data *p = s->data;
	size_t from = chunk * CHUNK_ROWS, end = from + CHUNK_ROWS;
	for (size_t u = from; u < end && u < p->users.n; u++) {
		float *to = s->users + u * s->width;
		uint64_t row = p->start[u];
		s->kernel->mix(to, s->items, s->width, p->item + row, p->weight ? p->weight + row : NULL,
			       p->start[u + 1] - row, s->width);
		s->kernel->scale(to, s->user_scale[u], to, s->width);
	}
}

static void sum_items(void *context, size_t chunk, size_t worker)
{
	(void)worker;
	struct svd *s = context;
	const struct csr *m = &s->by_item;
	size_t from = chunk * CHUNK_ROWS, end = from + CHUNK_ROWS;
	for (size_t i = from; i < end && i < s->image.n; i++) {
		float *to = s->image.rows + i * s->image.stride + s->at;
		uint64_t row = m->start[i];
		s->kernel->mix(to, s->users, s->width, m->column + row, m->value ? m->value + row : NULL,
			       m->start[i + 1] - row, s->width);
		s->kernel->scale(to, s->item_scale[i], to, s->width);
	}
}

/* image = matrix' matrix basis, some columns at a time: what they are taken from then
 * stays in the processor's cache. */
static void multiply(struct svd *s)
{
	size_t items = (s->basis.n + CHUNK_ROWS - 1) / CHUNK_ROWS;
	size_t users = ((size_t)s->data->users.n + CHUNK_ROWS - 1) / CHUNK_ROWS;
	for (s->at = 0; s->at < s->basis.stride && !stop_signal(); s->at += BLOCK) {
		s->width = s->basis.stride - s->at < BLOCK ? s->basis.stride - s->at : BLOCK;
		pool_run(s->pool, items, scale_items, s);
		pool_run(s->pool, users, sum_users, s);
		pool_run(s->pool, items, sum_items, s);
	}
}

/* The vectors within the basis' span, and in values the squares of their singular values:
 * those of basis' matrix' matrix basis. The vectors are in the image then. */
static bool find_vectors(struct svd *s, double *values)
{
	size_t n = s->basis.columns;
	double *inner = memory_new(n * n, sizeof *inner), *turned = memory_new(n * n, sizeof *turned);
	basis_products(&s->basis, &s->image, inner, s->kernel, s->pool);
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < i; j++)
			inner[i * n + j] = inner[j * n + i];
	bool good = eigen_solve(inner, values, n);
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < n; j++)
			turned[j * n + i] = values[i] > NOTHING * values[0] ? inner[i * n + j] : 0;
	if (good)
		basis_multiply(&s->image, &s->basis, turned, s->kernel, s->pool);
	free(inner);
	free(turned);
	return good;
}

/* A vector's largest number is positive: which of the two it is is nobody's choice. */
static void choose_signs(struct basis *b, size_t factors)
{
	for (size_t f = 0; f < factors && f < b->columns; f++) {
		float most = 0;
		for (size_t i = 0; i < b->n; i++) {
			float x = b->rows[i * b->stride + f];
			most = fabsf(x) > fabsf(most) ? x : most;
		}
		for (size_t i = 0; i < b->n && most < 0; i++)
			b->rows[i * b->stride + f] *= -1;
	}
}

struct users {
	const struct svd *svd;
	struct params *users;
	const struct params *added;
};

static void write_users(void *context, size_t chunk, size_t worker)
{
	(void)worker;
	struct users *c = context;
	const struct train_data *p = c->svd->data;
	size_t from = chunk * CHUNK_ROWS, end = from + CHUNK_ROWS;
	for (size_t u = from; u < end && u < p->users.n; u++) {
		uint64_t row = p->start[u];
		c->svd->kernel->mix(params_row(c->users, u), c->added->rows, c->added->width,
				    p->item + row, p->weight ? p->weight + row : NULL,
				    p->start[u + 1] - row, c->users->stride);
	}
}

static void write_factors(const struct svd *s, struct params *users, struct params *items,
			  struct params *added, double exponent)
{
	const struct basis *v = &s->image;
	size_t factors = items->factors < v->columns ? items->factors : v->columns;
	for (size_t i = 0; i < v->n; i++) {
		double up = pow(s->item_degree[i], exponent), down = pow(s->item_degree[i], -exponent);
		for (size_t f = 0; f < factors; f++) {
			double x = (double)v->rows[i * v->stride + f];
			params_row(items, i)[f] = (float)(x * up);
			params_row(added, i)[f] = (float)(x * down);
		}
	}
	struct users c = {s, users, added};
	pool_run(s->pool, ((size_t)users->n + CHUNK_ROWS - 1) / CHUNK_ROWS, write_users, &c);
}

double svd_fit(const struct train_data *p, struct params *users, struct params *items,
	       struct params *added, const struct svd_options *options, enum kernel_choice kernel,
	       struct pool *pool)
{
	struct svd s = svd_new(p, options, items->factors, kernel, pool);
	double *values = memory_zero(s.basis.columns, sizeof *values), left = s.square;
	uint32_t passes = options->power_iterations + 1;
	bool good = true;
	draw(&s, options->seed);
	for (uint32_t pass = 0; pass < passes && good && !stop_signal(); pass++) {
		good = basis_orthonormalize(&s.basis, &s.image, hash_mix(options->seed + pass),
					    pass + 1 == passes, s.kernel, pool);
		if (good)
			multiply(&s);
		progress_step(p->rows * (pass + 1), p->rows * (uint64_t)passes, "interactions");
	}
	if (good && !stop_signal() && (good = find_vectors(&s, values))) {
		choose_signs(&s.image, items->factors);
		write_factors(&s, users, items, added, options->item_exponent);
	}
	for (size_t f = 0; f < s.basis.columns && f < items->factors; f++)
		left -= values[f];
	left /= s.square;
	free(values);
	svd_free(&s);
	return good ? fmax(left, 0) : NAN;
}
