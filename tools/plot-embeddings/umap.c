#include "umap.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/memory.h"
#include "base/random.h"
#include "frame/run.h"

enum {
	CHUNK = 512,
	NEGATIVE = 5,              /* random points for each edge */
};

/* The graph, both directions of each edge, as rows. */
struct graph {
	uint64_t *start;
	uint32_t *to;
	float *weight;             /* of the heaviest edge: 1 */
};

struct work {
	const struct umap *u;
	struct graph graph;
	float *own;                /* n * k: weights of a row's own list */
	float *at, *next;          /* 2 n */
	uint32_t epoch;
};

/* --- weights ----------------------------------------------------------------------- */

/* exp(-(d - nearest) / sigma), sigma such that they add up to log2(k): section 3.1. */
static void weigh_row(const struct neighbors *near, size_t i, uint32_t k, float *weight)
{
	uint32_t n = 0;
	double distance[64], nearest = DBL_MAX, mean = 0;
	for (uint32_t j = 0; j < k && j < 64 && near->id[i * near->k + j] != UINT32_MAX; j++) {
		distance[n] = fmax(0, 1 - (double)near->cosine[i * near->k + j]);
		if (distance[n] > 0)
			nearest = fmin(nearest, distance[n]);
		mean += distance[n++];
	}
	nearest = nearest < DBL_MAX ? nearest : 0;
	double low = 0, high = INFINITY, sigma = 1, wanted = log2(n > 1 ? n : 2);
	for (int step = 0; step < 64; step++) {
		double sum = 0;
		for (uint32_t j = 0; j < n; j++)
			sum += distance[j] > nearest ? exp(-(distance[j] - nearest) / sigma) : 1;
		if (fabs(sum - wanted) < 1e-5)
			break;
		if (sum > wanted)
			high = sigma;
		else
			low = sigma;
		sigma = isinf(high) ? sigma * 2 : (low + high) / 2;
	}
	sigma = fmax(sigma, n ? 1e-3 * mean / n : 1);
	for (uint32_t j = 0; j < k; j++)
		weight[j] = j >= n ? 0 : distance[j] <= nearest || sigma <= 0 ? 1
			: (float)exp(-(distance[j] - nearest) / sigma);
}

static void weigh_chunk(void *context, size_t chunk, size_t worker)
{
	struct work *w = context;
	const struct neighbors *near = w->u->near;
	size_t end = (chunk + 1) * CHUNK < near->n ? (chunk + 1) * CHUNK : near->n;
	(void)worker;
	for (size_t i = chunk * CHUNK; i < end; i++)
		weigh_row(near, i, w->u->k, w->own + i * w->u->k);
}

/* Weight of `id` in the list of row i, or 0. */
static float weight_in(const struct work *w, uint32_t i, uint32_t id)
{
	const struct neighbors *near = w->u->near;
	for (uint32_t j = 0; j < w->u->k; j++)
		if (near->id[(size_t)i * near->k + j] == id)
			return w->own[(size_t)i * w->u->k + j];
	return 0;
}

/* a + b - ab of the two directions; an edge that only the other row lists is in both rows. */
static void make_graph(struct work *w)
{
	const struct neighbors *near = w->u->near;
	size_t n = near->n, k = w->u->k;
	struct graph *g = &w->graph;
	uint64_t *times = memory_zero(n + 1, sizeof *times);
	for (int pass = 0; pass < 2; pass++) {
		for (size_t i = 0; i < n; i++) {
			for (size_t j = 0; j < k && near->id[i * near->k + j] != UINT32_MAX; j++) {
				uint32_t to = near->id[i * near->k + j];
				float a = w->own[i * k + j], b = weight_in(w, to, (uint32_t)i);
				bool alone = b <= 0;
				if (a <= 0)
					continue;
				if (pass == 0) {
					times[i]++;
					times[to] += alone;
					continue;
				}
				float both = a + b - a * b;
				g->to[times[i]] = to;
				g->weight[times[i]++] = both;
				if (alone) {
					g->to[times[to]] = (uint32_t)i;
					g->weight[times[to]++] = both;
				}
			}
		}
		if (pass == 1)
			break;
		g->start = memory_new(n + 1, sizeof *g->start);
		uint64_t sum = 0;
		for (size_t i = 0; i < n; i++) {
			g->start[i] = sum;
			sum += times[i];
			times[i] = g->start[i];
		}
		g->start[n] = sum;
		g->to = memory_new(sum + 1, sizeof *g->to);
		g->weight = memory_new(sum + 1, sizeof *g->weight);
	}
	free(times);
}

/* --- epochs ------------------------------------------------------------------------ */

static inline float clip(float x)
{
	return x > 4 ? 4 : x < -4 ? -4 : x;
}

/* Is this one of the share of all epochs in which an edge of the weight pulls? */
static inline bool is_due(float weight, uint32_t epoch)
{
	return (uint32_t)(weight * (float)(epoch + 1)) > (uint32_t)(weight * (float)epoch);
}

