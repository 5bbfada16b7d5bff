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

#include "base/error.h"
#include "base/hash.h"
#include "base/memory.h"
#include "base/number.h"
#include "data/exactsum.h"
#include "data/strmap.h"
#include "domain/dataset.h"
#include "frame/options.h"
#include "frame/run.h"
#include "streams/output.h"
#include "streams/table.h"

enum weighting { WEIGHT_BINARY, WEIGHT_COUNT, WEIGHT_SUM, WEIGHT_MAX, WEIGHT_LAST };

struct options {
	struct common common;
	const char *user, *item, *time, *timestamp, *test, *validation;
	int weight, unit, count_on;
	int64_t min_user, min_item;
	bool core;
	double half_life_s;
};

#define AT(member) offsetof(struct options, member)

static const struct option_row OPTIONS[] = {
	{"user", 0, OPTION_TEXT, "COLUMN", AT(user), "user", 0, 0, NULL, "the column of user ids"},
	{"item", 0, OPTION_TEXT, "COLUMN", AT(item), "item", 0, 0, NULL, "the column of item ids"},
	{"time", 0, OPTION_TEXT, "COLUMN", AT(time), "time", 0, 0, NULL,
	 "the column that --weight sum, max and last are about"},
	{"timestamp", 0, OPTION_TEXT, "COLUMN", AT(timestamp), "timestamp", 0, 0, NULL,
	 "the column that says when; passed on when it is there"},
	{"timestamp-unit", 0, OPTION_CHOICE, "UNIT", AT(unit), "ms", 0, 0, "s|ms",
	 "the unit of the timestamps, for --half-life"},
	{"weight", 0, OPTION_CHOICE, "HOW", AT(weight), "binary", 0, 0, "binary|count|sum|max|last",
	 "the weight of a pair: 1, its rows, or the sum, greatest or latest of their times"},
	{"half-life", 0, OPTION_DURATION, "TIME", AT(half_life_s), NULL, ABOVE_ZERO, INFINITY, NULL,
	 "halve a row's weight for every TIME that it is older than the newest row (30d, 12h)"},
	{"min-user-interactions", 0, OPTION_INT, "N", AT(min_user), "1", 1, 1e15, NULL,
	 "keep users with at least N pairs"},
	{"min-item-interactions", 0, OPTION_INT, "N", AT(min_item), "1", 1, 1e15, NULL,
	 "keep items with at least N pairs"},
	{"core", 0, OPTION_FLAG, NULL, AT(core), NULL, 0, 0, NULL,
	 "apply both again to what is left, until nothing changes"},
	{"count-on", 0, OPTION_CHOICE, "ROWS", AT(count_on), "all", 0, 0, "all|train",
	 "count all pairs before the split, or those in train after it"},
	{"test", 0, OPTION_TEXT, "SPLIT", AT(test), NULL, 0, 0, NULL,
	 "rows for the test: a share of them, last:N of each user, or after:TIMESTAMP"},
	{"validation", 0, OPTION_TEXT, "SPLIT", AT(validation), NULL, 0, 0, NULL,
	 "the same for validation, among the rows that are not in the test"},
	COMMON_SEED(struct options, common),
	COMMON_INPUT(struct options, common),
	COMMON_OUTPUT(struct options, common),
	COMMON_LOG(struct options, common),
	OPTION_END
};

/* ---- splits ---- */

struct rule {
	enum { RULE_NONE, RULE_SHARE, RULE_LAST, RULE_AFTER } kind;
	double share;
	int64_t number; /* N of last, TIMESTAMP of after */
};

