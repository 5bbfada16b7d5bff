#include "ials.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "data/csr.h"
#include "frame/run.h"
#include "learning/gram.h"
#include "learning/objective.h"

enum {
	GATHERED = 64,   /* rows of the other side copied together at a time */
	CHUNK_ROWS = 32, /* rows solved for before a thread takes the next */
};

/* One direction: rows `to` are solved for while `from` stay. */
struct direction {
	struct params *to, *from;
	const uint64_t *start;
	const uint32_t *other; /* rows: number in `from` */
	const float *weight;   /* rows, or NULL */
	uint32_t kept;         /* of the other side, that are in no row */
	const float *kept_gram;
};

struct worker {
	float *matrix, *right, *gradient; /* n * n, and NORMAL_TOGETHER * n of both */
	float *rows, *scaled;             /* GATHERED * n */
	float *score;                     /* as many as the longest row has */
	struct objective objective;       /* with exact_loss: of the rows of this half-step */
};

struct ials {
	const struct train_data *data;
	struct ials_options options;
	const struct normal_kernel *kernel;
	kernel_dot *dot;
	struct pool *pool;
	struct direction users, items;
	struct csr by_item; /* the rows by item: users ascending within each */
	uint32_t factors;
	size_t n;             /* factors, padded */
	size_t block, blocks; /* factors of one block; how many there are */
	struct worker *workers;
	const struct direction *now;
	float *gram;          /* GRAM_CHUNKS * n * n; the first becomes the sum */
	double *loss;         /* one for each chunk */
};

static size_t longest(const struct direction *d)
{
	uint64_t most = 0;
	for (uint32_t r = 0; r < d->to->n; r++)
		if (d->start[r + 1] - d->start[r] > most)
			most = d->start[r + 1] - d->start[r];
	return (size_t)most;
}

struct ials *ials_new(const struct train_data *p, struct params *users, struct params *items,
		      const struct ials_options *options, enum kernel_choice kernel,
		      struct pool *pool)
{
	struct ials *s = memory_zero(1, sizeof *s);
	s->data = p;
	s->options = *options;
	s->kernel = normal_kernel_of(kernel);
	s->dot = kernel_dot_of(kernel);
	s->pool = pool;
	s->by_item = csr_transpose(p->users.n, p->items.n, p->start, p->item, p->weight);
	s->users = (struct direction){users, items, p->start, p->item, p->weight,
				     options->kept_items, options->items_gram};
	s->items = (struct direction){items, users, s->by_item.start, s->by_item.column, s->by_item.value,
				     options->kept_users, options->users_gram};
	s->factors = users->factors;
	s->n = users->stride;
	s->block = options->block < s->factors ? kernel_padded(options->block) : s->n;
	s->blocks = (s->n + s->block - 1) / s->block;
	size_t most = longest(&s->users), other = longest(&s->items), n = s->n;
	most = most > other ? most : other;
	s->workers = memory_zero(pool_threads(pool), sizeof *s->workers);
	for (size_t w = 0; w < pool_threads(pool); w++) {
		struct worker *k = &s->workers[w];
		k->matrix = memory_aligned(s->block * s->block, sizeof(float));
		k->right = memory_aligned(NORMAL_TOGETHER * n, sizeof(float));
		k->gradient = memory_aligned(NORMAL_TOGETHER * n, sizeof(float));
		k->rows = memory_aligned(GATHERED * s->block, sizeof(float));
		k->scaled = memory_aligned(GATHERED * s->block, sizeof(float));
		k->score = memory_aligned(s->blocks > 1 ? most : 1, sizeof(float));
	}
	s->gram = memory_aligned(GRAM_CHUNKS * n * n, sizeof(float));
	size_t rows = users->n > items->n ? users->n : items->n;
	s->loss = memory_new(rows / CHUNK_ROWS + 1, sizeof *s->loss);
	return s;
}

void ials_free(struct ials *s)
{
	if (!s)
		return;
	for (size_t w = 0; w < pool_threads(s->pool); w++) {
		free(s->workers[w].matrix);
		free(s->workers[w].right);
		free(s->workers[w].gradient);
		free(s->workers[w].rows);
		free(s->workers[w].scaled);
		free(s->workers[w].score);
	}
	free(s->workers);
	csr_free(&s->by_item);
	free(s->gram);
	free(s->loss);
	free(s);
}

static void gram_chunk(void *context, size_t chunk, size_t worker)
{
	(void)worker;
	struct ials *s = context;
	const struct params *from = s->now->from;
	float *gram = s->gram + chunk * s->n * s->n;
	memset(gram, 0, s->n * s->n * sizeof *gram);
	gram_sum_chunk(s->kernel, gram, from->rows, from->n, chunk, s->n);
}

