#include "tsne.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/random.h"
#include "frame/run.h"

enum { CHUNK = 256 };         /* points a thread takes at once */
enum { EXAGGERATED = 250 };   /* iterations with P times 12 */

/* A node of the quadtree: a square, its mass and center, its four children. */
struct node {
	double x, y;          /* center of mass */
	double half;          /* half the square's side */
	double middle_x, middle_y;
	uint32_t mass;
	uint32_t child[4];    /* 0: none (the root is nobody's child) */
};

/* The same tree for walking: nodes in the order of a walk that goes down first,
 * each with the place to go on at when its children are not looked at. */
struct stop {
	double x, y;
	double reach;         /* from this squared distance on it counts as one; leaves: -1 */
	float mass;
	uint32_t next;
};

struct place {
	uint32_t curve, point;
};

struct work {
	const struct tsne *t;
	uint32_t k;           /* neighbors */
	uint32_t *neighbor;  /* n * k */
	double *weight;       /* n * k: conditional p, then distances before */
	uint64_t *start;      /* symmetric P as rows */
	uint32_t *to;
	double *p;
	double *at;
	struct node *nodes;
	size_t n_nodes, node_capacity;
	struct stop *stops;
	size_t n_stops, stop_capacity;
	double *repulsion;    /* 2 n */
	double *attraction;   /* 2 n */
	double *chunk_sum;    /* of each chunk: its part of Z */
	struct place *order;  /* the points along a curve that keeps near ones together */
	float *norm;
};

/* --- neighbors and P --------------------------------------------------------- */

struct near {
	double distance; /* squared */
	uint32_t id;
};

static inline bool is_farther(const struct near *a, const struct near *b)
{
	return a->distance > b->distance || (a->distance == b->distance && a->id > b->id);
}

#define TOPK_NAME nearest
#define TOPK_ENTRY struct near
#define TOPK_BEHIND is_farther
#include "data/topk-heap.h"

/* The k nearest of point i; `near`: room for k. */
static void find_neighbors(struct work *w, uint32_t i, struct near *near, double *distance,
			    uint32_t *id)
{
	const struct tsne *t = w->t;
	const float *row = t->rows + (size_t)i * t->stride;
	size_t n = w->k;
	for (uint32_t j = 0; j < w->k; j++)
		near[j] = (struct near){DBL_MAX, UINT32_MAX};
	for (uint32_t j = 0; j < t->n; j++) {
		if (j == i)
			continue;
		float dot = t->dot(row, t->rows + (size_t)j * t->stride, t->stride);
		double d = (double)w->norm[i] + (double)w->norm[j] - 2 * (double)dot;
		d = d > 0 ? d : 0;
		nearest_offer(near, &n, w->k, (struct near){d, j});
	}
	for (uint32_t j = 0; j < w->k; j++) {
		distance[j] = near[j].distance;
		id[j] = near[j].id;
	}
}

/* Turns squared distances into probabilities whose entropy is log(perplexity):
 * bisection on the bell's width (van der Maaten and Hinton 2008, eq. 1). */
static void make_conditional(double *d, uint32_t k, double perplexity)
{
	double beta = 1, low = 0, high = INFINITY, wanted = log(perplexity), least = DBL_MAX;
	for (uint32_t j = 0; j < k; j++)
		least = fmin(least, d[j]);
	for (int step = 0; step < 200; step++) {
		double sum = 0, moment = 0;
		for (uint32_t j = 0; j < k; j++) {
			double e = exp(-beta * (d[j] - least));
			sum += e;
			moment += e * (d[j] - least);
		}
		double entropy = log(sum) + beta * moment / sum;
		if (fabs(entropy - wanted) < 1e-6)
			break;
		if (entropy > wanted)
			low = beta;
		else
			high = beta;
		beta = isinf(high) ? beta * 2 : (low + high) / 2;
		if (beta > 1e300 || beta < 1e-300)
			break;
	}
	double sum = 0;
	for (uint32_t j = 0; j < k; j++)
		sum += d[j] = exp(-beta * (d[j] - least));
	for (uint32_t j = 0; j < k; j++)
		d[j] /= sum;
}

static void neighbor_chunk(void *context, size_t chunk, size_t worker)
{
	struct work *w = context;
	uint32_t from = (uint32_t)chunk * CHUNK;
	uint32_t end = from + CHUNK < w->t->n ? from + CHUNK : w->t->n;
	struct near *near = memory_new(w->k, sizeof *near);
	for (uint32_t i = from; i < end; i++) {
		find_neighbors(w, i, near, w->weight + (size_t)i * w->k,
				w->neighbor + (size_t)i * w->k);
		make_conditional(w->weight + (size_t)i * w->k, w->k, w->t->perplexity);
	}
	free(near);
	if (worker == 0)
		progress_step(from, w->t->n, "neighbors");
}

