#include "index.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "base/memory.h"
#include "tile.h"

enum { CHUNK_BYTES = 256 << 10 }; /* of panels: they stay in the second cache */

struct index {
	struct index_items items;
	const struct tile_kernel *kernel;
	uint32_t *item_at;   /* position in the panels -> item */
	uint32_t *position;  /* item -> position */
	struct panels panels;
	uint32_t *panel_words;
	float *panel_bias;
	size_t panel_count, chunk, chunk_count;
	double *tail_norm;   /* chunk -> the longest vector in it and behind it */
	double *tail_bias;   /* chunk -> the largest bias */
	double norm, bias;   /* the largest of all: |vector|, |bias| */
};

struct candidate {
	uint64_t key;        /* score downwards, then the order of the ids */
	uint32_t item;
	float score;
};

struct search {
	const struct index *index;
	uint32_t k;
	struct bucket buckets[SEARCH_USERS + TILE_WIDTH_MAX];
	float thresholds[SEARCH_USERS + TILE_WIDTH_MAX];
	double norms[SEARCH_USERS];
	uint64_t *excluded;  /* SEARCH_USERS bit sets of `words` words */
	size_t words;
	uint32_t *users;     /* interleaved tiles */
	struct candidate *found, *spare;
	size_t found_capacity, spare_capacity;
};

/* --- building ----------------------------------------------------------------- */

static double length_of(const float *v, size_t n)
{
	double sum = 0;
	for (size_t i = 0; i < n; i++)
		sum += (double)v[i] * (double)v[i];
	return sqrt(sum);
}

struct weighed {
	double weight, norm;
	uint32_t item;
};

static int heavier_first(const void *a, const void *b)
{
	const struct weighed *x = a, *y = b;
	if (x->weight != y->weight)
		return x->weight < y->weight ? 1 : -1;
	return (x->item > y->item) - (x->item < y->item);
}

/* Items by the best score they could give to a typical user. */
static struct weighed *weigh(const struct index_items *items, double user_norm)
{
	struct weighed *w = memory_new(items->n, sizeof *w);
	for (uint32_t i = 0; i < items->n; i++) {
		w[i].item = i;
		w[i].norm = length_of(items->factors + (size_t)i * items->stride,
				      items->factor_count);
		w[i].weight = w[i].norm * user_norm + (double)items->bias[i];
	}
	qsort(w, items->n, sizeof *w, heavier_first);
	return w;
}

static uint32_t float_word(float x)
{
	uint32_t bits;
	memcpy(&bits, &x, sizeof bits);
	return bits;
}

/* Rounded to the upper 16 bits, ties to even; for numbers far from overflow. */
static uint32_t bfloat16(float x)
{
	uint32_t bits = float_word(x);
	return (bits + 0x7fff + (bits >> 16 & 1)) >> 16;
}

/* Word `w` of a vector as the kernel wants it. The vector is padded with zeros. */
static uint32_t word_of(const struct tile_kernel *kernel, const float *v, uint32_t w)
{
	if (!kernel->pairs)
		return float_word(v[w]);
	return bfloat16(v[2 * w]) | bfloat16(v[2 * w + 1]) << 16;
}

static void fill_panels(struct index *x, const struct weighed *order)
{
	const struct index_items *items = &x->items;
	for (size_t at = 0; at < x->panel_count * PANEL; at++) {
		if (at >= items->n) {
			x->panel_bias[at] = -INFINITY;
			continue;
		}
		uint32_t item = order[at].item;
		const float *from = items->factors + (size_t)item * items->stride;
		uint32_t *to = x->panel_words + at / PANEL * PANEL * x->panels.depth + at % PANEL;
		for (uint32_t w = 0; w < x->panels.depth; w++)
			to[(size_t)w * PANEL] = word_of(x->kernel, from, w);
		x->panel_bias[at] = items->bias[item];
		x->item_at[at] = item;
		x->position[item] = (uint32_t)at;
	}
}

static void find_tails(struct index *x, const struct weighed *order)
{
	double norm = 0, bias = -DBL_MAX;
	for (size_t c = x->chunk_count; c-- > 0;) {
		size_t end = (c + 1) * x->chunk * PANEL;
		end = end < x->items.n ? end : x->items.n;
		for (size_t at = c * x->chunk * PANEL; at < end; at++) {
			double b = (double)x->items.bias[order[at].item];
			norm = fmax(norm, order[at].norm);
			bias = fmax(bias, b);
			x->bias = fmax(x->bias, fabs(b));
		}
		x->tail_norm[c] = norm;
		x->tail_bias[c] = bias;
	}
	x->norm = norm;
}

