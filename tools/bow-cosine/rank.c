#include "rank.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

static int by_number(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	return (x > y) - (x < y);
}

/* The sum of the vectors: the cosine does not know a mean from it, and sums of
 * whole numbers are exact. Returns its squared length. */
static double make_profile(struct ranker *r, const struct catalog *c, const struct bags *texts,
			   const uint32_t *liked, size_t n, bool unit)
{
	for (size_t i = 0; i < r->n_touched; i++)
		r->profile[r->touched[i]] = 0;
	r->n_touched = 0;
	for (size_t l = 0; l < n; l++) {
		uint32_t d = liked[l];
		double square = 0;
		for (uint64_t i = texts->start[d]; unit && i < texts->start[d + 1]; i++) {
			double x = catalog_weight(c, texts->term[i], texts->count[i],
						    texts->length[d]);
			square += x * x;
		}
		double scale = unit && square > 0 ? 1 / sqrt(square) : 1;
		for (uint64_t i = texts->start[d]; i < texts->start[d + 1]; i++) {
			uint32_t t = texts->term[i];
			if (!(r->profile[t] > 0))
				r->touched[r->n_touched++] = t;
			r->profile[t] += scale *
				catalog_weight(c, t, texts->count[i], texts->length[d]);
		}
	}
	qsort(r->touched, r->n_touched, sizeof *r->touched, by_number);
	double square = 0;
	for (size_t i = 0; i < r->n_touched; i++)
		square += r->profile[r->touched[i]] * r->profile[r->touched[i]];
	return square;
}

/* The texts of a list differ, so four sums can be under way at once. */
static void add_same(float *sum, const uint32_t *text, size_t n, float p)
{
	size_t i = 0;
	for (; i + 4 <= n; i += 4) {
		float *a = sum + text[i], *b = sum + text[i + 1];
		float *c = sum + text[i + 2], *d = sum + text[i + 3];
		float x = *a + p, y = *b + p, z = *c + p, w = *d + p;
		*a = x;
		*b = y;
		*c = z;
		*d = w;
	}
	for (; i < n; i++)
		sum[text[i]] += p;
}

static void add_up(struct ranker *r, const struct catalog *c)
{
	float *sum = r->sum;
	for (size_t i = 0; i < r->n_touched; i++) {
		uint32_t t = r->touched[i];
		if (t >= c->terms)
			break; /* ascending: the rest is in no text either */
		float p = (float)r->profile[t];
		uint64_t from = c->start[t], to = c->start[t + 1];
		if (!c->weight)
			add_same(sum, c->text + from, (size_t)(to - from), p);
		else
			for (uint64_t j = from; j < to; j++)
				sum[c->text[j]] += p * c->weight[j];
	}
}

static double exact_dot(const struct ranker *r, const struct catalog *c, uint32_t d)
{
	const struct bags *b = &c->bags;
	double dot = 0;
	for (uint64_t i = b->start[d]; i < b->start[d + 1]; i++)
		if (r->profile[b->term[i]] > 0)
			dot += r->profile[b->term[i]] *
				catalog_weight(c, b->term[i], b->count[i], b->length[d]);
	return dot;
}

/* Texts are looked at LANES * 8 at a time; the arrays have room for a whole last step. */
enum { LANES = 4, STEP = 8 * LANES };
typedef float floats __attribute__((vector_size(4 * LANES)));
typedef int32_t masks __attribute__((vector_size(4 * LANES)));

/* Is one of STEP products above the bound? */
static inline bool any_above(const float *value, const float *scale, float bound)
{
	floats limit = (floats){0} + bound;
	masks any = {0};
	for (int i = 0; i < STEP; i += LANES) {
		floats x, y;
		memcpy(&x, value + i, sizeof x);
		memcpy(&y, scale + i, sizeof y);
		any |= (masks)(x * y > limit);
	}
	uint64_t word[2];
	memcpy(word, &any, sizeof any);
	return word[0] | word[1];
}

#define TOPK_NAME largest
#define TOPK_ENTRY float
#define TOPK_BEHIND(a, b) (*(a) < *(b))
#include "data/topk-heap.h"

/* The k largest so far. */
struct heap {
	float *at;
	size_t n, k;
};

/* What is a little below the k-th best may be one of the best when it is computed
 * exactly: the sums are right to one part in 10^5 or so. */
static float bound_of(const struct heap *h)
{
	return h->n == h->k ? h->at[0] * (1 - 1e-4f) : 0;
}

