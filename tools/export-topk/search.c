#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "data/unit.h"
#include "data/bucket.h"
#include "layout.h"

/* What comparing a score of the first pass with the threshold costs, in the unit of
 * tile.h. */
static const double COMPARE_COST = 2;

struct candidate {
	uint64_t key;        /* score downwards, then the order of the ids */
	uint32_t item;
	float score;
};

/* What is known of a user whose candidates are sought. */
struct asker {
	double norm;         /* of the vector */
	double rounded, lost; /* with bfloat16: the length of the rounded vector, and of what
			      * rounding took from it */
	double bias_size;
	bool flat;           /* whatever the item, the vectors add nothing to the score */
};

struct search {
	struct index *index;
	uint32_t k;
	struct bucket buckets[SEARCH_USERS + TILE_WIDTH_MAX];
	float thresholds[SEARCH_USERS + TILE_WIDTH_MAX]; /* for the chunk looked at */
	struct asker askers[SEARCH_USERS];
	uint64_t *excluded;  /* SEARCH_USERS bit sets of `words` words */
	size_t words;
	uint32_t *users;     /* interleaved tiles */
	struct candidate *found, *spare;
	size_t found_capacity, spare_capacity;
	double cost;         /* of all that was done, in counts */
	uint64_t flat;       /* users of that kind */
};

struct search *search_new(struct index *index, uint32_t k)
{
	struct search *s = memory_aligned(1, sizeof *s);
	s->index = index;
	s->k = k;
	s->words = (index->panel_count * PANEL + 63) / 64;
	s->excluded = memory_zero(SEARCH_USERS * s->words, sizeof *s->excluded);
	s->users = memory_aligned((size_t)(SEARCH_USERS + TILE_WIDTH_MAX) * index->items.stride,
				  sizeof *s->users);
	return s;
}

void search_free(struct search *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < SEARCH_USERS + TILE_WIDTH_MAX; i++) {
		free(s->buckets[i].score);
		free(s->buckets[i].most);
		free(s->buckets[i].at);
	}
	free(s->excluded);
	free(s->users);
	free(s->found);
	free(s->spare);
	free(s);
}

/* --- the users ------------------------------------------------------------------ */

static void mark_excluded(struct search *s, uint32_t user, const struct query *q, bool on)
{
	uint64_t *bits = s->excluded + user * s->words;
	for (uint32_t i = 0; i < q->excluded_n; i++) {
		uint32_t at = s->index->position[q->excluded[i]];
		uint64_t bit = UINT64_C(1) << (at % 64);
		bits[at / 64] = on ? bits[at / 64] | bit : 0;
	}
}

/* How far a score of a chunk may be off; in floats, of any chunk.
 *
 * A sum of n products in single precision, in any order, is off by at most n * 2^-24 of
 * the sum of their sizes (Higham 2002, section 3.1), and that sum is at most
 * |user| |item|; there is room for the biases, for the comparisons and for the last
 * rounding. Subnormal numbers are off by a part of the smallest one.
 *
 * With rounded vectors u' and v', u v - u' v' = u' (v - v') + (u - u') v, which is at
 * most |u'| |v - v'| + |u - u'| |v| (Cauchy-Schwarz): the lengths of what rounding
 * really took, about 0.4 of what it may take from each factor. bfloat16 instructions
 * take subnormal sums for 0. */
static float error_of(const struct index *x, const struct layout *l, const struct asker *a,
		      size_t chunk)
{
	double n = x->items.factor_count + 8;
	bool pairs = l->kernel->pairs;
	double norm = pairs ? x->chunk_norm[chunk] : x->norm;
	double bias = pairs ? x->chunk_bias[chunk] : x->bias_size;
	double error = n * 0x1.02p-24 * (a->norm * norm + bias + a->bias_size);
	if (pairs)
		error += 1.0001 * (a->rounded * l->residual[chunk] + a->lost * norm) +
			 2 * n * (double)FLT_MIN;
	else
		error += n * 0x1p-148;
	return nextafterf((float)error, INFINITY);
}

