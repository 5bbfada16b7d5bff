/* recommend-baseline - the floor under every model: popular or random items for each user.
 *
 * Reads: a dataset (user item weight split [timestamp]).
 * Writes: user rank item score, users in the byte order of their ids.
 *
 *	recommend-baseline --method popular --k 100 --exclude dataset.tsv < dataset.tsv > topk.tsv
 *
 * Popularity is counted on train rows; random lists are drawn from the items of
 * train rows by a hash of seed, user and item. Leaves to others: how good they are
 * (evaluate-topk).
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/memory.h"
#include "data/csr.h"
#include "data/exactsum.h"
#include "data/hash-above.h"
#include "domain/dataset.h"
#include "domain/offer.h"
#include "domain/topn.h"
#include "frame/arguments.h"
#include "frame/options.h"
#include "frame/ordered.h"
#include "frame/run.h"
#include "frame/sides.h"
#include "streams/output.h"
#include "streams/table.h"

enum method { METHOD_POPULAR, METHOD_RANDOM };

struct options {
	struct common common;
	int method, unit;
	int64_t k;
	struct option_list exclude;
	const char *splits, *exclude_splits, *users;
	const char *user, *item, *weight, *split, *timestamp;
	double half_life_s, exclude_window_s;
};

static const struct option_row OPTIONS[] = {
	OPTION_CHOICE("method", "HOW", method, "popular|random", .fallback = "popular",
		.help = "the items with the greatest total weight, or random items for each user"),
	OPTION_INT("k", "N", k, .letter = 'k', .fallback = "100", .low = 1, .high = 1e9,
		.help = "length of the lists"),
	OPTION_LIST("exclude", "FILE", exclude, .side = true,
		.help = "do not recommend items that FILE lists for the user; usually the dataset itself"),
	OPTION_FILE("users", "FILE", users, .side = true,
		.help = "make lists only for the users of FILE (column user), known or not, in its order"),
	COMMON_OUTPUT_FILE, COMMON_PACKED(""), COMMON_THREADS, COMMON_SEED, COMMON_ABOUT,

	OPTION_GROUP("Popularity"),
	OPTION_TEXT("splits", "NAME,...", splits, .fallback = "train",
		.help = "splits whose rows count (or all)"),
	OPTION_DURATION("half-life", "TIME", half_life_s, .low = ABOVE_ZERO, .high = INFINITY,
		.requires = "method=popular",
		.help = "popular: half-life of a row's weight, relative to the newest row"),

	OPTION_GROUP("Exclusions"),
	OPTION_TEXT("exclude-splits", "NAME,...", exclude_splits, .fallback = "train,validation",
		.requires = "exclude",
		.help = "splits whose rows count in an --exclude file with a split column (or all)"),
	OPTION_DURATION("exclude-window", "TIME", exclude_window_s, .low = ABOVE_ZERO, .high = 1e15,
		.requires = "exclude",
		.help = "ignore --exclude rows more than TIME older than the newest of them"),

	OPTION_GROUP("Input"),
	COMMON_RENAME, COMMON_SIDES,
	TIMESTAMP_UNIT_ROW(unit, "ms"),
	COMMON_INPUT,

	OPTION_GROUP("Expert options"),
	OPTION_COLUMN("user", user, .fallback = "user", .help = "name of the column with user ids"),
	OPTION_COLUMN("item", item, .fallback = "item", .help = "name of the column with item ids"),
	OPTION_COLUMN("weight", weight, .fallback = "weight",
		.help = "name of the column with weights; 1 if there is no such column"),
	OPTION_COLUMN("split", split, .fallback = "split",
		.help = "name of the column with splits; all rows are train if there is no such column"),
	OPTION_COLUMN("timestamp", timestamp, .fallback = "timestamp",
		.help = "name of the column with times"),
	COMMON_LINE_BUFFERED, COMMON_PROGRESS,
	OPTION_END
};

struct ranked {
	double score;
	uint32_t item; /* the number, and so the order of ids */
};

/* Greater scores first, ties by item id. */
static inline bool is_behind(const struct ranked *a, const struct ranked *b)
{
	return a->score < b->score || (!(a->score > b->score) && a->item > b->item);
}

static int compare(const void *a, const void *b)
{
	return is_behind(a, b) ? 1 : is_behind(b, a) ? -1 : 0;
}

#define TOPK_NAME ranked
#define TOPK_ENTRY struct ranked
#define TOPK_BEHIND is_behind
#include "data/topk-heap.h"

