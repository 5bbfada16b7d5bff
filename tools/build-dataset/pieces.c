/* pieces.c - see pieces.h. */
#include "pieces.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "data/radix.h"
#include "frame/ordered.h"
#include "frame/pool.h"
#include "deal.h"
#include "ids.h"
#include "runs.h"
#include "shelf.h"

/* A piece on its way, and what a thread has counted of the pieces that were in its place. */
struct slot {
	struct pairs p;
	size_t number;              /* rows in memory: which piece it is */
	uint64_t before;            /* pairs when the round began */
	struct splitting how;
	struct thresholds thresholds; /* `count` is everybody's */
	struct result result;
	uint32_t *count;            /* of each item: pairs that are counted */
	struct output *out;         /* rows of the piece */
};

struct pieces {
	struct build *b;
	struct slot *slots;
	size_t n;
	struct pool *pool;
	bool shelved;               /* items are counted before pairs are taken out */
	struct shelf *from, *to;
	bool changed;
	uint32_t *item_rank;
	/* rows in memory */
	struct dealt dealt;
	struct span *user_id;       /* by rank */
	uint32_t n_users;
	size_t next;                /* piece */
};

/* ---- a piece's rows ---- */

static bool take_rows(void *context, size_t slot)
{
	struct pieces *x = context;
	struct slot *s = &x->slots[slot];
	if (x->b->in.runs)
		return runs_next(x->b->in.runs, &s->p);
	if (x->next == x->dealt.pieces)
		return false;
	s->number = x->next++;
	return true;
}

static void *copy_of(const void *array, size_t from, size_t n, size_t size)
{
	if (!array)
		return NULL;
	void *copy = memory_new(n + 1, size);
	memcpy(copy, (const char *)array + from * size, n * size);
	return copy;
}

/* The rows of the slot's users, which are all in memory; their keys, the caller's. */
static uint64_t *gather_rows(const struct pieces *x, struct slot *s)
{
	const struct dealt *d = &x->dealt;
	size_t from = d->start[s->number], n = d->start[s->number + 1] - from;
	size_t first = s->number << d->user_bits, users = (size_t)1 << d->user_bits;
	if (users > x->n_users - first)
		users = x->n_users - first;
	struct pairs *p = &s->p;
	*p = (struct pairs){.n = n, .n_users = (uint32_t)users,
		.user_id = copy_of(x->user_id, first, users, sizeof *p->user_id),
		.user = memory_new(n + 1, sizeof *p->user),
		.item = memory_new(n + 1, sizeof *p->item),
		.weight = copy_of(d->weight, from, n, sizeof *p->weight),
		.timestamp = copy_of(d->timestamp, from, n, sizeof *p->timestamp)};
	return copy_of(d->key, from, n, sizeof *d->key);
}

/* The same of rows that were laid aside, which have their users and items. */
static uint64_t *keys_of_rows(const struct pairs *p, unsigned item_bits)
{
	uint64_t *key = memory_new(p->n + 1, sizeof *key);
	for (size_t i = 0; i < p->n; i++)
		key[i] = (uint64_t)p->user[i] << item_bits | p->item[i];
	return key;
}

/* ---- steps ---- */

static void finish_piece(const struct build *b, struct slot *s)
{
	if (b->counted) {
		thresholds_count(&s->thresholds, &s->p, s->count);
		return;
	}
	if (b->o->count_on != COUNT_TRAIN)
		split_pairs(&s->p, &s->how);
	result_count(&s->result, &s->p);
	result_write(&s->p, s->out);
}

/* The first look at the rows. */
static void first_work(void *context, size_t slot)
{
	struct pieces *x = context;
	struct build *b = x->b;
	struct slot *s = &x->slots[slot];
	unsigned item_bits = radix_bits(b->thresholds.n_items);
	uint64_t *key = b->in.runs ? keys_of_rows(&s->p, item_bits) : gather_rows(x, s);
	s->p.item_id = b->item_id;
	pairs_make(&s->p, &b->rules, key, item_bits);
	s->before = s->p.n;
	if (b->o->count_on == COUNT_TRAIN)
		split_pairs(&s->p, &s->how);
	if (x->shelved) {
		thresholds_count(&s->thresholds, &s->p, s->count);
		return;
	}
	if (b->known)
		thresholds_keep_known(&s->thresholds, &s->p, b->o->core);
	else if (build_applies(b))
		thresholds_keep(&s->thresholds, &s->p);
	finish_piece(b, s);
}

static void give_on(struct pieces *x, struct slot *s)
{
	if (!x->b->counted)
		output_append(x->b->out, s->out);
	pairs_free(&s->p);
}

static void first_give(void *context, size_t slot)
{
	struct pieces *x = context;
	struct slot *s = &x->slots[slot];
	x->b->pairs += s->before;
	build_count_users(x->b, &s->p);
	if (x->shelved)
		shelf_put(x->to, &s->p);
	else
		give_on(x, s);
}

static bool take_shelved(void *context, size_t slot)
{
	struct pieces *x = context;
	return shelf_next(x->from, x->b->item_id, &x->slots[slot].p);
}

