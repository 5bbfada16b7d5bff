/* cosine-loops.h - the losses of cosines, softmax and ccl, compiled once for each
 * instruction set: see cosine.h. Comes after sgd-loops.h.
 *
 * A batch is BATCH_ROWS visits that share their negatives, so that all scores and
 * all slopes are three small matrix products. Visits lie side by side in the lanes
 * of the matrix of scores: what follows from them needs no sums across lanes.
 */
#include <stdint.h>

#include "cosine.h"

typedef int32_t vec_bits __attribute__((vector_size(sizeof(vec)), may_alias));

/* Not inlined: what is called once for a whole row or batch need not be there many
 * times over. */
#define APART static __attribute__((noinline))

enum { BATCH_ROWS = 32, TILE_ROWS = 4, TILE_VECTORS = 2 };

/* The score of a missing negative: far below every cosine. */
static const float NO_SCORE = -1e4f;

INLINE vec vec_select(vec_bits mask, vec a, vec b)
{
	return (vec)((mask & (vec_bits)a) | (~mask & (vec_bits)b));
}

/* e^x for x <= 0 (or hardly more), 0 below -80: 2^n e^r with |r| <= ln 2 / 2. */
INLINE vec vec_exp(vec x)
{
	vec_bits gone = x < vec_set(-80);
	x = vec_select(gone, vec_zero(), x);
	vec_bits n = __builtin_convertvector(vec_fma(x, vec_set(1.44269504f), vec_set(-0.5f)),
					     vec_bits);
	vec whole = __builtin_convertvector(n, vec);
	vec r = vec_fma(whole, vec_set(-0.693359375f), x); /* ln 2 in two parts */
	r = vec_fma(whole, vec_set(2.12194440e-4f), r);
	vec e = vec_set(1.0f / 720);
	e = vec_fma(e, r, vec_set(1.0f / 120));
	e = vec_fma(e, r, vec_set(1.0f / 24));
	e = vec_fma(e, r, vec_set(1.0f / 6));
	e = vec_fma(e, r, vec_set(0.5f));
	e = vec_fma(e, r, vec_set(1));
	e = vec_fma(e, r, vec_set(1));
	return vec_select(gone, vec_zero(), vec_mul(e, (vec)((n + 127) << 23)));
}

/* c = a b for TILE_ROWS rows of c and `vectors` vectors of their numbers. The
 * element (i, l) of a is a[i * a_row + l * a_step]; c and b lie row by row. */
INLINE void tile(float *c, size_t c_row, const float *a, size_t a_row, size_t a_step,
		 const float *b, size_t b_row, size_t depth, const size_t vectors)
{
	vec sum[TILE_ROWS][TILE_VECTORS];
#pragma GCC unroll 4
	for (size_t i = 0; i < TILE_ROWS; i++)
#pragma GCC unroll 2
		for (size_t v = 0; v < vectors; v++)
			sum[i][v] = vec_zero();
	for (size_t l = 0; l < depth; l++) {
#pragma GCC unroll 2
		for (size_t v = 0; v < vectors; v++) {
			vec x = vec_load(b + l * b_row + v * LANES);
#pragma GCC unroll 4
			for (size_t i = 0; i < TILE_ROWS; i++)
				sum[i][v] = vec_fma(vec_set(a[i * a_row + l * a_step]), x,
						    sum[i][v]);
		}
	}
#pragma GCC unroll 4
	for (size_t i = 0; i < TILE_ROWS; i++)
#pragma GCC unroll 2
		for (size_t v = 0; v < vectors; v++)
			vec_store(c + i * c_row + v * LANES, sum[i][v]);
}

/* c (rows x width) = a (rows x depth, as in tile) b (depth x width): rows are a
 * multiple of TILE_ROWS, width one of KERNEL_PAD. */
static void product(float *c, size_t rows, size_t width, const float *a, size_t a_row,
		    size_t a_step, const float *b, size_t depth)
{
	size_t at = 0;
	for (; at + TILE_VECTORS * LANES <= width; at += TILE_VECTORS * LANES)
		for (size_t i = 0; i < rows; i += TILE_ROWS)
			tile(c + i * width + at, width, a + i * a_row, a_row, a_step, b + at, width,
			     depth, TILE_VECTORS);
	for (; at < width; at += LANES)
		for (size_t i = 0; i < rows; i += TILE_ROWS)
			tile(c + i * width + at, width, a + i * a_row, a_row, a_step, b + at, width,
			     depth, 1);
}

