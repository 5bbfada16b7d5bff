#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/random.h"
#include "data/unit.h"
#include "learning/loss.h"
#include "folding.h"

static int by_item(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;
	return (*x > *y) - (*x < *y);
}

static float score_of(const struct folding *f, const struct user_state *m, uint32_t item)
{
	return f->dot(m->x, item_row(f, item), f->stride) + f->biases[item];
}

/* Against the gradient size * (a - b), b may be NULL; plain C, so that only the
 * dot products depend on the kernel. */
static void step(const struct folding *f, struct user_state *m, float size, const float *a,
		 const float *b)
{
	float rate = (float)f->options->learning_rate;
	for (uint32_t i = 0; i < f->factors; i++) {
		float g = size * (b ? a[i] - b[i] : a[i]);
		m->x[i] -= rate * g / sqrtf(m->sums[i]);
		m->sums[i] += g * g;
	}
}

static bool is_own(const struct user_items *t, uint32_t item)
{
	return t->n && bsearch(&item, t->item, t->n, sizeof item, by_item);
}

static void visit_warp(const struct folding *f, const struct user_items *t, struct user_state *m,
		       uint32_t positive, float weight, struct random *r)
{
	float score = score_of(f, m, positive);
	for (uint32_t sampled = 1; sampled <= f->fit.max_sampled; sampled++) {
		uint32_t negative = random_below(r, f->items.n);
		if (score_of(f, m, negative) - score + 1 <= 0 || is_own(t, negative))
			continue;
		step(f, m, f->rank_weights[sampled] * weight, item_row(f, negative), item_row(f, positive));
		return;
	}
}

/* The k-th best of n drawn positives, the visited one among them. */
static uint32_t draw_kos(const struct folding *f, const struct user_items *t,
			 const struct user_state *m, uint32_t visited, struct random *r)
{
	uint32_t n = (uint32_t)f->fit.kos_n, *candidates = memory_new(n, sizeof *candidates);
	float *score = memory_new(n, sizeof *score);
	for (uint32_t i = 0; i < n; i++) {
		uint32_t held = i ? random_below(r, t->n) : visited, at = i;
		float value = score_of(f, m, t->item[held]);
		for (; at > 0 && score[at - 1] < value; at--) {
			score[at] = score[at - 1];
			candidates[at] = candidates[at - 1];
		}
		score[at] = value;
		candidates[at] = held;
	}
	uint32_t k = f->fit.kos_k < n ? (uint32_t)f->fit.kos_k : n, chosen = candidates[k - 1];
	free(candidates);
	free(score);
	return chosen;
}

static void visit_bpr(const struct folding *f, const struct user_items *t, struct user_state *m,
		      uint32_t positive, float weight, struct random *r)
{
	uint32_t negative = random_below(r, f->items.n);
	if (!is_own(t, negative))
		step(f, m, weight * loss_sigmoid(score_of(f, m, negative) - score_of(f, m, positive)),
		     item_row(f, negative), item_row(f, positive));
}

static void visit_logistic(const struct folding *f, struct user_state *m, uint32_t positive, float weight)
{
	float side = weight > 0 ? 1 : -1;
	float size = -weight * loss_sigmoid(-side * (score_of(f, m, positive) + m->bias));
	step(f, m, size, item_row(f, positive), NULL);
	m->bias -= (float)f->options->learning_rate * size / sqrtf(m->bias_sum);
	m->bias_sum += size * size;
}

static void visit(const struct folding *f, const struct user_items *t, struct user_state *m, uint32_t k,
		  struct random *r)
{
	switch ((enum loss)f->fit.loss) { /* no default: the compiler asks for each loss */
	case LOSS_WARP:
		visit_warp(f, t, m, t->item[k], t->weight[k], r);
		break;
	case LOSS_WARP_KOS:
		k = draw_kos(f, t, m, k, r);
		visit_warp(f, t, m, t->item[k], t->weight[k], r);
		break;
	case LOSS_BPR:
		visit_bpr(f, t, m, t->item[k], t->weight[k], r);
		break;
	case LOSS_LOGISTIC:
		visit_logistic(f, m, t->item[k], t->weight[k]);
		break;
	case LOSS_IALS: case LOSS_SVD: /* solved at once */
	case LOSS_SOFTMAX: case LOSS_CCL: /* folding_turn */
		break;
	}
}