static struct rule parse_rule(const char *text, const char *option)
{
	static const struct { const char *prefix; int kind; } KIND[] = {
		{"last:", RULE_LAST}, {"after:", RULE_AFTER},
	};
	struct rule rule = {.kind = RULE_NONE};
	char shown[QUOTED_SIZE];
	if (!text)
		return rule;
	quoted(text, strlen(text), shown);
	for (size_t i = 0; i < 2; i++) {
		size_t n = strlen(KIND[i].prefix);
		if (strncmp(text, KIND[i].prefix, n) != 0)
			continue;
		rule.kind = KIND[i].kind;
		enum number_state state = number_i64(text + n, strlen(text + n), &rule.number);
		if (state != NUMBER_OK)
			usage_error("option '--%s': %s: %s", option, number_problem(state), shown);
		if (rule.kind == RULE_LAST && rule.number < 1)
			usage_error("option '--%s': must be at least 1: %s", option, shown);
		return rule;
	}
	rule.kind = RULE_SHARE;
	enum number_state state = number_double(text, strlen(text), &rule.share);
	if (state != NUMBER_OK)
		usage_error("option '--%s': not a share, last:N or after:TIMESTAMP: %s", option, shown);
	if (rule.share < 0 || rule.share > 1)
		usage_error("option '--%s': must be 0 to 1: %s", option, shown);
	return rule;
}

static bool needs_timestamp(const struct rule *rule)
{
	return rule->kind == RULE_LAST || rule->kind == RULE_AFTER;
}

/* ---- rows ---- */

/* The input's rows; then, sorted and made distinct, the pairs. Arrays that no
 * option asks for stay NULL. */
struct pairs {
	uint64_t n;
	size_t capacity[4];
	uint32_t *user, *item;
	double *weight;      /* of the row; then of the pair */
	int64_t *timestamp;  /* of the row; then of the pair's latest row */
	uint8_t *split;
	struct strmap *users, *items;
	uint32_t *user_order, *item_order; /* numbers by byte order of the ids */
	uint32_t *user_rank, *item_rank;   /* the other way round */
};

static void read_rows(const struct options *o, struct table *t, struct pairs *p, bool weights,
		      long timestamp)
{
	size_t user = table_column(t, o->user, option_given("user") ? "user" : NULL);
	size_t item = table_column(t, o->item, option_given("item") ? "item" : NULL);
	size_t time = weights ? table_column(t, o->time, option_given("time") ? "time" : NULL) : 0;
	const size_t ids[2] = {user, item};
	while (table_next(t)) {
		double value = 1;
		int64_t when = 0;
		bool good = true;
		for (size_t i = 0; i < 2 && good; i++) {
			good = table_field(t, ids[i]).n > 0;
			if (!good)
				table_reject(t, ids[i], "an empty id");
		}
		if (!good || (weights && !table_double(t, time, &value)) ||
		    (timestamp >= 0 && !table_i64(t, (size_t)timestamp, &when)))
			continue;
		size_t n = (size_t)p->n + 1;
		if (n >= UINT32_MAX)
			die(STATUS_FAILED, "more than %u rows", UINT32_MAX - 1);
		p->user = memory_grow(p->user, &p->capacity[0], n, sizeof *p->user);
		p->item = memory_grow(p->item, &p->capacity[1], n, sizeof *p->item);
		p->user[n - 1] = strmap_add(p->users, table_field(t, user));
		p->item[n - 1] = strmap_add(p->items, table_field(t, item));
		if (weights) {
			p->weight = memory_grow(p->weight, &p->capacity[2], n, sizeof *p->weight);
			p->weight[n - 1] = value;
		}
		if (timestamp >= 0) {
			p->timestamp = memory_grow(p->timestamp, &p->capacity[3], n,
						   sizeof *p->timestamp);
			p->timestamp[n - 1] = when;
		}
		p->n = n;
		progress_step(table_bytes(t), table_size(t), "bytes");
	}
}

static uint32_t *ranks_of(const uint32_t *order, uint32_t n)
{
	uint32_t *rank = memory_new((size_t)n + 1, sizeof *rank);
	for (uint32_t i = 0; i < n; i++)
		rank[order[i]] = i;
	return rank;
}