/* Half the smallest float: what is smaller is rounded to 0. */
static const double NOTHING = 0x1p-151;

static void start_user(struct search *s, const struct layout *l, uint32_t user,
		       const struct query *q)
{
	struct bucket *b = &s->buckets[user];
	const struct index *x = s->index;
	struct asker *a = &s->askers[user];
	*a = (struct asker){
		.norm = unit_length(q->factors, x->items.factor_count),
		.bias_size = fabs((double)q->bias),
	};
	double most = a->norm * x->norm;
	a->flat = most == 0 || (most < NOTHING && x->bias_size == 0 && q->bias == 0);
	if (!b->capacity)
		bucket_reserve(b, 4 * (size_t)s->k + 64);
	b->n = b->settled = b->checked = 0;
	b->by_chunk = l->kernel->pairs;
	b->count = l->kernel->count;
	b->wanted = s->k;
	b->threshold = -FLT_MAX;
	b->excluded = q->excluded_n ? s->excluded + user * s->words : NULL;
	mark_excluded(s, user, q, true);
}

/* The users of each tile as the kernel wants them. */
static void lay_out_users(struct search *s, const struct layout *l, const struct query *queries,
			  uint32_t n)
{
	unsigned width = l->kernel->width;
	uint32_t depth = l->panels.depth;
	size_t step = l->kernel->rows ? 1 : width;
	for (uint32_t user = 0; user < n || user % width; user++) {
		uint32_t *tile = s->users + user / width * (size_t)width * depth;
		uint32_t *to = tile + user % width * (l->kernel->rows ? depth : 1);
		if (user < n) {
			struct asker *a = &s->askers[user];
			a->lost = layout_vector(l, queries[user].factors, to, step, &a->rounded);
		} else {
			for (uint32_t w = 0; w < depth; w++)
				to[w * step] = 0;
		}
	}
}

/* --- the first pass ------------------------------------------------------------- */

/* The least score of the chunk that each user of the tile still asks for, above all
 * for an empty place. Can an item of this chunk or after it still reach one? */
static bool worth_looking(struct search *s, const struct layout *l, size_t chunk,
			  uint32_t first, uint32_t n)
{
	const struct index *x = s->index;
	bool worth = false;
	for (uint32_t user = first; user < first + l->kernel->width; user++) {
		struct bucket *b = &s->buckets[user];
		if (user >= n || s->askers[user].flat) {
			s->thresholds[user] = INFINITY;
			continue;
		}
		bucket_settle(b);
		b->error = error_of(x, l, &s->askers[user], chunk);
		s->thresholds[user] = bucket_low(b);
		double best = s->askers[user].norm * x->tail_norm[chunk] * (1 + 0x1p-40) +
			      x->tail_bias[chunk];
		worth |= best >= (double)s->thresholds[user];
	}
	return worth;
}

/* The cost of so many scores of the first pass. */
static double scan_cost(const struct index *x, const struct tile_kernel *kernel, double scores)
{
	return scores * (x->items.factor_count * kernel->cost + COMPARE_COST);
}

/* As many candidates as cost half of what floats would cost in all: bfloat16 is not for
 * these users. */
static bool is_flooded(const struct search *s, const struct layout *l, uint32_t first,
		       uint32_t end)
{
	const struct index *x = s->index;
	if (!x->single_kernel || l != &x->rough)
		return false;
	size_t n = 0;
	for (uint32_t user = first; user < end; user++)
		n += s->buckets[user].n;
	double usual = 4 * (double)s->k + 64;
	double most = scan_cost(x, x->single_kernel, (double)x->items.n) / 2 / l->kernel->candidate;
	return (double)n > (end - first) * fmax(most, usual);
}

