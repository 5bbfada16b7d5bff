/* training.h - a training from its data to its model. */
#ifndef RECPIPE_TRAIN_MF_TRAINING_H
#define RECPIPE_TRAIN_MF_TRAINING_H

#include "data/kernel.h"
#include "streams/output.h"
#include "frame/pool.h"
#include "domain/model.h"
#include "checkpoint.h"
#include "features.h"
#include "ials.h"
#include "judge.h"
#include "keep_old.h"
#include "options.h"
#include "params.h"
#include "problem.h"
#include "schedule.h"
#include "sgd.h"

struct training {
	const struct options *options;
	struct problem *problem;
	struct model *init;                   /* NULL: none */
	struct fitting old;                   /* with --keep-old: what it was fitted with */
	struct kept kept[MODEL_KINDS];        /* of it, with --keep-old */
	float *kept_gram[2];                  /* ials: of kept users, items; or NULL */
	uint32_t factors;
	struct params users, items;           /* what is moved */
	struct side_file user_file, item_file;
	struct features *user_features, *item_features; /* NULL: identity alone */
	struct params user_sums, item_sums;   /* with features: the representations */
	struct schedule *schedule;
	struct sgd sgd;
	sgd_cell *cell;
	struct ials *ials;          /* NULL: row by row */
	kernel_dot *dot;
	struct pool *pool;
	bool judged;                /* there are validation rows to judge by */
	struct judge_metric metric;
	struct output *report;
	struct output *curve;       /* a file that people watch: written as it grows; or NULL */
	uint64_t visited, visits;   /* interactions so far and in all, for progress */
	uint32_t diagonal;
	uint32_t span;              /* diagonals from there on between two waits for all threads */
	double *loss;               /* of their cells: span * blocks */
	struct progress_state state;
};

/* The rows that score: sums with features, otherwise what is moved. */
static inline const struct params *user_rows(const struct training *t)
{
	return t->user_features ? &t->user_sums : &t->users;
}

static inline const struct params *item_rows(const struct training *t)
{
	return t->item_features ? &t->item_sums : &t->items;
}

/* Makes the sums of all users and items as they are now (train-mf.c). */
void compose(struct training *t);

/* --init (init.c). Reads the model and sets t->factors; then gives the rows their numbers
 * in it, and finds what of it is kept. */
void init_open(struct training *t);
void init_apply(struct training *t);

/* Writes the model; returns how many rows (write.c). */
uint64_t write_model(struct training *t, struct output *out);

/* The learning curve (curve.c): --curve, which people watch while it grows, and --report. */
void curve_open(struct training *t);
void curve_close(struct training *t);
void curve_step(struct training *t, uint32_t epoch);

#endif
