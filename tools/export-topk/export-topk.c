/* export-topk - the best items for each user of a model.
 *
 * In:   a model: kind id bias f0 f1 .. (items before users, as train-mf writes it).
 * Out:  user rank item score: the k items with the largest
 *       dot(user factors, item factors) + user bias + item bias, found exactly,
 *       ties by item id; users in the order of the model.
 *
 *	export-topk --k 100 --exclude dataset.tsv < model.tsv > topk.tsv
 *
 * The items are held in memory and the users pass by in blocks. It trains
 * nothing and measures nothing: see train-mf(1) and evaluate-topk(1).
 */
#include <math.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/memory.h"
#include "data/kernel.h"
#include "data/strmap.h"
#include "data/unit.h"
#include "streams/output.h"
#include "streams/table.h"
#include "frame/arguments.h"
#include "frame/pool.h"
#include "frame/run.h"
#include "domain/dataset.h"
#include "domain/model.h"
#include "domain/topn.h"
#include "index.h"
#include "options.h"
#include "sides.h"

/* Users (with --similar: items or users) that wait for their answers. */
struct block {
	struct buffer ids;
	size_t *id_end;           /* user u's id ends here in `ids` */
	float *factors, *bias;    /* factors: capacity * stride */
	uint32_t *self;           /* the asker's own place among the items, or STRMAP_NONE */
	uint32_t n, capacity;
};

/* What a thread needs for itself. */
struct worker {
	struct search *search;
	struct hit *hits;             /* SEARCH_USERS * k */
	uint32_t counts[SEARCH_USERS];
	uint32_t *excluded;
	size_t excluded_capacity;
};

/* What a chunk of users comes to. */
struct answer {
	struct buffer text;
	uint64_t rows, empty_lists, short_lists;
	float largest; /* |score| of a list's first */
};

struct export {
	const struct options *options;
	struct table *table;
	struct output *out;
	struct pool *pool;
	enum tile_choice kernel;
	struct sides sides;
	uint32_t factors, stride;
	uint32_t longest;             /* list: k, or all items when there are fewer */
	struct model_side items;      /* what can be offered */
	struct model_side asked;      /* with --similar and a filter: all of the kind */
	uint32_t *order;              /* item -> its place in byte order */
	struct buffer item_text;
	struct span *item_ids;        /* item -> its id in item_text */
	uint32_t *excluded_item;      /* number in `excluded` -> item, or STRMAP_NONE */
	struct index *index;
	struct worker *workers;
	struct block block;
	struct answer *answers;       /* of each chunk of the block */
	uint64_t rows_out, users, empty_lists, short_lists, not_offered;
	float largest;
};

/* --- answering a block -------------------------------------------------------- */

static struct span block_id(const struct block *b, uint32_t user)
{
	size_t from = user ? b->id_end[user - 1] : 0;
	return (struct span){b->ids.data + from, b->id_end[user] - from};
}

/* The excluded items of the users first .. first+n-1, one after the other in
 * w->excluded; sets excluded and excluded_n of each query. */
static void find_excluded(const struct export *e, struct worker *w, uint32_t first, uint32_t n,
			  struct query *queries)
{
	size_t total = 0;
	for (uint32_t i = 0; i < n; i++) {
		uint32_t count;
		struct span user = block_id(&e->block, first + i);
		const uint32_t *of = exclude_of(e->sides.excluded, user, &count);
		w->excluded = memory_grow(w->excluded, &w->excluded_capacity, total + count,
					  sizeof *w->excluded);
		size_t before = total;
		for (uint32_t j = 0; j < count; j++) {
			uint32_t item = e->excluded_item[of[j]];
			if (item != STRMAP_NONE)
				w->excluded[total++] = item;
		}
		queries[i].excluded_n = (uint32_t)(total - before);
	}
	total = 0;
	for (uint32_t i = 0; i < n; i++) {
		queries[i].excluded = w->excluded + total;
		total += queries[i].excluded_n;
	}
}

/* Short ids are copied as a whole SHORT bytes, whatever their length: that takes
 * one or two instructions. There is room behind them on both sides. */
enum { SHORT = 32 };

static inline char *copy_id(char *to, struct span id)
{
	if (id.n <= SHORT)
		memcpy(to, id.at, SHORT);
	else
		memcpy(to, id.at, id.n);
	return to + id.n;
}

