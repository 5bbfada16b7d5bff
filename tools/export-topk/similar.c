#include "similar.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "data/unit.h"
#include "frame/run.h"

/* Keeps the rows of what is compared, at length 1 and without biases: as what is offered,
 * and in `asked` when not all may be. */
static void read_rows(struct lists *l, struct model_rows *rows, struct sides *sides,
		      enum model_kind kind, struct model_side *asked)
{
	float *unit = memory_aligned(rows->stride, sizeof *unit);
	struct model_row row;
	while (model_rows_next(rows, &row)) {
		if (row.kind != kind)
			continue;
		memcpy(unit, row.factors, rows->stride * sizeof *unit);
		unit_scale(unit, rows->stride);
		row.factors = unit;
		row.bias = 0;
		if (asked)
			model_side_add(asked, &row, rows->stride);
		if (!asked || sides_offer(sides, row.id))
			lists_offer(l, &row);
	}
	free(unit);
}

uint64_t answer_similar(struct lists *l, struct model_rows *rows, struct sides *sides,
			const struct options *o)
{
	struct model_side kept = {0};
	bool filter = offer_filters(&sides->offer);
	read_rows(l, rows, sides, o->similar == SIMILAR_USERS ? MODEL_USER : MODEL_ITEM,
		  filter ? &kept : NULL);
	const struct model_side *items = lists_items(l), *all = filter ? &kept : items;
	uint64_t asked = 0;
	uint32_t *sorted = o->as == AS_NEIGHBORS && all->n ? strmap_sorted(all->ids) : NULL;
	for (uint32_t n = 0; n < all->n; n++) {
		uint32_t i = sorted ? sorted[n] : n, self = i;
		struct span id = strmap_key(all->ids, i);
		if (!offer_asks_user(&sides->offer, id))
			continue;
		if (filter)
			self = items->n ? strmap_find(items->ids, id) : STRMAP_NONE;
		lists_ask(l, id, all->factors + (size_t)i * rows->stride, 0, self);
		asked++;
		progress_step(n, all->n, "neighbors");
	}
	lists_finish(l);
	free(sorted);
	model_side_free(&kept);
	return asked;
}