/* Scales to length 1; returns the factor, which is 0 for a vector of zeros. */
INLINE float make_unit(float *x, size_t stride)
{
	float square = dot(x, x, stride), inverse = square > 0 ? 1 / sqrtf(square) : 0;
	for (size_t i = 0; i < stride; i += LANES)
		vec_store(x + i, vec_mul(vec_set(inverse), vec_load(x + i)));
	return inverse;
}

/* Users or items of a batch, drawn together from all over the memory. */
struct gathered {
	const struct params *params;
	const struct features *features;
	struct composed *made;  /* made[k].factors: row k of `unit` */
	float *unit;            /* representations at length 1 */
	float *slope;           /* of the loss in them */
	float *inverse;         /* 1 / the length they had */
};

static struct gathered gathered_new(const struct params *params, const struct features *features,
				    size_t n)
{
	struct gathered g = {
		.params = params,
		.features = features,
		.made = memory_new(n, sizeof *g.made),
		.unit = memory_aligned(n * params->stride, sizeof(float)),
		.slope = memory_aligned(n * params->stride, sizeof(float)),
		.inverse = memory_new(n, sizeof(float)),
	};
	for (size_t k = 0; k < n; k++)
		g.made[k].factors = g.unit + k * params->stride;
	return g;
}

static void gathered_free(struct gathered *g)
{
	free(g->made);
	free(g->unit);
	free(g->slope);
	free(g->inverse);
}

APART void gather(struct gathered *g, size_t k, uint32_t entity)
{
	compose(&g->made[k], g->params, g->features, entity);
	g->inverse[k] = make_unit(g->made[k].factors, g->params->stride);
}

/* Moves what row k consists of. A cosine does not feel the part of a slope that
 * runs along the vector; a row that is all of its vector keeps the length 1. */
APART void scatter(const struct sgd *s, const struct pace *pace, struct gathered *g, size_t k)
{
	size_t stride = g->params->stride;
	float *slope = g->slope + k * stride, *unit = g->unit + k * stride;
	vec along = vec_set(-dot(slope, unit, stride)), inverse = vec_set(g->inverse[k]);
	for (size_t i = 0; i < stride; i += LANES) {
		vec across = vec_fma(along, vec_load(unit + i), vec_load(slope + i));
		vec_store(slope + i, vec_mul(inverse, across));
	}
	move(s, pace, g->params, &g->made[k], slope, 1, 0, s->optimizer == ADADELTA);
	if (!g->features)
		make_unit(params_row(g->params, g->made[k].own_row), stride);
}

struct batch {
	struct gathered user, positive, negative;
	uint32_t *deck;     /* the cell's items; the first `drawn` are the negatives */
	uint32_t drawn, drawn_padded;
	float *users_turned; /* stride x BATCH_ROWS */
	float *score;       /* drawn_padded x BATCH_ROWS; then the loss's slope in it */
	float *positive_score, *positive_slope, *weight, *loss; /* BATCH_ROWS */
};

static struct batch batch_new(const struct sgd *s, const struct cell *c)
{
	struct batch b = {.drawn = s->negatives < c->item_count ? s->negatives : c->item_count};
	b.drawn_padded = (b.drawn + TILE_ROWS - 1) / TILE_ROWS * TILE_ROWS;
	b.user = gathered_new(s->users, s->user_features, BATCH_ROWS);
	b.positive = gathered_new(s->items, s->item_features, BATCH_ROWS);
	b.negative = gathered_new(s->items, s->item_features, b.drawn_padded);
	b.deck = memory_new(c->item_count, sizeof *b.deck);
	memcpy(b.deck, c->items, c->item_count * sizeof *b.deck);
	b.users_turned = memory_aligned(s->users->stride * BATCH_ROWS, sizeof(float));
	b.score = memory_aligned((size_t)b.drawn_padded * BATCH_ROWS, sizeof(float));
	b.positive_score = memory_aligned((size_t)4 * BATCH_ROWS, sizeof(float));
	b.positive_slope = b.positive_score + BATCH_ROWS;
	b.weight = b.positive_slope + BATCH_ROWS;
	b.loss = b.weight + BATCH_ROWS;
	return b;
}

