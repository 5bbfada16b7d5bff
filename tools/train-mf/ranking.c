#include "ranking.h"

#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "data/bucket.h"
#include "data/unit.h"

static inline bool is_worse(const struct found *a, const struct found *b)
{
	return a->score < b->score || (a->score == b->score && a->key > b->key);
}

#define TOPK_NAME found
#define TOPK_ENTRY struct found
#define TOPK_BEHIND is_worse
#include "data/topk-heap.h"

enum {
	CHUNK_WORDS = 1 << 16, /* of panels that all tiles see before the next: they stay cached */
};

/* A thread's own. */
struct desk {
	struct bucket buckets[RANKING_USERS + TILE_WIDTH_MAX];
	float thresholds[RANKING_USERS + TILE_WIDTH_MAX];
	uint64_t *excluded; /* RANKING_USERS bit sets of `words` words */
	uint32_t *users;    /* interleaved tiles */
};

struct ranking {
	const struct params *items;
	const uint32_t *key;
	uint32_t k;
	kernel_dot *dot;
	const struct tile_kernel *tile; /* NULL: item by item */
	struct panels panels;
	uint32_t *words_of_panels;
	float *biases;
	size_t panel_count, words;
	double norm, bias_size;         /* the largest of an item */
	struct desk *desks;
	size_t workers;
};

static void lay_out_items(struct ranking *r)
{
	const struct params *p = r->items;
	uint32_t depth = p->factors;
	r->panel_count = (p->n + PANEL - 1) / PANEL;
	float *at = memory_aligned(r->panel_count * depth * PANEL, sizeof *at);
	float *bias = memory_aligned(r->panel_count * PANEL, sizeof *bias);
	for (size_t i = 0; i < r->panel_count * PANEL; i++) {
		bias[i] = i < p->n ? *params_bias(p, i) : -INFINITY;
		for (uint32_t f = 0; i < p->n && f < depth; f++)
			at[(i / PANEL * depth + f) * PANEL + i % PANEL] = params_row(p, i)[f];
	}
	for (size_t i = 0; i < p->n; i++) {
		r->norm = fmax(r->norm, unit_length(params_row(p, i), p->stride));
		r->bias_size = fmax(r->bias_size, fabs((double)bias[i]));
	}
	r->words_of_panels = (uint32_t *)at;
	r->biases = bias;
	r->panels = (struct panels){r->words_of_panels, bias, depth};
}

struct ranking *ranking_new(const struct params *items, const uint32_t *key, uint32_t k,
			    enum kernel_choice kernel, size_t workers)
{
	struct ranking *r = memory_zero(1, sizeof *r);
	r->items = items;
	r->key = key;
	r->k = k;
	r->dot = kernel_dot_of(kernel);
	if (k > RANKING_K_MAX)
		return r;
	r->tile = tile_kernel_beside(kernel);
	lay_out_items(r);
	r->words = (r->panel_count * PANEL + 63) / 64;
	r->workers = workers;
	r->desks = memory_zero(workers, sizeof *r->desks);
	for (size_t w = 0; w < workers; w++) {
		struct desk *d = &r->desks[w];
		d->excluded = memory_zero(RANKING_USERS * r->words, sizeof *d->excluded);
		d->users = memory_aligned((size_t)(RANKING_USERS + TILE_WIDTH_MAX) * items->factors,
					  sizeof *d->users);
	}
	return r;
}

void ranking_free(struct ranking *r)
{
	for (size_t w = 0; w < r->workers; w++) {
		struct desk *d = &r->desks[w];
		for (size_t i = 0; i < RANKING_USERS + TILE_WIDTH_MAX; i++) {
			free(d->buckets[i].score);
			free(d->buckets[i].most);
			free(d->buckets[i].at);
		}
		free(d->excluded);
		free(d->users);
	}
	free(r->desks);
	free(r->words_of_panels);
	free(r->biases);
	free(r);
}

static inline float score_of(const struct ranking *r, const struct asker *a, uint32_t item)
{
	return r->dot(a->vector, params_row(r->items, item), r->items->stride) +
	       *params_bias(r->items, item);
}

static inline void offer(const struct ranking *r, struct found *heap, size_t *n, float score,
			 uint32_t item)
{
	if (*n < r->k || !(score < heap[0].score))
		found_offer(heap, n, r->k, (struct found){score, r->key[item], item});
}

