/* counts.c - see counts.h. */
#include "counts.h"

#include <stdlib.h>

#include "base/error.h"
#include "base/memory.h"
#include "data/radix.h"

uint64_t counts_add(uint64_t a, uint64_t b)
{
	uint64_t sum;
	if (__builtin_add_overflow(a, b, &sum))
		die(STATUS_DATA, "the sums are too large: too many rows, or weights too high");
	return sum;
}

uint32_t *counts_by_frequency(const struct sums *item, uint32_t items, uint32_t **place)
{
	uint64_t *key = memory_new((size_t)items + 1, sizeof *key);
	uint32_t *order = memory_new((size_t)items + 1, sizeof *order);
	*place = memory_new((size_t)items + 1, sizeof **place);
	for (uint32_t i = 0; i < items; i++) {
		key[i] = ~item[i].count;
		order[i] = i;
	}
	radix_sort(key, order, items);
	for (uint32_t i = 0; i < items; i++)
		(*place)[order[i]] = i;
	free(key);
	return order;
}

void scratch_prepare(struct scratch *s, const struct counts *c, size_t size)
{
	if (s->counters)
		return;
	s->counters = memory_aligned((size_t)c->items + 64, size);
	s->touched = memory_new((size_t)c->items + 1, sizeof *s->touched);
	s->tallies = memory_new((size_t)c->items + 1, sizeof *s->tallies);
	s->weights = memory_new((size_t)c->items + 1, sizeof *s->weights);
}

void scratch_free(struct scratch *s)
{
	free(s->counters);
	free(s->touched);
	free(s->tallies);
	free(s->weights);
	best_free(&s->best);
}

void counts_free(struct counts *c)
{
	if (!c)
		return;
	c->free_source(c->source);
	strmap_free(c->item_ids);
	free(c->item);
	free(c->settings);
	free(c->factor);
	free(c);
}
