#include "options.h"

#include "base/error.h"
#include "tile.h"

const struct option_row EXPORT_OPTIONS[] = {
	OPTION_INT("k", "N", k, .letter = 'k', .fallback = "100", .low = 1, .high = 1 << 20,
		.help = "length of the lists"),
	OPTION_LIST("exclude", "FILE", exclude,
		.excludes = "similar!=none",
		.help = "never offer a user the items that FILE (user, item, ..) holds for that "
			"user; may be repeated"),
	OPTION_FILE("users", "FILE", users,
		.excludes = "similar=items",
		.help = "only the users that FILE has in its user column"),
	OPTION_FILE("items", "FILE", items,
		.excludes = "similar=users",
		.help = "offer only items of this catalog (item, available, blocked) that are "
			"available and not blocked"),
	OPTION_FILE("candidates", "FILE", candidates,
		.excludes = "similar=users",
		.help = "offer only the items that FILE has in its item column"),
	OPTION_CHOICE("similar", "WHAT", similar, "none|items|users", .fallback = "none",
		.help = "instead of lists for users, the nearest neighbors of each item or user by "
			"the cosine of their factors"),
	COMMON_OUTPUT_FILE, COMMON_THREADS, COMMON_ABOUT,

	OPTION_GROUP("Exclusions"),
	OPTION_TEXT("exclude-splits", "NAME,..", exclude_splits, .fallback = "train,validation",
		.help = "of an --exclude file with a split column, the rows of these splits count "
			"(or all)"),
	OPTION_DURATION("exclude-window", "TIME", exclude_window, .low = ABOVE_ZERO, .high = 1e11,
		.requires = "exclude",
		.help = "of an --exclude file with a timestamp column, only rows that are at most "
			"TIME (14d) older than the newest one of all count"),
	TIMESTAMP_UNIT_ROW(timestamp_unit, "ms"),

	OPTION_GROUP("Features"),
	OPTION_FILE("user-features", "FILE", user_features,
		.excludes = "similar=items",
		.help = "answer also the users of FILE (user, feature, [weight]) that the model does "
			"not have, as the sums of their features"),
	OPTION_FILE("item-features", "FILE", item_features,
		.excludes = "similar=users",
		.help = "offer also the items of FILE (item, feature, [weight]) that the model does "
			"not have"),

	OPTION_GROUP("Input"),
	COMMON_RENAME, COMMON_INPUT,

	OPTION_GROUP("Expert options"),
	OPTION_CHOICE("kernel", "NAME", kernel, TILE_CHOICES, .fallback = "auto",
		.help = "instruction set of the search; the output does not depend on it"),
	OPTION_COLUMN("user", user, .fallback = "user",
		.help = "the users' column of side files"),
	OPTION_COLUMN("item", item, .fallback = "item",
		.help = "the items' column of side files"),
	OPTION_COLUMN("split", split, .fallback = "split",
		.help = "the split column of --exclude files"),
	OPTION_COLUMN("timestamp", timestamp, .fallback = "timestamp",
		.help = "the timestamp column of --exclude files"),
	COMMON_LINE_BUFFERED, COMMON_PROGRESS,
	OPTION_END
};
