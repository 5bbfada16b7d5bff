/* options.h - what recommend-items is told. */
#ifndef RECPIPE_RECOMMEND_ITEMS_OPTIONS_H
#define RECPIPE_RECOMMEND_ITEMS_OPTIONS_H

#include "domain/offer.h"
#include "frame/options.h"

enum lists_for { FOR_USERS, FOR_ITEMS };

struct options {
	const char *neighbors;
	int lists_for, timestamp_unit, kernel;
	int64_t k, last;
	double decay, gap_exponent, half_life_s;
	struct option_list exclude;
	const char *exclude_splits, *users, *items, *candidates, *splits;
	double exclude_window_s;
	bool keep_seen;
	const char *user, *item, *timestamp, *weight, *split;
	struct common common;
};

extern const struct option_row RECOMMEND_ITEMS_OPTIONS[];

/* The side files of the options. */
struct offer_files files_of(const struct options *o);

#endif
