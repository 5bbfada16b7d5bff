/* evaluation.h - what is measured, on what. */
#ifndef RECPIPE_EVALUATE_TOPK_EVALUATION_H
#define RECPIPE_EVALUATE_TOPK_EVALUATION_H

#include <stdbool.h>
#include <stdint.h>

#include "data/kernel.h"
#include "streams/output.h"
#include "streams/table.h"
#include "domain/dataset.h"
#include "domain/heldout.h"
#include "domain/metrics.h"
#include "domain/parts.h"
#include "frame/measures.h"
#include "frame/options.h"

struct options {
	const char *dataset, *k, *metrics, *model, *exclude_splits, *per_user;
	const char *user, *rank, *item, *score;
	int split, kernel;
	bool partial, merge;
	int64_t parts;
	struct beside_options beside;
	struct common common;
};

/* The items that lists had: their best rank (from 0, UINT32_MAX: none had it), and, of each gini
 * measure, in how many lists they are (else NULL). */
struct shown {
	const struct strmap *ids;
	uint32_t n;
	const uint32_t *best_rank;
	uint64_t **exposure;
};

struct evaluation {
	const struct options *options;
	struct measures measures;
	struct measure_files files;
	struct mean *means;      /* of each measure */
	struct dataset *data;
	struct heldout heldout;
	struct matched matched;
	unsigned known;          /* mask of splits whose items are no negatives */
	bool *listed;            /* user -> was there a list */
	double *auc;             /* user, or NULL */
	struct output *per_user;
	uint64_t lists, evaluated, short_lists;
	struct shown shown;      /* of memory that others own */
	uint32_t items;          /* of the dataset */
	struct part_ids parts;   /* that are in this */
	char *settings;          /* of parts, or NULL (parts.h) */
};

/* Fills e->auc from the model (auc.c). */
void compute_auc(struct evaluation *e, struct table *table, enum kernel_choice kernel);

#endif
