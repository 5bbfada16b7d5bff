/* options.c - see options.h. */
#include "options.h"

#include <string.h>

#include "base/date.h"
#include "base/error.h"
#include "data/kernel.h"
#include "frame/arguments.h"

const struct option_row TRAIN_ITEMS_OPTIONS[] = {
	OPTION_CHOICE("method", "METHOD", method, METHOD_CHOICES, .fallback = "knn",
		.help = "knn: items that the same users have; next: items that follow the item; ridge, "
			"sparse-ridge: a regression of every item on the others that its users have, on all "
			"or on the best; next-ridge: a regression of every row on the rows before it"),
	OPTION_INT("k", "N", k, .letter = 'k', .low = 1, .high = 1 << 30,
		.excludes = "partial",
		.help = "at most N neighbors for an item; 200 for knn and next, all for the others unless "
			"given"),
	OPTION_INT("min-count", "N", min_count, .fallback = "1", .low = 1, .high = 1e15,
		.requires = "method=knn/next", .excludes = "partial",
		.help = "leave out neighbors with a count below N"),
	OPTION_INT("max-history", "N", max_history, .low = 1, .high = 1e9,
		.excludes = "merge",
		.help = "use only the latest N items of a user, 5000 unless given; next, next-ridge: only "
			"the latest N rows, all unless given"),
	OPTION_CHOICE("similarity", "NAME", similarity, SIMILARITY_CHOICES, .fallback = "cosine",
		.requires = "method=knn", .excludes = "partial",
		.help = "how the number of shared users becomes a weight"),
	OPTION_INT("window", "N", window, .fallback = "20", .low = 1, .high = 1000,
		.requires = "method=next/next-ridge", .excludes = "merge",
		.help = "look at the N rows that follow an item"),
	OPTION_REAL("ridge", "LAMBDA", ridge, .low = 0, .high = 1e15,
		.requires = "method=ridge/sparse-ridge/next-ridge",
		.help = "penalty of the squares of an item's weights, 1 unless given (next-ridge: 200); what "
			"is good depends on the exponents"),
	OPTION_TEXT("fit-splits", "SPLITS", fit_splits, .fallback = "train",
		.excludes = "merge",
		.help = "splits whose rows to use, if there is a split column: a list of train, "
			"validation, test, or all"),
	COMMON_OUTPUT_FILE, COMMON_PACKED(",partial"), COMMON_THREADS, COMMON_SEED, COMMON_ABOUT,

	OPTION_GROUP("Counts of knn, next and next-ridge"),
	OPTION_REAL("shrink", "X", shrink, .low = 0, .high = 1e15,
		.requires = "method=knn/next", .excludes = "partial",
		.help = "knn: multiply by count / (count + X) (default 0); next: divide by the item's "
			"rows + X (default 10)"),
	OPTION_REAL("bm25-k1", "X", bm25_k1, .fallback = "1.2", .low = 0, .high = 1e6,
		.requires = "method=knn,similarity=bm25", .excludes = "partial",
		.help = "how far an item's popularity lowers its weights"),
	OPTION_REAL("bm25-b", "X", bm25_b, .fallback = "0.75", .low = 0, .high = 1,
		.requires = "method=knn,similarity=bm25", .excludes = "partial",
		.help = "how far popularity is relative to the mean item's"),
	OPTION_REAL("gap-exponent", "X", gap_exponent, .fallback = "1", .low = 0, .high = 20,
		.requires = "method=next/next-ridge", .excludes = "merge",
		.help = "the n-th row that follows counts 1 / n^X"),
	OPTION_DURATION("session-gap", "TIME", session_gap_s, .low = 0, .high = 1e15,
		.requires = "method=next/next-ridge", .excludes = "merge",
		.help = "a row more than TIME after the one before begins a new session, and "
			"nothing follows across sessions"),
	OPTION_DURATION("half-life", "TIME", half_life_s, .low = ABOVE_ZERO, .high = 1e15,
		.requires = "method=next", .excludes = "merge",
		.help = "halve a row's weight for every TIME that it is older than the newest "
			"row, or --now, which --partial requires"),
	OPTION_TEXT("now", "TIMESTAMP", now, .requires = "half-life", .excludes = "merge",
		.help = "the time that --half-life counts from, as the column of times writes it; later "
			"rows are not decayed"),
	OPTION_REAL("popularity-exponent", "X", popularity_exponent, .fallback = "0.2", .low = 0,
		.high = 2, .requires = "method=next", .excludes = "partial",
		.help = "divide by the X-th power of the neighbor's rows"),

	OPTION_GROUP("Regressions"),
	OPTION_REAL("dropout", "P", dropout, .fallback = "0.2", .low = 0, .high = 0.99,
		.requires = "method=ridge/sparse-ridge/next-ridge",
		.help = "penalize as if this share of what users have were left out at random"),
	OPTION_REAL("user-exponent", "A", user_exponent, .fallback = "0.5", .low = 0, .high = 4,
		.requires = "method=ridge/sparse-ridge",
		.help = "divide what a user has by the A-th power of its sum"),
	OPTION_REAL("item-exponent", "B", item_exponent, .fallback = "0.25", .low = 0, .high = 4,
		.requires = "method=ridge/sparse-ridge",
		.help = "divide what an item has by the B-th power of its sum"),
	OPTION_REAL("history-exponent", "C", history_exponent, .low = 0, .high = 4,
		.requires = "method=ridge/sparse-ridge",
		.help = "divide the weights that an item gives to others by the C-th power of its sum; "
			"as --item-exponent unless given"),
	OPTION_INT("candidates", "N", candidates, .fallback = "200", .low = 1, .high = 10000,
		.requires = "method=sparse-ridge/next-ridge",
		.help = "an item gets weights from at most N others, those that it goes with most"),
	OPTION_REAL("decay", "X", decay, .low = ABOVE_ZERO, .high = 1,
		.requires = "method=next-ridge", .excludes = "gap-exponent",
		.help = "the n-th row that follows counts X^(n-1), as for recommend-items --decay X"),
	OPTION_CHOICE("precision", "PRECISION", precision, PRECISION_CHOICES, .fallback = "auto",
		.requires = "method=ridge",
		.help = "precision of the matrix; auto: double up to 12000 items, single above"),
	OPTION_SIZE("memory", "SIZE", memory, .fallback = "4G", .low = 1, .high = 1e15,
		.requires = "method=ridge/sparse-ridge/next-ridge",
		.help = "fail if matrices would take more than SIZE"),

	OPTION_GROUP("Large inputs"),
	OPTION_FLAG("partial", partial, .requires = "method=knn/next",
		.help = "write the counts of all pairs for --merge, instead of neighbors; no user may "
			"be in two parts; what makes counts is given here, what makes weights to --merge"),
	OPTION_FLAG("merge", merge, .requires = "method=knn/next",
		.help = "the input is what --partial wrote; with --partial, make one part of all"),
	OPTION_INT("parts", "N", parts, .low = 1, .high = 1e15, .requires = "merge",
		.help = "fail (3) unless exactly N parts are read"),

	OPTION_GROUP("Input"),
	COMMON_RENAME,
	TIMESTAMP_UNIT_RULES(unit, "ms", .excludes = "merge"),
	COMMON_INPUT,

	OPTION_GROUP("Expert options"),
	OPTION_CHOICE("kernel", "KERNEL", kernel, KERNEL_CHOICES, .fallback = "auto",
		.requires = "method=ridge/sparse-ridge/next-ridge",
		.help = KERNEL_HELP),
	OPTION_COLUMN("user", user, .fallback = "user",
		.excludes = "merge",
		.help = "name of the column with user ids"),
	OPTION_COLUMN("item", item, .fallback = "item",
		.excludes = "merge",
		.help = "name of the column with item ids"),
	OPTION_COLUMN("timestamp", timestamp, .fallback = "timestamp",
		.excludes = "merge",
		.help = "the column of times; next and next-ridge need it"),
	OPTION_COLUMN("weight", weight, .requires = "method=next/ridge/sparse-ridge", .excludes = "merge",
		.help = "how much a row counts (next: as one that follows); 1 unless given"),
	OPTION_COLUMN("session", session, .requires = "method=next/next-ridge", .excludes = "merge",
		.help = "rows of one user follow each other only where this column is the same"),
	OPTION_COLUMN("split", split, .fallback = "split",
		.excludes = "merge",
		.help = "name of the column with splits; optional"),
	COMMON_LINE_BUFFERED, COMMON_PROGRESS,
	OPTION_END
};

/* Each part has a newest row of its own. */
static void check_parts(const struct options *o)
{
	if (o->partial && option_given("half-life") && !o->now)
		usage_error("--partial with --half-life requires --now: each part has a newest row of its own");
}

static void read_now(struct options *o)
{
	enum number_state state = time_read(o->now, strlen(o->now), (enum time_unit)o->unit, &o->now_ms);
	if (state == NUMBER_OK)
		return;
	char shown[QUOTED_SIZE];
	usage_error("option '--now': %s: %s", time_problem(state, (enum time_unit)o->unit),
		    quoted(o->now, strlen(o->now), shown));
}

void check_options(struct options *o)
{
	o->kernel = (int)option_kernel(o->kernel);
	check_parts(o);
	if (!o->k && o->method <= METHOD_NEXT)
		o->k = 200;
	if (!option_given("ridge"))
		o->ridge = o->method == METHOD_NEXT_RIDGE ? 200 : 1;
	if (!option_given("history-exponent"))
		o->history_exponent = o->item_exponent;
	if (o->now)
		read_now(o);
}
