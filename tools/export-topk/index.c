#include "layout.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "base/memory.h"
#include "data/unit.h"

enum {
	CHUNK_BYTES = 256 << 10, /* of panels of floats: they stay in the second cache */
	CHUNK_PANELS_MIN = 4,
};

/* --- order ---------------------------------------------------------------------- */

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
		w[i].norm = unit_length(items->factors + (size_t)i * items->stride,
				      items->factor_count);
		w[i].weight = w[i].norm * user_norm + (double)items->bias[i];
	}
	qsort(w, items->n, sizeof *w, heavier_first);
	return w;
}

static void place_items(struct index *x, const struct weighed *order)
{
	uint32_t *item_at = memory_zero(x->panel_count * PANEL, sizeof *item_at);
	uint32_t *position = memory_new(x->items.n, sizeof *position);
	float *bias = memory_aligned(x->panel_count * PANEL, sizeof *bias);
	for (size_t at = 0; at < x->panel_count * PANEL; at++) {
		if (at >= x->items.n) {
			bias[at] = -INFINITY;
			continue;
		}
		uint32_t item = order[at].item;
		bias[at] = x->items.bias[item];
		item_at[at] = item;
		position[item] = (uint32_t)at;
	}
	x->item_at = item_at;
	x->position = position;
	x->bias = bias;
}

/* --- chunks --------------------------------------------------------------------- */

static double panel_norm(const struct index *x, const struct weighed *order, size_t panel)
{
	double norm = 0;
	size_t end = (panel + 1) * PANEL < x->items.n ? (panel + 1) * PANEL : x->items.n;
	for (size_t at = panel * PANEL; at < end; at++)
		norm = fmax(norm, order[at].norm);
	return norm;
}

/* A new chunk begins where vectors become shorter by a quarter (or longer by a third),
 * or when the one before it is as large as it may be. */
static void cut_chunks(struct index *x, const struct weighed *order)
{
	size_t bytes = (size_t)x->items.factor_count * PANEL * sizeof(float);
	size_t most = bytes * CHUNK_PANELS_MIN < CHUNK_BYTES ? CHUNK_BYTES / bytes : CHUNK_PANELS_MIN;
	double norm = 0;
	x->chunk_first = memory_new(x->panel_count + 1, sizeof *x->chunk_first);
	x->chunk_of = memory_new(x->panel_count, sizeof *x->chunk_of);
	for (size_t p = 0, first = 0; p < x->panel_count; p++) {
		double here = panel_norm(x, order, p);
		bool differs = here < 0.75 * norm || here > 1.33 * norm;
		if (p == 0 || p - first >= most || (differs && p - first >= CHUNK_PANELS_MIN)) {
			x->chunk_first[x->chunk_count++] = first = p;
			norm = 0;
		}
		norm = fmax(norm, here);
		x->chunk_of[p] = (uint32_t)(x->chunk_count - 1);
	}
	x->chunk_first[x->chunk_count] = x->panel_count;
}

static void bound_chunks(struct index *x, const struct weighed *order)
{
	size_t n = x->chunk_count;
	x->chunk_norm = memory_zero(n, sizeof *x->chunk_norm);
	x->chunk_bias = memory_zero(n, sizeof *x->chunk_bias);
	x->tail_norm = memory_new(n, sizeof *x->tail_norm);
	x->tail_bias = memory_new(n, sizeof *x->tail_bias);
	double bias = -DBL_MAX;
	for (size_t c = n; c-- > 0;) {
		size_t end = x->chunk_first[c + 1] * PANEL;
		end = end < x->items.n ? end : x->items.n;
		for (size_t at = x->chunk_first[c] * PANEL; at < end; at++) {
			double b = (double)x->bias[at];
			x->chunk_norm[c] = fmax(x->chunk_norm[c], order[at].norm);
			x->chunk_bias[c] = fmax(x->chunk_bias[c], fabs(b));
			bias = fmax(bias, b);
		}
		x->norm = fmax(x->norm, x->chunk_norm[c]);
		x->bias_size = fmax(x->bias_size, x->chunk_bias[c]);
		x->tail_norm[c] = x->norm;
		x->tail_bias[c] = bias;
	}
}

/* --- panels --------------------------------------------------------------------- */

static uint32_t float_word(float x)
{
	uint32_t bits;
	memcpy(&bits, &x, sizeof bits);
	return bits;
}

/* Rounded to the upper 16 bits, ties to even; for numbers far from overflow. Subnormal
 * ones become 0, for which the instructions take them. */
static uint32_t bfloat16(float x)
{
	uint32_t bits = float_word(x);
	bits = (bits + 0x7fff + (bits >> 16 & 1)) >> 16;
	return bits & 0x7f80 ? bits : 0;
}

static double from_bfloat16(uint32_t half)
{
	uint32_t bits = half << 16;
	float x;
	memcpy(&x, &bits, sizeof x);
	return (double)x;
}

