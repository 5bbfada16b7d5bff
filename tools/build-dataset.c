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
#include "data/radix.h"
#include "data/strmap.h"
#include "domain/dataset.h"
#include "frame/options.h"
#include "frame/run.h"
#include "streams/output.h"
#include "streams/table.h"

enum { COUNT_ALL, COUNT_TRAIN };
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
	size_t n, capacity[4];
	uint32_t *user, *item; /* numbers of the maps; of pairs: ranks by byte order */
	double *weight;        /* of the row; then of the pair (NULL: 1 each) */
	int64_t *timestamp;    /* of the row; then of the pair's latest row */
	uint8_t *split;
	struct strmap *users, *items;
	struct span *user_id, *item_id; /* by rank */
	uint32_t n_users, n_items;
};

/* Rows on their way into `pairs`: ids are looked up many at a time. */
struct reader {
	struct table *table;
	struct pairs *pairs;
	size_t user, item, time;
	long timestamp;
	bool weights;
	size_t n;
	struct batch {
		struct span user[256], item[256];
		double weight[256];
		int64_t timestamp[256];
	} batch;
};

enum { BATCH = sizeof ((struct batch *)0)->weight / sizeof (double) };

/* Looks at the current row and puts it into the batch, unless it is bad. */
static void take_row(struct reader *r)
{
	struct batch *b = &r->batch;
	double weight = 1;
	int64_t when = 0;
	b->user[r->n] = table_field(r->table, r->user);
	b->item[r->n] = table_field(r->table, r->item);
	if (b->user[r->n].n == 0)
		table_reject(r->table, r->user, "an empty id");
	else if (b->item[r->n].n == 0)
		table_reject(r->table, r->item, "an empty id");
	else if ((!r->weights || table_double(r->table, r->time, &weight)) &&
		 (r->timestamp < 0 || table_i64(r->table, (size_t)r->timestamp, &when))) {
		b->weight[r->n] = weight;
		b->timestamp[r->n] = when;
		r->n++;
	}
}

static void store_batch(struct reader *r)
{
	struct pairs *p = r->pairs;
	const struct batch *b = &r->batch;
	size_t n = p->n + r->n;
	if (n >= UINT32_MAX)
		die(STATUS_FAILED, "more than %u rows", UINT32_MAX - 1);
	p->user = memory_grow(p->user, &p->capacity[0], n, sizeof *p->user);
	p->item = memory_grow(p->item, &p->capacity[1], n, sizeof *p->item);
	strmap_add_many(p->users, b->user, r->n, p->user + p->n);
	strmap_add_many(p->items, b->item, r->n, p->item + p->n);
	if (r->weights) {
		p->weight = memory_grow(p->weight, &p->capacity[2], n, sizeof *p->weight);
		memcpy(p->weight + p->n, b->weight, r->n * sizeof *b->weight);
	}
	if (r->timestamp >= 0) {
		p->timestamp = memory_grow(p->timestamp, &p->capacity[3], n,
					   sizeof *p->timestamp);
		memcpy(p->timestamp + p->n, b->timestamp, r->n * sizeof *b->timestamp);
	}
	p->n = n;
	r->n = 0;
	progress_step(table_bytes(r->table), table_size(r->table), "bytes");
}

static void read_rows(struct reader *r)
{
	struct table_block block;
	for (;;) {
		if (table_next_block(r->table, &block)) {
			for (size_t i = 0; i < block.row_count; i++) {
				table_block_row(r->table, i);
				take_row(r);
				if (r->n == BATCH)
					store_batch(r);
			}
		} else if (table_next(r->table)) {
			take_row(r);
		} else {
			break;
		}
		if (r->n) /* before the fields go away */
			store_batch(r);
	}
}

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
struct pile {
	struct exactsum sum; /* from the second row on */
	uint64_t n;
	double only, most, last, newest_weight;
	int64_t newest;
};