static void batch_free(struct batch *b)
{
	gathered_free(&b->user);
	gathered_free(&b->positive);
	gathered_free(&b->negative);
	free(b->deck);
	free(b->users_turned);
	free(b->score);
	free(b->positive_score);
}

/* Draws the negatives without replacement: the front of a shuffle. */
APART void batch_draw(struct batch *b, struct cell *c)
{
	for (uint32_t n = 0; n < b->drawn && b->drawn < c->item_count; n++) {
		uint32_t other = n + random_below(&c->random, c->item_count - n);
		uint32_t held = b->deck[n];
		b->deck[n] = b->deck[other];
		b->deck[other] = held;
	}
}

/* Fills the matrix of scores: an item that the user took is no negative. */
APART void batch_score(const struct sgd *s, struct batch *b, const struct entry *order,
			uint32_t rows)
{
	size_t stride = s->users->stride;
	for (uint32_t k = 0; k < BATCH_ROWS; k++) {
		const float *unit = b->user.unit + k * stride;
		for (size_t i = 0; i < stride; i++)
			b->users_turned[i * BATCH_ROWS + k] = k < rows ? unit[i] : 0;
		b->positive_score[k] = k < rows ? dot(unit, b->positive.unit + k * stride, stride) : 0;
		b->weight[k] = k < rows ? entry_weight(s, order[k]) : 0;
	}
	product(b->score, b->drawn_padded, BATCH_ROWS, b->negative.unit, stride, 1, b->users_turned,
		stride);
	for (uint32_t n = b->drawn; n < b->drawn_padded; n++)
		for (uint32_t k = 0; k < BATCH_ROWS; k++)
			b->score[n * BATCH_ROWS + k] = NO_SCORE;
	for (uint32_t k = 0; k < rows; k++)
		for (uint32_t n = 0; n < b->drawn; n++)
			if (positives_has(&s->positives, order[k].user, b->deck[n]))
				b->score[n * BATCH_ROWS + k] = NO_SCORE;
}

/* -log of the share of the positive one's e^(score / temperature) in the sum of all:
 * its slope in a negative's score is that one's share / temperature. No score is
 * above 1, and TEMPERATURE_MIN keeps the sum above 0. */
APART void batch_softmax(const struct sgd *s, struct batch *b)
{
	vec per = vec_set(1 / s->temperature), one = vec_set(1);
	for (uint32_t at = 0; at < BATCH_ROWS; at += LANES) {
		vec others = vec_zero(), weight = vec_load(b->weight + at);
		for (uint32_t n = 0; n < b->drawn_padded; n++) {
			float *score = b->score + n * BATCH_ROWS + at;
			vec e = vec_exp(vec_mul(per, vec_sub(vec_load(score), one)));
			others = vec_add(others, e);
			vec_store(score, e);
		}
		vec behind = vec_mul(per, vec_sub(vec_load(b->positive_score + at), one));
		vec total = vec_add(others, vec_exp(behind));
		vec share = vec_mul(weight, per) / total;
		for (uint32_t n = 0; n < b->drawn_padded; n++) {
			float *score = b->score + n * BATCH_ROWS + at;
			vec_store(score, vec_mul(share, vec_load(score)));
		}
		vec_store(b->positive_slope + at, vec_sub(vec_zero(), vec_mul(share, others)));
		vec_store(b->loss + at, behind);
		for (uint32_t k = 0; k < LANES; k++)
			b->loss[at + k] = b->weight[at + k] *
				(loss_log(total[k]) - b->loss[at + k]);
	}
}

/* 1 - the positive one's score + negative_weight * the mean over the negatives of what
 * their scores exceed the margin by. */
