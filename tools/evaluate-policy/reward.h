/* reward.h - what a recommendation is thought to earn: a file says it, or the log's own means do.
 */
#ifndef RECPIPE_EVALUATE_POLICY_REWARD_H
#define RECPIPE_EVALUATE_POLICY_REWARD_H

#include <stdint.h>

#include "log.h"
#include "policy.h"

/* The mean reward of an item at a position, drawn toward the mean of all rows as `weight` more rows
 * that earned `mean` would draw it. Of the rows of the other folds: who judges a row has not seen it. */
struct reward_model {
	uint32_t folds, positions, items;
	double *value;              /* fold x position x item; NULL: from a file, or not wanted */
	double *catalog_total;      /* fold x position */
	bool *logged;               /* position x item */
	uint32_t *catalog_never;    /* position */
	struct entries entries;     /* from a file */
	double otherwise;           /* the mean reward: of items that the file does not have */
	uint32_t n_catalog;         /* of the policy */
	uint64_t unknown;           /* recommended items that the file does not have */
};

struct reward_settings {
	uint32_t folds;
	double mean, weight;        /* mean: nan for that of the rows */
	bool wanted;                /* false: only what the log has is looked at */
};

/* `entries` are those of a file, or NULL. */
struct reward_model reward_model_new(const struct log *log, const struct names *names, const struct policy *p,
				     const struct reward_settings *settings, const struct entries *entries);

/* What the model says in the context of the row. */
struct prospect reward_prospect(const struct reward_model *m, const struct row *row);

void reward_model_free(struct reward_model *m);

#endif
