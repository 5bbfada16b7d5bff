#include "neighbors.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/memory.h"
#include "data/csr.h"

double measure_distance(enum measure m, uint32_t a, uint32_t b, uint32_t c)
{
	double smaller = a < b ? a : b, either = (double)a + b - c;
	switch (m) {
	case MEASURE_JACCARD:
		return (either - c) / either;
	case MEASURE_OVERLAP:
		return (smaller - c) / smaller;
	case MEASURE_COSINE:
		break;
	}
	return 1 - sqrt((double)c * c / ((double)a * b));
}

/* ---- the best k, or all ---- */

static bool nearer(const struct neighbor *a, const struct neighbor *b)
{
	return a->distance < b->distance || (a->distance <= b->distance && a->user < b->user);
}

static int by_distance(const void *a, const void *b)
{
	return nearer(a, b) ? -1 : nearer(b, a);
}

#define TOPK_NAME nearest
#define TOPK_ENTRY struct neighbor
#define TOPK_BEHIND(a, b) nearer(b, a)
#include "data/topk-heap.h"

/* Takes a neighbor in; returns the distance beyond which no more are wanted. */
static double take(struct finder *f, const struct wanted *w, struct neighbor new)
{
	if (w->k == 0 || f->n < w->k)
		f->found = memory_grow(f->found, &f->capacity, f->n + 1, sizeof *f->found);
	if (w->k)
		nearest_offer(f->found, &f->n, w->k, new);
	else
		f->found[f->n++] = new;
	return w->k && f->n == w->k ? f->found[0].distance : w->max_distance;
}

/* The least number of shared items with which a set of `b` items can be within
 * `distance` of one of `a`; never too high, at least 1. */
static double least_shared(enum measure m, double a, double b, double distance)
{
	double t = 1 - distance, c;
	if (m == MEASURE_JACCARD)
		c = t * (a + b) / (1 + t);
	else if (m == MEASURE_OVERLAP)
		c = t * (a < b ? a : b);
	else
		c = t * sqrt(a * b);
	c = ceil(c * (1 - 1e-9) - 1e-9);
	return c > 1 ? c : 1;
}

/* ---- the inverted index ---- */

enum { BLOCK = 1 << 18, CHUNK = 64 };

struct index {
	uint32_t n;         /* users with a set that is not empty */
	uint32_t blocks, items;
	uint32_t *user;     /* number -> user */
	uint32_t *size;     /* number -> items of its set, ascending */
	uint64_t *start;    /* blocks * items + 1: block-major */
	uint32_t *posting;  /* numbers inside the block */
};

struct index *index_new(const struct sets *s)
{
	struct index *x = memory_zero(1, sizeof *x);
	uint32_t largest = 0;
	for (uint32_t u = 0; u < s->users; u++)
		largest = sets_size(s, u) > largest ? sets_size(s, u) : largest;
	uint64_t *of_size = csr_new((size_t)largest + 1);
	for (uint32_t u = 0; u < s->users; u++)
		csr_add(of_size, sets_size(s, u), sets_size(s, u) > 0);
	x->n = (uint32_t)csr_sum(of_size, (size_t)largest + 1);
	x->user = memory_new((size_t)x->n + 1, sizeof *x->user);
	x->size = memory_zero((size_t)x->n + CHUNK, sizeof *x->size);
	for (uint32_t u = 0; u < s->users; u++)
		if (sets_size(s, u))
			x->user[csr_place(of_size, sets_size(s, u))] = u;
	free(of_size);
	x->blocks = (x->n + BLOCK - 1) / BLOCK;
	x->items = s->items;
	uint64_t lists = (uint64_t)x->blocks * x->items, entries = 0;
	x->start = csr_new((size_t)lists);
	for (uint32_t i = 0; i < x->n; i++) {
		uint64_t block = i / BLOCK;
		x->size[i] = sets_size(s, x->user[i]);
		entries += x->size[i];
		for (uint64_t r = s->start[x->user[i]]; r < s->start[x->user[i] + 1]; r++)
			csr_count(x->start, block * x->items + s->item[r]);
	}
	csr_sum(x->start, (size_t)lists);
	x->posting = memory_new((size_t)entries + 1, sizeof *x->posting);
	for (uint32_t i = 0; i < x->n; i++) {
		uint64_t block = i / BLOCK;
		for (uint64_t r = s->start[x->user[i]]; r < s->start[x->user[i] + 1]; r++)
			x->posting[csr_place(x->start, block * x->items + s->item[r])] = i % BLOCK;
	}
	return x;
}

void index_free(struct index *x)
{
	if (!x)
		return;
	free(x->user);
	free(x->size);
	free(x->start);
	free(x->posting);
	free(x);
}

#define COUNTER uint8_t
#define COUNT_BLOCK count_few
#include "counter-loops.h"
#define COUNTER uint16_t
#define COUNT_BLOCK count_some
#include "counter-loops.h"
#define COUNTER uint32_t
#define COUNT_BLOCK count_many
#include "counter-loops.h"

