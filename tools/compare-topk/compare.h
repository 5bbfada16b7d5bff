/* compare.h - what compare-topk is told, and the pairs of values that it compares. */
#ifndef RECPIPE_COMPARE_TOPK_COMPARE_H
#define RECPIPE_COMPARE_TOPK_COMPARE_H

#include <stdbool.h>
#include <stdint.h>

#include "data/strmap.h"
#include "domain/dataset.h"
#include "domain/heldout.h"
#include "frame/measures.h"
#include "frame/options.h"

struct options {
	const char *dataset, *k, *metrics, *users, *segment;
	const char *user, *rank, *item;
	int split, relative;
	double alpha, rbo_p;
	int64_t resamples;
	struct beside_options beside;
	struct common common;
};

/* One of the two streams of lists. */
struct side {
	const char *path;          /* of the file; NULL: standard input */
	struct matched matched;
	double *values;            /* of pair p and measure m: [p * measures + m]; nan: none */
	bool *listed;              /* pair -> was there a list */
	uint64_t *start;           /* pair -> where its items begin */
	uint32_t *length;          /* pair -> how many there are */
	uint32_t *items;           /* their numbers: of the dataset, and above those of others */
	size_t items_n, items_capacity;
	uint64_t lists, evaluated, short_lists;
};

struct comparison {
	const struct options *o;
	struct measures measures;
	struct measure_files files;
	struct beside beside;
	struct dataset *data;
	struct heldout heldout;
	struct strmap *others;     /* items of lists that are not in the dataset */
	uint64_t *other_seen;      /* the last list that had one of them */
	size_t other_capacity;
	uint32_t pairs;            /* users with test items, in the order of their ids */
	uint32_t *user;            /* pair -> user of the dataset */
	uint32_t *pair;            /* user -> pair, or STRMAP_NONE */
	struct side a, b;
	double *overlap;           /* pair -> rank-biased overlap; nan: both lists are empty */

	struct strmap *segments;   /* in byte order; NULL: no segments */
	uint32_t *segment;         /* pair -> segment, or STRMAP_NONE */
};

#endif
