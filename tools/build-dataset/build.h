/* build.h - what a run of build-dataset knows. */
#ifndef RECPIPE_BUILD_DATASET_BUILD_H
#define RECPIPE_BUILD_DATASET_BUILD_H

#include <stdint.h>

#include "base/span.h"
#include "streams/output.h"
#include "folds.h"
#include "intake.h"
#include "options.h"
#include "pairs.h"
#include "parts.h"
#include "result.h"
#include "split.h"
#include "thresholds.h"

/* What becomes of the rows. */
struct build {
	const struct options *o;
	struct intake in;
	struct pair_rules rules;
	struct splitting how;
	struct folds folds;
	struct output *edges;       /* of the folds, or NULL */
	struct thresholds thresholds;
	struct result result;
	struct span *item_id;       /* by rank */
	uint64_t pairs;             /* distinct ones */
	uint64_t users;             /* with a row */
	uint64_t who;               /* --partial: the sum of their hashes */
	uint64_t rounds;            /* of the thresholds */
	struct part *known;         /* --counts, or NULL */
	uint32_t *counted;          /* --partial: the pairs of each item, or NULL */
	struct output *out;
};

/* How many threads work. */
static inline size_t build_threads(const struct options *o)
{
	return o->common.line_buffered ? 1 : (size_t)o->common.threads;
}

/* Up to when rows are kept. */
static inline int64_t build_until(const struct build *b)
{
	return b->folds.n ? b->folds.edge[b->folds.k + 1] : INT64_MAX;
}

/* Are there thresholds to be applied by counts of our own? */
static inline bool build_applies(const struct build *b)
{
	return thresholds_any(&b->thresholds) && !b->o->partial;
}

/* When the items' ids are known: arrays of counts. */
void build_start_counts(struct build *b);

/* Counts the users of a piece, each of whom is in one piece. */
void build_count_users(struct build *b, const struct pairs *p);

#endif
