#include "domain/neighbors.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "data/csr.h"
#include "streams/packed.h"

/* Neighbors are looked up many at a time. */
enum { BATCH = 256 };

/* The rows as they come: ids have numbers of first appearance. */
struct reading {
	const struct neighbors_reader *r;
	struct strmap *ids;
	struct neighbor *at;
	size_t n, capacity;
	uint32_t *item;           /* those that have neighbors, in the order of the stream */
	uint64_t *item_end;       /* ... and where those end in `at` */
	size_t items, item_capacity, end_capacity;
	struct buffer id;         /* of the last of them */
	uint32_t *seen;           /* neighbor -> how many items there were when it came last */
	size_t seen_n, seen_capacity;
	double last_weight;       /* of the last item, as written */
	struct span names[BATCH];
	uint32_t numbers[BATCH];
};

struct neighbors_reader neighbors_open(struct table *t)
{
	return (struct neighbors_reader){
		.table = t, .item = table_column(t, column_called("item")),
		.neighbor = table_column(t, column_called("neighbor")),
		.weight = table_column(t, column_called("weight")),
	};
}

/* Begins the item of the current row, if it is another one. False: the row was rejected. */
static bool take_item(struct reading *x, struct span id)
{
	if (x->items && id.n == x->id.n && bytes_same(id.at, x->id.data, id.n))
		return true;
	if (id.n == 0) {
		table_reject(x->r->table, x->r->item, "an empty id");
		return false;
	}
	if (x->items && span_compare(id, (struct span){x->id.data, x->id.n}) < 0) {
		table_reject(x->r->table, x->r->item, "the rows must be sorted by item, in byte order");
		return false;
	}
	x->id.n = 0;
	buffer_add_span(&x->id, id);
	size_t n = x->items + 1;
	x->item = memory_grow(x->item, &x->item_capacity, n, sizeof *x->item);
	x->item_end = memory_grow(x->item_end, &x->end_capacity, n, sizeof *x->item_end);
	x->item[x->items] = strmap_add(x->ids, id);
	x->item_end[x->items] = x->n;
	x->items = n;
	x->last_weight = HUGE_VAL;
	return true;
}

/* All numbers get a place in `seen`. */
static void see_all(struct reading *x)
{
	size_t n = strmap_count(x->ids);
	if (n <= x->seen_n)
		return;
	x->seen = memory_grow(x->seen, &x->seen_capacity, n, sizeof *x->seen);
	memset(x->seen + x->seen_n, 0, (n - x->seen_n) * sizeof *x->seen);
	x->seen_n = n;
}

/* Is the neighbor in its place? Otherwise the row is rejected. */
static bool is_in_order(const struct reading *x, double weight, uint32_t number)
{
	struct table *t = x->r->table;
	if (weight < x->last_weight)
		return true;
	if (weight > x->last_weight)
		table_reject(t, x->r->weight, "the neighbors of an item must be sorted by falling weight");
	else if (span_compare(strmap_key(x->ids, number), strmap_key(x->ids, x->at[x->n - 1].item)) > 0)
		return true;
	else
		table_reject(t, x->r->neighbor,
			     "neighbors of equal weight must be sorted by their ids, in byte order");
	return false;
}

/* The current row, whose neighbor has this number. */
static void take_row(struct reading *x, uint32_t number)
{
	struct table *t = x->r->table;
	double weight;
	if (!take_item(x, table_field(t, x->r->item)) || !table_double(t, x->r->weight, &weight))
		return;
	if (fabs(weight) > (double)FLT_MAX) {
		table_reject(t, x->r->weight, "too large for single precision");
		return;
	}
	if (strmap_key(x->ids, number).n == 0) {
		table_reject(t, x->r->neighbor, "an empty id");
		return;
	}
	see_all(x);
	if (x->seen[number] == x->items) {
		table_reject(t, x->r->neighbor, "the item has this neighbor already");
		return;
	}
	if (!is_in_order(x, weight, number))
		return;
	x->seen[number] = (uint32_t)x->items;
	x->last_weight = weight;
	if (x->n == x->capacity)
		x->at = memory_grow(x->at, &x->capacity, x->n + 1, sizeof *x->at);
	x->at[x->n++] = (struct neighbor){number, (float)weight + 0.0f};
	x->item_end[x->items - 1] = x->n;
}

static void read_rows(struct reading *x)
{
	struct table *t = x->r->table;
	for (size_t rows; (rows = table_next_rows(t)) > 0;) {
		for (size_t from = 0; from < rows; from += BATCH) {
			size_t left = rows - from, n = left < BATCH ? left : BATCH;
			for (size_t i = 0; i < n; i++) {
				if (rows > 1)
					table_block_row(t, from + i);
				x->names[i] = table_field(t, x->r->neighbor);
			}
			strmap_add_many(x->ids, x->names, n, x->numbers);
			for (size_t i = 0; i < n; i++) {
				if (rows > 1)
					table_block_row(t, from + i);
				take_row(x, x->numbers[i]);
			}
		}
	}
}

/* ---- a packed file ---- */

/* Is the table nothing but packed neighbors, its columns in their places? */
static struct packed *packed_of(const struct neighbors_reader *r)
{
	struct packed *p = table_packed(r->table);
	return p && p->kind == PACKED_NEIGHBORS && r->item == 0 && r->neighbor == 1 && r->weight == 2 ? p : NULL;
}