/* The items that can be offered, those with a row of the splits that count: in the
 * order of popularity. Sums are exact, so the order of rows does not matter. */
static struct ranked *rank_items(const struct options *o, const struct dataset *d, unsigned splits,
				 uint32_t *n)
{
	uint64_t rows = dataset_rows(d);
	int64_t newest = INT64_MIN;
	for (uint64_t i = 0; d->timestamp && i < rows; i++)
		if (splits >> d->split[i] & 1 && d->timestamp[i] > newest)
			newest = d->timestamp[i];
	double half_life = o->half_life_s * 1000;
	/* Rows of an item one after another, so that one exact sum is enough. */
	uint64_t *start = csr_new(d->items);
	for (uint64_t i = 0; i < rows; i++)
		csr_add(start, d->item[i], splits >> d->split[i] & 1);
	uint64_t counted = csr_sum(start, d->items);
	if (counted < rows)
		note("%llu rows of other splits are left out (--splits)", (unsigned long long)(rows - counted));
	double *weight = memory_new((size_t)counted + 1, sizeof *weight);
	for (uint64_t i = 0; i < rows; i++) {
		if (!(splits >> d->split[i] & 1))
			continue;
		double w = (double)d->weight[i];
		if (half_life > 0)
			w *= exp2(-((double)newest - (double)d->timestamp[i]) / half_life);
		weight[csr_place(start, d->item[i])] = w;
	}
	struct ranked *ranked = memory_new((size_t)d->items + 1, sizeof *ranked);
	*n = 0;
	for (uint32_t v = 0; v < d->items; v++) {
		if (start[v] == start[v + 1])
			continue;
		struct exactsum sum = {0};
		for (uint64_t i = start[v]; i < start[v + 1]; i++)
			exactsum_add(&sum, weight[i]);
		ranked[(*n)++] = (struct ranked){exactsum_value(&sum), v};
	}
	qsort(ranked, *n, sizeof *ranked, compare);
	free(weight);
	free(start);
	return ranked;
}

struct lists {
	const struct options *o;
	const struct dataset *d;
	const struct exclude *excluded; /* or NULL */
	uint32_t *item_of;              /* number in `excluded` -> item, or STRMAP_NONE */
	struct ranked *ranked;          /* by popularity */
	uint32_t n;
	size_t longest;                 /* items of a list at most */
	uint32_t together;              /* users of a batch */
	uint64_t *hash;                 /* of the ids in `ranked`, for random lists */
	struct batch *batches;          /* one for each slot of the threads */
	uint32_t next;                  /* of the dataset's users, whose turn it is to be taken */
	struct output *out;
	uint64_t rows, empty;
};

enum { BATCH_USERS = 32, LONG_LIST = 4096 };

/* The lists of some users, which one thread makes. */
struct batch {
	uint32_t users;
	struct span user[BATCH_USERS];
	uint32_t length[BATCH_USERS];   /* of their lists */
	struct ranked *best;            /* the lists: `longest` entries for each */
	uint32_t *banned;               /* item -> the last user (from 1) that must not have it */
	uint32_t turn;
};

/* The k items with the greatest hashes: a sample without replacement. Their upper
 * 24 bits are compared, a float that is written fast and whole. A pair's
 * hash is the mixed exclusive or of the user's and the item's, a few instructions,
 * and no kin of the hash that build-dataset splits by: with one seed for both
 * tools the lists must not hold what the split has put elsewhere. */
static size_t draw_above(const struct lists *l, const struct batch *b, struct ranked *best, uint64_t own,
			 uint32_t least)
{
	enum { BLOCK = 512 };
	uint32_t place[BLOCK];
	size_t n = 0, k = l->longest;
	for (uint32_t from = 0; from < l->n; from += BLOCK) {
		size_t count = l->n - from < BLOCK ? l->n - from : BLOCK;
		size_t found = hash_above(l->hash + from, count, own, least, place);
		for (size_t i = 0; i < found; i++) {
			uint32_t item = l->ranked[from + place[i]].item;
			uint32_t share = (uint32_t)(hash_mix(own ^ l->hash[from + place[i]]) >> 40);
			if (share < least || b->banned[item] == b->turn)
				continue;
			ranked_offer(best, &n, k, (struct ranked){share * 0x1p-24, item});
			if (n == k)
				least = (uint32_t)(best[0].score * 0x1p24);
		}
	}
	return n;
}

