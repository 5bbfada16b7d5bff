/* regression.c - see regression.h. */
#include "regression.h"

#include <math.h>
#include <stdlib.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/number.h"
#include "data/radix.h"
#include "method.h"

void require_memory(const struct options *o, uint64_t bytes, uint32_t items, const char *hint)
{
	if (bytes > o->memory)
		die(STATUS_FAILED, "the matrices of %u items need %lluM of memory, more than --memory allows: "
		    "raise it, or %s", items, (unsigned long long)((bytes >> 20) + 1), hint);
}

void die_singular(bool single)
{
	die(STATUS_FAILED, "the matrix of the regression is not positive definite%s: raise --ridge",
	    single ? " in single precision" : "");
}

struct rows {
	const struct options *o;
	const struct regression *method;
	void *fitted;
	const struct strmap *ids;
	struct list {
		struct link *links;
		uint64_t *keys;
	} *lists;                   /* of each worker */
};

/* Bits that ascend as the weight falls. */
static uint32_t falling(float weight)
{
	union {
		float value;
		uint32_t bits;
	} w = {weight};
	return w.bits >> 31 ? w.bits : ~w.bits & 0x7fffffffu;
}

static float weight_of(uint32_t bits)
{
	union {
		uint32_t bits;
		float value;
	} w = {bits >> 31 ? bits : ~bits & 0x7fffffffu};
	return w.value;
}

/* Best first; where there are more than --k, those that add or take most. */
static size_t rank(const struct options *o, struct list *l, size_t n)
{
	if (o->k && n > (uint64_t)o->k) {
		for (size_t i = 0; i < n; i++)
			l->keys[i] = (uint64_t)falling(l->links[i].weight < 0 ? -l->links[i].weight
									      : l->links[i].weight) << 32 |
				     l->links[i].item;
		uint32_t *order = memory_new(n, sizeof *order);
		for (size_t i = 0; i < n; i++)
			order[i] = (uint32_t)i;
		radix_sort(l->keys, order, n);
		n = (size_t)o->k;
		for (size_t i = 0; i < n; i++)
			l->keys[i] = (uint64_t)falling(l->links[order[i]].weight) << 32 |
				     l->links[order[i]].item;
		free(order);
	} else {
		for (size_t i = 0; i < n; i++)
			l->keys[i] = (uint64_t)falling(l->links[i].weight) << 32 | l->links[i].item;
	}
	radix_sort(l->keys, NULL, n);
	return n;
}

static uint64_t item_rows(void *context, uint32_t item, size_t worker, struct buffer *b)
{
	const struct rows *r = context;
	struct list *l = &r->lists[worker];
	if (!l->links) {
		l->links = memory_new((size_t)strmap_count(r->ids) + 1, sizeof *l->links);
		l->keys = memory_new((size_t)strmap_count(r->ids) + 1, sizeof *l->keys);
	}
	size_t n = r->method->row(r->fitted, item, worker, l->links);
	for (size_t i = 0; i < n; i++)
		if (!isfinite(l->links[i].weight))
			return NOT_FINITE;
	n = rank(r->o, l, n);
	struct span id = strmap_key(r->ids, item);
	for (size_t i = 0; i < n; i++) {
		struct span other = strmap_key(r->ids, (uint32_t)l->keys[i]);
		char *at = buffer_room(b, id.n + other.n + NUMBER_SIZE + 3), *from = at;
		at = span_put(at, id);
		*at++ = '\t';
		at = span_put(at, other);
		*at++ = '\t';
		at += number_write_float(weight_of((uint32_t)(l->keys[i] >> 32)), at);
		*at++ = '\n';
		b->n += (size_t)(at - from);
	}
	return n;
}

uint64_t regression_run(const struct options *o, struct history *h, struct pool *pool,
			struct output *out)
{
	static const struct regression *const METHOD[] = {
		[METHOD_RIDGE] = &RIDGE, [METHOD_SPARSE_RIDGE] = &SPARSE_RIDGE,
		[METHOD_NEXT_RIDGE] = &NEXT_RIDGE,
	};
	size_t threads = pool_threads(pool);
	struct strmap *ids = h->item_ids;
	uint32_t items = h->items;

	struct rows r = {.o = o, .method = METHOD[o->method], .ids = ids,
		.lists = memory_zero(threads, sizeof *r.lists)};
	r.fitted = r.method->fit(o, h, pool);
	struct writing w = {.items = items, .rows = item_rows, .context = &r, .ids = ids,
		.not_finite = STATUS_FAILED, .reason = o->method == METHOD_NEXT_RIDGE
			? "raise --ridge" : "raise --ridge or lower --history-exponent"};
	uint64_t rows = write_items(&w, pool, out);
	for (size_t i = 0; i < threads; i++) {
		free(r.lists[i].links);
		free(r.lists[i].keys);
	}
	free(r.lists);
	r.method->free(r.fitted, threads);
	strmap_free(ids);
	return rows;
}