/* unobserved * the sum of outer products of the side that stays, both triangles. */
static void make_gram(struct ials *s)
{
	size_t n = s->n;
	float unobserved = (float)s->options.unobserved;
	pool_run(s->pool, GRAM_CHUNKS, gram_chunk, s);
	gram_add_chunks(s->kernel, s->gram, n);
	if (s->now->kept_gram)
		s->kernel->axpy(s->gram, 1, s->now->kept_gram, n * n);
	for (size_t i = 0; i < n; i++) {
		for (size_t j = i; j < n; j++) {
			s->gram[i * n + j] *= unobserved;
			s->gram[j * n + i] = s->gram[i * n + j];
		}
	}
}

static float regularization_of(const struct ials *s, uint64_t count)
{
	double others = (double)s->now->from->n + (double)s->now->kept;
	double all = (double)count + s->options.unobserved * others;
	return (float)(s->options.regularization * pow(all, s->options.exponent));
}

/* Copies columns `at` ... at + width - 1 of the next rows; how many. */
static size_t gather(const struct ials *s, struct worker *w, uint64_t row, uint64_t end,
		     size_t at, size_t width)
{
	const struct direction *d = s->now;
	size_t count = end - row < GATHERED ? (size_t)(end - row) : GATHERED;
	for (size_t k = 0; k < count; k++) {
		if (row + k + 8 < end) {
			const float *soon = params_row(d->from, d->other[row + k + 8]) + at;
			for (size_t f = 0; f < width; f += 16)
				__builtin_prefetch(soon + f);
		}
		memcpy(w->rows + k * width, params_row(d->from, d->other[row + k]) + at,
		       width * sizeof(float));
		if (d->weight)
			s->kernel->scale(w->scaled + k * width, d->weight[row + k],
					 w->rows + k * width, width);
	}
	return count;
}

static float row_weight(const struct direction *d, uint64_t row)
{
	return d->weight ? d->weight[row] : 1.0f;
}

/* The whole row at once: (gram + sum w y y' + r I) x = sum w y. Returns the
 * objective's part of this row, which at its minimum is sum w - x' b. */
static double solve_exactly(const struct ials *s, struct worker *w, uint32_t r)
{
	const struct direction *d = s->now;
	size_t n = s->n;
	double loss = 0;
	memcpy(w->matrix, s->gram, n * n * sizeof(float));
	memset(w->right, 0, n * sizeof(float));
	for (uint64_t row = d->start[r]; row < d->start[r + 1]; row += GATHERED) {
		size_t count = gather(s, w, row, d->start[r + 1], 0, n);
		const float *scaled = d->weight ? w->scaled : w->rows;
		s->kernel->gram(w->matrix, w->rows, scaled, count, n);
		for (size_t k = 0; k < count; k++) {
			s->kernel->axpy(w->right, 1, scaled + k * n, n);
			loss += (double)row_weight(d, row + k);
		}
	}
	float pull = regularization_of(s, d->start[r + 1] - d->start[r]);
	for (size_t f = 0; f < s->factors; f++)
		w->matrix[f * n + f] += pull;
	memcpy(w->gradient, w->right, n * sizeof(float));
	if (!s->kernel->solve(w->matrix, w->right, s->factors, n))
		return NAN;
	memcpy(params_row(d->to, r), w->right, n * sizeof(float));
	return loss - (double)s->dot(w->right, w->gradient, n);
}

/* One block of factors: a Newton step, exact for the block, the others staying.
 * Scores follow. */
static bool solve_block(const struct ials *s, struct worker *w, uint32_t r, size_t at, float pull)
{
	const struct direction *d = s->now;
	size_t n = s->n, width = n - at < s->block ? n - at : s->block;
	size_t order = s->factors - at < width ? s->factors - at : width;
	float *x = params_row(d->to, r), *step = w->right;
	memset(step, 0, width * sizeof(float));
	for (size_t i = 0; i < width; i++)
		memcpy(w->matrix + i * width, s->gram + (at + i) * n + at, width * sizeof(float));
	for (size_t f = 0; f < n; f++) /* minus the gradient: gram x and the pull */
		s->kernel->axpy(step, -x[f], s->gram + f * n + at, width);
	s->kernel->axpy(step, -pull, x + at, width);
	for (uint64_t row = d->start[r]; row < d->start[r + 1]; row += GATHERED) {
		size_t count = gather(s, w, row, d->start[r + 1], at, width);
		const float *scaled = d->weight ? w->scaled : w->rows;
		const float *score = w->score + (row - d->start[r]);
		s->kernel->gram(w->matrix, w->rows, scaled, count, width);
		for (size_t k = 0; k < count; k++)
			s->kernel->axpy(step, 1 - score[k], scaled + k * width, width);
	}
	for (size_t f = 0; f < order; f++)
		w->matrix[f * width + f] += pull;
	if (!s->kernel->solve(w->matrix, step, order, width))
		return false;
	s->kernel->axpy(x + at, 1, step, width);
	for (uint64_t row = d->start[r]; row < d->start[r + 1]; row++)
		w->score[row - d->start[r]] +=
			s->dot(step, params_row(d->from, d->other[row]) + at, width);
	return true;
}

