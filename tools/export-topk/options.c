#include "options.h"

#include "base/error.h"
#include "tile.h"

const struct option_row EXPORT_OPTIONS[] = {
	{"k", 'k', OPTION_INT, "N", offsetof(struct options, k), "100", 1, 1 << 20, NULL,
	 "length of the lists"},
	{"exclude", 0, OPTION_LIST, "FILE", offsetof(struct options, exclude), NULL, 0, 0, NULL,
	 "never offer a user the items that FILE (user, item, ..) holds for that user; may be "
	 "repeated"},
	{"exclude-splits", 0, OPTION_TEXT, "NAME,..", offsetof(struct options, exclude_splits),
	 "train,validation", 0, 0, NULL,
	 "of an --exclude file with a split column, the rows of these splits count (or all)"},
	{"exclude-window", 0, OPTION_DURATION, "TIME", offsetof(struct options, exclude_window),
	 NULL, ABOVE_ZERO, 1e11, NULL,
	 "of an --exclude file with a timestamp column, only rows that are at most TIME (14d) "
	 "older than the newest one of all count"},
	{"users", 0, OPTION_FILE, "FILE", offsetof(struct options, users), NULL, 0, 0, NULL,
	 "only the users that FILE has in its user column"},
	{"items", 0, OPTION_FILE, "FILE", offsetof(struct options, items), NULL, 0, 0, NULL,
	 "offer only items of this catalog (item, available, blocked) that are available and "
	 "not blocked"},
	{"candidates", 0, OPTION_FILE, "FILE", offsetof(struct options, candidates), NULL, 0, 0,
	 NULL, "offer only the items that FILE has in its item column"},
	{"user-features", 0, OPTION_FILE, "FILE", offsetof(struct options, user_features), NULL, 0, 0,
	 NULL, "answer also the users of FILE (user, feature, [weight]) that the model does not "
	 "have, as the sums of their features"},
	{"item-features", 0, OPTION_FILE, "FILE", offsetof(struct options, item_features), NULL, 0, 0,
	 NULL, "offer also the items of FILE (item, feature, [weight]) that the model does not "
	 "have"},
	{"similar", 0, OPTION_CHOICE, "WHAT", offsetof(struct options, similar), "none", 0, 0,
	 "none|items|users", "instead of lists for users, the nearest neighbors of each item or "
	 "user by the cosine of their factors"},
	{"user", 0, OPTION_TEXT, "COLUMN", offsetof(struct options, user), "user", 0, 0, NULL,
	 "the users' column of side files"},
	{"item", 0, OPTION_TEXT, "COLUMN", offsetof(struct options, item), "item", 0, 0, NULL,
	 "the items' column of side files"},
	{"split", 0, OPTION_TEXT, "COLUMN", offsetof(struct options, split), "split", 0, 0, NULL,
	 "the split column of --exclude files"},
	{"timestamp", 0, OPTION_TEXT, "COLUMN", offsetof(struct options, timestamp), "timestamp",
	 0, 0, NULL, "the timestamp column of --exclude files"},
	TIMESTAMP_UNIT_ROW(offsetof(struct options, timestamp_unit), "ms"),
	{"kernel", 0, OPTION_CHOICE, "NAME", offsetof(struct options, kernel), "auto", 0, 0,
	 TILE_CHOICES, "instruction set of the search; the output does not depend on it"},
	COMMON_THREADS(struct options, common),
	COMMON_INPUT(struct options, common),
	COMMON_OUTPUT(struct options, common),
	COMMON_LOG(struct options, common),
	OPTION_END
};

void check_options(const struct options *o)
{
	if (o->similar && o->exclude.n)
		usage_error("--exclude is for the users' lists and does not go with --similar");
	if (o->similar == SIMILAR_ITEMS && o->users)
		usage_error("--users does not go with --similar items");
	if (o->similar == SIMILAR_USERS && (o->items || o->candidates))
		usage_error("--items and --candidates do not go with --similar users");
	if ((o->similar == SIMILAR_USERS && o->item_features) ||
	    (o->similar == SIMILAR_ITEMS && o->user_features))
		usage_error("--similar needs the features of what is compared, not the other side's");
	if (option_given("exclude-window") && !o->exclude.n)
		usage_error("--exclude-window needs --exclude");
}