void find_exact(const struct index *x, const struct sets *s, const struct wanted *w,
		uint32_t user, struct finder *f)
{
	struct set mine = {&s->item[s->start[user]], sets_size(s, user), user};
	double limit = w->max_distance;
	f->n = 0;
	if (mine.n > UINT16_MAX && !f->many)
		f->many = memory_aligned(BLOCK, sizeof *f->many);
	else if (mine.n <= UINT16_MAX && mine.n > UINT8_MAX && !f->some)
		f->some = memory_aligned(BLOCK, sizeof *f->some);
	else if (mine.n <= UINT8_MAX && !f->few)
		f->few = memory_aligned(BLOCK, sizeof *f->few);
	for (uint32_t block = 0; mine.n && block < x->blocks; block++) {
		if (mine.n <= UINT8_MAX)
			limit = count_few(x, block, &mine, w, limit, f->few, f);
		else if (mine.n <= UINT16_MAX)
			limit = count_some(x, block, &mine, w, limit, f->some, f);
		else
			limit = count_many(x, block, &mine, w, limit, f->many, f);
	}
	if (f->n > 1)
		qsort(f->found, f->n, sizeof *f->found, by_distance);
}

/* ---- MinHash ---- */

/* Users of a bucket lie next to each other in `order`; the last one is marked. */
struct bands {
	uint32_t bands;
	uint32_t users;
	uint32_t *order; /* bands * users */
	uint32_t *first; /* bands * users: where in `order` a user's bucket begins */
};

static const uint32_t LAST = 0x80000000u;

struct keyed {
	uint64_t key;
	uint32_t user;
};

static int by_key(const void *a, const void *b)
{
	const struct keyed *x = a, *y = b;
	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	return (x->user > y->user) - (x->user < y->user);
}

struct bands *bands_new(const struct sets *s, uint32_t bands, uint32_t rows, uint64_t seed)
{
	struct bands *b = memory_zero(1, sizeof *b);
	b->bands = bands;
	b->users = s->users;
	b->order = memory_new((size_t)bands * s->users + 1, sizeof *b->order);
	b->first = memory_new((size_t)bands * s->users + 1, sizeof *b->first);
	/* The hash of an item hangs on its id, so a part of the data gives the same. */
	uint64_t *base = memory_new((size_t)s->items + 1, sizeof *base);
	for (uint32_t i = 0; i < s->items; i++)
		base[i] = hash_row(seed, strmap_key(s->item_ids, i), (struct span){"", 0});
	struct keyed *keyed = memory_new((size_t)s->users + 1, sizeof *keyed);
	uint64_t *hash = memory_new((size_t)s->items + 1, sizeof *hash);
	for (uint32_t band = 0; band < bands; band++) {
		uint32_t n = 0;
		for (uint32_t u = 0; u < s->users; u++)
			if (sets_size(s, u))
				keyed[n++] = (struct keyed){band, u};
		for (uint32_t row = 0; row < rows; row++) {
			uint64_t number = (uint64_t)band * rows + row;
			for (uint32_t i = 0; i < s->items; i++)
				hash[i] = hash_mix(base[i] ^ hash_mix(number));
			for (uint32_t k = 0; k < n; k++) {
				uint64_t least = UINT64_MAX;
				uint32_t u = keyed[k].user;
				for (uint64_t r = s->start[u]; r < s->start[u + 1]; r++)
					least = hash[s->item[r]] < least ? hash[s->item[r]] : least;
				keyed[k].key = hash_mix(keyed[k].key ^ least);
			}
		}
		qsort(keyed, n, sizeof *keyed, by_key);
		uint32_t *order = b->order + (size_t)band * s->users;
		uint32_t *first = b->first + (size_t)band * s->users;
		for (uint32_t k = 0, begin = 0; k < n; k++) {
			bool last = k + 1 == n || keyed[k + 1].key != keyed[k].key;
			order[k] = keyed[k].user | (last ? LAST : 0);
			first[keyed[k].user] = begin;
			if (last)
				begin = k + 1;
		}
	}
	free(hash);
	free(keyed);
	free(base);
	return b;
}

void bands_free(struct bands *b)
{
	if (!b)
		return;
	free(b->order);
	free(b->first);
	free(b);
}

void find_candidates(const struct bands *b, const struct sets *s, const struct wanted *w,
		     uint32_t user, struct finder *f)
{
	uint32_t n = sets_size(s, user);
	const uint32_t *mine = &s->item[s->start[user]];
	double limit = w->max_distance;
	f->n = 0;
	if (n == 0)
		return;
	if (!f->seen) {
		f->seen = memory_zero((size_t)s->users + 1, sizeof *f->seen);
		f->mine = memory_zero((size_t)s->items + 1, sizeof *f->mine);
	}
	for (uint32_t i = 0; i < n; i++)
		f->mine[mine[i]] = 1;
	f->seen[user] = user + 1;
	for (uint32_t band = 0; band < b->bands; band++) {
		const uint32_t *order = b->order + (size_t)band * b->users;
		uint32_t at = b->first[(size_t)band * b->users + user];
		for (bool last = false; !last; at++) {
			uint32_t other = order[at] & ~LAST;
			last = order[at] & LAST;
			if (f->seen[other] == user + 1)
				continue;
			f->seen[other] = user + 1;
			uint32_t shared = 0;
			for (uint64_t r = s->start[other]; r < s->start[other + 1]; r++)
				shared += f->mine[s->item[r]];
			if (shared == 0)
				continue;
			double d = measure_distance(w->measure, n, sets_size(s, other), shared);
			if (d <= limit)
				limit = take(f, w, (struct neighbor){d, other});
		}
	}
	for (uint32_t i = 0; i < n; i++)
		f->mine[mine[i]] = 0;
	if (f->n > 1)
		qsort(f->found, f->n, sizeof *f->found, by_distance);
}

void finder_free(struct finder *f)
{
	free(f->found);
	free(f->few);
	free(f->some);
	free(f->many);
	free(f->seen);
	free(f->mine);
}