APART void batch_ccl(const struct sgd *s, struct batch *b)
{
	vec margin = vec_set(s->margin), none = vec_set(NO_SCORE / 2);
	for (uint32_t at = 0; at < BATCH_ROWS; at += LANES) {
		vec count = vec_zero(), excess = vec_zero(), weight = vec_load(b->weight + at);
		for (uint32_t n = 0; n < b->drawn_padded; n++) {
			vec score = vec_load(b->score + n * BATCH_ROWS + at);
			count = vec_add(count, vec_select(score > none, vec_set(1), vec_zero()));
			excess = vec_add(excess, vec_select(score > margin,
							    vec_sub(score, margin), vec_zero()));
		}
		vec share = vec_set(s->negative_weight) /
			    vec_select(count > vec_zero(), count, vec_set(1));
		vec slope = vec_mul(weight, share);
		for (uint32_t n = 0; n < b->drawn_padded; n++) {
			float *score = b->score + n * BATCH_ROWS + at;
			vec_store(score, vec_select(vec_load(score) > margin, slope, vec_zero()));
		}
		vec behind = vec_sub(vec_set(1), vec_load(b->positive_score + at));
		vec_store(b->loss + at, vec_mul(weight, vec_fma(share, excess, behind)));
		vec_store(b->positive_slope + at, vec_sub(vec_zero(), weight));
	}
}

/* From the slopes in the scores to those in the vectors. */
APART void batch_slopes(const struct sgd *s, struct batch *b, uint32_t rows)
{
	size_t stride = s->users->stride;
	product(b->user.slope, BATCH_ROWS, stride, b->score, 1, BATCH_ROWS, b->negative.unit, b->drawn);
	product(b->negative.slope, b->drawn_padded, stride, b->score, BATCH_ROWS, 1, b->user.unit,
		rows);
	for (uint32_t k = 0; k < rows; k++) {
		vec slope = vec_set(b->positive_slope[k]);
		float *user = b->user.slope + k * stride, *positive = b->positive.slope + k * stride;
		for (size_t i = 0; i < stride; i += LANES) {
			vec_store(user + i, vec_fma(slope, vec_load(b->positive.unit + k * stride + i),
						    vec_load(user + i)));
			vec_store(positive + i, vec_mul(slope, vec_load(b->user.unit + k * stride + i)));
		}
	}
}

/* All slopes are those of the numbers before the batch; its steps follow in the
 * order users, items taken, negatives. */
APART double batch_visit(const struct sgd *s, struct cell *c, const struct pace *pace,
			 struct batch *b, const struct entry *order, uint32_t rows)
{
	double loss = 0;
	batch_draw(b, c);
	for (uint32_t k = 0; k < rows; k++) {
		gather(&b->user, k, order[k].user);
		gather(&b->positive, k, entry_item(s, order[k]));
	}
	for (uint32_t n = 0; n < b->drawn; n++)
		gather(&b->negative, n, b->deck[n]);
	batch_score(s, b, order, rows);
	if (s->loss == LOSS_SOFTMAX)
		batch_softmax(s, b);
	else
		batch_ccl(s, b);
	batch_slopes(s, b, rows);
	for (uint32_t k = 0; k < rows; k++)
		scatter(s, pace, &b->user, k);
	for (uint32_t k = 0; k < rows; k++)
		scatter(s, pace, &b->positive, k);
	for (uint32_t n = 0; n < b->drawn; n++)
		scatter(s, pace, &b->negative, n);
	for (uint32_t k = 0; k < rows; k++)
		loss += (double)b->loss[k];
	return loss;
}

struct cell_result VECTOR_NAME(cosine_cell)(const struct sgd *s, struct cell *c)
{
	struct cell_result result = {0};
	if (c->n == 0)
		return result;
	struct pace pace = pace_of(s);
	struct batch b = batch_new(s, c);
	for (uint64_t i = 0; i < c->n && !stop_signal(); i += BATCH_ROWS) {
		uint32_t rows = c->n - i < BATCH_ROWS ? (uint32_t)(c->n - i) : BATCH_ROWS;
		for (uint64_t k = i + rows; k < i + 2 * BATCH_ROWS && k < c->n; k++) {
			fetch_row(params_row(s->users, c->order[k].user), s->users->width);
			fetch_row(params_row(s->items, entry_item(s, c->order[k])), s->items->width);
		}
		result.loss += batch_visit(s, c, &pace, &b, c->order + i, rows);
	}
	batch_free(&b);
	return result;
}