static void write_list(const struct export *e, struct buffer *text, struct span user,
		       const struct hit *hits, uint32_t n)
{
	for (uint32_t r = 0; r < n; r++) {
		struct span item = e->item_ids[hits[r].item];
		size_t room = user.n + item.n + 2 * SHORT + 2 * NUMBER_SIZE + 4;
		char *begin = buffer_room(text, room), *to = copy_id(begin, user);
		*to++ = '\t';
		to += number_write_u64(r + 1, to);
		*to++ = '\t';
		to = copy_id(to, item);
		*to++ = '\t';
		to += number_write_float(hits[r].score, to);
		*to++ = '\n';
		text->n += (size_t)(to - begin);
	}
}

/* Answers one chunk of the block into a text of its own. */
static void answer_chunk(void *context, size_t chunk, size_t worker)
{
	struct export *e = context;
	struct worker *w = &e->workers[worker];
	struct query queries[SEARCH_USERS] = {0};
	uint32_t first = (uint32_t)chunk * SEARCH_USERS, left = e->block.n - first;
	uint32_t n = left < SEARCH_USERS ? left : SEARCH_USERS;
	for (uint32_t i = 0; i < n; i++) {
		queries[i].factors = e->block.factors + (size_t)(first + i) * e->stride;
		queries[i].bias = e->block.bias[first + i];
		queries[i].excluded = &e->block.self[first + i];
		queries[i].excluded_n = e->block.self[first + i] != STRMAP_NONE;
	}
	if (e->sides.excluded)
		find_excluded(e, w, first, n, queries);
	search_run(w->search, queries, n, w->hits, w->counts);
	struct answer *a = &e->answers[chunk];
	a->text.n = 0;
	a->rows = a->empty_lists = a->short_lists = 0;
	a->largest = 0;
	for (uint32_t i = 0; i < n; i++) {
		write_list(e, &a->text, block_id(&e->block, first + i), w->hits + (size_t)i * e->longest,
			   w->counts[i]);
		a->rows += w->counts[i];
		if (w->counts[i])
			a->largest = fmaxf(a->largest, fabsf(w->hits[(size_t)i * e->longest].score));
		a->empty_lists += w->counts[i] == 0;
		a->short_lists += w->counts[i] > 0 && w->counts[i] < e->options->k;
	}
}

/* --- the items ---------------------------------------------------------------- */

/* The ids of the items one behind the other, with room behind the last. */
static void lay_out_ids(struct export *e)
{
	uint32_t n = e->items.n;
	e->item_ids = memory_new(n, sizeof *e->item_ids);
	for (uint32_t i = 0; i < n; i++)
		buffer_add_span(&e->item_text, strmap_key(e->items.ids, i));
	buffer_room(&e->item_text, SHORT);
	size_t at = 0;
	for (uint32_t i = 0; i < n; i++) {
		size_t length = strmap_key(e->items.ids, i).n;
		e->item_ids[i] = (struct span){e->item_text.data + at, length};
		at += length;
	}
	memset(e->item_text.data + at, 0, SHORT);
}

/* Some users of the block, from all over it, decide how the block is searched. */
static void look_at_sample(struct export *e)
{
	struct query queries[SEARCH_SAMPLE] = {0};
	const struct block *b = &e->block;
	if (b->n < 8 * SEARCH_SAMPLE)
		return;
	for (uint32_t i = 0; i < SEARCH_SAMPLE; i++) {
		uint32_t user = (uint32_t)((uint64_t)b->n * i / SEARCH_SAMPLE);
		queries[i].factors = b->factors + (size_t)user * e->stride;
		queries[i].bias = b->bias[user];
	}
	search_sample(e->workers[0].search, queries, SEARCH_SAMPLE);
}

/* When the first block of users is there, all items are. */
static void build_index(struct export *e)
{
	uint32_t n = e->items.n;
	e->longest = e->options->k < n ? (uint32_t)e->options->k : n;
	double norm = 0;
	for (uint32_t u = 0; u < e->block.n; u++)
		norm += unit_length(e->block.factors + (size_t)u * e->stride, e->stride);
	uint32_t *sorted = strmap_sorted(e->items.ids);
	e->order = memory_new(n, sizeof *e->order);
	for (uint32_t i = 0; i < n; i++)
		e->order[sorted[i]] = i;
	free(sorted);
	lay_out_ids(e);
	if (e->sides.excluded) {
		const struct strmap *ids = exclude_items(e->sides.excluded);
		uint32_t known = strmap_count(ids);
		e->excluded_item = memory_new(known, sizeof *e->excluded_item);
		for (uint32_t i = 0; i < known; i++)
			e->excluded_item[i] = strmap_find(e->items.ids, strmap_key(ids, i));
	}
	struct index_items items = {
		n, e->factors, e->stride, e->items.factors, e->items.bias, e->order,
	};
	e->index = index_new(&items, norm / e->block.n, e->kernel);
	size_t threads = pool_threads(e->pool);
	e->workers = memory_zero(threads, sizeof *e->workers);
	for (size_t i = 0; i < threads; i++) {
		e->workers[i].search = search_new(e->index, e->longest);
		e->workers[i].hits = memory_new((size_t)SEARCH_USERS * e->longest,
						 sizeof(struct hit));
	}
}

