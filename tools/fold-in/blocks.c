#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "folding.h"

/* What one user's blocks have in common. */
struct blocks {
	const struct folding *f;
	const struct user_items *t;
	float *x, *score;              /* the user's vector; its product with each item */
	float *matrix, *step, *row, *scaled;
	float pull;
};

/* Columns at ... at + width - 1: a Newton step, exact for them, the others staying. Scores follow. */
static bool solve_block(struct blocks *b, size_t at, size_t width)
{
	const struct folding *f = b->f;
	size_t n = f->stride, order = f->factors - at < width ? f->factors - at : width;
	memset(b->step, 0, width * sizeof *b->step);
	for (size_t i = 0; i < width; i++)
		memcpy(b->matrix + i * width, f->gram + (at + i) * n + at, width * sizeof *b->matrix);
	for (size_t i = 0; i < n; i++) /* minus the gradient: gram x and the pull */
		f->kernel->axpy(b->step, -b->x[i], f->gram + i * n + at, width);
	f->kernel->axpy(b->step, -b->pull, b->x + at, width);
	for (uint32_t k = 0; k < b->t->n; k++) {
		memcpy(b->row, item_row(f, b->t->item[k]) + at, width * sizeof *b->row);
		f->kernel->scale(b->scaled, b->t->weight[k], b->row, width);
		f->kernel->gram(b->matrix, b->row, b->scaled, 1, width);
		f->kernel->axpy(b->step, 1 - b->score[k], b->scaled, width);
	}
	for (size_t i = 0; i < order; i++)
		b->matrix[i * width + i] += b->pull;
	if (!f->kernel->solve(b->matrix, b->step, order, width))
		return false;
	f->kernel->axpy(b->x + at, 1, b->step, width);
	for (uint32_t k = 0; k < b->t->n; k++) {
		memcpy(b->row, item_row(f, b->t->item[k]) + at, width * sizeof *b->row);
		b->score[k] += f->dot(b->step, b->row, width);
	}
	return true;
}

/* The objective's part of the user, as train-mf has it. */
static double loss_of(const struct blocks *b)
{
	const struct folding *f = b->f;
	size_t n = f->stride;
	double loss = (double)b->pull * (double)f->dot(b->x, b->x, n);
	for (uint32_t k = 0; k < b->t->n; k++) {
		double miss = (double)b->score[k] - 1;
		loss += (double)b->t->weight[k] * miss * miss;
	}
	memset(b->step, 0, n * sizeof *b->step);
	for (size_t i = 0; i < f->factors; i++)
		f->kernel->axpy(b->step, b->x[i], f->gram + i * n, n);
	return loss + (double)f->dot(b->x, b->step, n);
}

bool folding_solve_in_blocks(const struct folding *f, const struct user_items *t, float *x, size_t worker)
{
	size_t n = f->stride;
	struct blocks b = {
		.f = f, .t = t, .x = x, .pull = folding_pull(f, t->n),
		.matrix = memory_aligned(f->block * f->block, sizeof(float)),
		.step = memory_aligned(n, sizeof(float)),
		.row = memory_aligned(f->block, sizeof(float)),
		.scaled = memory_aligned(f->block, sizeof(float)),
		.score = memory_new((size_t)t->n + 1, sizeof(float)),
	};
	bool solved = true;
	for (uint32_t k = 0; k < t->n; k++)
		b.score[k] = f->dot(x, item_row(f, t->item[k]), n);
	for (size_t at = 0; solved && at < n; at += f->block)
		solved = solve_block(&b, at, n - at < f->block ? n - at : f->block);
	if (f->objective)
		objective_add(&f->objective[worker], solved ? loss_of(&b) : NAN,
			      (double)b.pull * (double)f->dot(x, x, n), t->n);
	free(b.matrix);
	free(b.step);
	free(b.row);
	free(b.scaled);
	free(b.score);
	return solved;
}