static double solve_in_blocks(const struct ials *s, struct worker *w, uint32_t r)
{
	const struct direction *d = s->now;
	size_t n = s->n;
	uint64_t count = d->start[r + 1] - d->start[r];
	const float *x = params_row(d->to, r);
	float pull = regularization_of(s, count);
	for (uint64_t row = d->start[r]; row < d->start[r + 1]; row++)
		w->score[row - d->start[r]] = s->dot(x, params_row(d->from, d->other[row]), n);
	for (size_t at = 0; at < n; at += s->block)
		if (!solve_block(s, w, r, at, pull))
			return NAN;
	double loss = (double)pull * (double)s->dot(x, x, n);
	for (uint64_t k = 0; k < count; k++) {
		double miss = (double)w->score[k] - 1;
		loss += (double)row_weight(d, d->start[r] + k) * miss * miss;
	}
	memset(w->gradient, 0, n * sizeof(float));
	for (size_t f = 0; f < n; f++)
		s->kernel->axpy(w->gradient, x[f], s->gram + f * n, n);
	return loss + (double)s->dot(x, w->gradient, n);
}

/* A row on its way down. */
struct descent {
	uint64_t from, count;    /* its entries */
	const float *weights;    /* of them, or NULL */
	float *x, *residual, *p, *q;
	float pull, length;
	double along;
};

/* x and the residual, or the step p and q: the second -= (gram + pull I) first, for each row. */
static void subtract_dense(const struct ials *s, struct descent *const *of, size_t n, bool steps)
{
	float *to[NORMAL_TOGETHER];
	const float *by[NORMAL_TOGETHER];
	for (size_t k = 0; k < n; k++) {
		to[k] = steps ? of[k]->q : of[k]->residual;
		by[k] = steps ? of[k]->p : of[k]->x;
	}
	if (n == NORMAL_TOGETHER)
		s->kernel->subtract_all(to, s->gram, by, s->n);
	for (size_t k = 0; k < n; k++) {
		if (n < NORMAL_TOGETHER)
			s->kernel->subtract(to[k], s->gram, by[k], s->n);
		s->kernel->axpy(to[k], -of[k]->pull, by[k], s->n);
	}
}

/* out becomes the sum of w (target - y . x) y; what kernel->pull returns. */
static float pull_entries(const struct ials *s, const struct descent *d, float *out, float target,
			  const float *x)
{
	const struct direction *now = s->now;
	memset(out, 0, s->n * sizeof *out);
	return s->kernel->pull(out, target, x, now->from->rows, now->from->width, now->other + d->from,
			       d->weights, d->count, s->n);
}

static struct descent descent_of(const struct ials *s, struct worker *w, uint32_t r, size_t k)
{
	const struct direction *d = s->now;
	size_t n = s->n;
	uint64_t from = d->start[r], count = d->start[r + 1] - from;
	return (struct descent){
		from, count, d->weight ? d->weight + from : NULL, params_row(d->to, r),
		w->right + k * n, w->gradient + k * n, w->rows + k * n, regularization_of(s, count), 0, 0,
	};
}

/* From p and its q = -A p. */
static void descend(const struct ials *s, struct descent *d, float more)
{
	size_t n = s->n;
	float size = -d->length / s->dot(d->p, d->q, n);
	s->kernel->axpy(d->x, size, d->p, n);
	s->kernel->axpy(d->residual, size, d->q, n);
	d->along += (double)(size * more);
	float before = d->length;
	d->length = s->dot(d->residual, d->residual, n);
	s->kernel->scale(d->p, d->length / before, d->p, n);
	s->kernel->axpy(d->p, 1, d->residual, n);
}