/* Row numbers by (rank of key), stable: one pass of a counting sort. */
static uint32_t *sort_rows(const uint32_t *key, const uint32_t *rank, uint32_t n_keys,
			   uint32_t *from, size_t n)
{
	uint32_t *next = memory_zero((size_t)n_keys + 2, sizeof *next);
	uint32_t *to = memory_new(n + 1, sizeof *to);
	for (size_t i = 0; i < n; i++)
		next[rank[key[i]] + 1]++;
	for (uint32_t k = 0; k < n_keys; k++)
		next[k + 1] += next[k];
	for (size_t i = 0; i < n; i++) {
		uint32_t row = from ? from[i] : (uint32_t)i;
		to[next[rank[key[row]]]++] = row;
	}
	free(next);
	free(from);
	return to;
}

/* What one pair's rows come to. */
struct pile {
	struct exactsum sum;
	uint64_t n;
	double only, most, last, newest_weight;
	int64_t newest;
};

static void pile_add(struct pile *pile, double value, double weight, int64_t when, bool sums)
{
	if (pile->n == 0) {
		pile->only = pile->most = weight;
		pile->last = value;
		pile->newest_weight = weight;
		pile->newest = when;
	} else {
		if (sums) {
			if (pile->n == 1)
				exactsum_add(&pile->sum, pile->only);
			exactsum_add(&pile->sum, weight);
		}
		if (weight > pile->most)
			pile->most = weight;
		if (when > pile->newest || (when == pile->newest && value > pile->last)) {
			pile->newest = when;
			pile->last = value;
			pile->newest_weight = weight;
		}
	}
	pile->n++;
}

static double pile_weight(const struct pile *pile, enum weighting how)
{
	if (how == WEIGHT_BINARY || how == WEIGHT_LAST)
		return pile->newest_weight;
	if (how == WEIGHT_MAX)
		return pile->most;
	return pile->n == 1 ? pile->only : exactsum_value(&pile->sum);
}

/* Sorts the rows by user and item and makes one pair of those that share both. */
static void make_pairs(const struct options *o, struct pairs *p)
{
	uint32_t users = strmap_count(p->users), items = strmap_count(p->items);
	size_t n = (size_t)p->n;
	enum weighting how = (enum weighting)o->weight;
	p->user_order = strmap_sorted(p->users);
	p->item_order = strmap_sorted(p->items);
	p->user_rank = ranks_of(p->user_order, users);
	p->item_rank = ranks_of(p->item_order, items);
	uint32_t *order = sort_rows(p->item, p->item_rank, items, NULL, n);
	order = sort_rows(p->user, p->user_rank, users, order, n);
	int64_t newest = INT64_MIN;
	for (size_t i = 0; p->timestamp && i < n; i++)
		newest = p->timestamp[i] > newest ? p->timestamp[i] : newest;
	double half_life = o->half_life_s * (o->unit == 0 ? 1 : 1000);
	bool plain = how == WEIGHT_BINARY && half_life <= 0;
	double *weight = plain ? NULL : memory_new(n + 1, sizeof *weight);
	int64_t *timestamp = p->timestamp ? memory_new(n + 1, sizeof *timestamp) : NULL;
	uint32_t *user = memory_new(n + 1, sizeof *user), *item = memory_new(n + 1, sizeof *item);
	size_t pairs = 0;
	for (size_t i = 0; i < n; pairs++) {
		uint32_t u = p->user[order[i]], v = p->item[order[i]];
		struct pile pile;
		pile.n = 0;
		if (how == WEIGHT_SUM || how == WEIGHT_COUNT)
			pile.sum = (struct exactsum){0};
		for (; i < n && p->user[order[i]] == u && p->item[order[i]] == v; i++) {
			size_t row = order[i];
			double value = p->weight ? p->weight[row] : 1, w = value;
			int64_t when = p->timestamp ? p->timestamp[row] : 0;
			if (half_life > 0)
				w *= exp2(-((double)newest - (double)when) / half_life);
			pile_add(&pile, value, w, when, how == WEIGHT_SUM || how == WEIGHT_COUNT);
		}
		user[pairs] = u;
		item[pairs] = v;
		if (weight)
			weight[pairs] = pile_weight(&pile, how);
		if (weight && !isfinite(weight[pairs])) {
			char shown[2][QUOTED_SIZE];
			struct span a = strmap_key(p->users, u), b = strmap_key(p->items, v);
			die(STATUS_DATA, "the weight of user %s and item %s is too large",
			    quoted(a.at, a.n, shown[0]), quoted(b.at, b.n, shown[1]));
		}
		if (timestamp)
			timestamp[pairs] = pile.newest;
	}
	free(order);
	free(p->user);
	free(p->item);
	free(p->weight);
	free(p->timestamp);
	p->user = user;
	p->item = item;
	p->weight = weight;
	p->timestamp = timestamp;
	p->n = pairs;
}

