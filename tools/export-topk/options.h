/* options.h - the options of export-topk. */
#ifndef RECPIPE_EXPORT_TOPK_OPTIONS_H
#define RECPIPE_EXPORT_TOPK_OPTIONS_H

#include <stdint.h>

#include "frame/options.h"

struct options {
	int64_t k;
	struct option_list exclude;
	const char *exclude_splits, *users, *items, *candidates, *user_features, *item_features;
	const char *user, *item, *split, *timestamp;
	double exclude_window;
	int timestamp_unit, similar, as, kernel, packed;
	bool verify;
	struct common common;
};

enum similar { SIMILAR_NONE, SIMILAR_ITEMS, SIMILAR_USERS };
enum packed_as { PACKED_NOT, PACKED_PLAIN, PACKED_INDEX };
enum as { AS_LISTS, AS_NEIGHBORS };

extern const struct option_row EXPORT_OPTIONS[];

#endif