struct index *index_new(const struct index_items *items, double user_norm,
			enum tile_choice choice)
{
	struct index *x = memory_zero(1, sizeof *x);
	x->items = *items;
	struct weighed *order = weigh(items, user_norm);
	bool moderate = true;
	for (uint32_t i = 0; i < items->n; i++)
		moderate &= order[i].norm < INDEX_NORM_MAX;
	x->kernel = tile_kernel_of(choice, moderate);
	x->panels.depth = x->kernel->pairs ? (items->factor_count + 1) / 2 : items->factor_count;
	x->panel_count = ((size_t)items->n + PANEL - 1) / PANEL;
	size_t panel_bytes = (size_t)x->panels.depth * PANEL * sizeof *x->panel_words;
	x->chunk = panel_bytes < CHUNK_BYTES ? CHUNK_BYTES / panel_bytes : 1;
	x->chunk_count = (x->panel_count + x->chunk - 1) / x->chunk;
	x->item_at = memory_new(x->panel_count * PANEL, sizeof *x->item_at);
	x->position = memory_new(items->n, sizeof *x->position);
	x->panel_words = memory_aligned(x->panel_count, panel_bytes);
	x->panel_bias = memory_aligned(x->panel_count * PANEL, sizeof(float));
	x->tail_norm = memory_new(x->chunk_count, sizeof *x->tail_norm);
	x->tail_bias = memory_new(x->chunk_count, sizeof *x->tail_bias);
	fill_panels(x, order);
	find_tails(x, order);
	free(order);
	x->panels.at = x->panel_words;
	x->panels.bias = x->panel_bias;
	return x;
}

void index_free(struct index *x)
{
	if (!x)
		return;
	free(x->item_at);
	free(x->position);
	free(x->panel_words);
	free(x->panel_bias);
	free(x->tail_norm);
	free(x->tail_bias);
	free(x);
}

double index_bound(const struct index *x, double norm, double bias)
{
	return norm * x->norm + x->bias + fabs(bias);
}

/* --- buckets ------------------------------------------------------------------ */

static bool is_excluded(const struct bucket *b, uint32_t at)
{
	return b->excluded && (b->excluded[at / 64] >> (at % 64) & 1);
}

static void drop_excluded(struct bucket *b)
{
	if (!b->excluded) {
		b->checked = b->n;
		return;
	}
	size_t kept = b->checked;
	for (size_t i = b->checked; i < b->n; i++) {
		b->score[kept] = b->score[i];
		b->at[kept] = b->at[i];
		kept += !is_excluded(b, b->at[i]);
	}
	b->n = b->checked = kept;
}

static void drop_below(struct bucket *b, float low)
{
	size_t kept = 0;
	for (size_t i = 0; i < b->n; i++) {
		float score = b->score[i];
		b->score[kept] = score;
		b->at[kept] = b->at[i];
		kept += score >= low;
	}
	b->n = b->checked = kept;
}

/* Floats in their order as integers, and back. */
static int32_t float_rank(float x)
{
	int32_t bits;
	memcpy(&bits, &x, sizeof bits);
	return bits ^ (int32_t)((uint32_t)(bits >> 31) >> 1);
}

static float rank_float(int32_t rank)
{
	rank ^= (int32_t)((uint32_t)(rank >> 31) >> 1);
	float x;
	memcpy(&x, &rank, sizeof x);
	return x;
}

/* A value that at least `wanted` of the scores reach, and few more than that. */
static float low_mark(const struct bucket *b, tile_count *count)
{
	size_t enough = b->wanted + b->wanted / 16;
	float least = b->score[0], most = b->score[0];
	for (size_t i = 1; i < b->n; i++) {
		least = b->score[i] < least ? b->score[i] : least;
		most = b->score[i] > most ? b->score[i] : most;
	}
	int64_t low = float_rank(least), high = (int64_t)float_rank(most) + 1;
	while (high - low > 1) {
		int64_t middle = low + (high - low) / 2;
		size_t n = count(b->score, b->n, rank_float((int32_t)middle));
		if (n < b->wanted)
			high = middle;
		else
			low = middle;
		if (n >= b->wanted && n <= enough)
			break;
	}
	return rank_float((int32_t)low);
}

/* Drops what cannot be among the best k: at least k scores reach the mark, so
 * the k-th true score is at least mark - slack / 2, and what is below
 * mark - slack in single precision is truly below that. */
