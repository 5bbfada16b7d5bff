#include "blend.h"

#include <math.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/memory.h"
#include "frame/measures.h"

struct blend blend_new(enum blend_method method, enum blend_scale scale, double rrf_k,
		       const double *weights, size_t streams, size_t k)
{
	return (struct blend){
		.method = method, .scale = scale, .rrf_k = rrf_k, .weights = weights, .streams = streams,
		.k = k, .items = strmap_new(),
	};
}

void blend_free(struct blend *b)
{
	strmap_free(b->items);
	free(b->score);
	free(b->seen_for);
	free(b->seen_in);
	free(b->best);
	free(b->numbers);
}

/* Numbers the items of a list. */
static void number_items(struct blend *b, const struct topn_list *list)
{
	b->lists++;
	b->numbers = memory_grow(b->numbers, &b->numbers_capacity, list->n, sizeof *b->numbers);
	strmap_add_many(b->items, list->items, list->n, b->numbers);
	size_t known = strmap_count(b->items), before = b->seen_in_capacity;
	b->score = memory_grow(b->score, &b->score_capacity, known, sizeof *b->score);
	b->seen_for = memory_grow(b->seen_for, &b->seen_for_capacity, known, sizeof *b->seen_for);
	b->seen_in = memory_grow(b->seen_in, &b->seen_in_capacity, known, sizeof *b->seen_in);
	for (size_t i = before; i < b->seen_in_capacity; i++)
		b->seen_for[i] = b->seen_in[i] = 0;
	for (uint32_t r = 0; r < list->n; r++) {
		if (b->seen_in[b->numbers[r]] == b->lists)
			die_item_twice(list, r);
		b->seen_in[b->numbers[r]] = b->lists;
	}
}

/* Adds the item to those of the user, if it is not among them. True: it was not. */
static bool take_item(struct blend *b, uint32_t item, double score)
{
	if (b->seen_for[item] == b->users)
		return false;
	b->seen_for[item] = b->users;
	b->score[item] = score;
	b->best = memory_grow(b->best, &b->capacity, b->n + 1, sizeof *b->best);
	b->best[b->n++].item = item;
	return true;
}

/* What a score of a list becomes: (score - low) / spread. The list's least is 0: an item that
 * the list does not have is as good as its last. */
struct scaling {
	double low, spread;
};

_Noreturn static void die_of_overflow(const struct topn_list *list)
{
	char user[QUOTED_SIZE];
	die(STATUS_DATA, "%s:%llu: the scores of user %s overflow", list->file, (unsigned long long)list->line,
	    quoted(list->user.at, list->user.n, user));
}

static struct scaling scaling_of(const struct blend *b, const struct topn_list *list)
{
	double low = INFINITY, high = -INFINITY, sum = 0, squares = 0;
	for (uint32_t i = 0; i < list->n; i++) {
		low = fmin(low, list->scores[i]);
		high = fmax(high, list->scores[i]);
		sum += list->scores[i];
	}
	struct scaling s = {low, high - low};
	if (b->scale == SCALE_NONE)
		s.spread = 1;
	if (b->scale == SCALE_Z && high > low) {
		double mean = sum / list->n;
		for (uint32_t i = 0; i < list->n; i++)
			squares += (list->scores[i] - mean) * (list->scores[i] - mean);
		s.spread = sqrt(squares / list->n);
	}
	if (list->n && !isfinite(s.low + s.spread))
		die_of_overflow(list);
	return s;
}

/* Where all scores of a list are equal, min-max gives 1, so that the list still says which
 * items it has; z gives 0. */
static double scaled(const struct blend *b, const struct scaling *s, double score)
{
	if (s->spread > 0)
		return (score - s->low) / s->spread;
	return b->scale == SCALE_MIN_MAX ? 1 : 0;
}

static void add_list(struct blend *b, const struct topn_list *list, double weight)
{
	struct scaling s = {0};
	number_items(b, list);
	if (b->method == BLEND_SCORE)
		s = scaling_of(b, list);
	for (uint32_t r = 0; r < list->n; r++) {
		double value = b->method == BLEND_RRF ? 1 / (b->rrf_k + r + 1)
			: scaled(b, &s, list->scores[r]);
		take_item(b, b->numbers[r], 0);
		b->score[b->numbers[r]] += weight * value;
		if (!isfinite(b->score[b->numbers[r]]))
			die_of_overflow(list);
	}
}

/* The streams take turns; who is on gives the first of its items that is not taken. */
static void take_turns(struct blend *b, const struct topn_list *const lists[])
{
	uint32_t **numbers = memory_zero(b->streams, sizeof *numbers);
	uint32_t *next = memory_zero(b->streams, sizeof *next);
	for (size_t i = 0; i < b->streams; i++) {
		if (!lists[i])
			continue;
		number_items(b, lists[i]);
		numbers[i] = memory_new(lists[i]->n, sizeof *numbers[i]);
		for (uint32_t r = 0; r < lists[i]->n; r++)
			numbers[i][r] = b->numbers[r];
	}
	for (bool more = true; more && b->n < b->k;) {
		more = false;
		for (size_t i = 0; i < b->streams && b->n < b->k; i++) {
			bool taken = false;
			while (lists[i] && next[i] < lists[i]->n && !taken)
				taken = take_item(b, numbers[i][next[i]++], 1 / ((double)b->n + 1));
			more |= taken;
		}
	}
	for (size_t i = 0; i < b->streams; i++)
		free(numbers[i]);
	free(numbers);
	free(next);
}

static int best_first(const void *x, const void *y, void *context)
{
	const struct blended *a = x, *b = y;
	const struct strmap *items = context;
	if (a->score > b->score || a->score < b->score)
		return a->score > b->score ? -1 : 1;
	return span_compare(strmap_key(items, a->item), strmap_key(items, b->item));
}

void blend_lists(struct blend *b, const struct topn_list *const lists[])
{
	b->n = 0;
	b->users++;
	if (b->method == BLEND_ROUND_ROBIN) {
		take_turns(b, lists);
	} else {
		for (size_t i = 0; i < b->streams; i++)
			if (lists[i] && b->weights[i] > 0)
				add_list(b, lists[i], b->weights[i]);
	}
	for (size_t i = 0; i < b->n; i++)
		b->best[i].score = b->score[b->best[i].item];
	if (b->method != BLEND_ROUND_ROBIN)
		qsort_r(b->best, b->n, sizeof *b->best, best_first, b->items);
	b->n = b->n < b->k ? b->n : b->k;
}
