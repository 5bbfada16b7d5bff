#include "neighbors.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/random.h"
#include "data/bucket.h"
#include "data/unit.h"
#include "frame/run.h"

enum {
	QUERIES = 240,         /* rows that are looked for at once: a multiple of every width */
	BLOCK_WORDS = 1 << 16, /* of panels, that stay in the second cache */
};

struct found {
	uint32_t id;
	float cosine;
};

static int nearer(const void *a, const void *b)
{
	const struct found *x = a, *y = b;
	if (x->cosine != y->cosine)
		return x->cosine < y->cosine ? 1 : -1;
	return (x->id > y->id) - (x->id < y->id);
}

/* What a thread needs. */
struct worker {
	struct bucket bucket[QUERIES + TILE_WIDTH_MAX];
	float threshold[QUERIES + TILE_WIDTH_MAX];
	uint32_t *tiles;
	struct found *found;
	size_t capacity;
};

struct exact {
	const struct unit_rows *u;
	const struct tile_kernel *kernel;
	struct panels panels;
	size_t panel_count;
	const uint32_t *query; /* rows that are looked for; NULL: all of them */
	uint32_t queries;
	struct neighbors near;
	struct worker *workers;
	float error;
};

float *unit_rows_new(const float *rows, uint32_t n, uint32_t stride, uint32_t width)
{
	float *unit = memory_aligned(n, stride * sizeof *unit);
	for (size_t i = 0; i < n; i++) {
		double size = unit_length(rows + i * stride, width);
		for (uint32_t f = 0; f < stride; f++)
			unit[i * stride + f] = size > 0 && f < width ?
				(float)((double)rows[i * stride + f] / size) : 0;
	}
	return unit;
}

static struct neighbors neighbors_new(uint32_t n, uint32_t k)
{
	return (struct neighbors){
		.n = n, .k = k, .id = memory_new((size_t)n * k + 1, sizeof(uint32_t)),
		.cosine = memory_new((size_t)n * k + 1, sizeof(float)),
	};
}

void neighbors_free(struct neighbors *near)
{
	free(near->id);
	free(near->cosine);
	*near = (struct neighbors){0};
}

static void lay_out_panels(struct exact *x)
{
	const struct unit_rows *u = x->u;
	x->panel_count = ((size_t)u->n + PANEL - 1) / PANEL;
	float *words = memory_aligned(x->panel_count, (size_t)u->width * PANEL * sizeof *words);
	float *bias = memory_aligned(x->panel_count * PANEL, sizeof *bias);
	for (size_t i = 0; i < x->panel_count * PANEL; i++) {
		float *to = words + i / PANEL * PANEL * u->width + i % PANEL;
		bias[i] = i < u->n ? 0 : -INFINITY;
		for (uint32_t f = 0; f < u->width; f++)
			to[(size_t)f * PANEL] = i < u->n ? u->rows[i * u->stride + f] : 0;
	}
	x->panels = (struct panels){.at = (uint32_t *)words, .bias = bias, .depth = u->width};
}

static uint32_t query_row(const struct exact *x, uint32_t q)
{
	return x->query ? x->query[q] : q;
}

/* The queries from `first` on, as tiles of the kernel, with empty buckets. */
static void start_queries(struct exact *x, struct worker *w, uint32_t first, uint32_t n)
{
	const struct unit_rows *u = x->u;
	unsigned width = x->kernel->width;
	for (uint32_t q = 0; q < n || q % width; q++) {
		float *tile = (float *)w->tiles + q / width * (size_t)width * u->width + q % width;
		const float *row = q < n ? u->rows + (size_t)query_row(x, first + q) * u->stride : NULL;
		for (uint32_t f = 0; f < u->width; f++)
			tile[(size_t)f * width] = row ? row[f] : 0;
		struct bucket *b = &w->bucket[q];
		if (!b->capacity)
			bucket_reserve(b, 4 * (size_t)x->near.k + 64);
		b->n = b->settled = b->checked = 0;
		b->by_chunk = false;
		b->count = x->kernel->count;
		b->wanted = x->near.k + 1; /* the row finds itself */
		b->threshold = -FLT_MAX;
		b->error = x->error;
		w->threshold[q] = q < n ? -FLT_MAX : INFINITY;
	}
}

/* Scores what is left in double precision and keeps the best. */
static void finish_query(struct exact *x, struct worker *w, uint32_t slot, uint32_t q)
{
	const struct unit_rows *u = x->u;
	struct bucket *b = &w->bucket[slot];
	uint32_t row = query_row(x, q), n = 0;
	bucket_tighten(b);
	w->found = memory_grow(w->found, &w->capacity, b->n + 1, sizeof *w->found);
	for (size_t i = 0; i < b->n; i++) {
		if (b->at[i] == row)
			continue;
		double dot = x->kernel->dot(u->rows + (size_t)row * u->stride,
					    u->rows + (size_t)b->at[i] * u->stride, u->stride);
		w->found[n++] = (struct found){b->at[i], (float)dot};
	}
	qsort(w->found, n, sizeof *w->found, nearer);
	for (uint32_t j = 0; j < x->near.k; j++) {
		x->near.id[(size_t)q * x->near.k + j] = j < n ? w->found[j].id : UINT32_MAX;
		x->near.cosine[(size_t)q * x->near.k + j] = j < n ? w->found[j].cosine : 0;
	}
}

