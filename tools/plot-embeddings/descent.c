/* descent.c - neighbors.h by NN-descent.
 *
 * A neighbor of a neighbor is likely a neighbor. In each round every row looks at the
 * neighbors of its neighbors, in both directions, as they were after the round before, and
 * changes its own list alone: so threads do not meet, and the result is the same for any
 * number of them. Pairs that have been looked at are not looked at again: one of the two
 * edges must be new. The first lists are from the leaves of random projection trees.
 */
#include "neighbors.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/memory.h"
#include "base/random.h"
#include "frame/run.h"

enum {
	TREES = 6, LEAF = 96,      /* rows of a leaf, at most */
	LISTED = 24,               /* neighbors that are kept: more than are asked for */
	REVERSE = 12,              /* of those a row is a neighbor of, a sample */
	ROUNDS_MAX = 12,
	CHUNK = 256,
	SEEN = 4096,               /* of a row's table of what it has looked at */
	UNKNOWN = -2,              /* below any cosine */
};

struct link {
	float cosine;
	uint32_t id;               /* UINT32_MAX: none */
};

struct descent {
	const struct unit_rows *u; /* in the order of the first tree */
	kernel_dot *dot;
	struct link *list;         /* n * LISTED, the nearest first */
	uint8_t *fresh;            /* n * LISTED: new since the row was last looked at */
	uint32_t *around;          /* n * (LISTED + REVERSE): both directions, of the round before */
	uint8_t *around_fresh;
	uint8_t *around_n;
	uint64_t *changed;         /* of each chunk */
	uint32_t *leaf;            /* where leaves begin, in `order` */
	size_t leaves;
	uint32_t *order;
	uint32_t (*seen)[SEEN];    /* of each worker */
};

/* --- the trees ------------------------------------------------------------------ */

struct splitting {
	const struct unit_rows *u;
	uint32_t *order;
	float *side;               /* of each row: its place along the direction */
	kernel_dot *dot;
	float *direction;
	uint32_t *leaf;
	size_t leaves, capacity;
	struct random random;
};

/* Moves those before the middle of `side` to the front: quickselect (Hoare 1961), ties by
 * row; returns the middle. */
static uint32_t halve(struct splitting *s, uint32_t from, uint32_t end)
{
	uint32_t low = from, high = end - 1, middle = from + (end - from) / 2;
	while (low < high) {
		uint32_t pivot = s->order[low + (high - low) / 2];
		uint32_t i = low, j = high;
		for (;;) {
			while (s->side[s->order[i]] < s->side[pivot] ||
			       (s->side[s->order[i]] == s->side[pivot] && s->order[i] < pivot))
				i++;
			while (s->side[s->order[j]] > s->side[pivot] ||
			       (s->side[s->order[j]] == s->side[pivot] && s->order[j] > pivot))
				j--;
			if (i >= j)
				break;
			uint32_t held = s->order[i];
			s->order[i] = s->order[j];
			s->order[j] = held;
		}
		if (j < middle)
			low = j + 1;
		else
			high = j;
	}
	return middle;
}

/* By the difference of two rows of the part, which is where it is wide. */
static void split(struct splitting *s, uint32_t from, uint32_t end)
{
	while (end - from > LEAF) {
		uint32_t n = end - from, a = s->order[from + random_below(&s->random, n)];
		uint32_t b = s->order[from + random_below(&s->random, n)];
		const float *x = s->u->rows + (size_t)a * s->u->stride;
		const float *y = s->u->rows + (size_t)b * s->u->stride;
		for (uint32_t f = 0; f < s->u->stride; f++)
			s->direction[f] = x[f] - y[f];
		for (uint32_t i = from; i < end; i++)
			s->side[s->order[i]] = s->dot(s->direction, s->u->rows +
						      (size_t)s->order[i] * s->u->stride, s->u->stride);
		uint32_t middle = halve(s, from, end);
		split(s, from, middle);
		from = middle;
	}
	s->leaf = memory_grow(s->leaf, &s->capacity, s->leaves + 2, sizeof *s->leaf);
	s->leaf[s->leaves++] = from;
	s->leaf[s->leaves] = end;
}

/* A tree over all rows: `order` holds them leaf by leaf. */
static void grow_tree(struct splitting *s, const struct unit_rows *u, uint64_t seed, uint64_t tree)
{
	s->u = u;
	s->leaves = 0;
	s->random = random_start(seed, 1000 + tree);
	for (uint32_t i = 0; i < u->n; i++)
		s->order[i] = i;
	split(s, 0, u->n);
}

/* --- lists ---------------------------------------------------------------------- */