static void tighten(struct bucket *b)
{
	drop_excluded(b);
	if (b->n <= b->wanted)
		return;
	float low = low_mark(b, b->search->index->kernel->count) - b->slack;
	if (low > b->threshold)
		b->threshold = low;
	drop_below(b, b->threshold);
}

static void reserve(struct bucket *b, size_t capacity)
{
	b->score = memory_resize(b->score, capacity + 2 * PANEL, sizeof *b->score);
	b->at = memory_resize(b->at, capacity + 2 * PANEL, sizeof *b->at);
	b->capacity = capacity;
}

/* Equal scores in great number cannot be dropped: then the bucket grows. */
float bucket_shrink(struct bucket *b)
{
	tighten(b);
	if (b->n > b->capacity / 4 * 3)
		reserve(b, b->capacity * 2);
	return b->threshold;
}

/* --- searching ---------------------------------------------------------------- */

struct search *search_new(const struct index *index, uint32_t k)
{
	struct search *s = memory_aligned(1, sizeof *s);
	s->index = index;
	s->k = k;
	s->words = (index->panel_count * PANEL + 63) / 64;
	s->excluded = memory_zero(SEARCH_USERS * s->words, sizeof *s->excluded);
	s->users = memory_aligned((size_t)(SEARCH_USERS + TILE_WIDTH_MAX) * index->panels.depth,
				  sizeof *s->users);
	return s;
}

void search_free(struct search *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < SEARCH_USERS + TILE_WIDTH_MAX; i++) {
		free(s->buckets[i].score);
		free(s->buckets[i].at);
	}
	free(s->excluded);
	free(s->users);
	free(s->found);
	free(s->spare);
	free(s);
}

static void mark_excluded(struct search *s, uint32_t user, const struct query *q, bool on)
{
	uint64_t *bits = s->excluded + user * s->words;
	for (uint32_t i = 0; i < q->excluded_n; i++) {
		uint32_t at = s->index->position[q->excluded[i]];
		uint64_t bit = UINT64_C(1) << (at % 64);
		bits[at / 64] = on ? bits[at / 64] | bit : 0;
	}
}

/* A sum of n products in single precision, in any order, is off by at most
 * n * 2^-24 of the sum of their sizes (Higham 2002, section 3.1), and that sum is
 * at most |user| |item|. Products of bfloat16 are off by a share of their own, and
 * subnormal ones are taken for 0. All doubled, for both sides of a comparison, and
 * with room for the biases and the last rounding. */
static float slack_of(const struct index *x, double norm, double bias)
{
	double size = index_bound(x, norm, bias), n = x->items.factor_count + 8;
	double slack = n * 0x1.02p-23 * size;
	if (x->kernel->pairs)
		slack += 2.02 * (x->kernel->error * norm * x->norm +
				 n * (double)FLT_MIN * (norm + x->norm + 1));
	return (float)slack + FLT_MIN;
}

static void start_user(struct search *s, uint32_t user, const struct query *q)
{
	struct bucket *b = &s->buckets[user];
	const struct index *x = s->index;
	s->norms[user] = length_of(q->factors, x->items.factor_count);
	if (!b->capacity)
		reserve(b, 4 * (size_t)s->k + 64);
	b->n = b->checked = 0;
	b->wanted = s->k;
	b->threshold = -FLT_MAX;
	b->slack = slack_of(x, s->norms[user], (double)q->bias);
	b->search = s;
	b->excluded = q->excluded_n ? s->excluded + user * s->words : NULL;
	s->thresholds[user] = -FLT_MAX;
	mark_excluded(s, user, q, true);
}

/* The users of each tile as the kernel wants them; empty places get a threshold above
 * all. */
static void lay_out_users(struct search *s, const struct query *queries, uint32_t n)
{
	unsigned width = s->index->kernel->width;
	uint32_t depth = s->index->panels.depth;
	size_t step = s->index->kernel->rows ? 1 : width;
	for (uint32_t user = 0; user < n || user % width; user++) {
		uint32_t *tile = s->users + user / width * (size_t)width * depth;
		uint32_t *to = tile + user % width * (s->index->kernel->rows ? depth : 1);
		if (user >= n)
			s->thresholds[user] = INFINITY;
		for (uint32_t w = 0; w < depth; w++)
			to[w * step] = user >= n ? 0 :
				word_of(s->index->kernel, queries[user].factors, w);
	}
}