/* The objective's part of a row that has been solved for. */
static void count_row(const struct ials *s, struct worker *w, uint32_t r, double part, double *loss)
{
	const struct direction *d = s->now;
	uint64_t count = d->start[r + 1] - d->start[r];
	const float *x = params_row(d->to, r);
	*loss += part;
	if (s->options.exact_loss)
		objective_add(&w->objective, part,
			      (double)regularization_of(s, count) * (double)s->dot(x, x, s->n), count);
}

/* Rows r ... r + rows - 1 step by step together, so that the matrix is read once for all of
 * them. With r = b - A x the objective's part of a row is sum w - x' b - x' r; x' b
 * grows with x by the sums that pull returns. */
static void solve_by_steps(const struct ials *s, struct worker *w, uint32_t r, uint32_t rows,
			   double *loss)
{
	struct descent all[NORMAL_TOGETHER], *at[NORMAL_TOGETHER] = {NULL};
	float more[NORMAL_TOGETHER];
	size_t n = s->n;
	for (uint32_t k = 0; k < rows; k++) {
		struct descent *d = at[k] = &all[k];
		*d = descent_of(s, w, r + k, k);
		d->along = (double)pull_entries(s, d, d->residual, 1, d->x);
	}
	subtract_dense(s, at, rows, false);
	for (uint32_t k = 0; k < rows; k++) {
		memcpy(all[k].p, all[k].residual, n * sizeof(float));
		all[k].length = s->dot(all[k].residual, all[k].residual, n);
	}
	for (uint32_t step = 0; step < s->options.steps; step++) {
		size_t left = 0;
		for (uint32_t k = 0; k < rows; k++) {
			if (!(all[k].length > 1e-20f))
				continue;
			more[left] = pull_entries(s, &all[k], all[k].q, 0, all[k].p);
			at[left++] = &all[k];
		}
		subtract_dense(s, at, left, true);
		for (size_t k = 0; k < left; k++)
			descend(s, at[k], more[k]);
	}
	for (uint32_t k = 0; k < rows; k++) {
		double part = -all[k].along - (double)s->dot(all[k].x, all[k].residual, n);
		for (uint64_t row = all[k].from; row < all[k].from + all[k].count; row++)
			part += (double)row_weight(s->now, row);
		count_row(s, w, r + k, part, loss);
	}
}

static double solve_row(const struct ials *s, struct worker *w, uint32_t r)
{
	return s->blocks > 1 ? solve_in_blocks(s, w, r) : solve_exactly(s, w, r);
}

static void solve_chunk(void *context, size_t chunk, size_t worker)
{
	struct ials *s = context;
	struct worker *w = &s->workers[worker];
	size_t end = (chunk + 1) * CHUNK_ROWS < s->now->to->n ? (chunk + 1) * CHUNK_ROWS : s->now->to->n;
	double loss = 0;
	for (size_t r = chunk * CHUNK_ROWS; r < end && !stop_signal();) {
		size_t rows = end - r < NORMAL_TOGETHER ? end - r : NORMAL_TOGETHER;
		if (s->options.steps) {
			solve_by_steps(s, w, (uint32_t)r, (uint32_t)rows, &loss);
			r += rows;
		} else {
			count_row(s, w, (uint32_t)r, solve_row(s, w, (uint32_t)r), &loss);
			r++;
		}
	}
	s->loss[chunk] = loss;
}

static double half_epoch(struct ials *s, const struct direction *d)
{
	size_t chunks = (d->to->n + CHUNK_ROWS - 1) / CHUNK_ROWS;
	double loss = 0;
	s->now = d;
	make_gram(s);
	pool_run(s->pool, chunks, solve_chunk, s);
	for (size_t c = 0; c < chunks; c++)
		loss += s->loss[c];
	return loss;
}

/* Solves for a side, and takes together what its rows add to the loss. */
static struct objective half_epoch_exactly(struct ials *s, const struct direction *d)
{
	struct objective all = {.keys = 0};
	for (size_t w = 0; w < pool_threads(s->pool); w++)
		s->workers[w].objective = all;
	half_epoch(s, d);
	for (size_t w = 0; w < pool_threads(s->pool); w++)
		objective_merge(&all, &s->workers[w].objective);
	return all;
}

double ials_epoch(struct ials *s)
{
	if (s->options.exact_loss) {
		struct objective users = half_epoch_exactly(s, &s->users);
		struct objective items = half_epoch_exactly(s, &s->items);
		return objective_mean(&users, &items);
	}
	double users = half_epoch(s, &s->users);
	double items = half_epoch(s, &s->items);
	return (isfinite(users) ? items : users) / (double)s->data->rows;
}