/* May the item be offered at all? */
static bool is_offered(struct export *e, struct span id)
{
	bool offered = true;
	if (e->sides.catalog) {
		uint32_t number = strmap_find(e->sides.catalog->ids, id);
		offered = number != STRMAP_NONE && e->sides.catalog->is_offered[number];
	}
	if (e->sides.candidates)
		offered &= strmap_find(e->sides.candidates, id) != STRMAP_NONE;
	e->not_offered += !offered;
	return offered;
}

/* --- the stream --------------------------------------------------------------- */

/* About this many rows are held back while their blocks are worked on. */
enum { ROWS_AT_ONCE = 400000, CHUNKS_MAX = 64 };

static void block_new(struct export *e)
{
	size_t per_chunk = (size_t)SEARCH_USERS * (size_t)e->options->k;
	size_t chunks = ROWS_AT_ONCE / per_chunk, threads = pool_threads(e->pool);
	chunks = chunks < CHUNKS_MAX ? chunks : CHUNKS_MAX;
	chunks = (chunks / threads + 1) * threads;
	struct block *b = &e->block;
	b->capacity = (uint32_t)(chunks * SEARCH_USERS);
	b->factors = memory_aligned((size_t)b->capacity * e->stride, sizeof *b->factors);
	b->bias = memory_new(b->capacity, sizeof *b->bias);
	b->self = memory_new(b->capacity, sizeof *b->self);
	b->id_end = memory_new(b->capacity, sizeof *b->id_end);
	e->answers = memory_zero(chunks, sizeof *e->answers);
}

/* A score that single precision cannot hold has no place in an order. */
static void refuse_overflow(const struct export *e)
{
	for (uint32_t u = 0; u < e->block.n; u++) {
		const float *user = e->block.factors + (size_t)u * e->stride;
		double norm = unit_length(user, e->stride);
		if (!(norm < INDEX_NORM_MAX) ||
		    index_bound(e->index, norm, (double)e->block.bias[u]) > 1e37) {
			struct span id = block_id(&e->block, u);
			char text[QUOTED_SIZE];
			die(STATUS_DATA, "user %s: the factors are so large that its scores "
			    "may overflow", quoted(id.at, id.n, text));
		}
	}
}

static void answer_block(struct export *e)
{
	struct block *b = &e->block;
	if (b->n && e->items.n) {
		if (!e->index)
			build_index(e);
		refuse_overflow(e);
		look_at_sample(e);
		memset(buffer_room(&b->ids, SHORT), 0, SHORT);
		size_t chunks = ((size_t)b->n + SEARCH_USERS - 1) / SEARCH_USERS;
		pool_run(e->pool, chunks, answer_chunk, e);
		for (size_t c = 0; c < chunks; c++) {
			const struct answer *a = &e->answers[c];
			output_bytes(e->out, a->text.data, a->text.n);
			e->rows_out += a->rows;
			e->empty_lists += a->empty_lists;
			e->short_lists += a->short_lists;
			e->largest = fmaxf(e->largest, a->largest);
		}
		if (e->out->by_line)
			output_flush(e->out);
	}
	e->users += b->n;
	b->n = 0;
	b->ids.n = 0;
}

static void take_query(struct export *e, struct span id, const float *factors, float bias,
		       uint32_t self)
{
	struct block *b = &e->block;
	if (b->n == b->capacity)
		answer_block(e);
	memcpy(b->factors + (size_t)b->n * e->stride, factors, e->stride * sizeof(float));
	b->bias[b->n] = bias;
	b->self[b->n] = self;
	buffer_add_span(&b->ids, id);
	b->id_end[b->n++] = b->ids.n;
}

/* The next row of the model, behind the last item those that --item-features
 * adds, behind the last user those of --user-features. */
struct reading {
	struct export *e;
	struct model_reader *reader;
	struct model_row waiting; /* read, but cold items come before it */
	bool has_waiting, ended;
};

