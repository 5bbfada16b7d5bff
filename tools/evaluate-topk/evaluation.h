/* evaluation.h - what is measured, on what. */
#ifndef RECPIPE_EVALUATE_TOPK_EVALUATION_H
#define RECPIPE_EVALUATE_TOPK_EVALUATION_H

#include <stdbool.h>
#include <stdint.h>

#include "data/kernel.h"
#include "streams/output.h"
#include "streams/table.h"
#include "frame/options.h"
#include "domain/dataset.h"
#include "domain/metrics.h"

struct options {
	const char *dataset, *k, *metrics, *model, *exclude_splits, *per_user;
	const char *user, *rank, *item, *score;
	int split, kernel;
	struct common common;
};

/* Below LIST_METRICS an enum list_metric. */
enum metric { COVERAGE = LIST_METRICS, NOVELTY, AUC, METRICS };

/* One row of the output. */
struct measure {
	enum metric metric;
	uint32_t k;        /* 0 for auc */
	struct mean mean;
	char name[32];
};

struct plan {
	struct measure *measures;
	size_t n, capacity;
	uint32_t longest;  /* the largest k */
	bool lists, auc;   /* what is needed */
};

struct evaluation {
	const struct options *options;
	struct plan plan;
	struct dataset *data;
	uint8_t split;
	unsigned known;          /* mask of splits whose items are no negatives */
	uint64_t *relevant;      /* user -> test items */
	uint64_t test_users;
	uint64_t *listeners;     /* item -> train rows */
	uint64_t train_users;
	uint32_t *best_rank;     /* item -> the best rank at which a list has it, or UINT32_MAX */
	uint64_t *seen_in;       /* item -> number of the last list that had it */
	bool *listed;            /* user -> was there a list */
	double *auc;             /* user, or NULL */
	bool *hit;               /* rank - 1 */
	double *novelty;         /* rank -> sum of the novelties up to it */
	double *values;          /* of the current user, per measure; nan: none */
	struct output *per_user;
	uint64_t lists, evaluated, short_lists, unknown_items;
};

/* Fills e->auc from the model (auc.c). */
void compute_auc(struct evaluation *e, struct table *table, enum kernel_choice kernel);

#endif