/* About twice as many as are asked for are above the first limit; where they are too few, all are
 * looked at. */
static size_t draw(const struct lists *l, const struct batch *b, struct ranked *best, struct span user)
{
	uint64_t own = hash_row(l->o->common.seed, user, (struct span){"", 0});
	size_t k = (size_t)l->o->k, n = 0;
	double wanted = 2 * (double)k + 64;
	if (wanted < l->n)
		n = draw_above(l, b, best, own, (uint32_t)((1 - wanted / l->n) * 0x1p24));
	if (n < k)
		n = draw_above(l, b, best, own, 0);
	ranked_sort(best, n);
	return n;
}

/* The first items that the user may have. */
static size_t take_popular(const struct lists *l, const struct batch *b, struct ranked *best)
{
	size_t n = 0;
	for (uint32_t i = 0; i < l->n && n < l->longest; i++)
		if (b->banned[l->ranked[i].item] != b->turn)
			best[n++] = l->ranked[i];
	return n;
}

/* Items that the user must not have get the number of this turn. */
static void ban_items(const struct lists *l, struct batch *b, struct span user)
{
	uint32_t n;
	b->turn++;
	if (!l->excluded)
		return;
	const uint32_t *items = exclude_of(l->excluded, user, &n);
	for (uint32_t i = 0; i < n; i++)
		if (l->item_of[items[i]] != STRMAP_NONE)
			b->banned[l->item_of[items[i]]] = b->turn;
}

/* A slot's users get their lists. */
static void make_lists(void *context, size_t slot)
{
	const struct lists *l = context;
	struct batch *b = &l->batches[slot];
	for (uint32_t u = 0; u < b->users; u++) {
		struct ranked *best = b->best + u * (l->longest + 1);
		ban_items(l, b, b->user[u]);
		b->length[u] = (uint32_t)(l->o->method == METHOD_RANDOM ? draw(l, b, best, b->user[u])
									: take_popular(l, b, best));
	}
}

static void write_batch(void *context, size_t slot)
{
	struct lists *l = context;
	const struct batch *b = &l->batches[slot];
	for (uint32_t u = 0; u < b->users; u++) {
		const struct ranked *best = b->best + u * (l->longest + 1);
		for (uint32_t rank = 1; rank <= b->length[u]; rank++, best++) {
			struct span item = strmap_key(l->d->item_ids, best->item);
			if (l->o->method == METHOD_RANDOM)
				topn_write_row_float(l->out, b->user[u], rank, item, (float)best->score);
			else
				topn_write_row(l->out, b->user[u], rank, item, best->score);
		}
		l->rows += b->length[u];
		l->empty += b->length[u] == 0;
	}
}

/* The next users of the dataset. */
static bool take_users(void *context, size_t slot)
{
	struct lists *l = context;
	struct batch *b = &l->batches[slot];
	for (b->users = 0; b->users < l->together && l->next < l->d->users; b->users++)
		b->user[b->users] = strmap_key(l->d->user_ids, l->next++);
	progress_step(l->next, l->d->users, "users");
	return b->users > 0;
}

/* The --exclude files. Lists for --users are made in the order of that file, here. */
static struct offer_files files_of(const struct options *o)
{
	return (struct offer_files){
		.exclude = o->exclude.values, .exclude_n = o->exclude.n,
		.exclude_side = option_side("exclude", NULL),
		.columns = {
			.user = option_column("user", o->user), .item = option_column("item", o->item),
			.split = column_called(o->split), .timestamp = column_called(o->timestamp),
			.unit = (enum time_unit)o->unit,
		},
		.exclude_splits = option_splits("exclude-splits", o->exclude_splits),
		.exclude_window_ms = option_exclude_window(o->exclude_window_s),
	};
}

/* Ranks the items and makes room for lists. */
static void prepare(struct lists *l, struct dataset *d, unsigned splits)
{
	const struct options *o = l->o;
	l->d = d;
	l->ranked = rank_items(o, d, splits, &l->n);
	if (l->n == 0)
		die(STATUS_DATA, "no %s rows: there is no item to recommend",
		    splits == SPLIT_ALL ? "input" : o->splits);
	l->longest = (uint64_t)o->k < l->n ? (size_t)o->k : l->n;
	l->hash = memory_new((size_t)l->n + 1, sizeof *l->hash);
	for (uint32_t i = 0; i < l->n; i++)
		l->hash[i] = hash_row(o->common.seed, (struct span){"", 0},
				      strmap_key(d->item_ids, l->ranked[i].item));
	size_t slots = ordered_slots((size_t)o->common.threads);
	l->together = o->users || l->longest > LONG_LIST ? 1 : BATCH_USERS;
	l->batches = memory_zero(slots, sizeof *l->batches);
	for (size_t i = 0; i < slots; i++) {
		l->batches[i].best = memory_new(l->together * (l->longest + 1), sizeof(struct ranked));
		l->batches[i].banned = memory_zero((size_t)d->items + 1, sizeof(uint32_t));
	}
}

