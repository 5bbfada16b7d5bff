/* build-dataset - interactions to the dataset that training, export and evaluation share.
 *
 * Distinct (user, item) pairs with a weight, rare users and items taken out, every
 * pair in one of train, validation and test.
 *
 * Reads: user item, and time or timestamp where an option needs them.
 * Writes: user item weight split [timestamp], sorted by user, then item.
 *
 *	build-dataset --min-user-interactions 5 --test 0.3 --validation 0.1 --seed 42 \
 *	              < positives.tsv > dataset.tsv
 *
 * Leaves to others: which interactions are positive (filter-interactions).
 */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/date.h"
#include "base/error.h"
#include "base/memory.h"
#include "data/exactsum.h"
#include "data/radix.h"
#include "data/strmap.h"
#include "domain/dataset.h"
#include "frame/options.h"
#include "frame/run.h"
#include "streams/output.h"
#include "streams/table.h"
#include "pairs.h"
#include "split.h"

enum { COUNT_ALL, COUNT_TRAIN };
enum weighting { WEIGHT_BINARY, WEIGHT_COUNT, WEIGHT_SUM, WEIGHT_MAX, WEIGHT_LAST };

struct options {
	struct common common;
	const char *user, *item, *time, *timestamp, *test, *validation, *as_of;
	int weight, unit, count_on;
	int64_t min_user, min_item, keep_train;
	bool core;
	double half_life_s;
	int64_t as_of_ms;
};