/* Item by item. */
static uint32_t find_slowly(const struct ranking *r, const struct asker *a, struct found *heap)
{
	size_t n = 0;
	uint64_t seen = 0;
	for (uint32_t i = 0; i < r->items->n; i++) {
		if (seen < a->seen_count && a->seen[seen] == i)
			seen++;
		else
			offer(r, heap, &n, score_of(r, a, i), i);
	}
	found_sort(heap, n);
	return (uint32_t)n;
}

/* How far two sums of the same products in single precision, in any two orders, may be
 * apart (Higham 2002, section 3.1); with room for the biases and the last rounding. */
static float error_of(const struct ranking *r, const struct asker *a)
{
	double n = (double)r->items->stride + 8, length = unit_length(a->vector, r->items->stride);
	double error = 2 * n * 0x1.02p-24 * (length * r->norm + r->bias_size) + n * 0x1p-147;
	return nextafterf((float)error, INFINITY);
}

/* The user's factors in their tile; an empty bucket. */
static void start(const struct ranking *r, struct desk *d, uint32_t user, const struct asker *a)
{
	struct bucket *b = &d->buckets[user];
	uint32_t depth = r->items->factors, width = r->tile->width;
	float *to = (float *)d->users + user / width * (size_t)width * depth + user % width;
	for (uint32_t f = 0; f < depth; f++)
		to[f * width] = a ? a->vector[f] : 0;
	d->thresholds[user] = INFINITY;
	if (!a)
		return;
	if (!b->capacity)
		bucket_reserve(b, 4 * (size_t)r->k + 64);
	b->n = b->settled = b->checked = 0;
	b->by_chunk = false;
	b->count = r->tile->count;
	b->wanted = r->k;
	b->threshold = -FLT_MAX;
	b->error = error_of(r, a);
	b->excluded = a->seen_count ? d->excluded + user * r->words : NULL;
	if (isfinite(b->error))
		d->thresholds[user] = bucket_low(b);
}

static void mark(const struct ranking *r, struct desk *d, uint32_t user, const struct asker *a, bool on)
{
	uint64_t *bits = d->excluded + user * r->words;
	for (uint64_t i = 0; i < a->seen_count; i++) {
		uint64_t bit = UINT64_C(1) << (a->seen[i] % 64);
		bits[a->seen[i] / 64] = on ? bits[a->seen[i] / 64] | bit : 0;
	}
}

/* All panels past all tiles. */
static void scan(const struct ranking *r, struct desk *d, uint32_t n)
{
	uint32_t width = r->tile->width, depth = r->items->factors;
	size_t step = CHUNK_WORDS / ((size_t)depth * PANEL) + 1;
	for (size_t first = 0; first < r->panel_count; first += step) {
		size_t last = first + step < r->panel_count ? first + step : r->panel_count;
		for (uint32_t user = 0; user < n; user += width)
			r->tile->scan(&r->panels, first, last, d->users + (size_t)user * depth,
				      d->thresholds + user, d->buckets + user);
	}
}

/* What is left, as kernel_dot scores it. */
static uint32_t finish(const struct ranking *r, struct bucket *b, const struct asker *a,
		       struct found *heap)
{
	size_t n = 0;
	bucket_tighten(b);
	for (size_t i = 0; i < b->n; i++)
		offer(r, heap, &n, score_of(r, a, b->at[i]), b->at[i]);
	found_sort(heap, n);
	return (uint32_t)n;
}

void ranking_find(const struct ranking *r, size_t worker, const struct asker *askers, uint32_t n,
		  struct found *lists, uint32_t *counts)
{
	struct desk *d = r->tile ? &r->desks[worker] : NULL;
	for (uint32_t user = 0; d && (user < n || user % r->tile->width); user++) {
		if (user < n)
			mark(r, d, user, &askers[user], true);
		start(r, d, user, user < n ? &askers[user] : NULL);
	}
	if (d)
		scan(r, d, n);
	for (uint32_t user = 0; user < n; user++) {
		struct found *list = lists + (size_t)user * r->k;
		if (d && isfinite(d->buckets[user].error))
			counts[user] = finish(r, &d->buckets[user], &askers[user], list);
		else /* no bound of the error: numbers near the largest */
			counts[user] = find_slowly(r, &askers[user], list);
		if (d)
			mark(r, d, user, &askers[user], false);
	}
}