static bool next_row(struct reading *r, struct model_row *row)
{
	struct export *e = r->e;
	if (!r->has_waiting && !r->ended) {
		r->ended = !model_next(r->reader, &r->waiting);
		r->has_waiting = !r->ended;
		progress_step(table_bytes(e->table), table_size(e->table), "bytes");
		if (r->has_waiting) {
			const char *model = table_file(e->table);
			cold_see(e->sides.cold_items, &r->waiting, e->stride, model);
			cold_see(e->sides.cold_users, &r->waiting, e->stride, model);
		}
	}
	if ((r->ended || r->waiting.kind > MODEL_ITEM) && cold_next(e->sides.cold_items, row))
		return true;
	if (r->ended)
		return cold_next(e->sides.cold_users, row);
	*row = r->waiting;
	r->has_waiting = false;
	return true;
}

/* Reads the model and answers its users as they pass; returns how many. */
static uint64_t answer_users(struct export *e, struct model_reader *reader)
{
	struct reading reading = {.e = e, .reader = reader};
	struct model_row row;
	uint64_t asked = 0;
	while (next_row(&reading, &row)) {
		if (row.kind == MODEL_ITEM && is_offered(e, row.id)) {
			model_side_add(&e->items, &row, e->stride);
		} else if (row.kind == MODEL_USER) {
			if (e->sides.users && strmap_find(e->sides.users, row.id) == STRMAP_NONE)
				continue;
			take_query(e, row.id, row.factors, row.bias, STRMAP_NONE);
			asked++;
		}
	}
	answer_block(e);
	return asked;
}

/* Reads the model's items (or users) and then answers each of them. They are
 * kept once when all of them may be offered, otherwise twice. */
static uint64_t answer_similar(struct export *e, struct model_reader *reader)
{
	bool users = e->options->similar == SIMILAR_USERS;
	bool filter = e->sides.catalog || e->sides.candidates;
	float *unit = memory_aligned(e->stride, sizeof *unit);
	struct reading reading = {.e = e, .reader = reader};
	struct model_row row;
	while (next_row(&reading, &row)) {
		if (row.kind != (users ? MODEL_USER : MODEL_ITEM))
			continue;
		memcpy(unit, row.factors, e->stride * sizeof *unit);
		unit_scale(unit, e->stride);
		row.factors = unit;
		row.bias = 0;
		if (filter)
			model_side_add(&e->asked, &row, e->stride);
		if (!filter || is_offered(e, row.id))
			model_side_add(&e->items, &row, e->stride);
	}
	free(unit);
	const struct model_side *all = filter ? &e->asked : &e->items;
	uint64_t asked = 0;
	for (uint32_t i = 0; i < all->n; i++) {
		struct span id = strmap_key(all->ids, i);
		uint32_t self = i;
		if (e->sides.users && strmap_find(e->sides.users, id) == STRMAP_NONE)
			continue;
		if (filter)
			self = e->items.n ? strmap_find(e->items.ids, id) : STRMAP_NONE;
		take_query(e, id, all->factors + (size_t)i * e->stride, 0, self);
		asked++;
		progress_step(i, all->n, "neighbors");
	}
	answer_block(e);
	return asked;
}

/* --- the run ------------------------------------------------------------------ */

static void write_header(const struct export *e)
{
	if (e->options->common.no_header)
		return;
	if (e->options->similar == SIMILAR_NONE) {
		topn_write_header(e->out);
		return;
	}
	output_text(e->out, e->options->similar == SIMILAR_ITEMS ? "item" : "user");
	output_text(e->out, "\trank\tneighbor\tscore");
	output_end_row(e->out);
}

/* Scores this small are no opinion: what regularization leaves of a model. */
static const float NEARLY_NOTHING = 1e-12f;

static void say_what_is_zero(const struct export *e, const char *who)
{
	uint64_t flat = 0;
	for (size_t i = 0; e->workers && i < pool_threads(e->pool); i++)
		flat += search_flat(e->workers[i].search);
	if (e->rows_out && e->largest < NEARLY_NOTHING)
		warn("every score is 0 or nearly so: the model has collapsed, and its lists are "
		     "little more than the order of the ids");
	else if (flat)
		warn("%llu of %llu %s have vectors that add nothing to any score: their lists follow "
		     "the items' biases and ids", (unsigned long long)flat,
		     (unsigned long long)e->users, who);
}

