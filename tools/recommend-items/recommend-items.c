/* recommend-items - the best items for each user, from the neighbors of what the user had.
 *
 * In:   histories: user item [timestamp] [split], the rows of a user together;
 *       neighbors: item neighbor weight, as train-items writes them.
 * Out:  user rank item score: the k items with the largest sum, over the rows of the
 *       user's history, of what a row counts times the weight from its item to the
 *       candidate; with --for items: item rank neighbor score.
 *
 *	recommend-items --neighbors neighbors.tsv --last 10 --decay 0.6 < dataset.tsv > topk.tsv
 *
 * The neighbors are held in memory, the users pass by. It counts and learns nothing: see
 * train-items(1).
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/number.h"
#include "streams/output.h"
#include "streams/table.h"
#include "domain/neighbors.h"
#include "domain/offer.h"
#include "domain/topn.h"
#include "frame/arguments.h"
#include "frame/pool.h"
#include "frame/run.h"
#include "frame/sides.h"
#include "histories.h"
#include "options.h"
#include "score.h"

/* Users of a chunk, and about how many rows of output are held back. */
enum { CHUNK_USERS = 16, CHUNKS_MIN = 8, CHUNKS_MAX = 256, ROWS_AT_ONCE = 100000 };

/* About how many rows of histories are held back with them. */
enum { PAST_AT_ONCE = 1 << 20 };

/* What a chunk of users (or items) comes to. */
struct answer {
	struct buffer text;
	uint64_t rows, empty_lists, short_lists;
	uint32_t overflow;       /* the first of them whose scores may overflow, or STRMAP_NONE */
};

struct job {
	const struct options *o;
	struct offer offer;
	struct neighbors *neighbors;
	struct aging aging;
	uint32_t *excluded_item; /* number in offer.excluded -> item, or STRMAP_NONE */
	struct block block;      /* users that wait for their lists */
	struct pool *pool;
	enum kernel_choice kernel;
	struct popularity popularity;
	struct scorer *scorers;  /* of each thread */
	struct answer *answers;  /* of each chunk */
	size_t chunks;
	struct output *out;
	uint64_t lists, rows, empty_lists, short_lists, not_offered;
};

/* ---- lists for users ---- */

static void add_row(struct buffer *b, struct span who, size_t rank, struct span item, float score)
{
	char *from = buffer_room(b, who.n + item.n + 2 * NUMBER_SIZE + 4), *at = from;
	at = span_put(at, who);
	*at++ = '\t';
	at += number_write_u64(rank, at);
	*at++ = '\t';
	at = span_put(at, item);
	*at++ = '\t';
	at += number_write_float(score, at);
	*at++ = '\n';
	b->n += (size_t)(at - from);
}

static void add_list(const struct job *j, const struct scorer *s, struct span user, struct answer *a)
{
	for (size_t i = 0; i < s->n; i++)
		add_row(&a->text, user, i + 1, s->items->ids[scored_number(s->best[i])],
			scored_score(s->best[i]));
	a->rows += s->n;
	a->empty_lists += s->n == 0;
	a->short_lists += s->n > 0 && s->n < (uint64_t)j->o->k;
}

/* What the user must not be offered. */
static void exclude_items_of(const struct job *j, struct scorer *s, struct span user,
			     const struct past *rows, size_t n)
{
	if (!j->o->keep_seen)
		for (size_t i = 0; i < n; i++)
			scorer_exclude(s, rows[i].item);
	if (!j->offer.excluded)
		return;
	uint32_t count;
	const uint32_t *of = exclude_of(j->offer.excluded, user, &count);
	for (uint32_t i = 0; i < count; i++)
		scorer_exclude(s, j->excluded_item[of[i]]);
}

static void answer_chunk(void *context, size_t chunk, size_t worker)
{
	struct job *j = context;
	struct scorer *s = &j->scorers[worker];
	struct answer *a = &j->answers[chunk];
	uint32_t first = (uint32_t)chunk * CHUNK_USERS, left = j->block.n - first;
	a->text.n = 0;
	a->rows = a->empty_lists = a->short_lists = 0;
	a->overflow = STRMAP_NONE;
	for (uint32_t u = first; u < first + (left < CHUNK_USERS ? left : CHUNK_USERS); u++) {
		size_t n;
		struct past *rows = block_rows(&j->block, u, &n);
		struct span user = block_user(&j->block, u);
		scorer_add(s, rows, n, &j->aging);
		if (s->overflows && a->overflow == STRMAP_NONE)
			a->overflow = u;
		exclude_items_of(j, s, user, rows, n);
		scorer_pick(s);
		if (a->overflow == STRMAP_NONE)
			add_list(j, s, user, a);
	}
}

static void write_answer(struct job *j, const struct answer *a)
{
	if (a->overflow != STRMAP_NONE) {
		struct span user = block_user(&j->block, a->overflow);
		char shown[QUOTED_SIZE];
		die(STATUS_DATA, "user %s: the weights are so large that scores may overflow",
		    quoted(user.at, user.n, shown));
	}
	output_bytes(j->out, a->text.data, a->text.n);
	j->rows += a->rows;
	j->empty_lists += a->empty_lists;
	j->short_lists += a->short_lists;
}