static void exact_chunk(void *context, size_t chunk, size_t worker)
{
	struct exact *x = context;
	struct worker *w = &x->workers[worker];
	uint32_t first = (uint32_t)chunk * QUERIES;
	uint32_t n = x->queries - first < QUERIES ? x->queries - first : QUERIES;
	size_t block = BLOCK_WORDS / ((size_t)x->u->width * PANEL) + 1;
	start_queries(x, w, first, n);
	for (size_t p = 0; p < x->panel_count; p += block) {
		size_t end = p + block < x->panel_count ? p + block : x->panel_count;
		for (uint32_t q = 0; q < n; q += x->kernel->width)
			x->kernel->scan(&x->panels, p, end, w->tiles + (size_t)q * x->u->width,
					w->threshold + q, w->bucket + q);
	}
	for (uint32_t q = 0; q < n; q++)
		finish_query(x, w, q, first + q);
	if (worker == 0)
		progress_step(first, x->queries, "neighbors");
}

/* Of all rows, or of `queries` of them: list q is then that of row query[q]. */
static struct neighbors search(const struct unit_rows *u, const uint32_t *query, uint32_t queries,
			       uint32_t k, enum kernel_choice kernel, struct pool *pool)
{
	struct exact x = {
		.u = u, .kernel = tile_kernel_beside(kernel), .query = query,
		.queries = queries, .near = neighbors_new(queries, k),
		/* of a sum of products of vectors of length 1 (Higham 2002, section 3.1) */
		.error = (float)(u->width + 8) * 0x1.04p-24f,
	};
	lay_out_panels(&x);
	size_t threads = pool_threads(pool);
	x.workers = memory_zero(threads, sizeof *x.workers);
	for (size_t t = 0; t < threads; t++)
		x.workers[t].tiles = memory_aligned(QUERIES + TILE_WIDTH_MAX, u->width * sizeof(uint32_t));
	pool_run(pool, ((size_t)queries + QUERIES - 1) / QUERIES, exact_chunk, &x);
	for (size_t t = 0; t < threads; t++) {
		for (size_t q = 0; q < QUERIES + TILE_WIDTH_MAX; q++) {
			free(x.workers[t].bucket[q].score);
			free(x.workers[t].bucket[q].most);
			free(x.workers[t].bucket[q].at);
		}
		free(x.workers[t].tiles);
		free(x.workers[t].found);
	}
	free(x.workers);
	free((void *)(uintptr_t)x.panels.at);
	free((void *)(uintptr_t)x.panels.bias);
	return x.near;
}

struct neighbors neighbors_exact(const struct unit_rows *u, uint32_t k, enum kernel_choice kernel,
				 struct pool *pool)
{
	return search(u, NULL, u->n, k, kernel, pool);
}

uint32_t *neighbors_sample(uint32_t n, uint32_t samples, uint64_t seed)
{
	uint32_t *row = memory_new(samples, sizeof *row);
	struct random r = random_start(seed, 77);
	/* one of each of so many equal parts */
	for (uint64_t i = 0; i < samples; i++) {
		uint64_t from = i * n / samples, end = (i + 1) * n / samples;
		row[i] = (uint32_t)(from + random_below(&r, (uint32_t)(end - from)));
	}
	return row;
}

double neighbors_recall(const struct neighbors *near, const struct unit_rows *u, uint32_t samples,
			uint64_t seed, enum kernel_choice kernel, struct pool *pool)
{
	uint32_t k = near->k < 10 ? near->k : 10;
	uint64_t hits = 0, all = 0;
	samples = samples < u->n ? samples : u->n;
	uint32_t *row = neighbors_sample(u->n, samples, seed);
	struct neighbors truth = search(u, row, samples, k, kernel, pool);
	for (size_t s = 0; s < samples; s++) {
		const float *got = near->cosine + (size_t)row[s] * near->k;
		const uint32_t *id = near->id + (size_t)row[s] * near->k;
		for (uint32_t j = 0; j < k && truth.id[s * k + j] != UINT32_MAX; j++) {
			float least = truth.cosine[s * k + k - 1] - 1e-6f;
			hits += id[j] != UINT32_MAX && got[j] >= least;
			all++;
		}
	}
	neighbors_free(&truth);
	free(row);
	return all ? (double)hits / (double)all : 1;
}
