/* options.c - see options.h. */
#include "options.h"

#include <math.h>

const struct option_row BUILD_DATASET_OPTIONS[] = {
	OPTION_CHOICE("weight", "HOW", weight, "binary|count|sum|max|last", .fallback = "binary",
		.help = "weight of a pair: 1, its number of rows, or the sum, maximum or latest of their "
			"times"),
	OPTION_INT("min-user-interactions", "N", min_user, .fallback = "1", .low = 1, .high = 1e15,
		.help = "keep users with at least N pairs"),
	OPTION_INT("min-item-interactions", "N", min_item, .fallback = "1", .low = 1, .high = 1e15,
		.help = "keep items with at least N pairs"),
	OPTION_FLAG("core", core,
		.excludes = "count-on=train",
		.help = "apply both thresholds repeatedly until nothing changes"),
	OPTION_TEXT("test", "SPLIT", test,
		.help = "test rows: a share of all, tail:SHARE of each user's in the order of the input, "
			"last:N of each user by time, or after:TIMESTAMP (in the input's unit, or a date)"),
	OPTION_TEXT("validation", "SPLIT", validation,
		.help = "the same for validation, among the rows not in the test split"),
	OPTION_INT("keep-train", "N", keep_train, .low = 1, .high = 1e15,
		.requires = "test|validation",
		.help = "hold out nothing of a user who would have fewer than N train pairs"),
	OPTION_TEXT("fold", "K/N", fold, .excludes = "test,validation,keep-train",
		.help = "the K-th of N folds over time: one window of time is the test, the one before it "
			"validation; what is later is left out"),
	COMMON_OUTPUT_FILE, COMMON_THREADS, COMMON_SEED, COMMON_ABOUT,

	OPTION_GROUP("Folds"),
	OPTION_TEXT("window", "SHARE|TIME", window, .fallback = "0.1", .requires = "fold",
		.help = "size of a window: a share of all rows, or a time (7d)"),
	OPTION_OUTPUT("edges", "FILE", edges, .requires = "fold",
		.help = "write when the windows of all folds begin and end to FILE"),

	OPTION_GROUP("Weights and thresholds"),
	OPTION_DURATION("half-life", "TIME", half_life_s, .low = ABOVE_ZERO, .high = INFINITY,
		.help = "half-life of a row's weight, relative to the newest row or --as-of (30d, 12h)"),
	OPTION_TEXT("as-of", "TIME", as_of, .requires = "half-life|fold",
		.help = "time that --half-life counts from, and that the last --window in time ends with, in "
			"the input's unit or a date; later rows do not decay"),
	OPTION_CHOICE("count-on", "ROWS", count_on, "all|train", .fallback = "all",
		.help = "count all pairs before the split, or only train pairs after it"),

	OPTION_GROUP("Large inputs"),
	OPTION_SIZE("memory", "SIZE", memory, .low = 1, .high = 1e15,
		.help = "take about SIZE of memory (500M), and lay aside in TMPDIR what does not fit"),

	OPTION_FLAG("partial", partial,
		.help = "write how many pairs each item has, for --counts, instead of pairs; no user may be "
			"in two parts"),
	OPTION_FLAG("merge", merge, .requires = "partial", .excludes = "counts",
		.help = "the input is what --partial wrote: make one part of all"),
	OPTION_FILE("counts", "FILE", counts, .side = true,
		.help = "take the pairs of items, and the newest time, from FILE, which --partial wrote of "
			"all parts"),
	OPTION_INT("parts", "N", parts, .low = 1, .high = 1e15, .requires = "merge|counts",
		.help = "fail (3) unless exactly N parts are read"),

	OPTION_GROUP("Input"),
	COMMON_RENAME, COMMON_SIDES,
	TIMESTAMP_UNIT_ROW(unit, "ms"),
	COMMON_INPUT,

	OPTION_GROUP("Expert options"),
	OPTION_COLUMN("user", user, .fallback = "user", .help = "name of the column with user ids"),
	OPTION_COLUMN("item", item, .fallback = "item", .help = "name of the column with item ids"),
	OPTION_COLUMN("time", time, .fallback = "time",
		.requires = "weight=sum/max/last",
		.help = "name of the column with the values for --weight sum, max and last"),
	OPTION_COLUMN("timestamp", timestamp, .fallback = "timestamp",
		.help = "name of the column with times; copied to the output if present"),
	COMMON_LINE_BUFFERED, COMMON_PROGRESS,
	OPTION_END
};