/* As many chunks at once as give all threads work, and few enough that their lists do not
 * take much memory. */
static void prepare(struct job *j)
{
	size_t threads = pool_threads(j->pool), chunks = ROWS_AT_ONCE / CHUNK_USERS / (size_t)j->o->k;
	chunks = chunks > CHUNKS_MAX ? CHUNKS_MAX : chunks < CHUNKS_MIN ? CHUNKS_MIN : chunks;
	j->chunks = (chunks / threads + 1) * threads;
	j->answers = memory_zero(j->chunks, sizeof *j->answers);
	j->scorers = memory_new(threads, sizeof *j->scorers);
	j->popularity = popularity_of(j->neighbors);
	for (size_t i = 0; i < threads; i++)
		scorer_init(&j->scorers[i], &j->popularity, (size_t)j->o->k, j->kernel);
	if (!j->offer.excluded)
		return;
	const struct strmap *ids = exclude_items(j->offer.excluded);
	uint32_t known = strmap_count(ids);
	j->excluded_item = memory_new(known, sizeof *j->excluded_item);
	for (uint32_t i = 0; i < known; i++)
		j->excluded_item[i] = strmap_find(j->neighbors->ids, strmap_key(ids, i));
}

static void answer_users(struct job *j, struct histories *h)
{
	h->items = j->neighbors->ids;
	h->offer = &j->offer;
	prepare(j);
	while (histories_next(h, &j->block, (uint32_t)(j->chunks * CHUNK_USERS), PAST_AT_ONCE)) {
		size_t chunks = ((size_t)j->block.n + CHUNK_USERS - 1) / CHUNK_USERS;
		pool_run(j->pool, chunks, answer_chunk, j);
		for (size_t c = 0; c < chunks; c++)
			write_answer(j, &j->answers[c]);
		if (j->out->by_line)
			output_flush(j->out);
		j->lists += j->block.n;
		progress_step(table_bytes(h->table), table_size(h->table), "bytes");
	}
	for (size_t i = 0; i < pool_threads(j->pool); i++)
		scorer_free(&j->scorers[i]);
	for (size_t i = 0; i < j->chunks; i++)
		buffer_free(&j->answers[i].text);
	free(j->scorers);
	popularity_free(&j->popularity);
	free(j->answers);
	free(j->excluded_item);
	block_free(&j->block);
}

/* ---- lists for items ---- */

static void answer_items(struct job *j)
{
	const struct neighbors *n = j->neighbors;
	struct buffer text = {0};
	for (uint32_t i = 0; i < n->items; i++) {
		size_t rank = 0;
		if (n->start[i] == n->start[i + 1])
			continue;
		text.n = 0;
		for (uint64_t r = n->start[i]; r < n->start[i + 1] && rank < (uint64_t)j->o->k; r++) {
			const struct neighbor *x = &n->at[r];
			if (!(x->weight > 0) || (x->item == i && !j->o->keep_seen))
				continue;
			add_row(&text, strmap_key(n->ids, i), ++rank, strmap_key(n->ids, x->item), x->weight);
		}
		output_bytes(j->out, text.data, text.n);
		j->lists++;
		j->rows += rank;
		j->empty_lists += rank == 0;
		j->short_lists += rank > 0 && rank < (uint64_t)j->o->k;
		progress_step(i, n->items, "items");
	}
	buffer_free(&text);
}

/* ---- the run ---- */

/* Reads the neighbors, and leaves out those that may not be offered. */
static void read_neighbors(struct job *j, const struct neighbors_reader *r)
{
	j->neighbors = neighbors_read(r);
	table_close(r->table);
	uint32_t n = j->neighbors->items;
	if (neighbors_rows(j->neighbors) == 0)
		warn("%s has no neighbors: no list can be made", shown_input(j->o->neighbors));
	if (!offer_filters(&j->offer))
		return;
	bool *keep = memory_new(n, sizeof *keep);
	for (uint32_t i = 0; i < n; i++) {
		keep[i] = offer_has_item(&j->offer, strmap_key(j->neighbors->ids, i));
		j->not_offered += !keep[i];
	}
	neighbors_keep(j->neighbors, keep);
	free(keep);
}

static void report(const struct job *j, const struct histories *h)
{
	const char *who = h ? "users" : "items";
	if (j->not_offered)
		note("%llu items of the neighbors may not be offered", (unsigned long long)j->not_offered);
	if (h && h->other)
		note("%llu rows of other splits are left out (--splits)", (unsigned long long)h->other);
	if (h && h->unknown)
		note("%llu rows of histories are of items without neighbors",
		     (unsigned long long)h->unknown);
	if (h && j->offer.users && strmap_count(j->offer.users) > j->lists)
		warn("%llu of the %llu users of --users have no history",
		     (unsigned long long)(strmap_count(j->offer.users) - j->lists),
		     (unsigned long long)strmap_count(j->offer.users));
	if (j->empty_lists)
		warn("%llu of %llu %s have no list: nothing is left to offer",
		     (unsigned long long)j->empty_lists, (unsigned long long)j->lists, who);
	if (j->short_lists)
		note("%llu of %llu %s have a list shorter than %lld", (unsigned long long)j->short_lists,
		     (unsigned long long)j->lists, who, (long long)j->o->k);
}

