#include "options.h"

#include "base/error.h"
#include "data/tile.h"

const struct option_row EXPORT_OPTIONS[] = {
	OPTION_INT("k", "N", k, .letter = 'k', .fallback = "100", .low = 1, .high = 1 << 20,
		.excludes = "packed=index",
		.help = "length of the lists"),
	OPTION_LIST("exclude", "FILE", exclude, .side = true,
		.excludes = "similar!=none,packed=index",
		.help = "do not recommend items that FILE (user, item, ...) lists for the user; may be "
			"repeated"),
	OPTION_FILE("users", "FILE", users, .side = true,
		.excludes = "similar=items,packed=index",
		.help = "only users in the user column of FILE"),
	OPTION_FILE("items", "FILE", items, .side = true,
		.excludes = "similar=users,packed=index",
		.help = "recommend only items of this catalog (item, available, blocked) that are "
			"available and not blocked"),
	OPTION_FILE("candidates", "FILE", candidates, .side = true,
		.excludes = "similar=users,packed=index",
		.help = "recommend only items in the item column of FILE"),
	OPTION_CHOICE("similar", "WHAT", similar, "none|items|users", .fallback = "none",
		.excludes = "packed=index",
		.help = "instead of lists for users, the nearest neighbors of each item or user by "
			"the cosine of their factors"),
	OPTION_CHOICE("as", "FORM", as, "lists|neighbors", .fallback = "lists",
		.requires = "similar=items", .excludes = "packed=index",
		.help = "neighbors: write the stream that recommend-items reads (item neighbor weight), "
			"sorted by item"),
	COMMON_OUTPUT_FILE,
	OPTION_MODE("packed", packed, "index", .excludes = "no-header,line-buffered",
		.help = "write a packed file, which the tools that read such rows take in place of TSV; index: "
			"no lists, but the model with the index of its items, with which export-topk starts "
			"without reading it all"),
	COMMON_THREADS, COMMON_ABOUT,

	OPTION_GROUP("Exclusions"),
	OPTION_TEXT("exclude-splits", "NAME,...", exclude_splits, .fallback = "train,validation",
		.excludes = "packed=index",
		.help = "splits whose rows count in an --exclude file with a split column (or all)"),
	OPTION_DURATION("exclude-window", "TIME", exclude_window, .low = ABOVE_ZERO, .high = 1e11,
		.requires = "exclude", .excludes = "packed=index",
		.help = "in --exclude files with a timestamp column, ignore rows more than TIME (14d) "
			"older than the newest of all"),
	TIMESTAMP_UNIT_ROW(timestamp_unit, "ms"),

	OPTION_GROUP("Features"),
	OPTION_FILE("user-features", "FILE", user_features, .side = true,
		.excludes = "similar=items,packed=index",
		.help = "also make lists for the users of FILE (user, feature, [weight]) that are not in "
			"the model, as the sums of their features"),
	OPTION_FILE("item-features", "FILE", item_features, .side = true,
		.excludes = "similar=users,packed=index",
		.help = "also recommend the items of FILE (item, feature, [weight]) that are not in the "
			"model"),

	OPTION_GROUP("Input"),
	COMMON_RENAME, COMMON_SIDES, COMMON_INPUT,

	OPTION_GROUP("Expert options"),
	OPTION_FLAG("verify", verify,
		.excludes = "packed=index",
		.help = "check all of a packed model before it is used: else its rows are checked as they are "
			"read, and those of an index not at all"),
	OPTION_CHOICE("kernel", "KERNEL", kernel, TILE_CHOICES, .fallback = "auto",
		.help = KERNEL_HELP_EXACT),
	OPTION_COLUMN("user", user, .fallback = "user",
		.help = "name of the user column of side files"),
	OPTION_COLUMN("item", item, .fallback = "item",
		.help = "name of the item column of side files"),
	OPTION_COLUMN("split", split, .fallback = "split",
		.help = "name of the split column of --exclude files"),
	OPTION_COLUMN("timestamp", timestamp, .fallback = "timestamp",
		.help = "name of the timestamp column of --exclude files"),
	COMMON_LINE_BUFFERED, COMMON_PROGRESS,
	OPTION_END
};
