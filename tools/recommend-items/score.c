#include "score.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/compare.h"
#include "base/memory.h"
#include "data/bucket.h"
#include "data/radix.h"
#include "pick.h"

/* Keys of 64 bits: the more often a neighbor the smaller, ties by number. */
struct popularity popularity_of(struct neighbors *n)
{
	struct popularity p = {.neighbors = n};
	uint32_t *times = memory_zero(n->items, sizeof *times);
	uint64_t *keys = memory_new(n->items, sizeof *keys);
	for (uint64_t r = 0; r < neighbors_rows(n); r++)
		times[n->at[r].item]++;
	for (uint32_t i = 0; i < n->items; i++)
		keys[i] = (uint64_t)(UINT32_MAX - times[i]) << 32 | i;
	qsort(keys, n->items, sizeof *keys, compare_u64);
	p.place = memory_new(n->items, sizeof *p.place);
	p.number = memory_new(n->items, sizeof *p.number);
	p.ids = memory_new(n->items, sizeof *p.ids);
	for (uint32_t at = 0; at < n->items; at++) {
		p.number[at] = (uint32_t)keys[at];
		p.place[p.number[at]] = at;
		buffer_add_span(&p.text, strmap_key(n->ids, p.number[at]));
	}
	const char *text = p.text.data;
	for (uint32_t at = 0; at < n->items; at++) {
		size_t length = strmap_key(n->ids, p.number[at]).n;
		p.ids[p.number[at]] = (struct span){text, length};
		text += length;
	}
	for (uint64_t r = 0; r < neighbors_rows(n); r++) {
		p.largest = fmax(p.largest, fabs((double)n->at[r].weight));
		n->at[r].item = p.place[n->at[r].item];
	}
	free(times);
	free(keys);
	return p;
}

void popularity_free(struct popularity *p)
{
	free(p->place);
	free(p->number);
	free(p->ids);
	buffer_free(&p->text);
}

void scorer_init(struct scorer *s, const struct popularity *items, size_t k, enum kernel_choice kernel)
{
	enum { ROOM_MIN = 256, PADDING = 16 };
	uint32_t n = items->neighbors->items;
	*s = (struct scorer){.items = items, .k = k < n ? k : n, .runs = n / SCORE_RUN + 1};
	s->sums = memory_aligned(s->runs * SCORE_RUN, sizeof *s->sums);
	s->touched = memory_zero(s->runs, sizeof *s->touched);
	s->all = memory_new(s->runs, sizeof *s->all);
	for (size_t i = 0; i < s->runs; i++)
		s->all[i] = (uint32_t)i;
	s->some = memory_new(s->runs + 1, sizeof *s->some);
	s->most = memory_new(s->runs + PADDING, sizeof *s->most);
	s->room = 3 * s->k < ROOM_MIN ? ROOM_MIN : 3 * s->k;
	s->best = memory_new(2 * s->room, sizeof *s->best);
	s->pick = kernel == KERNEL_AVX512 ? pick_avx512 : kernel == KERNEL_AVX2 ? pick_avx2 : pick_portable;
}

void scorer_free(struct scorer *s)
{
	free(s->sums);
	free(s->touched);
	free(s->all);
	free(s->some);
	free(s->most);
	free(s->best);
	free(s->keys);
}

/* The later first; of equal times the greater hash, then the greater item and weight: rows
 * that are equal in all of it are the same. */
static int by_time(const void *a, const void *b)
{
	const struct past *x = a, *y = b;
	if (x->time != y->time)
		return x->time > y->time ? -1 : 1;
	if (x->tie != y->tie)
		return x->tie > y->tie ? -1 : 1;
	if (x->item != y->item)
		return x->item > y->item ? -1 : 1;
	return (x->weight < y->weight) - (x->weight > y->weight);
}

/* Most histories come in order, or the other way round. */
static void sort_rows(struct past *rows, size_t n)
{
	size_t falling = 1, rising = 1;
	while (falling < n && by_time(&rows[falling - 1], &rows[falling]) <= 0)
		falling++;
	while (rising < n && by_time(&rows[rising - 1], &rows[rising]) >= 0)
		rising++;
	if (falling >= n)
		return;
	if (rising < n) {
		qsort(rows, n, sizeof *rows, by_time);
		return;
	}
	for (size_t i = 0, j = n - 1; i < j; i++, j--) {
		struct past held = rows[i];
		rows[i] = rows[j];
		rows[j] = held;
	}
}