/* Numbers all ids by the order of their bytes: those of keys and of members, which are sorted. */
static struct strmap *number_ids(const struct packed_lists *l, uint32_t *key_rank, uint32_t *member_rank)
{
	struct strmap *ids = strmap_new();
	uint32_t k = 0, m = 0;
	while (k < l->keys.n || m < l->members.n) {
		struct span key = {0}, member = {0};
		if (k < l->keys.n)
			key = packed_id(&l->keys, l->keys.sorted[k]);
		if (m < l->members.n)
			member = packed_id(&l->members, l->members.sorted[m]);
		int order = k == l->keys.n ? 1 : m == l->members.n ? -1 : span_compare(key, member);
		uint32_t number = strmap_add(ids, order <= 0 ? key : member);
		if (order <= 0)
			key_rank[l->keys.sorted[k++]] = number;
		if (order >= 0)
			member_rank[l->members.sorted[m++]] = number;
	}
	return ids;
}

/* Copies the neighbors of key `k`; says what is wrong with them, or NULL. */
static const char *take_list(struct neighbors *n, const struct packed_lists *l, uint32_t k,
			     const uint32_t *member_rank, uint32_t *seen)
{
	for (uint64_t i = l->start[k]; i < l->start[k + 1]; i++) {
		struct packed_entry e = packed_entry(l, i);
		if (i > l->start[k] && e.weight > (double)n->at[i - 1].weight)
			return "the neighbors of an item are not sorted by falling weight";
		if (seen[e.member] == k + 1)
			return "an item has a neighbor twice";
		seen[e.member] = k + 1;
		n->at[i] = (struct neighbor){member_rank[e.member], (float)e.weight + 0.0f};
	}
	return NULL;
}

static struct neighbors *take_packed(const struct neighbors_reader *r, struct packed *p)
{
	struct packed_lists l;
	const char *wrong = NULL;
	if (!packed_check(p) || !packed_lists_open(p, &l))
		return NULL;
	struct neighbors *n = memory_zero(1, sizeof *n);
	uint32_t *key_rank = memory_new((size_t)l.keys.n + 1, sizeof *key_rank);
	uint32_t *member_rank = memory_new((size_t)l.members.n + 1, sizeof *member_rank);
	uint32_t *seen = memory_zero((size_t)l.members.n + 1, sizeof *seen);
	n->ids = number_ids(&l, key_rank, member_rank);
	n->items = strmap_count(n->ids);
	n->at = memory_new(l.rows + 1, sizeof *n->at);
	memory_large_pages(n->at, (size_t)(l.rows + 1) * sizeof *n->at);
	n->start = csr_new(n->items);
	if (n->items && strmap_key(n->ids, 0).n == 0)
		wrong = "an empty id";
	for (uint32_t k = 0; k < l.keys.n && !wrong; k++) {
		wrong = take_list(n, &l, k, member_rank, seen);
		if (k > 0 && key_rank[k] <= key_rank[k - 1])
			wrong = "its items are not sorted";
		csr_add(n->start, key_rank[k], l.start[k + 1] - l.start[k]);
	}
	if (wrong)
		packed_bad(p, wrong);
	csr_sum(n->start, n->items);
	csr_stay(n->start, n->items);
	free(key_rank);
	free(member_rank);
	free(seen);
	table_took_rows(r->table, l.rows);
	return n;
}

/* ---- */

struct neighbors *neighbors_read(const struct neighbors_reader *r)
{
	struct packed *packed = packed_of(r);
	if (packed)
		return take_packed(r, packed);
	struct reading x = {.r = r, .ids = strmap_new()};
	read_rows(&x);
	struct neighbors *n = memory_zero(1, sizeof *n);
	uint32_t *rank;
	n->ids = strmap_in_order(x.ids, &rank);
	n->items = strmap_count(n->ids);
	n->at = memory_resize(x.at, x.n + 1, sizeof *n->at);
	n->start = csr_new(n->items);
	for (size_t i = 0; i < x.n; i++)
		n->at[i].item = rank[n->at[i].item];
	/* Items come in the order of their numbers: the rows are where they belong. */
	for (size_t i = 0; i < x.items; i++)
		csr_add(n->start, rank[x.item[i]], x.item_end[i] - (i ? x.item_end[i - 1] : 0));
	csr_sum(n->start, n->items);
	csr_stay(n->start, n->items);
	free(rank);
	free(x.item);
	free(x.item_end);
	free(x.seen);
	buffer_free(&x.id);
	return n;
}

void neighbors_keep(struct neighbors *n, const bool *keep)
{
	uint64_t kept = 0, from = 0;
	for (uint32_t i = 0; i < n->items; i++) {
		uint64_t to = n->start[i + 1];
		n->start[i] = kept;
		for (; from < to; from++) {
			n->at[kept] = n->at[from];
			kept += keep[n->at[from].item];
		}
	}
	n->start[n->items] = kept;
}

void neighbors_free(struct neighbors *n)
{
	if (!n)
		return;
	strmap_free(n->ids);
	free(n->start);
	free(n->at);
	free(n);
}
