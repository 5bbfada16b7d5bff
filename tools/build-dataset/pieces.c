/* pieces.c - see pieces.h. */
#include "pieces.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "data/radix.h"
#include "frame/ordered.h"
#include "frame/pool.h"
#include "runs.h"
#include "shelf.h"

enum { PIECE_ROWS = 1 << 16 };

/* A piece on its way, and what a thread has counted of the pieces that were in its place. */
struct slot {
	struct pairs p;
	uint32_t from, to, rows;    /* rows in memory: the ranks of its users, and how many they are */
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
	/* rows in memory */
	uint32_t *user;             /* the users' numbers, by rank */
	uint32_t *start, *order;    /* rows of a user, by number */
	uint32_t *item_rank, next, n_users;
};

/* ---- a piece's rows ---- */

static bool take_rows(void *context, size_t slot)
{
	struct pieces *x = context;
	struct slot *s = &x->slots[slot];
	if (x->b->in.runs)
		return runs_next(x->b->in.runs, &s->p);
	if (x->next == x->n_users)
		return false;
	s->from = x->next;
	for (s->rows = 0; x->next < x->n_users && s->rows < PIECE_ROWS; x->next++)
		s->rows += x->start[x->user[x->next] + 1] - x->start[x->user[x->next]];
	s->to = x->next;
	return true;
}

/* The rows of the slot's users, which are all in memory. */
static void gather_rows(const struct pieces *x, struct slot *s)
{
	const struct pairs *all = &x->b->in.p;
	uint32_t n = s->rows, users = s->to - s->from, to = 0;
	struct pairs *p = &s->p;
	*p = (struct pairs){.n = n, .n_users = users, .item_id = x->b->item_id,
		.user_id = memory_new((size_t)users + 1, sizeof *p->user_id),
		.user = memory_new((size_t)n + 1, sizeof *p->user),
		.item = memory_new((size_t)n + 1, sizeof *p->item),
		.weight = all->weight ? memory_new((size_t)n + 1, sizeof *p->weight) : NULL,
		.timestamp = all->timestamp ? memory_new((size_t)n + 1, sizeof *p->timestamp) : NULL};
	for (uint32_t u = 0; u < users; u++) {
		uint32_t number = x->user[s->from + u];
		p->user_id[u] = strmap_key(x->b->in.users, number);
		for (uint32_t i = x->start[number]; i < x->start[number + 1]; i++, to++) {
			uint32_t row = x->order[i];
			p->user[to] = u;
			p->item[to] = x->item_rank[all->item[row]];
			if (p->weight)
				p->weight[to] = all->weight[row];
			if (p->timestamp)
				p->timestamp[to] = all->timestamp[row];
		}
	}
	if (build_until(x->b) < INT64_MAX)
		pairs_drop_later(p, 0, build_until(x->b));
}

static void make_pairs(const struct pieces *x, struct pairs *p)
{
	unsigned shift = radix_bits(strmap_count(x->b->in.items));
	uint64_t *key = memory_new(p->n + 1, sizeof *key);
	for (size_t i = 0; i < p->n; i++)
		key[i] = (uint64_t)p->user[i] << shift | p->item[i];
	pairs_make(p, &x->b->rules, key, shift);
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
	if (!b->in.runs)
		gather_rows(x, s);
	s->p.item_id = b->item_id;
	make_pairs(x, &s->p);
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

/* Users by their ids, beside rows by their users and items by their ids. */
static void order_rows(void *context, size_t chunk, size_t worker)
{
	struct pieces *x = context;
	struct build *b = x->b;
	(void)worker;
	if (chunk == 0) {
		x->user = strmap_sorted(b->in.users);
		return;
	}
	x->order = pairs_by_user(&b->in.p, NULL, x->n_users, &x->start);
	b->item_id = ids_in_order(b->in.items, &x->item_rank);
}

static void start_rows(struct pieces *x)
{
	struct build *b = x->b;
	if (b->in.runs) {
		b->item_id = ids_in_order(b->in.items, &x->item_rank);
		runs_merge(b->in.runs, x->item_rank, build_until(b), b->in.memory);
		return;
	}
	x->n_users = strmap_count(b->in.users);
	pool_run(x->pool, 2, order_rows, x);
}

void build_pieces(struct build *b)
{
	const struct thresholds *t = &b->thresholds;
	size_t threads = b->o->common.line_buffered ? 1 : (size_t)b->o->common.threads;
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
	free(x.user);
	free(x.start);
	free(x.order);
	free(x.item_rank);
}