static void pile_add(struct pile *pile, double value, double weight, int64_t when, bool sums)
{
	if (pile->n++ == 0) {
		pile->only = pile->most = pile->newest_weight = weight;
		pile->last = value;
		pile->newest = when;
		return;
	}
	if (sums) {
		if (pile->n == 2) {
			pile->sum = (struct exactsum){0};
			exactsum_add(&pile->sum, pile->only);
		}
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

static double pile_weight(const struct pile *pile, enum weighting how)
{
	if (how == WEIGHT_BINARY || how == WEIGHT_LAST)
		return pile->newest_weight;
	if (how == WEIGHT_MAX)
		return pile->most;
	return pile->n == 1 ? pile->only : exactsum_value(&pile->sum);
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

/* Sorts the rows by user and item and makes one pair of those that share both. */
static void make_pairs(const struct options *o, struct pairs *p)
{
	uint32_t *user_rank, *item_rank;
	size_t n = p->n, pairs = 0;
	enum weighting how = (enum weighting)o->weight;
	p->n_users = strmap_count(p->users);
	p->n_items = strmap_count(p->items);
	p->user_id = ids_in_order(p->users, &user_rank);
	p->item_id = ids_in_order(p->items, &item_rank);
	unsigned shift = radix_bits(p->n_items);
	uint64_t *key = memory_new(n + 1, sizeof *key), low = (UINT64_C(1) << shift) - 1;
	for (size_t i = 0; i < n; i++)
		key[i] = (uint64_t)user_rank[p->user[i]] << shift | item_rank[p->item[i]];
	free(user_rank);
	free(item_rank);
	double half_life = o->half_life_s * (o->unit == 0 ? 1 : 1000);
	bool weighted = how != WEIGHT_BINARY || half_life > 0;
	bool sums = how == WEIGHT_SUM || how == WEIGHT_COUNT;
	bool values = weighted || p->timestamp;
	uint32_t *order = values ? memory_new(n + 1, sizeof *order) : NULL;
	for (size_t i = 0; values && i < n; i++)
		order[i] = (uint32_t)i;
	radix_sort(key, order, n);
	int64_t newest = INT64_MIN;
	for (size_t i = 0; p->timestamp && i < n; i++)
		newest = p->timestamp[i] > newest ? p->timestamp[i] : newest;
	double *weight = weighted ? memory_new(n + 1, sizeof *weight) : NULL, *values_in = p->weight;
	int64_t *timestamp = p->timestamp ? memory_new(n + 1, sizeof *timestamp) : NULL;
	p->weight = weight;
	struct pile pile;
	for (size_t i = 0; i < n; pairs++) {
		uint64_t pair = key[i];
		p->user[pairs] = (uint32_t)(pair >> shift);
		p->item[pairs] = (uint32_t)(pair & low);
		pile.n = 0;
		for (; i < n && key[i] == pair; i++) {
			if (!values)
				continue;
			size_t row = order[i];
			double value = values_in ? values_in[row] : 1, w = value;
			int64_t when = p->timestamp ? p->timestamp[row] : 0;
			if (half_life > 0)
				w *= exp2(-((double)newest - (double)when) / half_life);
			pile_add(&pile, value, w, when, sums);
		}
		if (weighted) {
			weight[pairs] = pile_weight(&pile, how);
			check_weight(p, pairs);
		}
		if (timestamp)
			timestamp[pairs] = pile.newest;
	}
	free(order);
	free(key);
	free(values_in);
	free(p->timestamp);
	p->timestamp = timestamp;
	p->n = pairs;
}

/* ---- splitting ---- */

struct splitter {
	const struct pairs *pairs;
	double *share;     /* of each of the user's pairs: their hash in [0, 1) */
	uint32_t *latest;  /* scratch */
	size_t share_capacity, latest_capacity;
};

/* Latest first; the same time: the greater item id. Pairs of a user lie by item. */
static int latest_first(const void *a, const void *b, void *pairs)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	const int64_t *timestamp = ((const struct pairs *)pairs)->timestamp;
	if (timestamp[x] != timestamp[y])
		return timestamp[x] > timestamp[y] ? -1 : 1;
	return x > y ? -1 : 1;
}

/* Moves those of one user's pairs that the rule says from train to `to`. Shares
 * take the hashes from `floor` on: what lies below went to another split. */
static void apply_rule(struct splitter *s, const struct rule *rule, double floor, enum split to,
		       size_t begin, size_t end)
{
	const struct pairs *p = s->pairs;
	size_t n = 0;
	if (rule->kind == RULE_NONE)
		return;
	if (rule->kind == RULE_LAST)
		s->latest = memory_grow(s->latest, &s->latest_capacity, end - begin,
					sizeof *s->latest);
	for (size_t i = begin; i < end; i++) {
		if (p->split[i] != SPLIT_TRAIN)
			continue;
		double share = rule->kind == RULE_SHARE ? s->share[i - begin] : 0;
		if (rule->kind == RULE_LAST)
			s->latest[n++] = (uint32_t)i;
		else if (rule->kind == RULE_AFTER ? p->timestamp[i] > rule->number
						  : share >= floor && share < floor + rule->share)
			p->split[i] = (uint8_t)to;
	}
	if (n)
		qsort_r(s->latest, n, sizeof *s->latest, latest_first, (void *)(uintptr_t)p);
	for (size_t i = 0; i < n && i < (uint64_t)rule->number; i++)
		p->split[s->latest[i]] = (uint8_t)to;
}

/* User by user, the test before validation. */
static void split_pairs(const struct options *o, struct pairs *p, const struct rule *test,
			const struct rule *validation)
{
	struct splitter s = {.pairs = p};
	bool shares = test->kind == RULE_SHARE || validation->kind == RULE_SHARE;
	double tested = test->kind == RULE_SHARE ? test->share : 0;
	p->split = memory_zero(p->n + 1, 1);
	for (size_t begin = 0, end; begin < p->n; begin = end) {
		for (end = begin + 1; end < p->n && p->user[end] == p->user[begin]; end++)
			;
		if (shares)
			s.share = memory_grow(s.share, &s.share_capacity, end - begin,
					      sizeof *s.share);
		for (size_t i = begin; shares && i < end; i++)
			s.share[i - begin] = hash_share(hash_row(o->common.seed,
								 p->user_id[p->user[i]],
								 p->item_id[p->item[i]]));
		apply_rule(&s, test, 0, SPLIT_TEST, begin, end);
		apply_rule(&s, validation, tested, SPLIT_VALIDATION, begin, end);
	}
	free(s.share);
	free(s.latest);
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

/* ---- what is said and written ---- */

static void report(const struct pairs *p, struct counts *c, bool temporal)
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
	if (!temporal || p->n == 0)
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
			output_i64(out, p->timestamp[i]);
		}
		output_end_row(out);
	}
}

