/* training.h - a training: from its data, by way of its numbers, to its model. */
#ifndef RECPIPE_TRAIN_MF_TRAINING_H
#define RECPIPE_TRAIN_MF_TRAINING_H

#include "data/kernel.h"
#include "streams/output.h"
#include "domain/model.h"
#include "checkpoint.h"
#include "curve.h"
#include "options.h"
#include "side.h"
#include "train-data.h"
#include "validate.h"

struct training {
	const struct options *options;
	struct train_data *data;
	struct model *init;           /* NULL: none */
	struct fitting old;           /* with --keep-old: what it was fitted with */
	uint32_t factors;
	struct side users, items;
	struct params added;          /* svd: what each item adds to its users */
	struct progress_state state;
};

static inline bool training_of_cosines(const struct training *t)
{
	return loss_of_cosines((enum loss)t->options->fit.loss);
}

/* --init (init.c). Reads the model and sets t->factors; then gives the rows their numbers
 * in it, and finds what of it is kept. */
void init_open(struct training *t);
void init_apply(struct training *t);

/* Trains until the epochs are over or the metric has stopped growing; the numbers are then
 * those of the kept epoch (train.c). */
void train(struct training *t, enum kernel_choice kernel, struct metric metric,
	   struct curve *curve);

/* Writes the model; returns how many rows (write.c). */
uint64_t write_model(struct training *t, struct output *out);

#endif
