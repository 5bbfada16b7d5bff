/* next.c - items that follow an item: b counts for a when it comes within --window rows after
 * a in the same session.
 *
 * All rows lie in one sequence, user by user. The row of an item is counted by looking at
 * the window after each of its places in it.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/compare.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/number.h"
#include "data/csr.h"
#include "frame/options.h"
#include "counts.h"
#include "following.h"

static size_t row_following(const struct counts *c, uint32_t item, struct scratch *s)
{
	enum { AHEAD = 12 };
	const struct following *f = c->source;
	const uint32_t *place = f->place + f->start[item], *end = f->place + f->start[item + 1];
	scratch_prepare(s, c, sizeof(struct sums));
	struct sums *counter = s->counters;
	size_t touched = 0, self = f->place_of[item];
	for (; place < end; place++) {
		if (place + AHEAD < end) {
			__builtin_prefetch(&f->sequence[place[AHEAD]]);
			__builtin_prefetch(&f->sequence[place[AHEAD]] + 64 / sizeof(uint32_t));
		}
		const uint32_t *at = f->sequence + *place;
		for (uint32_t gap = 1; gap <= f->window && !(*at & FOLLOWING_LAST); gap++) {
			uint32_t other = *++at & ~FOLLOWING_LAST;
			if (other == self)
				continue;
			uint64_t weight = f->weight ? f->weight[at - f->sequence] : 1 << FOLLOWING_ROW_BITS;
			s->touched[touched] = other;
			touched += counter[other].count++ == 0;
			counter[other].sum += weight * f->gap[gap];
		}
	}
	for (size_t i = 0; i < touched; i++) {
		struct sums *at = &counter[s->touched[i]];
		s->tallies[i] = (struct tally){*at, f->order[s->touched[i]]};
		*at = (struct sums){0};
	}
	return touched;
}

static void free_following(void *source)
{
	struct following *f = source;
	free(f->sequence);
	free(f->weight);
	free(f->start);
	free(f->place);
	free(f->gap);
	free(f->order);
	free(f->place_of);
	free(f);
}

/* ---- sessions ---- */

/* Puts a user's rows of an array, if there is one, into the order of the keys. */
static void put_in_order(void *rows, size_t size, const uint64_t *key, uint64_t from, size_t n)
{
	if (!rows)
		return;
	char *at = (char *)rows + from * size, *copy = memory_new(n, size);
	for (size_t i = 0; i < n; i++)
		memcpy(copy + i * size, at + (uint32_t)key[i] * size, size);
	memcpy(at, copy, n * size);
	free(copy);
}

/* Each user's rows by session, those of a session still in the order of time. Which session
 * comes first does not matter, as nothing follows across sessions. */
static void group_sessions(struct history *h)
{
	uint64_t *key = NULL;
	size_t capacity = 0;
	for (uint32_t u = 0; u < h->users; u++) {
		uint64_t from = h->start[u];
		size_t n = (size_t)(h->start[u + 1] - from);
		key = memory_grow(key, &capacity, n + 1, sizeof *key);
		for (size_t i = 0; i < n; i++)
			key[i] = (uint64_t)h->session[from + i] << 32 | i;
		qsort(key, n, sizeof *key, compare_u64);
		put_in_order(h->item, sizeof *h->item, key, from, n);
		put_in_order(h->time, sizeof *h->time, key, from, n);
		put_in_order(h->weight, sizeof *h->weight, key, from, n);
		put_in_order(h->session, sizeof *h->session, key, from, n);
	}
	free(key);
}

/* Marks the last row of each session. */
static void mark_sessions(const struct history *h, double gap_s, uint32_t *sequence)
{
	for (uint32_t u = 0; u < h->users; u++) {
		for (uint64_t i = h->start[u]; i < h->start[u + 1]; i++) {
			bool last = i + 1 == h->start[u + 1];
			if (!last && h->session)
				last = h->session[i] != h->session[i + 1];
			if (!last && option_given("session-gap"))
				last = (double)((uint64_t)h->time[i + 1] - (uint64_t)h->time[i]) > gap_s * 1000;
			sequence[i] = last ? FOLLOWING_LAST : 0;
		}
	}
}

/* ---- weights of rows ---- */

/* The weight of each row: what its column says, which is below FOLLOWING_WEIGHT_LIMIT, halved for
 * every half-life of its age. NULL when all are 1. */
static uint32_t *weigh_rows(const struct options *o, const struct history *h, int64_t now)
{
	uint64_t n = history_rows(h);
	bool decays = option_given("half-life");
	if (!h->weight && !decays)
		return NULL;
	uint32_t *weight = memory_new((size_t)n + 1, sizeof *weight);
	for (uint64_t i = 0; i < n; i++) {
		double w = h->weight ? (double)h->weight[i] : 1;
		double age_ms = decays && h->time[i] < now ? (double)now - (double)h->time[i] : 0;
		if (decays)
			w *= exp2(-age_ms / (o->half_life_s * 1000));
		weight[i] = (uint32_t)llround(w * (1 << FOLLOWING_ROW_BITS));
	}
	return weight;
}