/* The same where times are not looked at: items and weights alone order the rows, in one key each. */
static void sort_untimed(struct scorer *s, struct past *rows, size_t n)
{
	static const uint32_t SIGN = UINT32_C(1) << 31;
	s->keys = memory_grow(s->keys, &s->keys_capacity, n, sizeof *s->keys);
	for (size_t i = 0; i < n; i++)
		s->keys[i] = ~((uint64_t)rows[i].item << 32 | ((uint32_t)float_rank(rows[i].weight) ^ SIGN));
	radix_sort(s->keys, NULL, n);
	for (size_t i = 0; i < n; i++)
		rows[i] = (struct past){.item = (uint32_t)(~s->keys[i] >> 32),
			.weight = rank_float((int32_t)((uint32_t)~s->keys[i] ^ SIGN))};
}

/* Adds amount * weight to each neighbor's sum, and fetches meanwhile the neighbors of the item
 * that comes after the next: they are far apart, and the processor would wait for them. */
static void add_neighbors(struct scorer *s, uint32_t item, double amount, uint32_t later)
{
	enum { LINE = 64, LINE_OF = LINE / sizeof(struct neighbor) };
	const struct neighbors *n = s->items->neighbors;
	const struct neighbor *at = n->at + n->start[item], *end = n->at + n->start[item + 1];
	const char *ahead = (const char *)(n->at + n->start[later]);
	double *sums = s->sums;
	if (!s->dense)
		for (const struct neighbor *x = at; x < end; x++)
			s->touched[x->item / SCORE_RUN] = 1;
	for (; at + LINE_OF <= end; at += LINE_OF, ahead += LINE) {
		__builtin_prefetch(ahead);
		for (size_t i = 0; i < LINE_OF; i++)
			sums[at[i].item] += amount * (double)at[i].weight;
	}
	for (; at < end; at++)
		sums[at->item] += amount * (double)at->weight;
}

/* Are sums so many that to look at all runs is less work than to note which have one? */
static bool is_dense(const struct scorer *s, const struct past *rows, size_t used)
{
	enum { SHARE = 16 };
	const uint64_t *start = s->items->neighbors->start;
	uint64_t sums = 0;
	for (size_t i = 0; i < used; i++)
		if (rows[i].item != STRMAP_NONE)
			sums += start[rows[i].item + 1] - start[rows[i].item];
	return sums >= s->runs * SCORE_RUN / SHARE;
}

void scorer_add(struct scorer *s, struct past *rows, size_t n, const struct aging *aging)
{
	enum { AHEAD = 2 };
	if (aging_timed(aging))
		sort_rows(rows, n);
	else
		sort_untimed(s, rows, n);
	size_t used = aging_used(aging, n);
	for (size_t i = 0; i < used; i++)
		if (rows[i].item != STRMAP_NONE) {
			__builtin_prefetch(&s->items->neighbors->start[rows[i].item]);
			__builtin_prefetch(&s->items->place[rows[i].item]);
		}
	double decayed = 1, bound = 0;
	s->dense = is_dense(s, rows, used);
	for (size_t i = 0; i < used; i++) {
		double amount = decayed * (double)rows[i].weight;
		decayed = aging_place(aging, decayed, i + 1);
		if (rows[i].item == STRMAP_NONE)
			continue;
		if (aging->half_life_ms > 0)
			amount *= aging_left(aging, rows[0].time, rows[i].time);
		bound += fabs(amount) * s->items->largest;
		bool more = i + AHEAD < used && rows[i + AHEAD].item != STRMAP_NONE;
		if (fabs(amount) > 0)
			add_neighbors(s, rows[i].item, amount, rows[i + (more ? AHEAD : 0)].item);
	}
	s->overflows = !(bound <= (double)FLT_MAX);
}

/* The runs that may have a sum. */
static void list_runs(struct scorer *s)
{
	s->listed = s->dense ? s->all : s->some;
	s->listed_n = s->dense ? s->runs : 0;
	if (s->dense)
		return;
	for (size_t i = 0; i < s->runs; i++) {
		s->some[s->listed_n] = (uint32_t)i;
		s->listed_n += s->touched[i];
	}
	memset(s->touched, 0, s->runs);
}

void scorer_pick(struct scorer *s)
{
	list_runs(s);
	s->pick(s);
	if (s->dense)
		memset(s->sums, 0, s->runs * SCORE_RUN * sizeof *s->sums);
	else
		for (size_t i = 0; i < s->listed_n; i++)
			memset(s->sums + (size_t)s->listed[i] * SCORE_RUN, 0, SCORE_RUN * sizeof *s->sums);
}