/* ---- splitting ---- */

static const struct pairs *by_time_of;

/* Newest first; the same time: by item id, backwards. Pairs of a user lie by item. */
static int newest_first(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	int64_t s = by_time_of->timestamp[x], t = by_time_of->timestamp[y];
	if (s != t)
		return s > t ? -1 : 1;
	return x > y ? -1 : 1;
}

static void split_last(struct pairs *p, size_t from, size_t to, const struct rule *test,
		       const struct rule *validation, uint32_t *scratch)
{
	size_t n = 0;
	for (size_t i = from; i < to; i++)
		if (p->split[i] == SPLIT_TRAIN)
			scratch[n++] = (uint32_t)i;
	by_time_of = p;
	qsort(scratch, n, sizeof *scratch, newest_first);
	size_t tests = test->kind == RULE_LAST ? (size_t)test->number : 0;
	size_t later = validation->kind == RULE_LAST ? (size_t)validation->number : 0;
	for (size_t i = 0; i < n; i++)
		p->split[scratch[i]] = i < tests ? SPLIT_TEST
			: i - tests < later ? SPLIT_VALIDATION : SPLIT_TRAIN;
}

/* Test before validation; shares by a hash of the ids, times by the rows' own. */
static void split_pairs(const struct options *o, struct pairs *p, const struct rule *test,
			const struct rule *validation)
{
	size_t n = (size_t)p->n;
	p->split = memory_zero(n + 1, 1);
	bool last = test->kind == RULE_LAST || validation->kind == RULE_LAST;
	uint32_t *scratch = last ? memory_new(n + 1, sizeof *scratch) : NULL;
	double tests = test->kind == RULE_SHARE ? test->share : 0;
	for (size_t from = 0, to; from < n; from = to) {
		for (to = from; to < n && p->user[to] == p->user[from]; to++) {
			double share = 1;
			if (test->kind == RULE_SHARE || validation->kind == RULE_SHARE)
				share = hash_share(hash_row(o->common.seed,
							    strmap_key(p->users, p->user[to]),
							    strmap_key(p->items, p->item[to])));
			if (test->kind == RULE_SHARE && share < tests)
				p->split[to] = SPLIT_TEST;
			else if (test->kind == RULE_AFTER && p->timestamp[to] > test->number)
				p->split[to] = SPLIT_TEST;
			else if (validation->kind == RULE_SHARE && test->kind != RULE_LAST &&
				 share - tests < validation->share && share < 1)
				p->split[to] = SPLIT_VALIDATION;
			else if (validation->kind == RULE_AFTER && test->kind != RULE_LAST &&
				 p->timestamp[to] > validation->number)
				p->split[to] = SPLIT_VALIDATION;
		}
		if (!last)
			continue;
		split_last(p, from, to, test, validation, scratch);
		for (size_t i = from; i < to && test->kind == RULE_LAST; i++) {
			if (p->split[i] != SPLIT_TRAIN || validation->kind == RULE_LAST)
				continue;
			double share = hash_share(hash_row(o->common.seed,
							   strmap_key(p->users, p->user[i]),
							   strmap_key(p->items, p->item[i])));
			if ((validation->kind == RULE_SHARE && share < validation->share) ||
			    (validation->kind == RULE_AFTER && p->timestamp[i] > validation->number))
				p->split[i] = SPLIT_VALIDATION;
		}
	}
	free(scratch);
}

