/* sgd.h - losses that are minimized row by row.
 *
 * The score of a pair is dot(user, item) + user bias + item bias. Each visit of
 * an interaction moves the rows it touches against the gradient g, at a rate of
 * its own for each number:
 *
 * adagrad (Duchi et al. 2011): by lr * g / sqrt(1 + the sum of g^2 so far).
 * adadelta (Zeiler 2012): by g * sqrt(S + epsilon) / sqrt(G + epsilon), where G
 * and S are the running means, with decay rho, of g^2 and of the squared steps.
 */
#ifndef RECPIPE_TRAIN_MF_SGD_H
#define RECPIPE_TRAIN_MF_SGD_H

#include "data/kernel.h"
#include "learning/fitting.h"
#include "features.h"
#include "params.h"
#include "positives.h"
#include "schedule.h"

/* What the cells of an epoch share and only read, but for the rows that are
 * theirs. */
struct sgd {
	const struct train_data *data;
	struct params *users, *items;
	const struct features *user_features, *item_features; /* NULL: identity alone */
	struct positives positives;
	enum loss loss;  /* this and what follows: of struct fitting, in float */
	enum optimizer optimizer;
	float learning_rate; /* adagrad */
	float rho, epsilon;  /* adadelta */
	uint32_t max_sampled;
	uint32_t kos_k, kos_n; /* warp-kos: the k-th best of n positives */
	uint32_t negatives; /* the rest: softmax and ccl, see cosine.h */
	float temperature, margin, negative_weight;
	float *rank_loss; /* 1 ... max_sampled: WARP's weight of a violation found then */
};

/* What a cell gives back. */
struct cell_result {
	double loss; /* summed over the visits */
};

/* Visits every row of the cell; stops early when a signal came. With features
 * cells share rows: run one at a time. */
typedef struct cell_result sgd_cell(const struct sgd *sgd, struct cell *cell);

sgd_cell sgd_cell_portable, sgd_cell_avx2, sgd_cell_avx512;

sgd_cell *sgd_cell_of(enum kernel_choice resolved);

#endif