static void scan_all(struct search *s, const struct layout *l, uint32_t n, bool *flooded)
{
	const struct index *x = s->index;
	unsigned width = l->kernel->width;
	double scores = 0;
	for (size_t chunk = 0; chunk < x->chunk_count; chunk++) {
		size_t from = x->chunk_first[chunk], to = x->chunk_first[chunk + 1];
		for (uint32_t user = 0; user < n; user += width) {
			uint32_t end = user + width < n ? user + width : n;
			if (flooded[user / width] || !worth_looking(s, l, chunk, user, n))
				continue;
			l->kernel->scan(&l->panels, from, to,
					s->users + (size_t)user * l->panels.depth,
					s->thresholds + user, s->buckets + user);
			scores += (double)((to - from) * PANEL * width);
			flooded[user / width] = is_flooded(s, l, user, end);
		}
	}
	s->cost += scan_cost(x, l->kernel, scores);
}

/* --- the answer ----------------------------------------------------------------- */

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

/* A candidate with its exact score. */
static inline struct candidate candidate_of(const struct index_items *items, const struct query *q,
					    uint32_t item, double dot)
{
	float score = (float)(dot + ((double)q->bias + (double)items->bias[item]));
	score += 0.0f; /* -0 ties with 0 */
	uint32_t down = ~((uint32_t)float_rank(score) ^ 0x80000000u);
	return (struct candidate){(uint64_t)down << 32 | items->order[item], item, score};
}

static void reserve_found(struct search *s, size_t n)
{
	s->found = memory_grow(s->found, &s->found_capacity, n, sizeof *s->found);
	s->spare = memory_grow(s->spare, &s->spare_capacity, n, sizeof *s->spare);
}

/* Sorts the n found and gives the best k. */
static uint32_t give_best(struct search *s, size_t n, struct hit *hits)
{
	const struct candidate *best = merge_sort(s->found, s->spare, n);
	uint32_t count = n < s->k ? (uint32_t)n : s->k;
	for (uint32_t i = 0; i < count; i++)
		hits[i] = (struct hit){best[i].item, best[i].score};
	return count;
}

/* The biases alone decide. Of the items of one bias the first k that are not excluded are
 * enough; of those after them, what rounds to the score of the k-th may yet precede it. */
static uint32_t finish_flat(struct search *s, uint32_t user, const struct query *q,
			    struct hit *hits)
{
	struct index *x = s->index;
	s->flat++;
	const struct bucket *b = &s->buckets[user];
	const struct by_bias *all = index_by_bias(x);
	size_t n = 0;
	for (uint32_t i = 0; i < x->items.n;) {
		float score = (float)((double)q->bias + (double)all[i].bias);
		if (n >= s->k && score < s->found[s->k - 1].score)
			break;
		size_t most = n + s->k;
		uint32_t end = all[i].end;
		for (; i < end && n < most; i++) {
			if (bucket_excludes(b, x->position[all[i].item]))
				continue;
			reserve_found(s, n + 1);
			s->found[n++] = candidate_of(&x->items, q, all[i].item, 0);
		}
		i = end;
	}
	return give_best(s, n, hits);
}

enum { AHEAD = 6 };

static inline void prefetch_row(const struct index_items *items, uint32_t item)
{
	const float *row = items->factors + (size_t)item * items->stride;
	for (uint32_t f = 0; f < items->stride; f += 16)
		__builtin_prefetch(row + f);
}

/* Scores the candidates again, exactly, and gives the best k. */
static uint32_t finish_user(struct search *s, const struct layout *l, uint32_t user,
			    const struct query *q, struct hit *hits)
{
	const struct index *x = s->index;
	const struct index_items *items = &x->items;
	struct bucket *b = &s->buckets[user];
	if (s->askers[user].flat)
		return finish_flat(s, user, q, hits);
	bucket_tighten(b);
	reserve_found(s, b->n);
	struct candidate *found = s->found;
	for (size_t i = 0; i < b->n; i++) {
		uint32_t item = x->item_at[b->at[i]];
		if (i + AHEAD < b->n)
			prefetch_row(items, x->item_at[b->at[i + AHEAD]]);
		double dot = l->kernel->dot(q->factors, items->factors +
					    (size_t)item * items->stride, items->stride);
		found[i] = candidate_of(items, q, item, dot);
	}
	s->cost += l->kernel->candidate * (double)b->n;
	return give_best(s, b->n, hits);
}

/* --- a batch of users ----------------------------------------------------------- */

