/* thresholds.c - see thresholds.h. */
#include "thresholds.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "domain/dataset.h"

void thresholds_start(struct thresholds *t, uint32_t n_items)
{
	t->n_items = n_items;
	t->count = memory_zero((size_t)n_items + 1, sizeof *t->count);
	t->taken = memory_zero((size_t)n_items + 1, sizeof *t->taken);
}

void thresholds_free(struct thresholds *t)
{
	free(t->count);
	free(t->taken);
}

void thresholds_clear(struct thresholds *t)
{
	memset(t->count, 0, t->n_items * sizeof *t->count);
}

void thresholds_count(const struct thresholds *t, const struct pairs *p, uint32_t *count)
{
	for (size_t i = 0; i < p->n; i++)
		count[p->item[i]] += !t->train_only || p->split[i] == SPLIT_TRAIN;
}

/* Where the user's pairs end that begin at `begin`, and how many of them count. */
static size_t user_end(const struct thresholds *t, const struct pairs *p, size_t begin, uint64_t *count)
{
	size_t end = begin;
	*count = 0;
	for (; end < p->n && p->user[end] == p->user[begin]; end++)
		*count += !t->train_only || p->split[end] == SPLIT_TRAIN;
	return end;
}

void thresholds_keep(struct thresholds *t, struct pairs *p)
{
	size_t kept = 0;
	for (size_t begin = 0, end; begin < p->n; begin = end) {
		uint64_t count;
		end = user_end(t, p, begin, &count);
		bool few_user = count < t->min_user;
		if (few_user) {
			t->users++;
			t->user_pairs += end - begin;
		}
		for (size_t i = begin; i < end; i++) {
			bool few_item = t->min_item > 1 && t->count[p->item[i]] < t->min_item;
			t->item_pairs += few_item;
			if (few_item)
				t->taken[p->item[i]] = true;
			if (!few_user && !few_item)
				pairs_move(p, kept++, i);
		}
	}
	p->n = kept;
}

void thresholds_keep_known(struct thresholds *t, struct pairs *p, bool core)
{
	size_t before;
	do {
		before = p->n;
		thresholds_keep(t, p);
	} while (core && p->n < before);
}

void thresholds_add(struct thresholds *t, const struct thresholds *other)
{
	t->user_pairs += other->user_pairs;
	t->item_pairs += other->item_pairs;
	t->users += other->users;
	for (uint32_t i = 0; i < t->n_items; i++)
		t->taken[i] |= other->taken[i];
}

uint64_t thresholds_items(const struct thresholds *t)
{
	uint64_t items = 0;
	for (uint32_t i = 0; i < t->n_items; i++)
		items += t->taken[i];
	return items;
}