/* ---- thresholds ---- */

struct counts {
	uint32_t *user, *item;
	uint64_t users, items; /* with a pair at all */
};

static void count_pairs(const struct pairs *p, struct counts *c, bool train_only)
{
	uint32_t users = strmap_count(p->users), items = strmap_count(p->items);
	memset(c->user, 0, users * sizeof *c->user);
	memset(c->item, 0, items * sizeof *c->item);
	c->users = c->items = 0;
	for (uint64_t i = 0; i < p->n; i++) {
		if (train_only && p->split[i] != SPLIT_TRAIN)
			continue;
		c->users += c->user[p->user[i]]++ == 0;
		c->items += c->item[p->item[i]]++ == 0;
	}
}

/* Keeps the pairs whose user and item have enough; says what that took. */
static void keep_frequent(const struct options *o, struct pairs *p, struct counts *c)
{
	uint64_t rows = p->n, before;
	bool train_only = o->count_on == 1;
	if (o->min_user <= 1 && o->min_item <= 1 && !train_only)
		return;
	count_pairs(p, c, false);
	uint64_t users = c->users, items = c->items, rounds = 0;
	do {
		before = p->n;
		count_pairs(p, c, train_only);
		uint64_t kept = 0;
		for (uint64_t i = 0; i < p->n; i++) {
			if (c->user[p->user[i]] < o->min_user || c->item[p->item[i]] < o->min_item)
				continue;
			p->user[kept] = p->user[i];
			p->item[kept] = p->item[i];
			if (p->weight)
				p->weight[kept] = p->weight[i];
			if (p->timestamp)
				p->timestamp[kept] = p->timestamp[i];
			if (p->split)
				p->split[kept] = p->split[i];
			kept++;
		}
		p->n = kept;
		rounds++;
	} while (o->core && p->n < before);
	count_pairs(p, c, false);
	warn("at least %" PRId64 " %s a user and %" PRId64 " an item%s took %" PRIu64 " pairs, %" PRIu64
	     " users, %" PRIu64 " items", o->min_user, train_only ? "train pairs" : "pairs",
	     o->min_item, o->core ? " (to the end)" : "", rows - p->n, users - c->users,
	     items - c->items);
}

/* ---- what is said and written ---- */

static void report(const struct pairs *p, struct counts *c, bool temporal)
{
	uint64_t rows[SPLIT_COUNT] = {0};
	for (uint64_t i = 0; i < p->n; i++)
		rows[p->split[i]]++;
	count_pairs(p, c, false);
	warn("train %" PRIu64 ", validation %" PRIu64 ", test %" PRIu64 " pairs; %" PRIu64
	     " users, %" PRIu64 " items", rows[SPLIT_TRAIN], rows[SPLIT_VALIDATION],
	     rows[SPLIT_TEST], c->users, c->items);
	if (p->n == 0)
		warn("nothing is left");
	else if (rows[SPLIT_TRAIN] == 0)
		warn("nothing is left to train on");
	if (!temporal || p->n == 0)
		return;
	uint64_t users = c->users, items = c->items;
	count_pairs(p, c, true);
	if (users > c->users || items > c->items)
		warn("cold, without a train row: %" PRIu64 " users, %" PRIu64 " items",
		     users - c->users, items - c->items);
}

