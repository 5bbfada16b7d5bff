/* write.c - from tallies to rows: see method.h. */
#include <math.h>
#include <stdlib.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "base/number.h"
#include "frame/run.h"
#include "method.h"

/* ---- items on threads ---- */

enum { ITEMS_OF_CHUNK = 16 };

struct round {
	const struct writing *w;
	uint32_t from;              /* the first item of the round */
	struct buffer *text;        /* of each chunk */
	uint64_t *written;
	uint32_t *not_finite;       /* of each chunk, the first item with such a weight, or NO_ITEM */
};

static const uint32_t NO_ITEM = UINT32_MAX;

static void write_chunk(void *context, size_t chunk, size_t worker)
{
	struct round *r = context;
	uint64_t from = r->from + (uint64_t)chunk * ITEMS_OF_CHUNK, to = from + ITEMS_OF_CHUNK;
	r->text[chunk].n = 0;
	r->written[chunk] = 0;
	r->not_finite[chunk] = NO_ITEM;
	for (uint64_t i = from; i < to && i < r->w->items; i++) {
		uint64_t rows = r->w->rows(r->w->context, (uint32_t)i, worker, &r->text[chunk]);
		if (rows == NOT_FINITE) {
			r->not_finite[chunk] = (uint32_t)i;
			return;
		}
		r->written[chunk] += rows;
	}
}

static _Noreturn void die_not_finite(const struct writing *w, uint32_t item)
{
	struct span id = strmap_key(w->ids, item);
	char shown[QUOTED_SIZE];
	progress_clear();
	die(w->not_finite, "item %s: a weight is too large or not a number: %s", quoted(id.at, id.n, shown),
	    w->reason);
}

uint64_t write_items(const struct writing *w, struct pool *pool, struct output *out)
{
	size_t chunks = pool_threads(pool) * 8;
	struct round r = {.w = w, .text = memory_zero(chunks, sizeof *r.text),
		.written = memory_zero(chunks, sizeof *r.written),
		.not_finite = memory_new(chunks, sizeof *r.not_finite)};
	uint64_t rows = 0;
	for (uint64_t from = 0; from < w->items; from += chunks * ITEMS_OF_CHUNK) {
		r.from = (uint32_t)from;
		pool_run(pool, chunks, write_chunk, &r);
		for (size_t i = 0; i < chunks; i++) {
			if (r.not_finite[i] != NO_ITEM)
				die_not_finite(w, r.not_finite[i]);
			output_bytes(out, r.text[i].data, r.text[i].n);
			rows += r.written[i];
		}
		if (out->by_line)
			output_flush(out);
		progress_step(from, w->items, "items");
	}
	for (size_t i = 0; i < chunks; i++)
		buffer_free(&r.text[i]);
	free(r.text);
	free(r.written);
	free(r.not_finite);
	progress_clear();
	return rows;
}

/* ---- neighbors ---- */

static void add_neighbor(struct buffer *b, struct span id, struct span other, const struct neighbor *x)
{
	char *at = buffer_room(b, id.n + other.n + 2 * NUMBER_SIZE + 4), *from = at;
	at = span_put(at, id);
	*at++ = '\t';
	at = span_put(at, other);
	*at++ = '\t';
	at += number_write_float(scored_score(x->key), at);
	*at++ = '\t';
	at += number_write_u64(x->count, at);
	*at++ = '\n';
	b->n += (size_t)(at - from);
}

/* Where the ids of some neighbors are is looked up before the first of them is read: the
 * processor waits for all of these at once. */
void add_neighbors(struct buffer *b, const struct strmap *item_ids, uint32_t item,
		   const struct best *best)
{
	enum { SOME = 32 };
	struct span id = strmap_key(item_ids, item), other[SOME];
	for (size_t from = 0; from < best->n; from += SOME) {
		size_t n = best->n - from < SOME ? best->n - from : SOME;
		for (size_t i = 0; i < n; i++) {
			other[i] = strmap_key(item_ids, scored_number(best->at[from + i].key));
			__builtin_prefetch(other[i].at);
		}
		for (size_t i = 0; i < n; i++)
			add_neighbor(b, id, other[i], &best->at[from + i]);
	}
}

struct neighbors {
	const struct options *o;
	const struct counts *c;
	struct scratch *scratch;    /* of each worker */
};

/* False: a weight is infinite. One that is not a number is no neighbor. */
static bool offer_tallies(const struct options *o, const struct counts *c, uint32_t item,
			  struct scratch *s)
{
	size_t n = c->row(c, item, s);
	METHODS[c->method].weigh(o, c, item, s->tallies, n, s->weights);
	for (size_t i = 0; i < n; i++) {
		if (!(s->weights[i] > 0) || s->tallies[i].sums.count < (uint64_t)o->min_count)
			continue;
		if (isinf(s->weights[i]))
			return false;
		best_offer(&s->best, s->weights[i], s->tallies[i].item, s->tallies[i].sums.count);
	}
	return true;
}

static uint64_t neighbor_rows(void *context, uint32_t item, size_t worker, struct buffer *b)
{
	const struct neighbors *x = context;
	const struct options *o = x->o;
	struct scratch *s = &x->scratch[worker];
	const struct counts *c = x->c;
	if (!s->best.at)
		s->best = best_new((uint64_t)o->k < c->items ? (size_t)o->k : c->items);
	best_clear(&s->best);
	if (c->list)
		c->list(o, c, item, s);
	else if (!offer_tallies(o, c, item, s))
		return NOT_FINITE;
	best_sort(&s->best);
	add_neighbors(b, c->item_ids, item, &s->best);
	return s->best.n;
}

uint64_t write_neighbors(const struct options *o, struct counts *c, struct pool *pool,
			 struct output *out)
{
	if (METHODS[c->method].prepare)
		METHODS[c->method].prepare(o, c);
	size_t threads = pool_threads(pool);
	struct neighbors x = {o, c, memory_zero(threads, sizeof *x.scratch)};
	struct writing w = {.items = c->items, .rows = neighbor_rows, .context = &x, .ids = c->item_ids,
		.not_finite = STATUS_DATA, .reason = "its counts contradict each other"};
	uint64_t rows = write_items(&w, pool, out);
	for (size_t i = 0; i < threads; i++)
		scratch_free(&x.scratch[i]);
	free(x.scratch);
	return rows;
}