/* Puts a row into a list if it is near enough and not there. */
static bool offer(struct descent *d, uint32_t row, uint32_t id, float cosine)
{
	struct link *list = d->list + (size_t)row * LISTED;
	uint8_t *fresh = d->fresh + (size_t)row * LISTED;
	const struct link *last = &list[LISTED - 1];
	if (cosine < last->cosine || (cosine == last->cosine && id >= last->id))
		return false;
	int at = LISTED - 1;
	for (int i = 0; i < LISTED; i++)
		if (list[i].id == id)
			return false;
	while (at > 0 && (list[at - 1].cosine < cosine ||
			  (list[at - 1].cosine == cosine && list[at - 1].id > id))) {
		list[at] = list[at - 1];
		fresh[at] = fresh[at - 1];
		at--;
	}
	list[at] = (struct link){cosine, id};
	fresh[at] = 1;
	return true;
}

static float cosine_of(const struct descent *d, uint32_t a, uint32_t b)
{
	return d->dot(d->u->rows + (size_t)a * d->u->stride, d->u->rows + (size_t)b * d->u->stride,
		      d->u->stride);
}

/* All pairs of a leaf: no other leaf of the tree has its rows. */
static void leaf_chunk(void *context, size_t leaf, size_t worker)
{
	struct descent *d = context;
	(void)worker;
	for (uint32_t i = d->leaf[leaf]; i < d->leaf[leaf + 1]; i++) {
		for (uint32_t j = d->leaf[leaf]; j < i; j++) {
			uint32_t a = d->order[i], b = d->order[j];
			float cosine = cosine_of(d, a, b);
			offer(d, a, b, cosine);
			offer(d, b, a, cosine);
		}
	}
}

/* --- rounds --------------------------------------------------------------------- */

/* What each row has around it: its list, and a sample of the rows that list it. */
static void look_around(struct descent *d, uint32_t round)
{
	enum { ROOM = LISTED + REVERSE };
	uint32_t n = d->u->n;
	uint32_t *times = memory_zero(n, sizeof *times);
	for (size_t i = 0; i < n; i++) {
		uint8_t count = 0;
		for (uint32_t j = 0; j < LISTED && d->list[i * LISTED + j].id != UINT32_MAX; j++) {
			d->around[i * ROOM + count] = d->list[i * LISTED + j].id;
			d->around_fresh[i * ROOM + count++] = d->fresh[i * LISTED + j];
		}
		d->around_n[i] = count;
	}
	for (uint32_t i = 0; i < n; i++) {
		uint32_t own = 0;
		for (; own < LISTED && d->list[(size_t)i * LISTED + own].id != UINT32_MAX; own++) {
			uint32_t to = d->list[(size_t)i * LISTED + own].id;
			uint32_t seen = times[to]++, at = d->around_n[to];
			if (seen >= REVERSE) { /* each equally likely to stay (Vitter 1985) */
				uint64_t h = hash_mix(((uint64_t)to << 32 | i) + round * 0x9e3779b97f4a7c15u);
				uint32_t place = (uint32_t)(h % (seen + 1));
				if (place >= REVERSE)
					continue;
				at = d->around_n[to] - REVERSE + place;
			} else {
				d->around_n[to]++;
			}
			d->around[(size_t)to * ROOM + at] = i;
			d->around_fresh[(size_t)to * ROOM + at] = d->fresh[(size_t)i * LISTED + own];
		}
	}
	memset(d->fresh, 0, (size_t)n * LISTED);
	free(times);
}

static bool is_seen(uint32_t *seen, uint32_t id)
{
	uint32_t at = (uint32_t)(hash_mix(id) % SEEN);
	for (int i = 0; i < 8; i++, at = (at + 1) % SEEN) {
		if (seen[at] == id)
			return true;
		if (seen[at] == UINT32_MAX) {
			seen[at] = id;
			return false;
		}
	}
	return false; /* it is looked at again: no harm */
}

