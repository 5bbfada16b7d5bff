#include "options.h"

#include "data/kernel.h"
#include "frame/arguments.h"
#include "frame/sides.h"

const struct option_row RECOMMEND_ITEMS_OPTIONS[] = {
	OPTION_FILE("neighbors", "FILE", neighbors, .side = true, .required = true,
		.help = "the neighbors of each item (item, neighbor, weight), as train-items writes them"),
	OPTION_INT("k", "N", k, .letter = 'k', .fallback = "100", .low = 1, .high = 1 << 20,
		.help = "length of the lists"),
	OPTION_CHOICE("for", "WHAT", lists_for, "users|items", .fallback = "users",
		.help = "lists for the users of the histories, or for each item its neighbors; for items "
			"no histories are read"),
	OPTION_INT("last", "N", last, .fallback = "0", .low = 0, .high = 1e15,
		.excludes = "for=items",
		.help = "score by the N latest rows of a history; 0: by all"),
	OPTION_DURATION("half-life", "TIME", half_life_s, .low = ABOVE_ZERO, .high = 1e15,
		.excludes = "for=items",
		.help = "halve a row's weight for every TIME (14d) that it is older than the user's "
			"latest one"),
	OPTION_FLAG("keep-seen", keep_seen,
		.help = "also offer items in the user's history; for items, also the item itself"),
	OPTION_LIST("exclude", "FILE", exclude, .side = true,
		.excludes = "for=items",
		.help = "do not recommend items that FILE (user, item, ...) lists for the user; may be "
			"repeated"),
	OPTION_FILE("users", "FILE", users, .side = true,
		.excludes = "for=items", .help = "only users in the user column of FILE"),
	OPTION_FILE("items", "FILE", items, .side = true,
		.help = "recommend only items of this catalog (item, available, blocked) that are "
			"available and not blocked"),
	COMMON_OUTPUT_FILE, COMMON_PACKED(""), COMMON_THREADS, COMMON_ABOUT,

	OPTION_GROUP("Histories"),
	OPTION_REAL("decay", "X", decay, .fallback = "1", .low = ABOVE_ZERO, .high = 1,
		.excludes = "for=items",
		.help = "the row that is n places before a user's latest one counts X to the power of n"),
	OPTION_REAL("gap-exponent", "X", gap_exponent, .low = ABOVE_ZERO, .high = 20,
		.excludes = "for=items,decay",
		.help = "the n-th latest row counts 1 / n^X"),
	OPTION_TEXT("splits", "NAME,...", splits, .fallback = "train",
		.excludes = "for=items",
		.help = "where the histories have a column of splits, use the rows of these (or all)"),
	COMMON_SEED,

	OPTION_GROUP("Exclusions"),
	OPTION_TEXT("exclude-splits", "NAME,...", exclude_splits, .fallback = "train,validation",
		.requires = "exclude",
		.help = "splits whose rows count in an --exclude file with a split column (or all)"),
	OPTION_DURATION("exclude-window", "TIME", exclude_window_s,
		.requires = "exclude", .low = ABOVE_ZERO, .high = 1e11,
		.help = "in --exclude files with a timestamp column, ignore rows more than TIME (14d) "
			"older than the newest of all"),
	OPTION_FILE("candidates", "FILE", candidates, .side = true,
		.help = "recommend only items in the item column of FILE"),

	OPTION_GROUP("Input"),
	COMMON_RENAME, COMMON_SIDES,
	TIMESTAMP_UNIT_ROW(timestamp_unit, "ms"),
	COMMON_INPUT,

	OPTION_GROUP("Expert options"),
	OPTION_CHOICE("kernel", "KERNEL", kernel, KERNEL_CHOICES, .fallback = "auto",
		.help = KERNEL_HELP_EXACT),
	OPTION_COLUMN("user", user, .fallback = "user",
		.excludes = "for=items",
		.help = "the column of users, in side files too"),
	OPTION_COLUMN("item", item, .fallback = "item",
		.help = "the column of items, in side files too"),
	OPTION_COLUMN("timestamp", timestamp, .fallback = "timestamp",
		.excludes = "for=items",
		.help = "the column of times; only --last, --decay, --gap-exponent, --half-life and "
			"--exclude-window look at it"),
	OPTION_COLUMN("weight", weight,
		.excludes = "for=items",
		.help = "multiply what a row counts by this column of the histories; 1 unless given"),
	OPTION_COLUMN("split", split, .fallback = "split",
		.excludes = "for=items",
		.help = "the column of splits, in --exclude files too; it may be missing"),
	COMMON_LINE_BUFFERED, COMMON_PROGRESS,
	OPTION_END
};

struct offer_files files_of(const struct options *o)
{
	return (struct offer_files){
		.exclude = o->exclude.values, .exclude_n = o->exclude.n,
		.exclude_side = option_side("exclude", NULL),
		.users = option_side("users", o->users),
		.items = option_side("items", o->items), .candidates = option_side("candidates", o->candidates),
		.columns = {
			.user = option_column("user", o->user), .item = option_column("item", o->item),
			.split = option_column("split", o->split),
			.timestamp = option_column("timestamp", o->timestamp),
			.unit = (enum time_unit)o->timestamp_unit,
		},
		.exclude_splits = option_splits("exclude-splits", o->exclude_splits),
		.exclude_window_ms = option_exclude_window(o->exclude_window_s),
	};
}
