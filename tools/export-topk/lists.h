/* lists.h - finds and writes the lists of askers (users; with --similar items or users).
 *
 * Askers wait in a block until it is full; its chunks are then answered on all threads,
 * each into a text of its own, and written in order.
 */
#ifndef RECPIPE_EXPORT_TOPK_LISTS_H
#define RECPIPE_EXPORT_TOPK_LISTS_H

#include "streams/output.h"
#include "frame/pool.h"
#include "domain/model.h"
#include "options.h"
#include "packed-index.h"
#include "sides.h"

/* What the lists are made with: all of it stays the caller's. */
struct lists_task {
	const struct options *options;
	const struct sides *sides;
	struct output *out;
	struct pool *pool;
	uint32_t factors, stride;
};

struct lists;

struct lists *lists_new(const struct lists_task *task);

/* Adds an item that can be offered: all of them before the first block is full. */
void lists_offer(struct lists *l, const struct model_row *item);

/* All that can be offered, in place of lists_offer: those of an index that stays the caller's, as
 * does the file. */
void lists_offer_index(struct lists *l, const struct packed_index *index);

/* What can be offered so far. */
const struct model_side *lists_items(const struct lists *l);

/* One more asker. `self` is its own place among the items, or STRMAP_NONE. */
void lists_ask(struct lists *l, struct span id, const float *factors, float bias, uint32_t self);

/* Answers those that still wait. */
void lists_finish(struct lists *l);

struct lists_totals {
	uint64_t rows, askers;
	uint64_t empty_lists, short_lists;
	uint64_t flat;      /* askers whose vectors add nothing to any score */
	float largest;      /* |score| of a list's first */
	const char *kernel; /* that found them; NULL: nobody asked */
};
struct lists_totals lists_totals(const struct lists *l);

void lists_free(struct lists *l);

#endif