static void say_what_is_missing(const struct export *e, uint64_t asked)
{
	if (e->items.n == 0 && !e->not_offered)
		die(STATUS_DATA, "%s: the model has no %s", table_file(e->table),
		    e->options->similar == SIMILAR_USERS ? "users" : "items");
	if (e->users == 0 && !e->sides.users)
		die(STATUS_DATA, "%s: the model has no users", table_file(e->table));
	const char *who = e->options->similar == SIMILAR_ITEMS ? "items" : "users";
	const char *what = e->options->similar == SIMILAR_USERS ? "users" : "items";
	if (e->items.n == 0)
		warn("none of the model's %s may be offered", what);
	if (e->index)
		note("kernel: %s", index_kernel(e->index));
	if (e->not_offered)
		note("%llu items of the model may not be offered",
		     (unsigned long long)e->not_offered);
	if (e->sides.users && strmap_count(e->sides.users) > asked)
		warn("%llu of the %llu users of --users are not in the model",
		     (unsigned long long)(strmap_count(e->sides.users) - asked),
		     (unsigned long long)strmap_count(e->sides.users));
	uint64_t left_out = cold_left_out(e->sides.cold_items) + cold_left_out(e->sides.cold_users);
	if (left_out)
		warn("%llu items or users of feature files have no feature that the model knows",
		     (unsigned long long)left_out);
	if (e->empty_lists)
		warn("%llu of %llu %s have no list: nothing is left to offer",
		     (unsigned long long)e->empty_lists, (unsigned long long)e->users, who);
	say_what_is_zero(e, who);
	if (e->short_lists)
		note("%llu of %llu %s have a list shorter than %lld",
		     (unsigned long long)e->short_lists, (unsigned long long)e->users, who,
		     (long long)e->options->k);
}

static void export_free(struct export *e)
{
	for (size_t i = 0; e->workers && i < pool_threads(e->pool); i++) {
		search_free(e->workers[i].search);
		free(e->workers[i].hits);
		free(e->workers[i].excluded);
	}
	free(e->workers);
	for (size_t i = 0; i < e->block.capacity / SEARCH_USERS; i++)
		buffer_free(&e->answers[i].text);
	free(e->answers);
	free(e->block.factors);
	free(e->block.bias);
	free(e->block.self);
	free(e->block.id_end);
	buffer_free(&e->block.ids);
	index_free(e->index);
	free(e->order);
	free(e->item_ids);
	buffer_free(&e->item_text);
	free(e->excluded_item);
	model_side_free(&e->items);
	model_side_free(&e->asked);
	sides_free(&e->sides);
	pool_free(e->pool);
}

static int run(const struct options *o, char **files, int count)
{
	struct export e = {.options = o, .kernel = (enum tile_choice)o->kernel};
	if (!tile_available(e.kernel))
		usage_error("--kernel: this processor does not have it");
	unsigned splits = option_splits("exclude-splits", o->exclude_splits);
	struct table_format format = COMMON_FORMAT(&o->common);
	e.table = table_open(files, count, &format);
	e.sides = sides_open(o);
	struct model_reader *reader = model_open(e.table);
	e.factors = model_reader_factors(reader);
	e.stride = (uint32_t)kernel_padded(e.factors);
	e.out = output_open(o->common.output, o->common.line_buffered);
	write_header(&e);
	output_flush(e.out);
	sides_read(&e.sides, o, splits);
	e.pool = pool_new((size_t)o->common.threads);
	block_new(&e);
	uint64_t asked = o->similar ? answer_similar(&e, reader) : answer_users(&e, reader);
	progress_clear();
	say_what_is_missing(&e, asked);
	uint64_t rows = table_rows(e.table), rejected = table_rejected(e.table);
	model_close(reader);
	table_close(e.table);
	output_close(e.out);
	export_free(&e);
	run_report(rows, e.rows_out, rejected);
	return STATUS_DONE;
}

static const struct program PROGRAM = {
	.name = "export-topk",
	.usage = "[OPTION].. [FILE]..",
	.summary = "Find the best items for each user of a model, exactly.",
	.reads = "kind id bias f0 f1 .. (a model); of --exclude files user, item and, when they "
		 "have them, split and timestamp; of --users user, of --candidates item, of "
		 "--items item available blocked, of feature files user (item) feature weight",
	.writes = "user rank item score; with --similar: item (or user) rank neighbor score",
	.examples = {
		"export-topk --k 100 --exclude dataset.tsv < model.tsv > topk.tsv",
		"export-topk --exclude dataset.tsv --exclude-splits all --items items.tsv model.tsv",
	},
	.options = EXPORT_OPTIONS,
	.options_size = sizeof(struct options),
};

int main(int argc, char **argv)
{
	struct options options = {0};
	int first = program_start(&PROGRAM, argc, argv, &options);
	return finish(run(&options, argv + first, argc - first));
}