/* The numbers of the excluded items among the ranked ones. */
static void prepare_excluded(struct lists *l, const struct exclude *excluded)
{
	const struct strmap *ids = exclude_items(excluded);
	uint32_t n = strmap_count(ids);
	l->excluded = excluded;
	l->item_of = memory_new((size_t)n + 1, sizeof *l->item_of);
	for (uint32_t i = 0; i < n; i++)
		l->item_of[i] = strmap_find(l->d->item_ids, strmap_key(ids, i));
}

/* The lists of the users of a table, or (NULL) of the dataset's. */
static void write_lists(struct lists *l, struct table *users, size_t user_column)
{
	static const struct ordered_steps STEPS = {take_users, make_lists, write_batch};
	if (!users) {
		struct pool *pool = pool_new((size_t)l->o->common.threads);
		ordered_run(pool, &STEPS, l);
		pool_free(pool);
		return;
	}
	while (table_next(users)) {
		struct span id = table_field(users, user_column);
		if (id.n == 0)
			table_reject(users, user_column, "an empty id");
		l->batches[0].users = 1;
		l->batches[0].user[0] = id;
		make_lists(l, 0);
		write_batch(l, 0);
	}
	table_close(users);
}

static void lists_free(struct lists *l)
{
	for (size_t i = 0; i < ordered_slots((size_t)l->o->common.threads); i++) {
		free(l->batches[i].best);
		free(l->batches[i].banned);
	}
	free(l->batches);
	free(l->item_of);
	free(l->hash);
	free(l->ranked);
}

static int run(const struct options *o, char **files, int count)
{
	unsigned splits = option_splits("splits", o->splits);
	const struct offer_files side = files_of(o);
	struct table_format format = COMMON_FORMAT(&o->common);
	struct table *t = table_open(files, count, &format);
	struct offer offer = option_offer(&side);
	struct table *users = option_table("users", o->users);
	size_t user_column = users ? table_column(users, option_column("user", o->user)) : 0;
	struct dataset_columns columns = {
		.user = option_column("user", o->user), .item = option_column("item", o->item),
		.weight = option_column("weight", o->weight), .split = option_column("split", o->split),
		.unit = (enum time_unit)o->unit,
	};
	if (o->half_life_s > 0) {
		columns.timestamp = option_column("timestamp", o->timestamp);
		table_column(t, columns.timestamp);
	}
	dataset_find_columns(t, &columns);
	struct lists l = {.o = o, .out = output_open(o->common.output, o->common.line_buffered)};
	if (o->common.packed && o->method == METHOD_RANDOM)
		output_pack(l.out, PACKED_LISTS);
	else if (o->common.packed)
		output_pack_doubles(l.out);
	if (!o->common.no_header)
		topn_write_header(l.out);
	output_flush(l.out);
	struct dataset *d = dataset_read(t, &columns);
	uint64_t rows = table_rows(t), rejected = table_rejected(t);
	table_close(t);
	prepare(&l, d, splits);
	offer_read(&offer, &side);
	if (offer.excluded)
		prepare_excluded(&l, offer.excluded);
	write_lists(&l, users, user_column);
	output_close(l.out);
	if (l.empty)
		warn("%llu users have no list: every item is excluded", (unsigned long long)l.empty);
	run_report(rows, l.rows, rejected);
	offer_free(&offer);
	lists_free(&l);
	dataset_free(d);
	return STATUS_DONE;
}

static const struct program PROGRAM = {
	.name = "recommend-baseline",
	.usage = "[OPTION]... [FILE]...",
	.summary = "Recommend popular or random items: the baseline for every model.",
	.reads = "user item, and where they are there weight split timestamp",
	.writes = "user rank item score",
	.examples = {
		"recommend-baseline --exclude dataset.tsv < dataset.tsv > popular.tsv",
		"recommend-baseline --method random --k 10 --exclude dataset.tsv dataset.tsv > random.tsv",
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