/* Answers n queries with one first pass; those of flooded tiles are left out, their
 * numbers in `again`. Returns how many. */
static uint32_t run_batch(struct search *s, const struct layout *l, const struct query *queries,
			  uint32_t n, struct hit **hits, uint32_t **counts, uint32_t *again)
{
	bool flooded[SEARCH_USERS] = {false};
	uint32_t left = 0;
	for (uint32_t user = 0; user < n; user++)
		start_user(s, l, user, &queries[user]);
	lay_out_users(s, l, queries, n);
	scan_all(s, l, n, flooded);
	for (uint32_t user = 0; user < n; user++) {
		if (flooded[user / l->kernel->width]) {
			s->cost += l->kernel->candidate * (double)s->buckets[user].n;
			again[left++] = user;
		} else {
			*counts[user] = finish_user(s, l, user, &queries[user], hits[user]);
		}
		mark_excluded(s, user, &queries[user], false);
	}
	return left;
}

static void run_with(struct search *s, const struct layout *l, const struct query *queries,
		     uint32_t n, struct hit *hits, uint32_t *counts)
{
	struct query rest[SEARCH_USERS];
	struct hit *to[SEARCH_USERS];
	uint32_t *count[SEARCH_USERS], again[SEARCH_USERS];
	for (uint32_t user = 0; user < n; user++) {
		to[user] = hits + (size_t)user * s->k;
		count[user] = &counts[user];
	}
	uint32_t left = run_batch(s, l, queries, n, to, count, again);
	for (uint32_t i = 0; i < left; i++) {
		rest[i] = queries[again[i]];
		to[i] = hits + (size_t)again[i] * s->k;
		count[i] = &counts[again[i]];
	}
	if (left)
		run_batch(s, index_single(s->index), rest, left, to, count, again);
}

void search_run(struct search *s, const struct query *queries, uint32_t n,
		struct hit *hits, uint32_t *counts)
{
	struct index *x = s->index;
	run_with(s, x->is_single ? &x->single : &x->rough, queries, n, hits, counts);
}

uint64_t search_flat(const struct search *s)
{
	return s->flat;
}

/* The items that a pass in floats looks at before what is left is too short, for users
 * whose k-th best scores are known. */
static double scores_in_floats(const struct search *s, const struct query *queries,
			       const struct hit *hits, const uint32_t *counts, uint32_t n)
{
	const struct index *x = s->index;
	unsigned width = x->single_kernel->width;
	double scores = 0;
	for (uint32_t first = 0; first < n; first += width) {
		uint32_t end = first + width < n ? first + width : n;
		size_t chunk = 0;
		for (uint32_t user = first; user < end; user++) {
			const struct hit *last = hits + (size_t)user * s->k + s->k - 1;
			double low = counts[user] < s->k ? -INFINITY
				   : (double)last->score - (double)queries[user].bias;
			while (!s->askers[user].flat && chunk < x->chunk_count &&
			       s->askers[user].norm * x->tail_norm[chunk] + x->tail_bias[chunk] >= low)
				chunk++;
		}
		scores += (double)(x->chunk_first[chunk] * PANEL * width);
	}
	return scores;
}

void search_sample(struct search *s, const struct query *queries, uint32_t n)
{
	struct index *x = s->index;
	if (!x->single_kernel || !x->rough.kernel)
		return;
	struct hit *hits = memory_new((size_t)n * s->k, sizeof *hits);
	uint32_t counts[SEARCH_SAMPLE];
	double before = s->cost;
	uint64_t flat = s->flat;
	run_with(s, &x->rough, queries, n, hits, counts);
	x->cost_rough += s->cost - before;
	s->flat = flat;
	x->cost_single += scan_cost(x, x->single_kernel, scores_in_floats(s, queries, hits, counts, n));
	for (uint32_t user = 0; user < n; user++)
		x->cost_single += 1.1 * x->rough.kernel->candidate * counts[user];
	x->is_single = x->cost_single < x->cost_rough;
	if (x->is_single)
		index_single(x);
	free(hits);
}