/* The texts whose rough score comes near the k-th best or above it: into r->found,
 * the rough score with each. */
static void find_near(struct ranker *r, uint32_t docs, size_t k)
{
	struct heap heap = {r->heap, 0, k};
	size_t n = 0;
	r->n = 0;
	for (uint32_t from = 0; from < docs; from += STEP) {
		if (!any_above(r->sum + from, r->scale + from, bound_of(&heap)))
			continue;
		for (uint32_t d = from; d < from + STEP; d++) {
			float x = r->sum[d] * r->scale[d];
			if (!(x > bound_of(&heap)))
				continue;
			r->found = memory_grow(r->found, &r->capacity, r->n + 1, sizeof *r->found);
			r->found[r->n++] = (struct ranked){(double)x, d};
			largest_offer(heap.at, &heap.n, k, x);
		}
	}
	for (size_t i = 0; i < r->n; i++)
		if (r->found[i].score > (double)bound_of(&heap))
			r->found[n++] = r->found[i];
	r->n = n;
}

/* qsort has no room for a context: the items' ids are looked up by a worker's own pointer. */
static _Thread_local const struct strmap *sort_items;

/* Scores that agree in twelve digits are a tie: the same words in another order give
 * sums that differ in the last bit. */
static int by_score(const void *a, const void *b)
{
	const struct ranked *x = a, *y = b;
	double one = rint(x->score * 1e12), other = rint(y->score * 1e12);
	if (one < other || one > other)
		return one > other ? -1 : 1;
	return span_compare(strmap_key(sort_items, x->text), strmap_key(sort_items, y->text));
}

void rank_texts(struct ranker *r, const struct catalog *c, const struct bags *texts,
		const uint32_t *liked, size_t n, bool unit, const uint32_t *skip, size_t n_skip,
		uint32_t terms, size_t k)
{
	uint32_t docs = c->bags.n;
	if (!r->sum) {
		r->sum = memory_aligned((size_t)docs + STEP, sizeof *r->sum);
		r->scale = memory_aligned((size_t)docs + STEP, sizeof *r->scale);
		for (uint32_t d = 0; d < docs; d++)
			r->scale[d] = c->square[d] > 0 ? (float)(1 / sqrt(c->square[d])) : 0;
		r->heap = memory_new(k + 1, sizeof *r->heap);
		r->profile = memory_zero((size_t)terms + 1, sizeof *r->profile);
		r->touched = memory_new((size_t)terms + 1, sizeof *r->touched);
	}
	double square = make_profile(r, c, texts, liked, n, unit);
	memset(r->sum, 0, ((size_t)docs + 1) * sizeof *r->sum);
	add_up(r, c);
	for (size_t i = 0; i < n_skip; i++)
		r->sum[skip[i]] = 0;
	find_near(r, docs, k);
	for (size_t i = 0; i < r->n; i++) {
		uint32_t d = r->found[i].text;
		double score = exact_dot(r, c, d) / sqrt(square * c->square[d]);
		r->found[i].score = score < 1 ? score : 1;
	}
	sort_items = c->items;
	if (r->n > 1)
		qsort(r->found, r->n, sizeof *r->found, by_score);
	r->n = r->n < k ? r->n : k;
}

static _Thread_local const struct strmap *sort_terms;

static int by_share(const void *a, const void *b)
{
	const struct share *x = a, *y = b;
	if (x->share < y->share || x->share > y->share)
		return x->share > y->share ? -1 : 1;
	return span_compare(strmap_key(sort_terms, x->term), strmap_key(sort_terms, y->term));
}

size_t rank_explain(const struct ranker *r, const struct catalog *c, uint32_t text,
		    const struct strmap *terms, struct share *shares)
{
	const struct bags *b = &c->bags;
	double dot = exact_dot(r, c, text);
	size_t n = 0;
	for (uint64_t i = b->start[text]; i < b->start[text + 1]; i++) {
		uint32_t t = b->term[i];
		if (!(r->profile[t] > 0))
			continue;
		double x = r->profile[t] * catalog_weight(c, t, b->count[i], b->length[text]);
		shares[n++] = (struct share){x / dot, t};
	}
	sort_terms = terms;
	if (n > 1)
		qsort(shares, n, sizeof *shares, by_share);
	return n;
}

void ranker_free(struct ranker *r)
{
	free(r->profile);
	free(r->touched);
	free(r->sum);
	free(r->scale);
	free(r->heap);
	free(r->found);
}
