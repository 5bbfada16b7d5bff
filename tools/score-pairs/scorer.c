#include "scorer.h"

#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "base/number.h"

static enum scored rounded(double sum, float *score)
{
	*score = (float)sum;
	return isfinite(*score) ? SCORED : SCORE_OVERFLOWS;
}

enum scored model_score(const struct model *m, struct span user, struct span item, float *score)
{
	const struct model_side *users = &m->side[MODEL_USER], *items = &m->side[MODEL_ITEM];
	uint32_t u = users->ids ? strmap_find(users->ids, user) : STRMAP_NONE;
	uint32_t i = items->ids ? strmap_find(items->ids, item) : STRMAP_NONE;
	if (u == STRMAP_NONE)
		return USER_UNKNOWN;
	if (i == STRMAP_NONE)
		return ITEM_UNKNOWN;
	const float *x = users->factors + (size_t)u * m->stride, *y = items->factors + (size_t)i * m->stride;
	double sum = (double)users->bias[u] + (double)items->bias[i];
	for (uint32_t f = 0; f < m->factors; f++)
		sum += (double)x[f] * (double)y[f];
	return rounded(sum, score);
}

/* ---- by neighbors ---- */

static int by_number(const void *a, const void *b)
{
	const struct neighbor *x = a, *y = b;
	return (x->item > y->item) - (x->item < y->item);
}

static int later_item_first(const void *a, const void *b)
{
	const struct past *x = a, *y = b;
	if (x->item != y->item)
		return x->item > y->item ? -1 : 1;
	return (x->amount < y->amount) - (x->amount > y->amount);
}

/* The rows of a user, the latest first; without times by item. */
static uint64_t take_user(struct histories *h, const struct history *history, uint32_t user,
			  const uint32_t *number, const struct aging *aging, uint64_t n)
{
	uint64_t to = history->start[user + 1], begin = n;
	uint64_t from = to - aging_used(aging, to - history->start[user]);
	double decayed = 1;
	for (uint64_t r = to; r-- > from;) {
		double amount = decayed * (history->weight ? (double)history->weight[r] : 1);
		decayed = aging_place(aging, decayed, to - r);
		if (number[history->item[r]] == STRMAP_NONE) {
			h->unknown++;
			continue;
		}
		if (aging->half_life_ms > 0)
			amount *= aging_left(aging, history->time[to - 1], history->time[r]);
		h->past[n++] = (struct past){number[history->item[r]], amount};
	}
	if (!aging_timed(aging))
		qsort(h->past + begin, n - begin, sizeof *h->past, later_item_first);
	return n;
}

struct histories histories_new(struct neighbors *neighbors, struct history *history,
			       const struct aging *aging, uint64_t seed)
{
	struct histories h = {.neighbors = neighbors, .users = history->user_ids};
	uint32_t *number = memory_new(history->items, sizeof *number);
	uint64_t n = 0;
	for (uint32_t i = 0; i < history->items; i++)
		number[i] = strmap_find(neighbors->ids, strmap_key(history->item_ids, i));
	for (uint32_t i = 0; i < neighbors->items; i++)
		qsort(neighbors->at + neighbors->start[i], neighbors->start[i + 1] - neighbors->start[i],
		      sizeof *neighbors->at, by_number);
	if (aging_timed(aging))
		history_sort(history, seed, 0);
	h.start = memory_new((size_t)history->users + 1, sizeof *h.start);
	h.past = memory_new(history_rows(history), sizeof *h.past);
	for (uint32_t u = 0; u < history->users; u++) {
		h.start[u] = n;
		n = take_user(&h, history, u, number, aging, n);
	}
	h.start[history->users] = n;
	history->user_ids = NULL;
	history_free(history);
	free(number);
	return h;
}

void histories_free(struct histories *h)
{
	neighbors_free(h->neighbors);
	strmap_free(h->users);
	free(h->start);
	free(h->past);
}

/* The weight from `item` to `to`; 0 when `to` is not among its neighbors. */
static double weight_of(const struct neighbors *n, uint32_t item, uint32_t to)
{
	uint64_t low = n->start[item], high = n->start[item + 1], end = high;
	while (low < high) {
		uint64_t middle = low + (high - low) / 2;
		if (n->at[middle].item < to)
			low = middle + 1;
		else
			high = middle;
	}
	return low < end && n->at[low].item == to ? (double)n->at[low].weight : 0;
}

enum scored history_score(const struct histories *h, struct span user, struct span item, float *score)
{
	uint32_t u = strmap_find(h->users, user), i = strmap_find(h->neighbors->ids, item);
	if (u == STRMAP_NONE || h->start[u] == h->start[u + 1])
		return USER_UNKNOWN;
	if (i == STRMAP_NONE)
		return ITEM_UNKNOWN;
	double sum = 0;
	for (uint64_t r = h->start[u]; r < h->start[u + 1]; r++)
		sum += h->past[r].amount * weight_of(h->neighbors, h->past[r].item, i);
	return rounded(sum, score);
}
