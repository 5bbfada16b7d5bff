/* options.h - the options of train-mf. */
#ifndef RECPIPE_TRAIN_MF_OPTIONS_H
#define RECPIPE_TRAIN_MF_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "frame/options.h"
#include "learning/fitting.h"

struct options {
	struct fitting fit;
	int kernel, solver;
	int64_t patience, stop_users, stop_every, blocks, block_factors, cg_steps;
	bool exact_loss, keep_old, hogwild, no_user_identity, no_item_identity, no_normalize;
	const char *user_features, *item_features;
	const char *init, *checkpoint, *fit_splits, *stop_metric, *report, *curve;
	const char *user, *item, *weight, *split;
	struct common common;
};

enum solver { SOLVER_AUTO, SOLVER_EXACT, SOLVER_BLOCK, SOLVER_CG };
#define SOLVERS "auto|exact|block|cg"

extern const struct option_row TRAIN_OPTIONS[];

/* What the table of options cannot say: usage errors. */
void check_options(const struct options *o);

#endif