struct edge {
	uint32_t from, to;
	double p;
};

static int edge_order(const void *a, const void *b)
{
	const struct edge *x = a, *y = b;
	if (x->from != y->from)
		return x->from < y->from ? -1 : 1;
	return (x->to > y->to) - (x->to < y->to);
}

/* p(ij) = (p(j|i) + p(i|j)) / 2n as sparse rows. */
static void make_symmetric(struct work *w)
{
	uint32_t n = w->t->n;
	size_t edges = 2 * (size_t)n * w->k, kept = 0;
	struct edge *e = memory_new(edges, sizeof *e);
	for (uint32_t i = 0; i < n; i++) {
		for (uint32_t j = 0; j < w->k; j++) {
			uint32_t other = w->neighbor[(size_t)i * w->k + j];
			double p = w->weight[(size_t)i * w->k + j] / (2.0 * n);
			e[kept++] = (struct edge){i, other, p};
			e[kept++] = (struct edge){other, i, p};
		}
	}
	qsort(e, edges, sizeof *e, edge_order);
	w->start = memory_zero((size_t)n + 1, sizeof *w->start);
	w->to = memory_new(edges, sizeof *w->to);
	w->p = memory_new(edges, sizeof *w->p);
	kept = 0;
	for (size_t i = 0; i < edges; i++) {
		if (i && e[i].from == e[i - 1].from && e[i].to == e[i - 1].to) {
			w->p[kept - 1] += e[i].p;
			continue;
		}
		w->to[kept] = e[i].to;
		w->p[kept++] = e[i].p;
		w->start[e[i].from + 1] = kept;
	}
	free(e);
}

/* --- the tree ----------------------------------------------------------------- */

static uint32_t new_node(struct work *w, double x, double y, double half)
{
	w->nodes = memory_grow(w->nodes, &w->node_capacity, w->n_nodes + 1, sizeof *w->nodes);
	w->nodes[w->n_nodes] = (struct node){.middle_x = x, .middle_y = y, .half = half};
	return (uint32_t)w->n_nodes++;
}

static uint32_t child_of(struct work *w, uint32_t at, double x, double y)
{
	struct node *node = &w->nodes[at];
	unsigned which = (x > node->middle_x) | (unsigned)(y > node->middle_y) << 1;
	if (node->child[which] == 0) {
		double h = node->half / 2;
		double cx = node->middle_x + (which & 1 ? h : -h);
		double cy = node->middle_y + (which & 2 ? h : -h);
		uint32_t child = new_node(w, cx, cy, h);
		w->nodes[at].child[which] = child;
	}
	return w->nodes[at].child[which];
}

/* Adds a point; a leaf that is full hands its points down, until the squares
 * are so small that the points are one. */
static void insert(struct work *w, double x, double y)
{
	enum { DEPTH_MAX = 48 };
	uint32_t at = 0;
	for (int depth = 0;; depth++) {
		struct node *node = &w->nodes[at];
		double old_x = node->x, old_y = node->y;
		uint32_t old_mass = node->mass;
		bool leaf = !(node->child[0] | node->child[1] | node->child[2] | node->child[3]);
		node->mass++;
		node->x += (x - node->x) / node->mass;
		node->y += (y - node->y) / node->mass;
		if (old_mass == 0 || depth == DEPTH_MAX ||
		    (leaf && old_x == x && old_y == y))
			return;
		if (leaf) {
			uint32_t below = child_of(w, at, old_x, old_y);
			w->nodes[below].mass = old_mass;
			w->nodes[below].x = old_x;
			w->nodes[below].y = old_y;
		}
		at = child_of(w, at, x, y);
	}
}

static void build_tree(struct work *w)
{
	double low = DBL_MAX, high = -DBL_MAX;
	uint32_t n = w->t->n;
	for (size_t i = 0; i < 2 * (size_t)n; i++) {
		low = fmin(low, w->at[i]);
		high = fmax(high, w->at[i]);
	}
	w->n_nodes = 0;
	new_node(w, (low + high) / 2, (low + high) / 2, (high - low) / 2 + DBL_MIN);
	for (uint32_t i = 0; i < n; i++)
		insert(w, w->at[2 * (size_t)i], w->at[2 * (size_t)i + 1]);
}

