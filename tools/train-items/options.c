/* options.c - see options.h. */
#include "options.h"

#include <string.h>

#include "base/date.h"
#include "base/error.h"
#include "data/kernel.h"

const struct option_row TRAIN_ITEMS_OPTIONS[] = {
	OPTION_CHOICE("method", "METHOD", method, METHOD_CHOICES, .fallback = "knn",
		.help = "knn: items that the same users have; next: items that follow the item; ridge, "
			"sparse-ridge: a regression of every item on the others that its users have, on all "
			"or on the best; next-ridge: one of every row on those before it"),
	OPTION_INT("k", "N", k, .letter = 'k', .low = 1, .high = 1 << 30,
		.help = "at most N neighbors for an item; 200 for knn and next, all for the others unless "
			"given"),
	OPTION_INT("min-count", "N", min_count, .fallback = "1", .low = 1, .high = 1e15,
		.requires = "method=knn/next",
		.help = "leave out neighbors with a count below N"),
	OPTION_INT("max-history", "N", max_history, .low = 1, .high = 1e9,
		.help = "use only the latest N items of a user, 5000 unless given; next, next-ridge: only "
			"the latest N rows, all unless given"),
	OPTION_CHOICE("similarity", "NAME", similarity, SIMILARITY_CHOICES, .fallback = "cosine",
		.requires = "method=knn",
		.help = "how the number of shared users becomes a weight"),
	OPTION_INT("window", "N", window, .fallback = "20", .low = 1, .high = 1000,
		.requires = "method=next/next-ridge",
		.help = "look at the N rows that follow an item"),
	OPTION_REAL("ridge", "LAMBDA", ridge, .low = 0, .high = 1e15,
		.requires = "method=ridge/sparse-ridge/next-ridge",
		.help = "penalty of the squares of an item's weights, 1 unless given (next-ridge: 200); what "
			"is good depends on the exponents"),
	OPTION_TEXT("fit-splits", "SPLITS", fit_splits, .fallback = "train",
		.help = "splits whose rows to use, if there is a split column: a list of train, "
			"validation, test, or all"),
	COMMON_OUTPUT_FILE, COMMON_PACKED(",partial"), COMMON_THREADS, COMMON_ABOUT,

	OPTION_GROUP("Weights of knn and next"),
	OPTION_REAL("shrink", "X", shrink, .low = 0, .high = 1e15, .requires = "method=knn/next",
		.help = "knn: multiply by count / (count + X) (default 0); next: divide by the item's "
			"rows + X (default 10)"),
	OPTION_REAL("bm25-k1", "X", bm25_k1, .fallback = "1.2", .low = 0, .high = 1e6,
		.requires = "method=knn,similarity=bm25",
		.help = "how far an item's popularity lowers its weights"),
	OPTION_REAL("bm25-b", "X", bm25_b, .fallback = "0.75", .low = 0, .high = 1,
		.requires = "method=knn,similarity=bm25",
		.help = "how far popularity is relative to the mean item's"),
	OPTION_REAL("gap-exponent", "X", gap_exponent, .fallback = "1", .low = 0, .high = 20,
		.requires = "method=next/next-ridge",
		.help = "the n-th row that follows counts 1 / n^X"),
	OPTION_DURATION("session-gap", "TIME", session_gap_s, .low = 0, .high = 1e15,
		.requires = "method=next/next-ridge",
		.help = "a row more than TIME after the one before begins a new session, and "
			"nothing follows across sessions"),
	OPTION_DURATION("half-life", "TIME", half_life_s, .low = ABOVE_ZERO, .high = 1e15,
		.requires = "method=next",
		.help = "halve a row's weight for every TIME that it is older than the newest "
			"row, or --now"),
	OPTION_TEXT("now", "TIMESTAMP", now, .requires = "half-life",
		.help = "the time that --half-life counts from, as the column of times writes it; later "
			"rows are not decayed"),
	OPTION_REAL("popularity-exponent", "X", popularity_exponent, .fallback = "0.2", .low = 0,
		.high = 2, .requires = "method=next",
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
		.help = "an item gets weights from N others alone, those that it goes with most"),
	OPTION_REAL("decay", "X", decay, .low = ABOVE_ZERO, .high = 1,
		.requires = "method=next-ridge", .excludes = "gap-exponent",
		.help = "the n-th row that follows counts X^(n-1), as for recommend-items --decay X"),
	OPTION_CHOICE("precision", "PRECISION", precision, PRECISION_CHOICES, .fallback = "auto",
		.requires = "method=ridge",
		.help = "of the matrix; auto is double up to 12000 items, single above"),
	OPTION_SIZE("memory", "SIZE", memory, .fallback = "4G", .low = 1, .high = 1e15,
		.requires = "method=ridge/sparse-ridge/next-ridge",
		.help = "fail where matrices would take more than SIZE"),
	COMMON_SEED,

	OPTION_GROUP("Large inputs"),
	OPTION_FLAG("partial", partial, .requires = "method=knn/next",
		.help = "write the counts of all pairs for --merge, instead of neighbors; no user may "
			"be in two parts"),
	OPTION_FLAG("merge", merge, .requires = "method=knn/next",
		.help = "the input is what --partial wrote; with --partial, make one part of all"),
	OPTION_INT("parts", "N", parts, .low = 1, .high = 1e15, .requires = "merge",
		.help = "fail (3) unless exactly N parts are read"),

	OPTION_GROUP("Input"),
	COMMON_RENAME,
	TIMESTAMP_UNIT_ROW(unit, "ms"),
	COMMON_INPUT,

	OPTION_GROUP("Expert options"),
	OPTION_CHOICE("kernel", "NAME", kernel, KERNEL_CHOICES, .fallback = "auto",
		.requires = "method=ridge/sparse-ridge/next-ridge",
		.help = "vector instructions to use; portable gives the same bytes on every machine"),
	OPTION_COLUMN("user", user, .fallback = "user", .help = "name of the column with user ids"),
	OPTION_COLUMN("item", item, .fallback = "item", .help = "name of the column with item ids"),
	OPTION_COLUMN("timestamp", timestamp, .fallback = "timestamp",
		.help = "the column of times; next and next-ridge need it"),
	OPTION_COLUMN("weight", weight, .requires = "method=next/ridge/sparse-ridge",
		.help = "how much a row counts (next: as one that follows); 1 unless given"),
	OPTION_COLUMN("session", session, .requires = "method=next/next-ridge",
		.help = "rows of one user follow each other only where this column is the same"),
	OPTION_COLUMN("split", split, .fallback = "split",
		.help = "name of the column with splits; optional"),
	COMMON_LINE_BUFFERED, COMMON_PROGRESS,
	OPTION_END
};

/* What makes counts is settled when a part is written; what makes weights of them, when
 * parts are merged. */
static void check_parts(const struct options *o)
{
	static const char *const COUNTS[] = {"max-history", "window", "gap-exponent", "session-gap",
		"half-life", "now", "fit-splits", "timestamp-unit", "user", "item", "timestamp", "weight",
		"session", "split", NULL};
	static const char *const WEIGHTS[] = {"k", "min-count", "shrink", "similarity", "bm25-k1",
		"bm25-b", "popularity-exponent", NULL};
	for (size_t i = 0; o->merge && COUNTS[i]; i++)
		if (option_given(COUNTS[i]))
			usage_error("--%s cannot be combined with --merge: give it to --partial", COUNTS[i]);
	for (size_t i = 0; o->partial && WEIGHTS[i]; i++)
		if (option_given(WEIGHTS[i]))
			usage_error("--%s cannot be combined with --partial: give it to --merge", WEIGHTS[i]);
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
	enum kernel_choice kernel = kernel_resolve((enum kernel_choice)o->kernel);
	if (kernel == KERNEL_AUTO)
		usage_error("--kernel: not supported by this CPU");
	o->kernel = (int)kernel;
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