static const struct option_row OPTIONS[] = {
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
	COMMON_OUTPUT_FILE, COMMON_SEED, COMMON_ABOUT,

	OPTION_GROUP("Weights and thresholds"),
	OPTION_DURATION("half-life", "TIME", half_life_s, .low = ABOVE_ZERO, .high = INFINITY,
		.help = "half-life of a row's weight, relative to the newest row or --as-of (30d, 12h)"),
	OPTION_TEXT("as-of", "TIME", as_of, .requires = "half-life",
		.help = "time that --half-life counts from, in the input's unit or a date; later rows do "
			"not decay"),
	OPTION_CHOICE("count-on", "ROWS", count_on, "all|train", .fallback = "all",
		.help = "count all pairs before the split, or only train pairs after it"),

	OPTION_GROUP("Input"),
	COMMON_RENAME,
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

/* ---- pairs ---- */

/* Ids in byte order, and for each number in the map where its id is there. */
static struct span *ids_in_order(const struct strmap *map, uint32_t **rank)
{
	uint32_t n = strmap_count(map), *order = strmap_sorted(map);
	struct span *ids = memory_new((size_t)n + 1, sizeof *ids);
	*rank = memory_new((size_t)n + 1, sizeof **rank);
	for (uint32_t i = 0; i < n; i++) {
		ids[i] = strmap_key(map, order[i]);
		(*rank)[order[i]] = i;
	}
	free(order);
	return ids;
}

/* What one pair's rows come to. */
struct pair_rows {
	struct exactsum sum; /* from the second row on */
	uint64_t n;
	double only, most, last, newest_weight;
	int64_t newest;
};

static void pair_rows_add(struct pair_rows *rows, double value, double weight, int64_t when, bool sums)
{
	if (rows->n++ == 0) {
		rows->only = rows->most = rows->newest_weight = weight;
		rows->last = value;
		rows->newest = when;
		return;
	}
	if (sums) {
		if (rows->n == 2) {
			rows->sum = (struct exactsum){0};
			exactsum_add(&rows->sum, rows->only);
		}
		exactsum_add(&rows->sum, weight);
	}
	if (weight > rows->most)
		rows->most = weight;
	if (when > rows->newest || (when == rows->newest && value > rows->last)) {
		rows->newest = when;
		rows->last = value;
		rows->newest_weight = weight;
	}
}

static double pair_rows_weight(const struct pair_rows *rows, enum weighting how)
{
	if (how == WEIGHT_BINARY || how == WEIGHT_LAST)
		return rows->newest_weight;
	if (how == WEIGHT_MAX)
		return rows->most;
	return rows->n == 1 ? rows->only : exactsum_value(&rows->sum);
}

/* What a reader of the dataset takes for a float must be one. */
static void check_weight(const struct pairs *p, size_t i)
{
	if (isfinite((float)p->weight[i]))
		return;
	char shown[2][QUOTED_SIZE];
	struct span user = p->user_id[p->user[i]], item = p->item_id[p->item[i]];
	die(STATUS_DATA, "the weight of user %s and item %s is too large: %g",
	    quoted(user.at, user.n, shown[0]), quoted(item.at, item.n, shown[1]), p->weight[i]);
}

/* Of each row: the rank of its user, and below it, in `shift` bits, that of its item. */
static uint64_t *keys_of_rows(struct pairs *p, unsigned *shift)
{
	uint32_t *user_rank, *item_rank;
	size_t n = p->n;
	p->n_users = strmap_count(p->users);
	p->n_items = strmap_count(p->items);
	p->user_id = ids_in_order(p->users, &user_rank);
	p->item_id = ids_in_order(p->items, &item_rank);
	*shift = radix_bits(p->n_items);
	uint64_t *key = memory_new(n + 1, sizeof *key);
	for (size_t i = 0; i < n; i++)
		key[i] = (uint64_t)user_rank[p->user[i]] << *shift | item_rank[p->item[i]];
	free(user_rank);
	free(item_rank);
	return key;
}

/* Sorts the rows by user and item and makes one pair of those that share both. `places`:
 * pairs are to know where their last rows are. */
static void make_pairs(const struct options *o, struct pairs *p, bool places)
{
	unsigned shift;
	uint64_t *key = keys_of_rows(p, &shift), low = (UINT64_C(1) << shift) - 1;
	size_t n = p->n, pairs = 0;
	enum weighting how = (enum weighting)o->weight;
	double half_life = o->half_life_s * 1000, age;
	bool weighted = how != WEIGHT_BINARY || half_life > 0;
	bool sums = how == WEIGHT_SUM || how == WEIGHT_COUNT;
	bool values = weighted || p->timestamp || places;
	uint32_t *order = values ? memory_new(n + 1, sizeof *order) : NULL;
	for (size_t i = 0; values && i < n; i++)
		order[i] = (uint32_t)i;
	radix_sort(key, order, n);
	int64_t newest = o->as_of ? o->as_of_ms : INT64_MIN;
	for (size_t i = 0; p->timestamp && !o->as_of && i < n; i++)
		newest = p->timestamp[i] > newest ? p->timestamp[i] : newest;
	double *weight = weighted ? memory_new(n + 1, sizeof *weight) : NULL, *values_in = p->weight;
	int64_t *timestamp = p->timestamp ? memory_new(n + 1, sizeof *timestamp) : NULL;
	p->weight = weight;
	p->place = places ? memory_new(n + 1, sizeof *p->place) : NULL;
	struct pair_rows rows;
	for (size_t i = 0; i < n; pairs++) {
		uint64_t pair = key[i];
		p->user[pairs] = (uint32_t)(pair >> shift);
		p->item[pairs] = (uint32_t)(pair & low);
		rows.n = 0;
		for (; i < n && key[i] == pair; i++) {
			if (!values)
				continue;
			size_t row = order[i];
			double value = values_in ? values_in[row] : 1, w = value;
			int64_t when = p->timestamp ? p->timestamp[row] : 0;
			if (half_life > 0 && (age = (double)newest - (double)when) > 0)
				w *= exp2(-age / half_life);
			pair_rows_add(&rows, value, w, when, sums);
		}
		if (weighted) {
			weight[pairs] = pair_rows_weight(&rows, how);
			check_weight(p, pairs);
		}
		if (timestamp)
			timestamp[pairs] = rows.newest;
		if (places)
			p->place[pairs] = order[i - 1]; /* the sort keeps the order of rows */
	}
	free(order);
	free(key);
	free(values_in);
	free(p->timestamp);
	p->timestamp = timestamp;
	p->n = pairs;
}

/* ---- thresholds ---- */

struct counts {
	uint32_t *user, *item;
	uint64_t users, items; /* with a pair at all */
};

static void count_pairs(const struct pairs *p, struct counts *c, bool train_only)
{
	memset(c->user, 0, p->n_users * sizeof *c->user);
	memset(c->item, 0, p->n_items * sizeof *c->item);
	c->users = c->items = 0;
	for (size_t i = 0; i < p->n; i++) {
		if (train_only && p->split[i] != SPLIT_TRAIN)
			continue;
		c->users += c->user[p->user[i]]++ == 0;
		c->items += c->item[p->item[i]]++ == 0;
	}
}

/* What the threshold of users took, and that of items; a pair may be in both. */
struct taken {
	uint64_t user_pairs, item_pairs;
	bool *user, *item; /* which ones */
};

/* Keeps the pairs whose user and item have enough: one pass. */
static void keep_once(const struct options *o, struct pairs *p, const struct counts *c,
		      struct taken *taken)
{
	size_t kept = 0;
	for (size_t i = 0; i < p->n; i++) {
		uint32_t user = p->user[i], item = p->item[i];
		bool few_user = c->user[user] < o->min_user, few_item = c->item[item] < o->min_item;
		taken->user_pairs += few_user;
		taken->item_pairs += few_item;
		if (few_user)
			taken->user[user] = true;
		if (few_item)
			taken->item[item] = true;
		if (few_user || few_item)
			continue;
		p->user[kept] = user;
		p->item[kept] = item;
		if (p->weight)
			p->weight[kept] = p->weight[i];
		if (p->timestamp)
			p->timestamp[kept] = p->timestamp[i];
		if (p->place)
			p->place[kept] = p->place[i];
		if (p->split)
			p->split[kept] = p->split[i];
		kept++;
	}
	p->n = kept;
}

static uint64_t count_true(const bool *flags, size_t n)
{
	uint64_t count = 0;
	for (size_t i = 0; i < n; i++)
		count += flags[i];
	return count;
}

/* Applies both thresholds and says what each of them took. */
static void keep_frequent(const struct options *o, struct pairs *p, struct counts *c)
{
	bool train_only = o->count_on == COUNT_TRAIN;
	const char *how = train_only ? ", counting train pairs" : "";
	uint64_t rounds = 0;
	size_t before;
	if (o->min_user <= 1 && o->min_item <= 1)
		return;
	struct taken taken = {
		.user = memory_zero((size_t)p->n_users + 1, sizeof *taken.user),
		.item = memory_zero((size_t)p->n_items + 1, sizeof *taken.item),
	};
	do {
		before = p->n;
		count_pairs(p, c, train_only);
		keep_once(o, p, c, &taken);
		rounds++;
	} while (o->core && p->n < before);
	count_pairs(p, c, false);
	if (o->min_user > 1)
		warn("--min-user-interactions %" PRId64 " took %" PRIu64 " pairs, %" PRIu64 " users%s",
		     o->min_user, taken.user_pairs, count_true(taken.user, p->n_users), how);
	if (o->min_item > 1)
		warn("--min-item-interactions %" PRId64 " took %" PRIu64 " pairs, %" PRIu64 " items%s",
		     o->min_item, taken.item_pairs, count_true(taken.item, p->n_items), how);
	if (o->core)
		warn("both were applied %" PRIu64 " times", rounds);
	free(taken.user);
	free(taken.item);
}

/* ---- report and output ---- */

/* `late`: what is held out came last, so that some may not be known to train. */
static void report(const struct pairs *p, struct counts *c, bool late)
{
	uint64_t rows[SPLIT_COUNT] = {0};
	for (size_t i = 0; i < p->n; i++)
		rows[p->split[i]]++;
	count_pairs(p, c, false);
	uint64_t users = c->users, items = c->items;
	warn("%" PRIu64 " users, %" PRIu64 " items; %" PRIu64 " train, %" PRIu64 " validation, %"
	     PRIu64 " test pairs", users, items, rows[SPLIT_TRAIN], rows[SPLIT_VALIDATION],
	     rows[SPLIT_TEST]);
	if (p->n == 0)
		warn("nothing is left");
	else if (rows[SPLIT_TRAIN] == 0)
		warn("nothing is left to train on");
	if (!late || p->n == 0)
		return;
	count_pairs(p, c, true);
	if (users > c->users || items > c->items)
		warn("cold, without a train pair: %" PRIu64 " users, %" PRIu64 " items",
		     users - c->users, items - c->items);
}

static void write_pairs(const struct pairs *p, struct output *out)
{
	static const struct span WORD[SPLIT_COUNT] = {
		[SPLIT_TRAIN] = {"train", 5},
		[SPLIT_VALIDATION] = {"validation", 10},
		[SPLIT_TEST] = {"test", 4},
	};
	for (size_t i = 0; i < p->n; i++) {
		output_span(out, p->user_id[p->user[i]]);
		output_tab(out);
		output_span(out, p->item_id[p->item[i]]);
		output_tab(out);
		if (p->weight)
			output_double(out, p->weight[i]);
		else
			output_byte(out, '1');
		output_tab(out);
		output_span(out, WORD[p->split[i]]);
		if (p->timestamp) {
			output_tab(out);
			if (p->timestamp[i] != NO_TIME)
				output_i64(out, p->timestamp[i]);
		}
		output_end_row(out);
	}
}

/* What to read of the table; `timed`: an option needs the times. */
static struct reading reading_of(const struct options *o, struct table *t, bool timed)
{
	bool named = option_given("timestamp"), values = o->weight >= WEIGHT_SUM;
	struct reading r = {.table = t, .time = -1, .timed = timed || named,
		.unit = (enum time_unit)o->unit, .header = !o->common.no_header};
	r.user = table_column(t, option_column("user", o->user));
	r.item = table_column(t, option_column("item", o->item));
	if (values)
		r.time = (long)table_column(t, option_column("time", o->time));
	r.timestamp = r.timed
		? (long)table_column(t, option_column("timestamp", o->timestamp))
		: table_find_column(t, o->timestamp);
	r.out = output_open(o->common.output, o->common.line_buffered);
	return r;
}

/* What the options' table does not say. */
static void check(const struct options *o, const struct splitting *how)
{
	if (how->test.share + how->validation.share > 1)
		usage_error("--test and --validation are more than all rows together");
	if (o->keep_train && (how->test.kind == RULE_AFTER || how->validation.kind == RULE_AFTER))
		usage_error("--keep-train cannot be combined with after:TIMESTAMP, "
			    "whose late pairs are not to be trained on");
}

static void report_kept(const struct options *o, const struct splitting *how)
{
	if (o->keep_train)
		warn("--keep-train %" PRId64 " left %" PRIu64 " users all their pairs: %" PRIu64
		     " pairs are not held out", o->keep_train, how->kept_users, how->kept_pairs);
}

static int run(struct options *o, char **files, int count)
{
	enum time_unit unit = (enum time_unit)o->unit;
	struct splitting how = {.test = rule_parse(o->test, "test", unit),
		.validation = rule_parse(o->validation, "validation", unit),
		.seed = o->common.seed, .keep_train = (uint64_t)o->keep_train};
	bool temporal = rule_needs_time(&how.test) || rule_needs_time(&how.validation);
	bool late = rule_takes_late(&how.test) || rule_takes_late(&how.validation);
	if (o->as_of)
		o->as_of_ms = time_option(o->as_of, "as-of", unit);
	check(o, &how);
	struct table_format format = COMMON_FORMAT(&o->common);
	struct pairs p = {.users = strmap_new(), .items = strmap_new()};
	struct table *t = table_open(files, count, &format);
	struct reading what = reading_of(o, t, temporal || o->weight == WEIGHT_LAST || o->half_life_s > 0);
	pairs_read(&p, &what);
	uint64_t rows = table_rows(t), rejected = table_rejected(t), good = p.n;
	table_close(t);
	progress_clear();
	make_pairs(o, &p, how.test.kind == RULE_TAIL || how.validation.kind == RULE_TAIL);
	struct counts c = {0};
	c.user = memory_zero((size_t)p.n_users + 1, sizeof *c.user);
	c.item = memory_zero((size_t)p.n_items + 1, sizeof *c.item);
	warn("%" PRIu64 " rows, %zu distinct pairs; %u users, %u items", good, p.n, p.n_users,
	     p.n_items);
	if (o->count_on == COUNT_TRAIN)
		split_pairs(&p, &how);
	keep_frequent(o, &p, &c);
	if (o->count_on != COUNT_TRAIN)
		split_pairs(&p, &how);
	report_kept(o, &how);
	report(&p, &c, late);
	if (p.n == 0 && rejected)
		die(STATUS_DATA, "nothing is left, and %" PRIu64 " of %" PRIu64 " rows were bad", rejected,
		    rows);
	write_pairs(&p, what.out);
	output_close(what.out);
	run_report_filter(rows, p.n, good - p.n, rejected);
	pairs_free(&p);
	free(c.user);
	free(c.item);
	return STATUS_DONE;
}

static const struct program PROGRAM = {
	.name = "build-dataset",
	.usage = "[OPTION]... [FILE]...",
	.summary = "Make distinct, weighted user-item pairs of interactions and split them.",
	.reads = "user item, and time or timestamp where an option needs them",
	.writes = "user item weight split [timestamp], by user, then item",
	.examples = {
		"build-dataset --item track --test 0.3 --validation 0.1 < positives.tsv > dataset.tsv",
		"build-dataset --item track --min-user-interactions 5 --test last:1 < positives.tsv > d.tsv",
	},
	.options = OPTIONS,
	.options_size = sizeof(struct options),
};

int main(int argc, char **argv)
{
	struct options options = {0};
	int first = program_start(&PROGRAM, argc, argv, &options);
	return finish(run(&options, argv + first, argc - first));
}
