/* folding.h - a user's factors from what the user took, the items staying. */
#ifndef RECPIPE_FOLD_IN_FOLDING_H
#define RECPIPE_FOLD_IN_FOLDING_H

#include <stdbool.h>
#include <stdint.h>

#include "data/kernel.h"
#include "data/normal.h"
#include "frame/options.h"
#include "domain/dataset.h"
#include "domain/model.h"
#include "learning/fitting.h"
#include "learning/gram.h"
#include "learning/objective.h"

struct options {
	const char *model, *gram, *loss, *fit_splits, *user, *item, *weight, *split;
	int64_t epochs, block_factors;
	uint64_t memory; /* bytes; 0: not given */
	double learning_rate;
	int kernel, solve, solver;
	bool users_only;
	struct common common;
};

/* "Users" are what is solved for and "items" what stays; with --solve items it is the other way
 * round, and the columns are swapped, too. */
struct folding {
	const struct options *options;
	struct fitting fit;  /* what the model says of how it was fitted */
	enum model_kind to, from; /* the kinds of rows written, and of those that stay */
	struct table *model;
	struct model_reader *reader;
	struct model_side own;    /* --solver block: those that are solved for, as they were; of a text model */
	size_t block;             /* factors that are solved for together; 0: all of them */
	struct model_side items;  /* what stays; of a packed model n alone, and the rest is: */
	const struct packed_model *packed; /* NULL: text */
	const float *rows, *biases; /* items * stride, items */
	uint32_t factors;
	size_t stride;
	struct dataset *data;
	uint32_t *item;      /* rows of the dataset: number in `items`, or STRMAP_NONE */
	float *rank_weights;
	struct gram given;   /* --gram, when there is one */
	float *gram;         /* ials: the sum of the outer products of items, times unobserved; stride^2 */
	const struct normal_kernel *kernel;
	kernel_dot *dot;
	unsigned splits;
	float *factor_rows;  /* users * stride: what comes out */
	float *bias;
	bool *known;         /* users: has an item of the model */
	struct objective *objective; /* threads: what their users add to the loss; NULL: nobody asks */
};

/* One thread's view of one user: its items ascending. */
struct user_items {
	uint32_t n;
	uint32_t *item;
	float *weight;
};

/* The numbers that move: a user's factors, then the bias, and adagrad's sums. */
struct user_state {
	float *x, *sums;
	float bias, bias_sum;
};

static inline const float *item_row(const struct folding *f, uint32_t item)
{
	return f->rows + (size_t)item * f->stride;
}

/* Does a row of the data count? */
static inline bool folding_counts(const struct folding *f, uint64_t row)
{
	const struct dataset *d = f->data;
	bool counts = d->weight[row] > 0 || (f->fit.loss == LOSS_LOGISTIC && d->weight[row] < 0);
	return f->splits >> d->split[row] & 1 && counts;
}

void folding_close_model(struct folding *f);

/* The penalty of a user of so many entries. */
float folding_pull(const struct folding *f, uint32_t entries);

/* iALS in blocks of factors (train-mf --solver block): x, the user's vector as it was, makes a step. The
 * rest as folding_solve. */
bool folding_solve_in_blocks(const struct folding *f, const struct user_items *t, float *x, size_t worker);

/* iALS: x, the sum w y, becomes what the matrix, unobserved * gram + sum w y y', makes of it with the
 * penalty of a user of so many entries, whose weights have this sum. `right`, n floats, is scratch. What
 * that adds to the loss goes to f->objective[worker]. False when it has no solution. */
bool folding_solve(const struct folding *f, float *matrix, float *x, uint32_t entries, double weights,
		   float *right, size_t worker);

/* Stochastic steps as in training, the items staying; the order of the visits and
 * the negatives are a hash of the model's seed and the user's id. m->x is 0 at first,
 * its sums are 1. */
void folding_descend(const struct folding *f, struct span id, const struct user_items *t,
		     struct user_state *m);

/* The same for the losses of cosines: from the sum of the user's items on, steps of
 * batches that share their negatives; the vector keeps the length 1. */
void folding_turn(const struct folding *f, struct span id, const struct user_items *t,
		  struct user_state *m);

#endif