/* A round of --core. */
static void round_work(void *context, size_t slot)
{
	struct slot *s = &((struct pieces *)context)->slots[slot];
	s->before = s->p.n;
	thresholds_keep(&s->thresholds, &s->p);
	thresholds_count(&s->thresholds, &s->p, s->count);
}

static void round_give(void *context, size_t slot)
{
	struct pieces *x = context;
	struct slot *s = &x->slots[slot];
	x->changed |= s->p.n < s->before;
	shelf_put(x->to, &s->p);
}

static void last_work(void *context, size_t slot)
{
	struct pieces *x = context;
	struct slot *s = &x->slots[slot];
	if (!x->b->o->core)
		thresholds_keep(&s->thresholds, &s->p);
	finish_piece(x->b, s);
}

static void last_give(void *context, size_t slot)
{
	struct pieces *x = context;
	give_on(x, &x->slots[slot]);
}

static const struct ordered_steps FIRST = {take_rows, first_work, first_give};
static const struct ordered_steps ROUND = {take_shelved, round_work, round_give};
static const struct ordered_steps LAST = {take_shelved, last_work, last_give};

/* ---- all of it ---- */

/* What the slots have counted of items, into `count`; they begin again. */
static void collect_counts(struct pieces *x, uint32_t *count)
{
	uint32_t n = x->b->thresholds.n_items;
	memset(count, 0, n * sizeof *count);
	for (size_t i = 0; i < x->n; i++) {
		for (uint32_t j = 0; j < n; j++)
			count[j] += x->slots[i].count[j];
		memset(x->slots[i].count, 0, n * sizeof *count);
	}
}

static void run_shelf(struct pieces *x, const struct ordered_steps *steps, struct shelf *to)
{
	shelf_free(x->from);
	x->from = x->to;
	x->to = to;
	ordered_run(x->pool, steps, x);
}

static void run_rounds(struct pieces *x)
{
	struct build *b = x->b;
	bool in_memory = !b->in.runs;
	collect_counts(x, b->thresholds.count);
	for (x->changed = b->o->core; x->changed;) {
		x->changed = false;
		run_shelf(x, &ROUND, shelf_new(in_memory));
		collect_counts(x, b->thresholds.count);
		b->rounds++;
	}
	run_shelf(x, &LAST, NULL);
}

static void start_slots(struct pieces *x)
{
	struct build *b = x->b;
	uint32_t items = b->thresholds.n_items;
	x->slots = memory_zero(x->n, sizeof *x->slots);
	for (size_t i = 0; i < x->n; i++) {
		struct slot *s = &x->slots[i];
		s->how = b->how;
		s->thresholds = b->thresholds;
		s->thresholds.taken = memory_zero((size_t)items + 1, sizeof *s->thresholds.taken);
		result_start(&s->result, items);
		s->count = memory_zero((size_t)items + 1, sizeof *s->count);
		s->out = output_open_memory();
	}
}

static void end_slots(struct pieces *x)
{
	struct build *b = x->b;
	if (b->counted)
		collect_counts(x, b->counted);
	for (size_t i = 0; i < x->n; i++) {
		struct slot *s = &x->slots[i];
		b->how.kept_users += s->how.kept_users;
		b->how.kept_pairs += s->how.kept_pairs;
		thresholds_add(&b->thresholds, &s->thresholds);
		result_add(&b->result, &s->result);
		result_free(&s->result);
		output_close(s->out);
		free(s->thresholds.taken);
		free(s->count);
	}
	free(x->slots);
}

static void start_rows(struct pieces *x)
{
	struct build *b = x->b;
	uint32_t *user_rank;
	b->item_id = ids_in_order(b->in.items, x->pool, &x->item_rank);
	if (b->in.runs) {
		runs_merge(b->in.runs, x->item_rank, build_until(b), b->in.memory);
		return;
	}
	x->n_users = shardmap_count(b->in.users);
	x->user_id = ids_in_order(b->in.users, x->pool, &user_rank);
	x->dealt = deal_rows(&b->in.p, user_rank, x->n_users, x->item_rank, shardmap_count(b->in.items),
			     build_until(b), x->pool);
	free(user_rank);
	shardmap_free(b->in.users);
	b->in.users = NULL;
}

void build_pieces(struct build *b)
{
	const struct thresholds *t = &b->thresholds;
	size_t threads = build_threads(b->o);
	struct pieces x = {.b = b, .n = ordered_slots(threads), .pool = pool_new(threads),
		.shelved = !b->known && build_applies(b) && (t->min_item > 1 || b->o->core)};
	start_rows(&x);
	build_start_counts(b);
	start_slots(&x);
	if (x.shelved)
		x.to = shelf_new(!b->in.runs);
	ordered_run(x.pool, &FIRST, &x);
	if (x.shelved)
		run_rounds(&x);
	shelf_free(x.from);
	end_slots(&x);
	pool_free(x.pool);
	dealt_free(&x.dealt);
	free(x.user_id);
	free(x.item_rank);
}