static struct history_columns history_columns_of(const struct options *o, const struct aging *aging)
{
	return (struct history_columns){
		.user = option_column("user", o->user), .item = option_column("item", o->item),
		.split = option_column("split", o->split),
		.timestamp = option_column("timestamp", o->timestamp),
		.timed = aging_timed(aging), .elsewhere = option_given("exclude-window"),
		.weight = option_column("weight", o->weight),
		.unit = (enum time_unit)o->timestamp_unit,
		.splits = option_splits("splits", o->splits),
	};
}

static void write_header(const struct job *j)
{
	if (!j->o->common.no_header && j->o->lists_for == FOR_USERS) {
		topn_write_header(j->out);
	} else if (!j->o->common.no_header) {
		output_text(j->out, "item\trank\tneighbor\tscore");
		output_end_row(j->out);
	}
	output_flush(j->out);
}

/* Standard input can be read once. */
static void check_standard_input(const struct options *o, char **files, int count)
{
	const char *one[] = {o->neighbors, o->users, o->items, o->candidates};
	int n = o->lists_for == FOR_USERS && count == 0;
	for (int i = 0; i < count; i++)
		n += strcmp(files[i], "-") == 0;
	bool stream = n > 0;
	for (size_t i = 0; i < sizeof one / sizeof *one; i++)
		n += one[i] && strcmp(one[i], "-") == 0;
	for (size_t i = 0; i < o->exclude.n; i++)
		n += strcmp(o->exclude.values[i], "-") == 0;
	if (stream && strcmp(o->neighbors, "-") == 0)
		usage_error("the stream and --neighbors cannot both be standard input");
	if (n > 1)
		usage_error("only one of the stream and the side files can be standard input");
}

static int run(const struct options *o, char **files, int count)
{
	enum kernel_choice kernel = option_kernel(o->kernel);
	if (o->lists_for == FOR_ITEMS && count)
		usage_error("--for items reads no histories: unexpected file operand");
	check_standard_input(o, files, count);
	struct job j = {.o = o, .kernel = kernel, .aging = {.last = (uint64_t)o->last, .decay = o->decay,
		.gap_exponent = o->gap_exponent,
		.half_life_ms = o->half_life_s * 1000}};
	struct table_format format = COMMON_FORMAT(&o->common);
	struct offer_files side = files_of(o);
	struct history_columns columns = history_columns_of(o, &j.aging);
	struct table *table = NULL;
	struct histories histories;
	if (o->lists_for == FOR_USERS) {
		table = table_open(files, count, &format);
		histories = histories_open(table, &columns, o->common.seed);
	}
	struct table *from = option_table("neighbors", o->neighbors);
	struct neighbors_reader reader = neighbors_open(from);
	j.offer = option_offer(&side);
	j.out = output_open(o->common.output, o->common.line_buffered);
	if (o->common.packed)
		output_pack(j.out, PACKED_LISTS);
	write_header(&j);
	offer_read(&j.offer, &side);
	read_neighbors(&j, &reader);
	j.pool = pool_new((size_t)o->common.threads);
	if (table)
		answer_users(&j, &histories);
	else
		answer_items(&j);
	progress_clear();
	report(&j, table ? &histories : NULL);
	uint64_t rows = table ? table_rows(table) : neighbors_rows(j.neighbors);
	uint64_t rejected = table ? table_rejected(table) : 0;
	if (table) {
		histories_free(&histories);
		table_close(table);
	}
	output_close(j.out);
	pool_free(j.pool);
	neighbors_free(j.neighbors);
	offer_free(&j.offer);
	run_report(rows, j.rows, rejected);
	return STATUS_DONE;
}

static const struct program PROGRAM = {
	.name = "recommend-items",
	.usage = "--neighbors FILE [OPTION]... [FILE]...",
	.summary = "Find the best items for each user from the neighbors of what the user had.",
	.reads = "user item (histories) and, when options ask for them, timestamp and weight, and split "
		 "where it is there; of --neighbors item neighbor weight; of --exclude files user, item and, "
		 "when they have them, split and timestamp; of --users user, of --candidates item, of "
		 "--items item available blocked",
	.writes = "user rank item score; with --for items: item rank neighbor score",
	.examples = {
		"recommend-items --neighbors neighbors.tsv --last 10 --decay 0.6 < dataset.tsv > topk.tsv",
		"recommend-items --neighbors neighbors.tsv --for items --k 20 > similar.tsv",
	},
	.options = RECOMMEND_ITEMS_OPTIONS,
	.options_size = sizeof(struct options),
};

int main(int argc, char **argv)
{
	struct options options = {0};
	int first = program_start(&PROGRAM, argc, argv, &options);
	return finish(run(&options, argv + first, argc - first));
}