static void write_pairs(const struct options *o, const struct pairs *p, struct output *out)
{
	(void)o;
	for (uint64_t i = 0; i < p->n; i++) {
		output_span(out, strmap_key(p->users, p->user[i]));
		output_tab(out);
		output_span(out, strmap_key(p->items, p->item[i]));
		output_tab(out);
		if (p->weight)
			output_double(out, p->weight[i]);
		else
			output_byte(out, '1');
		output_tab(out);
		output_text(out, SPLIT_NAMES[p->split[i]]);
		if (p->timestamp) {
			output_tab(out);
			output_i64(out, p->timestamp[i]);
		}
		output_end_row(out);
	}
}

static int run(const struct options *o, char **files, int count)
{
	struct rule test = parse_rule(o->test, "test");
	struct rule validation = parse_rule(o->validation, "validation");
	if (test.kind == RULE_SHARE && validation.kind == RULE_SHARE &&
	    test.share + validation.share > 1)
		usage_error("--test and --validation are more than all rows together");
	if (o->core && o->count_on == 1)
		usage_error("--core counts all rows: it excludes --count-on train");
	struct table_format format = COMMON_FORMAT(&o->common);
	struct table *t = table_open(files, count, &format);
	bool values = o->weight >= WEIGHT_SUM;
	bool when = needs_timestamp(&test) || needs_timestamp(&validation) ||
		o->weight == WEIGHT_LAST || o->half_life_s > 0;
	bool named = option_given("timestamp");
	long timestamp = when || named
		? (long)table_column(t, o->timestamp, named ? "timestamp" : NULL)
		: table_find_column(t, o->timestamp);
	if (option_given("time") && !values)
		usage_error("--time is about --weight sum, max or last");
	table_column(t, o->user, option_given("user") ? "user" : NULL);
	table_column(t, o->item, option_given("item") ? "item" : NULL);
	struct output *out = output_open(o->common.output, o->common.line_buffered);
	if (!o->common.no_header) {
		output_text(out, "user\titem\tweight\tsplit");
		output_text(out, timestamp >= 0 ? "\ttimestamp" : "");
		output_end_row(out);
		output_flush(out);
	}
	struct pairs p = {.users = strmap_new(), .items = strmap_new()};
	read_rows(o, t, &p, values, timestamp);
	uint64_t rows = table_rows(t), rejected = table_rejected(t), good = p.n;
	table_close(t);
	progress_clear();
	make_pairs(o, &p);
	struct counts c = {0};
	c.user = memory_zero((size_t)strmap_count(p.users) + 1, sizeof *c.user);
	c.item = memory_zero((size_t)strmap_count(p.items) + 1, sizeof *c.item);
	warn("%" PRIu64 " rows, %" PRIu64 " distinct pairs; %u users, %u items", good, p.n,
	     strmap_count(p.users), strmap_count(p.items));
	if (o->count_on == 1)
		split_pairs(o, &p, &test, &validation);
	keep_frequent(o, &p, &c);
	if (o->count_on != 1)
		split_pairs(o, &p, &test, &validation);
	report(&p, &c, needs_timestamp(&test) || needs_timestamp(&validation));
	write_pairs(o, &p, out);
	output_close(out);
	run_report(rows, p.n, rejected);
	strmap_free(p.users);
	strmap_free(p.items);
	free(p.user);
	free(p.item);
	free(p.weight);
	free(p.timestamp);
	free(p.split);
	free(p.user_order);
	free(p.item_order);
	free(p.user_rank);
	free(p.item_rank);
	free(c.user);
	free(c.item);
	return STATUS_DONE;
}

static const struct program PROGRAM = {
	.name = "build-dataset",
	.usage = "[OPTION].. [FILE]..",
	.summary = "Make distinct, weighted user-item pairs of interactions and split them.",
	.reads = "user item, and time or timestamp where an option needs them",
	.writes = "user item weight split [timestamp], by user, then item",
	.examples = {
		"build-dataset --test 0.3 --validation 0.1 --seed 42 < positives.tsv > dataset.tsv",
		"build-dataset --item track --min-user-interactions 5 --test last:1 < events.tsv > d.tsv",
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
