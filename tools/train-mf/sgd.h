/* sgd.h - losses that are minimised row by row, with identity features.
 *
 * The score of a pair is dot(user, item) + user bias + item bias. Each visit of
 * an interaction moves the rows it touches against the gradient, at a rate of
 * its own for each factor: adagrad (Duchi et al. 2011), lr / sqrt(sum of g^2),
 * the sum starting at 1.
 */
#ifndef RECPIPE_TRAIN_MF_SGD_H
#define RECPIPE_TRAIN_MF_SGD_H

#include "data/kernel.h"
#include "params.h"
#include "positives.h"
#include "schedule.h"

enum { SAMPLED_MOST = 1000 };

enum loss { LOSS_WARP };

/* What the cells of an epoch share and only read, but for the rows that are
 * theirs. */
struct sgd {
	const struct problem *problem;
	struct params *users, *items;
	struct positives positives;
	enum loss loss;
	float learning_rate;
	uint32_t max_sampled;
	float *rank_loss; /* 1 .. max_sampled: WARP's weight of a violation found then */
};

/* What a cell gives back. */
struct cell_result {
	double loss; /* summed over the visits */
};

/* Visits every row of the cell; stops early when a signal came. */
typedef struct cell_result sgd_cell(const struct sgd *sgd, struct cell *cell);

sgd_cell sgd_cell_portable, sgd_cell_avx2, sgd_cell_avx512;

sgd_cell *sgd_cell_of(enum kernel_choice resolved);

/* WARP's table: log(max(1, floor((items - 1) / sampled))), at most 10, as
 * LightFM has it (Weston et al. 2011, equation 4, with a logarithm for the sum
 * of 1/i). */
float *sgd_rank_loss(uint32_t items, uint32_t max_sampled);

#endif