/* Can an item of this chunk or behind it still reach the tile's lists? */
static bool worth_looking(const struct search *s, size_t chunk, uint32_t first, uint32_t last)
{
	const struct index *x = s->index;
	for (uint32_t user = first; user < last; user++) {
		double best = s->norms[user] * x->tail_norm[chunk] * (1 + 0x1p-40) +
			      x->tail_bias[chunk];
		if (best >= (double)s->thresholds[user])
			return true;
	}
	return false;
}

static void scan_all(struct search *s, uint32_t n)
{
	const struct index *x = s->index;
	unsigned width = x->kernel->width;
	for (size_t chunk = 0; chunk < x->chunk_count; chunk++) {
		size_t first = chunk * x->chunk, last = first + x->chunk;
		last = last < x->panel_count ? last : x->panel_count;
		for (uint32_t user = 0; user < n; user += width) {
			uint32_t end = user + width < n ? user + width : n;
			if (worth_looking(s, chunk, user, end))
				x->kernel->scan(&x->panels, first, last,
						s->users + (size_t)user * x->panels.depth,
						s->thresholds + user, s->buckets + user);
		}
	}
}

/* Merges sorted runs of a and b pairwise until one is left; the result is in
 * the array that is returned. */
static struct candidate *merge_sort(struct candidate *a, struct candidate *b, size_t n)
{
	enum { RUN = 8 };
	for (size_t from = 0; from < n; from += RUN) {
		size_t end = from + RUN < n ? from + RUN : n;
		for (size_t i = from + 1; i < end; i++) {
			struct candidate c = a[i];
			size_t j = i;
			for (; j > from && a[j - 1].key > c.key; j--)
				a[j] = a[j - 1];
			a[j] = c;
		}
	}
	for (size_t run = RUN; run < n; run *= 2) {
		for (size_t from = 0; from < n; from += 2 * run) {
			size_t middle = from + run < n ? from + run : n;
			size_t end = middle + run < n ? middle + run : n;
			size_t i = from, j = middle, to = from;
			while (i < middle && j < end) {
				bool right = a[j].key < a[i].key;
				b[to++] = a[right ? j : i];
				j += right;
				i += !right;
			}
			memcpy(b + to, a + i, (middle - i) * sizeof *a);
			memcpy(b + to + middle - i, a + j, (end - j) * sizeof *a);
		}
		struct candidate *t = a;
		a = b;
		b = t;
	}
	return a;
}

enum { AHEAD = 6 };

static inline void prefetch_row(const struct index_items *items, uint32_t item)
{
	const float *row = items->factors + (size_t)item * items->stride;
	for (uint32_t f = 0; f < items->stride; f += 16)
		__builtin_prefetch(row + f);
}

/* Scores the candidates again, exactly, and gives the best k. */
static uint32_t finish_user(struct search *s, uint32_t user, const struct query *q,
			    struct hit *hits)
{
	const struct index_items *items = &s->index->items;
	struct bucket *b = &s->buckets[user];
	b->threshold = s->thresholds[user];
	tighten(b);
	s->found = memory_grow(s->found, &s->found_capacity, b->n, sizeof *s->found);
	s->spare = memory_grow(s->spare, &s->spare_capacity, b->n, sizeof *s->spare);
	for (size_t i = 0; i < b->n; i++) {
		uint32_t item = s->index->item_at[b->at[i]];
		if (i + AHEAD < b->n)
			prefetch_row(items, s->index->item_at[b->at[i + AHEAD]]);
		double sum = s->index->kernel->dot(q->factors, items->factors +
						   (size_t)item * items->stride, items->stride);
		float score = (float)(sum + ((double)q->bias + (double)items->bias[item]));
		score += 0.0f; /* -0 ties with 0 */
		uint32_t down = ~((uint32_t)float_rank(score) ^ 0x80000000u);
		s->found[i] = (struct candidate){
			(uint64_t)down << 32 | items->order[item], item, score,
		};
	}
	const struct candidate *best = merge_sort(s->found, s->spare, b->n);
	uint32_t n = b->n < s->k ? (uint32_t)b->n : s->k;
	for (uint32_t i = 0; i < n; i++)
		hits[i] = (struct hit){best[i].item, best[i].score};
	return n;
}

void search_run(struct search *s, const struct query *queries, uint32_t n,
		struct hit *hits, uint32_t *counts)
{
	for (uint32_t user = 0; user < n; user++)
		start_user(s, user, &queries[user]);
	lay_out_users(s, queries, n);
	scan_all(s, n);
	for (uint32_t user = 0; user < n; user++) {
		counts[user] = finish_user(s, user, &queries[user], hits + (size_t)user * s->k);
		mark_excluded(s, user, &queries[user], false);
	}
}
