/* options.h - what the command line of build-dataset says. */
#ifndef RECPIPE_BUILD_DATASET_OPTIONS_H
#define RECPIPE_BUILD_DATASET_OPTIONS_H

#include "frame/options.h"

enum { COUNT_ALL, COUNT_TRAIN };
enum weighting { WEIGHT_BINARY, WEIGHT_COUNT, WEIGHT_SUM, WEIGHT_MAX, WEIGHT_LAST };

struct options {
	struct common common;
	const char *user, *item, *time, *timestamp, *test, *validation, *as_of, *counts, *fold, *window, *edges;
	int weight, unit, count_on;
	int64_t min_user, min_item, keep_train, parts;
	bool core, partial, merge;
	double half_life_s;
	uint64_t memory;        /* 0: as much as it takes */
	int64_t as_of_ms;
};

extern const struct option_row BUILD_DATASET_OPTIONS[];

#endif
