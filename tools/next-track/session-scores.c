#include "session-scores.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/memory.h"

struct session_best {
	struct span item;
	float score;
};

static inline bool is_behind(const struct session_best *a, const struct session_best *b)
{
	return a->score < b->score ||
		(!(a->score > b->score) && span_compare(a->item, b->item) > 0);
}

#define TOPK_NAME best
#define TOPK_ENTRY struct session_best
#define TOPK_BEHIND is_behind
#include "data/topk-heap.h"

double session_amount(double heard, double skipped)
{
	return heard < skipped ? (heard - skipped) / skipped : (heard - skipped) / (1 - skipped);
}

void session_scores_clear(struct session_scores *s)
{
	if (s->n)
		memset(s->slots, 0, s->slot_count * sizeof *s->slots);
	s->n = 0;
}

/* Where the item's slot is: its own, or the free one that it gets. */
static uint32_t *find_slot(const struct session_scores *s, struct span item)
{
	size_t at = hash_table(item.at, item.n) & (s->slot_count - 1);
	while (s->slots[at] && !span_equal(s->sums[s->slots[at] - 1].item, item))
		at = (at + 1) & (s->slot_count - 1);
	return &s->slots[at];
}

/* Makes room for one more. */
static void grow(struct session_scores *s)
{
	enum { FIRST = 1024 };
	s->sums = memory_grow(s->sums, &s->capacity, s->n + 1, sizeof *s->sums);
	if (2 * (s->n + 1) <= s->slot_count)
		return;
	s->slot_count = s->slot_count ? 2 * s->slot_count : FIRST;
	free(s->slots);
	s->slots = memory_zero(s->slot_count, sizeof *s->slots);
	for (size_t i = 0; i < s->n; i++)
		*find_slot(s, s->sums[i].item) = (uint32_t)i + 1;
}

/* The item's sum; the pointer is valid until the next one is asked for. */
static struct session_sum *sum_of(struct session_scores *s, struct span item)
{
	grow(s);
	uint32_t *slot = find_slot(s, item);
	if (!*slot) {
		s->sums[s->n] = (struct session_sum){.item = item};
		*slot = (uint32_t)++s->n;
	}
	return &s->sums[*slot - 1];
}

void session_scores_exclude(struct session_scores *s, struct span item)
{
	sum_of(s, item)->out = true;
}

void session_scores_add(struct session_scores *s, const struct list *l, double amount)
{
	for (uint32_t i = 0; i < l->n; i++)
		if (l->allowed[i])
			sum_of(s, l->items[i])->sum += amount * l->scores[i];
}

void session_scores_best(struct session_scores *s, uint32_t most, struct list *l)
{
	size_t n = 0;
	list_clear(l);
	l->checked = true;
	s->best = memory_grow(s->best, &s->best_capacity, most < s->n ? most : s->n, sizeof *s->best);
	for (size_t i = 0; i < s->n; i++) {
		float score = (float)fmin(s->sums[i].sum, (double)FLT_MAX);
		if (score > 0 && !s->sums[i].out)
			best_offer(s->best, &n, most, (struct session_best){s->sums[i].item, score});
	}
	best_sort(s->best, n);
	for (size_t i = 0; i < n; i++)
		list_add(l, s->best[i].item, (double)s->best[i].score, true);
}

void session_scores_free(struct session_scores *s)
{
	free(s->sums);
	free(s->slots);
	free(s->best);
	*s = (struct session_scores){0};
}