void folding_descend(const struct folding *f, struct span id, const struct user_items *t,
		     struct user_state *m)
{
	struct random r = random_start(hash_row(f->fit.seed, id, span_of("user")), 0);
	float scale = (float)(f->fit.init_scale / f->factors);
	float pull = (float)(f->fit.user_alpha * f->options->learning_rate * (double)f->fit.rows);
	for (uint32_t i = 0; i < f->factors; i++)
		m->x[i] = (float)(random_share(&r) - 0.5) * scale;
	uint32_t *order = memory_new(t->n, sizeof *order);
	for (uint32_t k = 0; k < t->n; k++)
		order[k] = k;
	for (int64_t epoch = 0; epoch < f->options->epochs; epoch++) {
		random_shuffle(&r, order, t->n, sizeof *order);
		for (uint32_t k = 0; k < t->n; k++)
			visit(f, t, m, order[k], &r);
		for (uint32_t i = 0; i < f->factors; i++)
			m->x[i] /= 1 + pull / sqrtf(m->sums[i]);
		m->bias /= 1 + pull / sqrtf(m->bias_sum);
	}
	free(order);
}

/* What the negatives of a batch have in common for all its visits. */
struct negative_sums {
	float *sum;  /* softmax: of e^(score / temperature) * item; ccl: of items above the margin */
	float total; /* softmax: of e^((score - 1) / temperature); ccl: how many were drawn */
};

/* Draws the negatives, all items when they are no more than are wanted. */
static void sum_negatives(const struct folding *f, const struct user_items *t,
			  const struct user_state *m, struct negative_sums *a, struct random *r)
{
	bool all = f->fit.negatives >= f->items.n;
	uint32_t n = all ? f->items.n : (uint32_t)f->fit.negatives;
	*a = (struct negative_sums){.sum = a->sum};
	memset(a->sum, 0, f->stride * sizeof *a->sum);
	for (uint32_t k = 0; k < n; k++) {
		uint32_t item = all ? k : random_below(r, f->items.n);
		if (is_own(t, item))
			continue;
		float score = f->dot(m->x, item_row(f, item), f->stride), share = 1;
		if (f->fit.loss == LOSS_SOFTMAX)
			share = loss_exp((fminf(score, 1) - 1) / (float)f->fit.temperature);
		a->total += share;
		if (f->fit.loss == LOSS_CCL && !(score > (float)f->fit.margin))
			continue;
		const float *row = item_row(f, item);
		for (uint32_t i = 0; i < f->factors; i++)
			a->sum[i] += share * row[i];
	}
}

/* The slope of the losses of train-mf's softmax and ccl, over the `n` visits in
 * `order`, as far as it runs across the user's vector. */
static void slope_of(const struct folding *f, const struct user_items *t, const struct user_state *m,
		     const struct negative_sums *a, const uint32_t *order, uint32_t n, float *slope)
{
	bool softmax = f->fit.loss == LOSS_SOFTMAX;
	float temperature = (float)f->fit.temperature, pushed = 0, along = 0;
	memset(slope, 0, f->stride * sizeof *slope);
	for (uint32_t k = 0; k < n; k++) {
		const float *row = item_row(f, t->item[order[k]]);
		float weight = t->weight[order[k]], pull = weight, push;
		if (softmax) {
			float score = fminf(f->dot(m->x, row, f->stride), 1);
			float whole = a->total + loss_exp((score - 1) / temperature);
			push = whole > 0 ? weight / temperature / whole : 0;
			pull = push * a->total;
		} else {
			push = a->total > 0 ? weight * (float)f->fit.negative_weight / a->total : 0;
		}
		pushed += push;
		for (uint32_t i = 0; i < f->factors; i++)
			slope[i] -= pull * row[i];
	}
	for (uint32_t i = 0; i < f->factors; i++) {
		slope[i] += pushed * a->sum[i];
		along += slope[i] * m->x[i];
	}
	for (uint32_t i = 0; i < f->factors; i++)
		slope[i] -= along * m->x[i];
}

void folding_turn(const struct folding *f, struct span id, const struct user_items *t,
		  struct user_state *m)
{
	enum { BATCH_ROWS = 32 };
	struct random r = random_start(hash_row(f->fit.seed, id, span_of("user")), 0);
	uint32_t *order = memory_new(t->n, sizeof *order);
	struct negative_sums a = {.sum = memory_aligned(f->stride, sizeof(float))};
	float *slope = memory_aligned(f->stride, sizeof *slope);
	for (uint32_t k = 0; k < t->n; k++) {
		order[k] = k;
		for (uint32_t i = 0; i < f->factors; i++)
			m->x[i] += t->weight[k] * item_row(f, t->item[k])[i];
	}
	unit_scale(m->x, f->factors);
	for (int64_t epoch = 0; epoch < f->options->epochs; epoch++) {
		random_shuffle(&r, order, t->n, sizeof *order);
		for (uint32_t at = 0; at < t->n; at += BATCH_ROWS) {
			uint32_t n = t->n - at < BATCH_ROWS ? t->n - at : BATCH_ROWS;
			sum_negatives(f, t, m, &a, &r);
			slope_of(f, t, m, &a, order + at, n, slope);
			step(f, m, 1, slope, NULL);
			unit_scale(m->x, f->factors);
		}
	}
	free(order);
	free(a.sum);
	free(slope);
}