static void round_chunk(void *context, size_t chunk, size_t worker)
{
	enum { ROOM = LISTED + REVERSE };
	struct descent *d = context;
	uint32_t *seen = d->seen[worker], from = (uint32_t)chunk * CHUNK;
	uint32_t end = from + CHUNK < d->u->n ? from + CHUNK : d->u->n;
	d->changed[chunk] = 0;
	for (uint32_t i = from; i < end; i++) {
		const uint32_t *mine = d->around + (size_t)i * ROOM;
		memset(seen, 0xff, SEEN * sizeof *seen);
		is_seen(seen, i);
		for (uint32_t a = 0; a < d->around_n[i]; a++)
			is_seen(seen, mine[a]);
		for (uint32_t a = 0; a < d->around_n[i]; a++) {
			size_t there = (size_t)mine[a] * ROOM;
			bool fresh = d->around_fresh[(size_t)i * ROOM + a];
			for (uint32_t b = 0; b < d->around_n[mine[a]]; b++) {
				uint32_t other = d->around[there + b];
				if ((!fresh && !d->around_fresh[there + b]) || is_seen(seen, other))
					continue;
				d->changed[chunk] += offer(d, i, other, cosine_of(d, i, other));
			}
			/* those who list this row may not be in its own list */
			d->changed[chunk] += fresh && offer(d, i, mine[a], cosine_of(d, i, mine[a]));
		}
	}
}

static void descend(struct descent *d, struct pool *pool)
{
	size_t n = d->u->n, chunks = (n + CHUNK - 1) / CHUNK;
	for (uint32_t round = 0; round < ROUNDS_MAX; round++) {
		uint64_t changed = 0;
		progress_step(TREES + round, TREES + ROUNDS_MAX, "neighbors");
		look_around(d, round);
		pool_run(pool, chunks, round_chunk, d);
		for (size_t c = 0; c < chunks; c++)
			changed += d->changed[c];
		if (changed < n * LISTED / 2000)
			break;
	}
}

/* The lists with the rows' own numbers: row `order[i]` was row i. */
static struct neighbors give(const struct descent *d, const uint32_t *order, uint32_t k)
{
	struct neighbors near = {.n = d->u->n, .k = k};
	near.id = memory_new((size_t)near.n * k + 1, sizeof *near.id);
	near.cosine = memory_new((size_t)near.n * k + 1, sizeof *near.cosine);
	for (size_t i = 0; i < near.n; i++) {
		for (uint32_t j = 0; j < k; j++) {
			const struct link *l = &d->list[i * LISTED + j];
			size_t to = (size_t)order[i] * k + j;
			near.id[to] = l->id == UINT32_MAX ? l->id : order[l->id];
			near.cosine[to] = l->id == UINT32_MAX ? 0 : l->cosine;
		}
	}
	return near;
}

struct neighbors neighbors_descent(const struct unit_rows *u, uint32_t k, uint64_t seed,
				   enum kernel_choice kernel, struct pool *pool)
{
	enum { ROOM = LISTED + REVERSE };
	size_t n = u->n;
	k = k < LISTED ? k : LISTED;
	struct splitting s = {.dot = kernel_dot_of(kernel)};
	s.order = memory_new(n, sizeof *s.order);
	s.side = memory_new(n, sizeof *s.side);
	s.direction = memory_aligned(u->stride, sizeof *s.direction);
	/* rows in the order of a tree: those that are near lie together in memory */
	grow_tree(&s, u, seed, 0);
	uint32_t *order = memory_new(n, sizeof *order);
	float *rows = memory_aligned(n, u->stride * sizeof *rows);
	memcpy(order, s.order, n * sizeof *order);
	for (size_t i = 0; i < n; i++)
		memcpy(rows + i * u->stride, u->rows + (size_t)order[i] * u->stride, u->stride * sizeof *rows);
	const struct unit_rows sorted = {rows, u->n, u->stride, u->width};
	struct descent d = {
		.u = &sorted, .dot = s.dot, .list = memory_new(n * LISTED, sizeof *d.list),
		.fresh = memory_new(n * LISTED, 1), .around = memory_new(n * ROOM, sizeof *d.around),
		.around_fresh = memory_new(n * ROOM, 1), .around_n = memory_new(n, 1),
		.changed = memory_new((n + CHUNK - 1) / CHUNK, sizeof *d.changed),
		.seen = memory_new(pool_threads(pool), sizeof *d.seen),
	};
	for (size_t i = 0; i < n * LISTED; i++)
		d.list[i] = (struct link){UNKNOWN, UINT32_MAX};
	for (uint32_t tree = 0; tree < TREES; tree++) {
		progress_step(tree, TREES + ROUNDS_MAX, "neighbors");
		grow_tree(&s, &sorted, seed, tree + 1);
		d.leaf = s.leaf;
		d.order = s.order;
		d.leaves = s.leaves;
		pool_run(pool, d.leaves, leaf_chunk, &d);
	}
	descend(&d, pool);
	struct neighbors near = give(&d, order, k);
	free(s.order); free(s.side); free(s.direction); free(s.leaf);
	free(rows); free(order);
	free(d.list); free(d.fresh); free(d.around); free(d.around_fresh); free(d.around_n);
	free(d.changed); free(d.seen);
	return near;
}