double layout_vector(const struct layout *l, const float *v, uint32_t *to, size_t step,
		     double *rounded)
{
	double sum[2] = {0}, lost[2] = {0};
	for (uint32_t w = 0; w < l->panels.depth; w++) {
		if (!l->kernel->pairs) {
			to[w * step] = float_word(v[w]);
			continue;
		}
		uint32_t low = bfloat16(v[2 * w]), high = bfloat16(v[2 * w + 1]);
		double x = from_bfloat16(low), y = from_bfloat16(high);
		double a = (double)v[2 * w] - x, b = (double)v[2 * w + 1] - y;
		sum[0] += x * x;
		sum[1] += y * y;
		lost[0] += a * a;
		lost[1] += b * b;
		to[w * step] = low | high << 16;
	}
	*rounded = sqrt(sum[0] + sum[1]);
	return sqrt(lost[0] + lost[1]);
}

static struct layout lay_out(const struct index *x, const struct tile_kernel *kernel)
{
	const struct index_items *items = &x->items;
	struct layout l = {.kernel = kernel};
	uint32_t depth = kernel->pairs ? (items->factor_count + 1) / 2 : items->factor_count;
	l.words = memory_aligned(x->panel_count, (size_t)depth * PANEL * sizeof *l.words);
	l.panels = (struct panels){.at = l.words, .bias = x->bias, .depth = depth};
	l.residual = memory_zero(x->chunk_count, sizeof *l.residual);
	for (size_t at = 0; at < items->n; at++) {
		double rounded;
		size_t chunk = x->chunk_of[at / PANEL];
		double lost = layout_vector(&l, items->factors + (size_t)x->item_at[at] * items->stride,
					    l.words + at / PANEL * PANEL * depth + at % PANEL, PANEL,
					    &rounded);
		l.residual[chunk] = fmax(l.residual[chunk], lost);
	}
	return l;
}

static void layout_free(struct layout *l)
{
	free(l->words);
	free(l->residual);
}

const struct layout *index_single(struct index *x)
{
	pthread_mutex_lock(&x->lock);
	if (!x->single.kernel)
		x->single = lay_out(x, x->single_kernel);
	pthread_mutex_unlock(&x->lock);
	return &x->single;
}

/* --- the whole ------------------------------------------------------------------ */

static int larger_first(const void *a, const void *b)
{
	const struct by_bias *x = a, *y = b;
	if (x->bias != y->bias)
		return x->bias < y->bias ? 1 : -1;
	return (x->order > y->order) - (x->order < y->order);
}

static struct by_bias *sort_by_bias(const struct index_items *items)
{
	struct by_bias *list = memory_new(items->n, sizeof *list);
	for (uint32_t i = 0; i < items->n; i++)
		list[i] = (struct by_bias){items->bias[i], items->order[i], i, items->n};
	qsort(list, items->n, sizeof *list, larger_first);
	for (uint32_t i = items->n - 1; i-- > 0;)
		list[i].end = list[i].bias == list[i + 1].bias ? list[i + 1].end : i + 1;
	return list;
}

const struct by_bias *index_by_bias(struct index *x)
{
	pthread_mutex_lock(&x->lock);
	if (!x->by_bias)
		x->by_bias = sort_by_bias(&x->items);
	pthread_mutex_unlock(&x->lock);
	return x->by_bias;
}

/* Makes the panels of the first pass, unless they are there. */
static void choose_kernels(struct index *x, enum tile_choice choice)
{
	const struct tile_kernel *kernel = tile_kernel_of(choice, x->norm < INDEX_NORM_MAX);
	if (!kernel->pairs || choice == TILE_AUTO)
		x->single_kernel = kernel->pairs ? tile_kernel_of(choice, false) : kernel;
	if (x->single.panels.at)
		x->single.kernel = x->single_kernel;
	if (kernel->pairs && x->rough.panels.at)
		x->rough.kernel = kernel;
	else if (kernel->pairs)
		x->rough = lay_out(x, kernel);
	x->is_single = !kernel->pairs;
	if (x->is_single)
		index_single(x);
}

struct index *index_new(const struct index_items *items, double user_norm,
			enum tile_choice choice)
{
	struct index *x = memory_zero(1, sizeof *x);
	x->items = *items;
	x->panel_count = ((size_t)items->n + PANEL - 1) / PANEL;
	pthread_mutex_init(&x->lock, NULL);
	struct weighed *order = weigh(items, user_norm);
	place_items(x, order);
	cut_chunks(x, order);
	bound_chunks(x, order);
	free(order);
	choose_kernels(x, choice);
	return x;
}

void index_use_layout(struct index *x, const struct layout *l, bool pairs, enum tile_choice choice)
{
	pthread_mutex_init(&x->lock, NULL);
	*(pairs ? &x->rough : &x->single) = *l;
	choose_kernels(x, choice);
}

void index_free(struct index *x)
{
	if (!x)
		return;
	if (!x->mapped) {
		free((void *)(uintptr_t)x->item_at);
		free((void *)(uintptr_t)x->position);
		free((void *)(uintptr_t)x->bias);
	}
	free(x->chunk_first);
	free(x->chunk_of);
	free(x->chunk_norm);
	free(x->chunk_bias);
	free(x->tail_norm);
	free(x->tail_bias);
	layout_free(&x->rough);
	layout_free(&x->single);
	free(x->by_bias);
	pthread_mutex_destroy(&x->lock);
	free(x);
}

double index_bound(const struct index *x, double norm, double bias)
{
	return norm * x->norm + x->bias_size + fabs(bias);
}

const char *index_kernel(const struct index *x)
{
	return (x->is_single ? &x->single : &x->rough)->kernel->name;
}