static void move_point(const struct work *w, uint32_t i, float rate)
{
	const struct graph *g = &w->graph;
	uint32_t n = w->u->near->n;
	float x = w->at[2 * (size_t)i], y = w->at[2 * (size_t)i + 1];
	uint64_t random = hash_mix(w->u->seed ^ hash_mix(((uint64_t)w->epoch << 32) + i));
	for (uint64_t e = g->start[i]; e < g->start[i + 1]; e++) {
		if (!is_due(g->weight[e], w->epoch))
			continue;
		const float *other = w->at + 2 * (size_t)g->to[e];
		float dx = x - other[0], dy = y - other[1], d = dx * dx + dy * dy;
		float pull = -2 / (1 + d);
		x += rate * clip(pull * dx);
		y += rate * clip(pull * dy);
		for (int s = 0; s < NEGATIVE; s++) {
			random = random * 6364136223846793005u + 1442695040888963407u;
			uint32_t j = (uint32_t)(((random >> 32) * n) >> 32);
			if (j == i)
				continue;
			other = w->at + 2 * (size_t)j;
			dx = x - other[0];
			dy = y - other[1];
			d = dx * dx + dy * dy;
			float push = 2 / ((0.001f + d) * (1 + d));
			x += rate * clip(push * dx);
			y += rate * clip(push * dy);
		}
	}
	w->next[2 * (size_t)i] = x;
	w->next[2 * (size_t)i + 1] = y;
}

static void epoch_chunk(void *context, size_t chunk, size_t worker)
{
	struct work *w = context;
	uint32_t n = w->u->near->n, from = (uint32_t)chunk * CHUNK;
	uint32_t end = from + CHUNK < n ? from + CHUNK : n;
	float rate = 1 - (float)w->epoch / (float)w->u->epochs;
	(void)worker;
	for (uint32_t i = from; i < end; i++)
		move_point(w, i, rate);
}

/* The first axis gets a deviation of 5, and everything a tremor, so that points that are
 * alike do not move as one. */
static void start(struct work *w, const double *at)
{
	size_t n = w->u->near->n;
	double squares = 0;
	struct random r = random_start(w->u->seed, 0);
	for (size_t i = 0; i < n; i++)
		squares += at[2 * i] * at[2 * i];
	double scale = squares > 0 ? 5 / sqrt(squares / (double)n) : 0;
	for (size_t i = 0; i < 2 * n; i++)
		w->at[i] = (float)(at[i] * scale + 1e-2 * random_normal(&r));
}

void umap_run(const struct umap *u, double *at)
{
	size_t n = u->near->n, chunks = (n + CHUNK - 1) / CHUNK;
	struct work w = {.u = u};
	w.own = memory_new(n * u->k + 1, sizeof *w.own);
	w.at = memory_new(2 * n, sizeof *w.at);
	w.next = memory_new(2 * n, sizeof *w.next);
	pool_run(u->pool, chunks, weigh_chunk, &w);
	make_graph(&w);
	start(&w, at);
	for (w.epoch = 0; w.epoch < u->epochs; w.epoch++) {
		pool_run(u->pool, chunks, epoch_chunk, &w);
		float *held = w.at;
		w.at = w.next;
		w.next = held;
		progress_step(w.epoch, u->epochs, "epochs");
	}
	for (size_t i = 0; i < 2 * n; i++)
		at[i] = (double)w.at[i];
	free(w.own);
	free(w.at);
	free(w.next);
	free(w.graph.start);
	free(w.graph.to);
	free(w.graph.weight);
}

/* --- how true the map is ----------------------------------------------------------- */

struct truth {
	const struct neighbors *near;
	const double *at;
	const uint32_t *row;
	uint32_t k, *hits;
};

struct spot {
	double distance;
	uint32_t id;
};

static inline bool is_farther(const struct spot *a, const struct spot *b)
{
	return a->distance > b->distance || (a->distance == b->distance && a->id > b->id);
}

#define TOPK_NAME spots
#define TOPK_ENTRY struct spot
#define TOPK_BEHIND is_farther
#include "data/topk-heap.h"

static void recall_sample(void *context, size_t sample, size_t worker)
{
	const struct truth *t = context;
	struct spot spot[16];
	uint32_t i = t->row[sample];
	size_t n = 0;
	(void)worker;
	for (uint32_t j = 0; j < t->near->n; j++) {
		double dx = t->at[2 * (size_t)j] - t->at[2 * (size_t)i];
		double dy = t->at[2 * (size_t)j + 1] - t->at[2 * (size_t)i + 1];
		if (j != i)
			spots_offer(spot, &n, t->k, (struct spot){dx * dx + dy * dy, j});
	}
	t->hits[sample] = 0;
	for (uint32_t j = 0; j < t->k; j++)
		for (size_t s = 0; s < n; s++)
			t->hits[sample] += t->near->id[(size_t)i * t->near->k + j] == spot[s].id;
}

double umap_recall(const struct neighbors *near, const double *at, uint32_t samples, uint64_t seed,
		   struct pool *pool)
{
	uint64_t hits = 0;
	samples = samples < near->n ? samples : near->n;
	uint32_t *row = neighbors_sample(near->n, samples, seed);
	struct truth t = {near, at, row, near->k < 10 ? near->k : 10, memory_new(samples + 1, sizeof(uint32_t))};
	pool_run(pool, samples, recall_sample, &t);
	for (uint32_t s = 0; s < samples; s++)
		hits += t.hits[s];
	double all = (double)samples * t.k;
	free(t.hits);
	free(row);
	return all > 0 ? (double)hits / all : 1;
}
