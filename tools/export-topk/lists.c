#include "lists.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/memory.h"
#include "data/strmap.h"
#include "data/unit.h"
#include "index.h"

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

struct lists {
	struct lists_task task;
	uint32_t longest;             /* list: k, or all items when there are fewer */
	struct model_side items;      /* what can be offered */
	uint32_t *order;              /* item -> its place in byte order */
	struct buffer item_text;
	struct span *item_ids;        /* item -> its id in item_text */
	uint32_t *excluded_item;      /* number in `excluded` -> item, or STRMAP_NONE */
	const struct packed_index *packed; /* what can be offered comes from it; or NULL */
	struct index *index;
	struct worker *workers;
	struct block block;
	struct answer *answers;       /* of each chunk of the block */
	struct lists_totals totals;
};

static struct span block_id(const struct block *b, uint32_t user)
{
	size_t from = user ? b->id_end[user - 1] : 0;
	return (struct span){b->ids.data + from, b->id_end[user] - from};
}

/* The excluded items of the users first ... first+n-1, one after the other in
 * w->excluded; sets excluded and excluded_n of each query. */
static void find_excluded(const struct lists *l, struct worker *w, uint32_t first, uint32_t n,
			  struct query *queries)
{
	size_t total = 0;
	for (uint32_t i = 0; i < n; i++) {
		uint32_t count;
		struct span user = block_id(&l->block, first + i);
		const uint32_t *of = exclude_of(l->task.sides->offer.excluded, user, &count);
		w->excluded = memory_grow(w->excluded, &w->excluded_capacity, total + count,
					  sizeof *w->excluded);
		size_t before = total;
		for (uint32_t j = 0; j < count; j++) {
			uint32_t item = l->excluded_item[of[j]];
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
 * one or two instructions. There is room after them on both sides. */
enum { SHORT = 32 };

static inline char *copy_id(char *to, struct span id)
{
	if (id.n <= SHORT)
		memcpy(to, id.at, SHORT);
	else
		memcpy(to, id.at, id.n);
	return to + id.n;
}

static void write_list(const struct lists *l, struct buffer *text, struct span user,
		       const struct hit *hits, uint32_t n)
{
	for (uint32_t r = 0; r < n; r++) {
		struct span item = l->item_ids[hits[r].item];
		size_t room = user.n + item.n + 2 * SHORT + 2 * NUMBER_SIZE + 4;
		char *begin = buffer_room(text, room), *to = copy_id(begin, user);
		*to++ = '\t';
		if (l->task.options->as == AS_LISTS) {
			to += number_write_u64(r + 1, to);
			*to++ = '\t';
		}
		to = copy_id(to, item);
		*to++ = '\t';
		to += number_write_float(hits[r].score, to);
		*to++ = '\n';
		text->n += (size_t)(to - begin);
	}
}

/* Rows of an index in a file are not checked before they are used. */
static void check_scores(const struct lists *l, const struct worker *w, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		for (uint32_t r = 0; r < w->counts[i]; r++)
			if (!isfinite(w->hits[(size_t)i * l->longest + r].score))
				packed_bad(l->packed->model.file, "a score is not a finite number");
}

/* Answers one chunk of the block into a text of its own. */
static void answer_chunk(void *context, size_t chunk, size_t worker)
{
	struct lists *l = context;
	struct worker *w = &l->workers[worker];
	struct query queries[SEARCH_USERS] = {0};
	uint32_t first = (uint32_t)chunk * SEARCH_USERS, left = l->block.n - first;
	uint32_t n = left < SEARCH_USERS ? left : SEARCH_USERS;
	for (uint32_t i = 0; i < n; i++) {
		queries[i].factors = l->block.factors + (size_t)(first + i) * l->task.stride;
		queries[i].bias = l->block.bias[first + i];
		queries[i].excluded = &l->block.self[first + i];
		queries[i].excluded_n = l->block.self[first + i] != STRMAP_NONE;
	}
	if (l->task.sides->offer.excluded)
		find_excluded(l, w, first, n, queries);
	search_run(w->search, queries, n, w->hits, w->counts);
	if (l->packed)
		check_scores(l, w, n);
	struct answer *a = &l->answers[chunk];
	a->text.n = 0;
	a->rows = a->empty_lists = a->short_lists = 0;
	a->largest = 0;
	for (uint32_t i = 0; i < n; i++) {
		write_list(l, &a->text, block_id(&l->block, first + i), w->hits + (size_t)i * l->longest,
			   w->counts[i]);
		a->rows += w->counts[i];
		if (w->counts[i])
			a->largest = fmaxf(a->largest, fabsf(w->hits[(size_t)i * l->longest].score));
		a->empty_lists += w->counts[i] == 0;
		a->short_lists += w->counts[i] > 0 && w->counts[i] < l->task.options->k;
	}
}

/* The ids of the items one after another, with room after the last. */
static void lay_out_ids(struct lists *l)
{
	uint32_t n = l->items.n;
	l->item_ids = memory_new(n, sizeof *l->item_ids);
	for (uint32_t i = 0; i < n; i++)
		buffer_add_span(&l->item_text, strmap_key(l->items.ids, i));
	buffer_room(&l->item_text, SHORT);
	size_t at = 0;
	for (uint32_t i = 0; i < n; i++) {
		size_t length = strmap_key(l->items.ids, i).n;
		l->item_ids[i] = (struct span){l->item_text.data + at, length};
		at += length;
	}
	memset(l->item_text.data + at, 0, SHORT);
}

/* Some users of the block, from all over it, decide how the block is searched. */
static void look_at_sample(struct lists *l)
{
	struct query queries[SEARCH_SAMPLE] = {0};
	const struct block *b = &l->block;
	if (b->n < 8 * SEARCH_SAMPLE)
		return;
	for (uint32_t i = 0; i < SEARCH_SAMPLE; i++) {
		uint32_t user = (uint32_t)((uint64_t)b->n * i / SEARCH_SAMPLE);
		queries[i].factors = b->factors + (size_t)user * l->task.stride;
		queries[i].bias = b->bias[user];
	}
	search_sample(l->workers[0].search, queries, SEARCH_SAMPLE);
}

static uint32_t find_item(const struct lists *l, struct span id)
{
	const struct packed_index *p = l->packed;
	if (!p)
		return strmap_find(l->items.ids, id);
	uint32_t key = packed_find_id_among(&p->model.ids, p->first, p->first + p->n, id);
	return key >= p->first && key - p->first < p->n ? key - p->first : STRMAP_NONE;
}

static void number_excluded(struct lists *l)
{
	if (!l->task.sides->offer.excluded)
		return;
	const struct strmap *ids = exclude_items(l->task.sides->offer.excluded);
	uint32_t known = strmap_count(ids);
	l->excluded_item = memory_new(known, sizeof *l->excluded_item);
	uint32_t strangers = 0;
	for (uint32_t i = 0; i < known; i++) {
		l->excluded_item[i] = find_item(l, strmap_key(ids, i));
		strangers += l->excluded_item[i] == STRMAP_NONE;
	}
	if (strangers == 0 || l->task.sides->not_offered)
		return;
	if (strangers == known)
		warn("no item of --exclude is in the model: nothing is left out for it");
	else
		note("%u of the %u items of --exclude are not in the model", strangers, known);
}

static void index_items(struct lists *l)
{
	uint32_t n = l->items.n;
	double norm = 0;
	for (uint32_t u = 0; u < l->block.n; u++)
		norm += unit_length(l->block.factors + (size_t)u * l->task.stride, l->task.stride);
	uint32_t *sorted = strmap_sorted(l->items.ids);
	l->order = memory_new(n, sizeof *l->order);
	for (uint32_t i = 0; i < n; i++)
		l->order[sorted[i]] = i;
	free(sorted);
	lay_out_ids(l);
	struct index_items items = {
		n, l->task.factors, l->task.stride, l->items.factors, l->items.bias, l->order,
	};
	l->index = index_new(&items, norm / l->block.n, (enum tile_choice)l->task.options->kernel);
}

/* When the first block of users is there, all items are. */
static void build_index(struct lists *l)
{
	uint32_t n = l->items.n;
	l->longest = l->task.options->k < n ? (uint32_t)l->task.options->k : n;
	if (l->packed)
		l->index = l->packed->index;
	else
		index_items(l);
	number_excluded(l);
	size_t threads = pool_threads(l->task.pool);
	l->workers = memory_zero(threads, sizeof *l->workers);
	for (size_t i = 0; i < threads; i++) {
		l->workers[i].search = search_new(l->index, l->longest);
		l->workers[i].hits = memory_new((size_t)SEARCH_USERS * l->longest,
						 sizeof(struct hit));
	}
}

/* About this many rows are held back while their blocks are worked on. */
enum { ROWS_AT_ONCE = 400000, CHUNKS_MAX = 64 };

static void block_new(struct lists *l)
{
	size_t per_chunk = (size_t)SEARCH_USERS * (size_t)l->task.options->k;
	size_t chunks = ROWS_AT_ONCE / per_chunk, threads = pool_threads(l->task.pool);
	chunks = chunks < CHUNKS_MAX ? chunks : CHUNKS_MAX;
	chunks = (chunks / threads + 1) * threads;
	struct block *b = &l->block;
	b->capacity = (uint32_t)(chunks * SEARCH_USERS);
	b->factors = memory_aligned((size_t)b->capacity * l->task.stride, sizeof *b->factors);
	b->bias = memory_new(b->capacity, sizeof *b->bias);
	b->self = memory_new(b->capacity, sizeof *b->self);
	b->id_end = memory_new(b->capacity, sizeof *b->id_end);
	l->answers = memory_zero(chunks, sizeof *l->answers);
}

/* A score that single precision cannot hold has no place in an order. */
static void refuse_overflow(const struct lists *l)
{
	for (uint32_t u = 0; u < l->block.n; u++) {
		const float *user = l->block.factors + (size_t)u * l->task.stride;
		double norm = unit_length(user, l->task.stride);
		if (!(norm < INDEX_NORM_MAX) ||
		    index_bound(l->index, norm, (double)l->block.bias[u]) > 1e37) {
			struct span id = block_id(&l->block, u);
			char text[QUOTED_SIZE];
			die(STATUS_DATA, "user %s: the factors are so large that its scores "
			    "may overflow", quoted(id.at, id.n, text));
		}
	}
}

static void answer_block(struct lists *l)
{
	struct block *b = &l->block;
	if (b->n && l->items.n) {
		if (!l->index)
			build_index(l);
		refuse_overflow(l);
		look_at_sample(l);
		memset(buffer_room(&b->ids, SHORT), 0, SHORT);
		size_t chunks = ((size_t)b->n + SEARCH_USERS - 1) / SEARCH_USERS;
		pool_run(l->task.pool, chunks, answer_chunk, l);
		for (size_t c = 0; c < chunks; c++) {
			const struct answer *a = &l->answers[c];
			output_bytes(l->task.out, a->text.data, a->text.n);
			l->totals.rows += a->rows;
			l->totals.empty_lists += a->empty_lists;
			l->totals.short_lists += a->short_lists;
			l->totals.largest = fmaxf(l->totals.largest, a->largest);
		}
		if (l->task.out->by_line)
			output_flush(l->task.out);
	}
	l->totals.askers += b->n;
	b->n = 0;
	b->ids.n = 0;
}

void lists_ask(struct lists *l, struct span id, const float *factors, float bias, uint32_t self)
{
	struct block *b = &l->block;
	if (b->n == b->capacity)
		answer_block(l);
	memcpy(b->factors + (size_t)b->n * l->task.stride, factors, l->task.stride * sizeof(float));
	b->bias[b->n] = bias;
	b->self[b->n] = self;
	buffer_add_span(&b->ids, id);
	b->id_end[b->n++] = b->ids.n;
}

void lists_finish(struct lists *l)
{
	answer_block(l);
}

struct lists *lists_new(const struct lists_task *task)
{
	struct lists *l = memory_zero(1, sizeof *l);
	l->task = *task;
	block_new(l);
	return l;
}

void lists_offer(struct lists *l, const struct model_row *item)
{
	model_side_add(&l->items, item, l->task.stride);
}

/* Ids lie in the file, which goes on for more than SHORT bytes after them. */
void lists_offer_index(struct lists *l, const struct packed_index *index)
{
	_Static_assert(SHORT <= sizeof(struct packed_tail), "what a short id is copied with");
	l->packed = index;
	l->items.n = index->n;
	l->item_ids = memory_new(index->n, sizeof *l->item_ids);
	for (uint32_t i = 0; i < index->n; i++) {
		l->item_ids[i] = packed_id(&index->model.ids, index->first + i);
		if (!l->item_ids[i].at)
			packed_bad(index->model.file, "its ids overlap");
	}
}

const struct model_side *lists_items(const struct lists *l)
{
	return &l->items;
}

struct lists_totals lists_totals(const struct lists *l)
{
	struct lists_totals t = l->totals;
	for (size_t i = 0; l->workers && i < pool_threads(l->task.pool); i++)
		t.flat += search_flat(l->workers[i].search);
	t.kernel = l->index ? index_kernel(l->index) : NULL;
	return t;
}

void lists_free(struct lists *l)
{
	for (size_t i = 0; l->workers && i < pool_threads(l->task.pool); i++) {
		search_free(l->workers[i].search);
		free(l->workers[i].hits);
		free(l->workers[i].excluded);
	}
	free(l->workers);
	for (size_t i = 0; i < l->block.capacity / SEARCH_USERS; i++)
		buffer_free(&l->answers[i].text);
	free(l->answers);
	free(l->block.factors);
	free(l->block.bias);
	free(l->block.self);
	free(l->block.id_end);
	buffer_free(&l->block.ids);
	if (!l->packed)
		index_free(l->index);
	free(l->order);
	free(l->item_ids);
	buffer_free(&l->item_text);
	free(l->excluded_item);
	model_side_free(&l->items);
	free(l);
}