/* No sum can be above what all rows come to in every place of a window. */
static void check_sums(const struct counts *c, const struct following *f)
{
	uint64_t rows = 0, gaps = 0, most;
	for (uint32_t i = 0; i < c->items; i++)
		rows = counts_add(rows, c->item[i].sum);
	for (uint32_t gap = 1; gap <= f->window; gap++)
		gaps += f->gap[gap];
	if (__builtin_mul_overflow(rows, gaps, &most))
		counts_add(UINT64_MAX, 1);
}

/* A time or duration that was not given is -1. */
static char *settings_of(const struct options *o, int64_t now)
{
	return memory_format("next max-history=%lld window=%lld gap-exponent=%.17g session-gap=%.17g "
			     "half-life=%.17g now=%lld weight=%d session=%d", (long long)o->max_history,
			     (long long)o->window, o->gap_exponent,
			     option_given("session-gap") ? o->session_gap_s : -1.0,
			     option_given("half-life") ? o->half_life_s : -1.0,
			     option_given("half-life") ? (long long)now : -1, o->weight != NULL,
			     o->session != NULL);
}

static uint32_t gap_weight(const struct options *o, uint32_t gap)
{
	double weight = o->decay > 0 ? pow(o->decay, gap - 1.0) : pow(gap, -o->gap_exponent);
	return (uint32_t)llround(weight * (1 << FOLLOWING_GAP_BITS));
}

struct counts *count_following(const struct options *o, struct history *h)
{
	struct counts *c = memory_zero(1, sizeof *c);
	struct following *f = memory_zero(1, sizeof *f);
	int64_t now = o->now ? o->now_ms : h->newest_ms;
	uint64_t dropped;
	if (h->items >= FOLLOWING_LAST)
		die(STATUS_FAILED, "more than %u items", FOLLOWING_LAST - 1);
	history_sort(h, o->common.seed, 1);
	uint32_t cut = o->max_history ? history_cut(h, (uint64_t)o->max_history, &dropped) : 0;
	if (cut)
		warn("%u of %u users have more than %lld rows: %llu rows are left out, the oldest "
		     "(--max-history)", cut, h->users, (long long)o->max_history, (unsigned long long)dropped);
	if (h->session)
		group_sessions(h);
	uint64_t n = history_rows(h);
	*f = (struct following){.sequence = memory_new((size_t)n + 1, sizeof *f->sequence),
		.weight = weigh_rows(o, h, now), .window = (uint32_t)o->window, .start = csr_new(h->items),
		.place = memory_new((size_t)n + 1, sizeof *f->place),
		.gap = memory_new((size_t)o->window + 1, sizeof *f->gap)};
	mark_sessions(h, o->session_gap_s, f->sequence);
	for (uint32_t gap = 1; gap <= f->window; gap++)
		f->gap[gap] = gap_weight(o, gap);
	*c = (struct counts){.method = METHOD_NEXT, .item_ids = h->item_ids, .items = h->items,
		.users = h->users, .rows = n, .parts = 1, .source = f, .settings = settings_of(o, now),
		.item = memory_zero((size_t)h->items + 1, sizeof *c->item),
		.row = row_following, .free_source = free_following};
	h->item_ids = NULL;
	for (uint64_t i = 0; i < n; i++) {
		struct sums *item = &c->item[h->item[i]];
		item->count++;
		item->sum += f->weight ? f->weight[i] : 1 << FOLLOWING_ROW_BITS;
		csr_count(f->start, h->item[i]);
	}
	csr_sum(f->start, h->items);
	for (uint64_t i = 0; i < n; i++)
		f->place[csr_place(f->start, h->item[i])] = (uint32_t)i;
	f->order = counts_by_frequency(c->item, h->items, &f->place_of);
	for (uint64_t i = 0; i < n; i++)
		f->sequence[i] = f->place_of[h->item[i]] | (f->sequence[i] & FOLLOWING_LAST);
	history_free(h);
	check_sums(c, f);
	return c;
}

/* Rows so old that their weights came to 0 count as little as can be, so that nothing is
 * divided by 0. */
static double weight_of_rows(const struct sums *item)
{
	return (double)(item->sum ? item->sum : 1) / (1 << FOLLOWING_ROW_BITS);
}

/* What the neighbor's popularity multiplies a weight by. */
void prepare_following(const struct options *o, struct counts *c)
{
	c->factor = memory_new((size_t)c->items + 1, sizeof *c->factor);
	for (uint32_t i = 0; i < c->items; i++)
		c->factor[i] = pow(weight_of_rows(&c->item[i]), -o->popularity_exponent);
}

void weigh_following(const struct options *o, const struct counts *c, uint32_t item,
		     const struct tally *t, size_t n, float *weights)
{
	double shrink = option_given("shrink") ? o->shrink : 10;
	double unit = (double)(UINT64_C(1) << (FOLLOWING_ROW_BITS + FOLLOWING_GAP_BITS));
	double scale = 1 / (unit * (weight_of_rows(&c->item[item]) + shrink));
	for (size_t i = 0; i < n; i++)
		weights[i] = (float)((double)t[i].sums.sum * scale * c->factor[t[i].item]);
}
