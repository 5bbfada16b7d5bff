/* result.h - the dataset as it is written, piece by piece, and what is said of it. */
#ifndef RECPIPE_BUILD_DATASET_RESULT_H
#define RECPIPE_BUILD_DATASET_RESULT_H

#include <stdbool.h>
#include <stdint.h>

#include "domain/dataset.h"
#include "streams/output.h"
#include "pairs.h"

struct result {
	uint64_t pairs[SPLIT_COUNT];
	uint64_t users, train_users;    /* with a pair, with a train pair */
	bool *item, *train_item;        /* the same of items */
	uint32_t n_items;
};

void result_start(struct result *r, uint32_t n_items);
void result_free(struct result *r);

/* Counts the pairs, which have their splits. */
void result_count(struct result *r, const struct pairs *p);

/* Adds what is counted in `other`, of other users. */
void result_add(struct result *r, const struct result *other);

uint64_t result_pairs(const struct result *r);

/* `late`: what is held out came last, so that some may not be known to train. */
void result_report(const struct result *r, bool late);

void result_write(const struct pairs *p, struct output *out);

#endif