static void lay_out(struct work *w, uint32_t at)
{
	const struct node *node = &w->nodes[at];
	size_t own = w->n_stops++;
	bool leaf = !(node->child[0] | node->child[1] | node->child[2] | node->child[3]);
	double side = 2 * node->half / w->t->theta;
	w->stops[own] = (struct stop){
		.x = node->x, .y = node->y, .reach = leaf ? -1 : side * side,
		.mass = (float)node->mass,
	};
	for (int c = 0; c < 4; c++)
		if (node->child[c])
			lay_out(w, node->child[c]);
	w->stops[own].next = (uint32_t)w->n_stops;
}

/* The repulsion on (x, y), not yet divided by Z; returns its part of Z. */
static double repel(const struct work *w, double x, double y, double force[2])
{
	double z = 0, force_x = 0, force_y = 0;
	for (size_t at = 0; at < w->n_stops;) {
		const struct stop *s = &w->stops[at];
		double dx = x - s->x, dy = y - s->y, d2 = dx * dx + dy * dy;
		if (d2 <= s->reach) {
			at++;
			continue;
		}
		/* a leaf at the point's own place holds the point itself */
		double q = 1 / (1 + d2), m = (double)s->mass - (d2 == 0 ? 1 : 0);
		z += m * q;
		force_x += m * q * q * dx;
		force_y += m * q * q * dy;
		at = s->next;
	}
	force[0] = force_x;
	force[1] = force_y;
	return z;
}

/* --- descent ------------------------------------------------------------------ */

enum { REORDER = 25 }; /* iterations between two orders of the points */

static int place_order(const void *a, const void *b)
{
	const struct place *x = a, *y = b;
	if (x->curve != y->curve)
		return x->curve < y->curve ? -1 : 1;
	return (x->point > y->point) - (x->point < y->point);
}

/* The bits of x at the even places. */
static uint32_t spread(uint32_t x)
{
	x = (x | x << 8) & 0x00ff00ff;
	x = (x | x << 4) & 0x0f0f0f0f;
	x = (x | x << 2) & 0x33333333;
	return (x | x << 1) & 0x55555555;
}

/* Points one after the other walk the same way through the tree when they lie
 * close together: Morton's curve (1966). */
static void reorder(struct work *w)
{
	double low = DBL_MAX, high = -DBL_MAX;
	for (size_t i = 0; i < 2 * (size_t)w->t->n; i++) {
		low = fmin(low, w->at[i]);
		high = fmax(high, w->at[i]);
	}
	double scale = high > low ? 65535 / (high - low) : 0;
	for (uint32_t i = 0; i < w->t->n; i++) {
		uint32_t x = (uint32_t)((w->at[2 * (size_t)i] - low) * scale);
		uint32_t y = (uint32_t)((w->at[2 * (size_t)i + 1] - low) * scale);
		w->order[i] = (struct place){spread(x) | spread(y) << 1, i};
	}
	qsort(w->order, w->t->n, sizeof *w->order, place_order);
}

static void force_chunk(void *context, size_t chunk, size_t worker)
{
	struct work *w = context;
	uint32_t from = (uint32_t)chunk * CHUNK;
	uint32_t end = from + CHUNK < w->t->n ? from + CHUNK : w->t->n;
	double z = 0;
	(void)worker;
	for (uint32_t o = from; o < end; o++) {
		uint32_t i = w->order[o].point;
		double x = w->at[2 * (size_t)i], y = w->at[2 * (size_t)i + 1];
		double *r = w->repulsion + 2 * (size_t)i, *a = w->attraction + 2 * (size_t)i;
		r[0] = r[1] = a[0] = a[1] = 0;
		z += repel(w, x, y, r);
		for (uint64_t e = w->start[i]; e < w->start[i + 1]; e++) {
			double dx = x - w->at[2 * (size_t)w->to[e]];
			double dy = y - w->at[2 * (size_t)w->to[e] + 1];
			double q = w->p[e] / (1 + dx * dx + dy * dy);
			a[0] += q * dx;
			a[1] += q * dy;
		}
	}
	w->chunk_sum[chunk] = z;
}

/* All forces; returns Z. The parts are added in the order of the chunks. */
static double find_forces(struct work *w, size_t chunks)
{
	double z = 0;
	build_tree(w);
	w->stops = memory_grow(w->stops, &w->stop_capacity, w->n_nodes, sizeof *w->stops);
	w->n_stops = 0;
	lay_out(w, 0);
	pool_run(w->t->pool, chunks, force_chunk, w);
	for (size_t c = 0; c < chunks; c++)
		z += w->chunk_sum[c];
	return z > DBL_MIN ? z : DBL_MIN;
}