static int run(const struct options *o, char **files, int count)
{
	struct rule test = parse_rule(o->test, "test");
	struct rule validation = parse_rule(o->validation, "validation");
	bool values = o->weight >= WEIGHT_SUM;
	bool temporal = needs_timestamp(&test) || needs_timestamp(&validation);
	bool when = temporal || o->weight == WEIGHT_LAST || o->half_life_s > 0;
	if (test.kind == RULE_SHARE && validation.kind == RULE_SHARE &&
	    test.share + validation.share > 1)
		usage_error("--test and --validation are more than all rows together");
	if (o->core && o->count_on == COUNT_TRAIN)
		usage_error("--core counts all rows: it excludes --count-on train");
	if (option_given("time") && !values)
		usage_error("--time is about --weight sum, max or last");
	struct table_format format = COMMON_FORMAT(&o->common);
	struct table *t = table_open(files, count, &format);
	struct pairs p = {.users = strmap_new(), .items = strmap_new()};
	struct reader *r = memory_zero(1, sizeof *r);
	r->table = t;
	r->pairs = &p;
	r->weights = values;
	r->user = table_column(t, o->user, option_given("user") ? "user" : NULL);
	r->item = table_column(t, o->item, option_given("item") ? "item" : NULL);
	if (values)
		r->time = table_column(t, o->time, option_given("time") ? "time" : NULL);
	bool named = option_given("timestamp");
	r->timestamp = when || named
		? (long)table_column(t, o->timestamp, named ? "timestamp" : NULL)
		: table_find_column(t, o->timestamp);
	struct output *out = output_open(o->common.output, o->common.line_buffered);
	if (!o->common.no_header) {
		output_text(out, "user\titem\tweight\tsplit");
		output_text(out, r->timestamp >= 0 ? "\ttimestamp" : "");
		output_end_row(out);
		output_flush(out);
	}
	read_rows(r);
	free(r);
	uint64_t rows = table_rows(t), rejected = table_rejected(t), good = p.n;
	table_close(t);
	progress_clear();
	make_pairs(o, &p);
	struct counts c = {0};
	c.user = memory_zero((size_t)p.n_users + 1, sizeof *c.user);
	c.item = memory_zero((size_t)p.n_items + 1, sizeof *c.item);
	warn("%" PRIu64 " rows, %zu distinct pairs; %u users, %u items", good, p.n, p.n_users,
	     p.n_items);
	if (o->count_on == COUNT_TRAIN)
		split_pairs(o, &p, &test, &validation);
	keep_frequent(o, &p, &c);
	if (o->count_on != COUNT_TRAIN)
		split_pairs(o, &p, &test, &validation);
	report(&p, &c, temporal);
	write_pairs(&p, out);
	output_close(out);
	run_report_filter(rows, p.n, good - p.n, rejected);
	strmap_free(p.users);
	strmap_free(p.items);
	free(p.user_id);
	free(p.item_id);
	free(p.user);
	free(p.item);
	free(p.weight);
	free(p.timestamp);
	free(p.split);
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
