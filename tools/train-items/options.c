/* options.c - see options.h. */
#include "options.h"

#include <string.h>

#include "base/date.h"
#include "base/error.h"

const struct option_row TRAIN_ITEMS_OPTIONS[] = {
	OPTION_CHOICE("method", "METHOD", method, METHOD_CHOICES, .fallback = "knn",
		.help = "knn: items that the same users have; next: items that follow the item"),
	OPTION_INT("k", "N", k, .letter = 'k', .fallback = "200", .low = 1, .high = 1 << 30,
		.help = "at most N neighbors for an item"),
	OPTION_INT("min-count", "N", min_count, .fallback = "1", .low = 1, .high = 1e15,
		.help = "leave out neighbors with a count below N"),
	OPTION_INT("max-history", "N", max_history, .low = 1, .high = 1e9,
		.help = "use only the latest N items (knn) or rows (next) of a user; 5000 for knn, all "
			"for next unless given"),
	OPTION_REAL("shrink", "X", shrink, .low = 0, .high = 1e15,
		.help = "knn: multiply by count / (count + X), 0 unless given; next: divide by the "
			"item's rows + X, 10 unless given"),
	OPTION_CHOICE("similarity", "NAME", similarity, SIMILARITY_CHOICES, .fallback = "cosine",
		.help = "knn: how the number of shared users becomes a weight"),
	OPTION_REAL("bm25-k1", "X", bm25_k1, .fallback = "1.2", .low = 0, .high = 1e6,
		.help = "bm25: how far an item's popularity lowers its weights"),
	OPTION_REAL("bm25-b", "X", bm25_b, .fallback = "0.75", .low = 0, .high = 1,
		.help = "bm25: how far popularity is relative to the mean item's"),
	OPTION_INT("window", "N", window, .fallback = "20", .low = 1, .high = 1000,
		.help = "next: count the N rows that follow an item"),
	OPTION_REAL("gap-exponent", "X", gap_exponent, .fallback = "1", .low = 0, .high = 20,
		.help = "next: the n-th row that follows counts 1 / n^X"),
	OPTION_DURATION("session-gap", "TIME", session_gap_s, .low = 0, .high = 1e15,
		.help = "next: a row more than TIME after the one before begins a new session, and "
			"nothing follows across sessions"),
	OPTION_DURATION("half-life", "TIME", half_life_s, .low = ABOVE_ZERO, .high = 1e15,
		.help = "next: halve a row's weight for every TIME that it is older than the newest "
			"row, or --now"),
	OPTION_TEXT("now", "TIMESTAMP", now,
		.help = "the time that --half-life counts from, as the column of times writes it; later "
			"rows are not decayed"),
	OPTION_REAL("popularity-exponent", "X", popularity_exponent, .fallback = "0.2", .low = 0,
		.high = 2, .help = "next: divide by the X-th power of the neighbor's rows"),
	OPTION_FLAG("partial", partial,
		.help = "write the counts of all pairs for --merge, instead of neighbors; no user may "
			"be in two parts"),
	OPTION_FLAG("merge", merge,
		.help = "the input is what --partial wrote; with --partial, make one part of all"),
	OPTION_INT("parts", "N", parts, .low = 1, .high = 1e15,
		.help = "with --merge, fail (3) unless exactly N parts are read"),
	OPTION_TEXT("fit-splits", "SPLITS", fit_splits, .fallback = "train",
		.help = "where there is a column of splits, use the rows of these: a list of train, "
			"validation, test, or all"),
	TIMESTAMP_UNIT_ROW(unit, "ms"),
	OPTION_TEXT("user", "COLUMN", user, .fallback = "user", .help = "the column of user ids"),
	OPTION_TEXT("item", "COLUMN", item, .fallback = "item", .help = "the column of item ids"),
	OPTION_TEXT("timestamp", "COLUMN", timestamp, .fallback = "timestamp",
		.help = "the column of times; knn does without"),
	OPTION_TEXT("weight", "COLUMN", weight,
		.help = "next: a row that follows counts by this column; 1 unless given"),
	OPTION_TEXT("session", "COLUMN", session,
		.help = "next: rows of one user follow each other only where this column is the same"),
	OPTION_TEXT("split", "COLUMN", split, .fallback = "split",
		.help = "the column of splits; it may be missing"),
	COMMON_THREADS,
	COMMON_SEED,
	COMMON_INPUT,
	COMMON_OUTPUT,
	COMMON_LOG,
	OPTION_END
};

/* Options that one method alone has. */
static void check_method(const struct options *o)
{
	static const char *const KNN[] = {"similarity", "bm25-k1", "bm25-b", NULL};
	static const char *const NEXT[] = {"window", "gap-exponent", "session-gap", "half-life", "now",
		"popularity-exponent", "weight", "session", NULL};
	for (size_t i = 0; KNN[i]; i++)
		if (o->method != METHOD_KNN && option_given(KNN[i]))
			usage_error("--%s requires --method knn", KNN[i]);
	for (size_t i = 0; NEXT[i]; i++)
		if (o->method != METHOD_NEXT && option_given(NEXT[i]))
			usage_error("--%s requires --method next", NEXT[i]);
	for (size_t i = 1; i < 3; i++)
		if (o->similarity != SIMILARITY_BM25 && option_given(KNN[i]))
			usage_error("--%s requires --similarity bm25", KNN[i]);
}

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
	if (o->parts && !o->merge)
		usage_error("--parts requires --merge");
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
	check_method(o);
	check_parts(o);
	if (o->now && !option_given("half-life"))
		usage_error("--now requires --half-life");
	if (o->now)
		read_now(o);
}