static double divergence(const struct work *w, double z)
{
	double sum = 0;
	for (uint32_t i = 0; i < w->t->n; i++) {
		for (uint64_t e = w->start[i]; e < w->start[i + 1]; e++) {
			double dx = w->at[2 * (size_t)i] - w->at[2 * (size_t)w->to[e]];
			double dy = w->at[2 * (size_t)i + 1] - w->at[2 * (size_t)w->to[e] + 1];
			double q = 1 / (1 + dx * dx + dy * dy) / z;
			sum += w->p[e] * log(fmax(w->p[e], DBL_MIN) / fmax(q, DBL_MIN));
		}
	}
	return sum;
}

/* One step of gradient descent with momentum and gains (Jacobs 1988). */
static void step(struct work *w, double z, double exaggeration, double rate, double momentum,
		 double *speed, double *gain)
{
	uint32_t n = w->t->n;
	double middle[2] = {0, 0};
	for (size_t i = 0; i < 2 * (size_t)n; i++) {
		double g = 4 * (exaggeration * w->attraction[i] - w->repulsion[i] / z);
		gain[i] = (g > 0) != (speed[i] > 0) ? gain[i] + 0.2 : gain[i] * 0.8;
		gain[i] = fmax(gain[i], 0.01);
		speed[i] = momentum * speed[i] - rate * gain[i] * g;
		w->at[i] += speed[i];
		middle[i % 2] += w->at[i] / n;
	}
	for (size_t i = 0; i < 2 * (size_t)n; i++)
		w->at[i] -= middle[i % 2];
}

/* The first axis gets a deviation of 1e-4, and everything a tremor, so that
 * points that are alike do not move as one. */
static void start_small(const struct tsne *t, double *at)
{
	double squares = 0;
	struct random r = random_start(t->seed, 0);
	for (uint32_t i = 0; i < t->n; i++)
		squares += at[2 * (size_t)i] * at[2 * (size_t)i];
	double scale = squares > 0 ? 1e-4 / sqrt(squares / t->n) : 0;
	for (size_t i = 0; i < 2 * (size_t)t->n; i++)
		at[i] = at[i] * scale + 1e-6 * random_normal(&r);
}

double tsne_run(const struct tsne *t, double *at)
{
	size_t n = t->n, chunks = (n + CHUNK - 1) / CHUNK;
	struct work w = {.t = t, .at = at};
	w.k = (uint32_t)fmin(3 * t->perplexity, (double)n - 1);
	w.neighbor = memory_new(n * w.k, sizeof *w.neighbor);
	w.weight = memory_new(n * w.k, sizeof *w.weight);
	w.norm = memory_new(n, sizeof *w.norm);
	for (size_t i = 0; i < n; i++)
		w.norm[i] = t->dot(t->rows + i * t->stride, t->rows + i * t->stride, t->stride);
	pool_run(t->pool, chunks, neighbor_chunk, &w);
	make_symmetric(&w);
	free(w.neighbor);
	free(w.weight);
	free(w.norm);
	w.repulsion = memory_new(2 * n, sizeof(double));
	w.attraction = memory_new(2 * n, sizeof(double));
	w.chunk_sum = memory_new(chunks, sizeof(double));
	w.order = memory_new(n, sizeof *w.order);
	double *speed = memory_zero(2 * n, sizeof *speed), *gain = memory_new(2 * n, sizeof *gain);
	for (size_t i = 0; i < 2 * n; i++)
		gain[i] = 1;
	start_small(t, at);
	/* n over the exaggeration; the 4 is in the gradient already */
	double rate = fmax((double)n / 12 / 4, 50);
	for (uint32_t i = 0; i < t->iterations; i++) {
		if (i % REORDER == 0)
			reorder(&w);
		bool early = i < EXAGGERATED && i < t->iterations / 2;
		double z = find_forces(&w, chunks);
		step(&w, z, early ? 12 : 1, rate, early ? 0.5 : 0.8, speed, gain);
		progress_step(i, t->iterations, "iterations");
	}
	double kl = divergence(&w, find_forces(&w, chunks));
	free(speed);
	free(gain);
	free(w.repulsion);
	free(w.attraction);
	free(w.chunk_sum);
	free(w.order);
	free(w.nodes);
	free(w.stops);
	free(w.start);
	free(w.to);
	free(w.p);
	return kl;
}
