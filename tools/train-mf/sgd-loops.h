/* sgd-loops.h - the loops of sgd.h, compiled once for each instruction set.
 *
 * The including file has included one of data/vector-portable.h and its kin.
 */
#include <math.h>

#include "base/error.h"
#include "frame/run.h"
#include "sgd.h"

enum {
	LOOK_ITEM = 24, /* rows ahead: the item's number is fetched */
	LOOK_ROW = 8,   /* rows ahead: the factors are fetched */
	DRAWN = 4,      /* negatives drawn ahead */
	LOOK_STOP = 4096,
};

INLINE void fetch_row(const float *row, size_t width)
{
	for (size_t i = 0; i < width; i += 16)
		__builtin_prefetch(row + i, 1);
}

INLINE float dot(const float *a, const float *b, size_t stride)
{
	vec sum[2] = {vec_zero(), vec_zero()};
	for (size_t i = 0; i < stride; i += LANES)
		sum[i / LANES % 2] = vec_fma(vec_load(a + i), vec_load(b + i), sum[i / LANES % 2]);
	return vec_sum(vec_add(sum[0], sum[1]));
}

/* Negatives to come: their rows are on the way while others are looked at. */
struct drawn {
	uint32_t item[DRAWN];
	uint32_t at;
};

INLINE uint32_t draw_ahead(const struct sgd *s, struct cell *c, size_t width)
{
	uint32_t item = c->items[random_below(&c->random, c->item_count)];
	fetch_row(params_row(s->items, item), width);
	__builtin_prefetch(params_bias(s->items, item), 1);
	return item;
}

INLINE void drawn_start(struct drawn *d, const struct sgd *s, struct cell *c, size_t width)
{
	for (d->at = 0; d->at < DRAWN; d->at++)
		d->item[d->at] = draw_ahead(s, c, width);
	d->at = 0;
}

INLINE uint32_t drawn_next(struct drawn *d, const struct sgd *s, struct cell *c, size_t width)
{
	uint32_t item = d->item[d->at];
	d->item[d->at] = draw_ahead(s, c, width);
	d->at = (d->at + 1) % DRAWN;
	return item;
}

INLINE void step(float *weight, float *sum, vec g, vec rate)
{
	vec old = vec_load(sum);
	vec_store(weight, vec_sub(vec_load(weight), vec_mul(vec_mul(rate, g), vec_rsqrt(old))));
	vec_store(sum, vec_fma(g, g, old));
}

INLINE void step_bias(float *bias, float g, float rate)
{
	bias[0] -= rate * g / sqrtf(bias[1]);
	bias[1] += g * g;
}

/* One violated pair: the score of `good` should exceed that of `bad`; `size` is
 * the slope of the loss in their difference. The user's bias cancels. */
INLINE void pair_step(const struct sgd *s, float *user, float *good, float *bad, float size,
		      size_t stride)
{
	vec rate = vec_set(s->learning_rate), c = vec_set(size), minus = vec_set(-size);
	for (size_t i = 0; i < stride; i += LANES) {
		vec u = vec_load(user + i), p = vec_load(good + i), q = vec_load(bad + i);
		step(user + i, user + stride + i, vec_mul(c, vec_sub(q, p)), rate);
		step(good + i, good + stride + i, vec_mul(minus, u), rate);
		step(bad + i, bad + stride + i, vec_mul(c, u), rate);
	}
}

INLINE uint32_t entry_item(const struct sgd *s, struct entry e)
{
	return s->problem->item[s->problem->start[e.user] + e.nth];
}

INLINE void look_ahead(const struct sgd *s, const struct cell *c, uint64_t i, size_t width)
{
	if (i + LOOK_ITEM < c->n) {
		struct entry e = c->order[i + LOOK_ITEM];
		__builtin_prefetch(&s->problem->item[s->problem->start[e.user] + e.nth]);
	}
	if (i + LOOK_ROW < c->n) {
		struct entry e = c->order[i + LOOK_ROW];
		uint32_t item = entry_item(s, e);
		fetch_row(params_row(s->users, e.user), width);
		fetch_row(params_row(s->items, item), width);
		__builtin_prefetch(params_bias(s->items, item), 1);
	}
}

INLINE struct cell_result warp_cell(const struct sgd *s, struct cell *c, const size_t stride)
{
	const size_t width = 2 * stride;
	struct cell_result result = {0};
	struct drawn drawn;
	if (c->n == 0)
		return result;
	drawn_start(&drawn, s, c, width);
	for (uint64_t i = 0; i < c->n; i++) {
		if (i % LOOK_STOP == 0 && stop_signal())
			break;
		look_ahead(s, c, i, width);
		struct entry e = c->order[i];
		uint32_t good = entry_item(s, e);
		float *user = s->users->rows + e.user * width;
		float *row = s->items->rows + good * width, *bias = s->items->bias + good * 2;
		float score = dot(user, row, stride) + bias[0];
		for (uint32_t sampled = 1; sampled <= s->max_sampled; sampled++) {
			uint32_t bad = drawn_next(&drawn, s, c, width);
			float *other = s->items->rows + bad * width;
			float *other_bias = s->items->bias + bad * 2;
			float miss = dot(user, other, stride) + other_bias[0] - score + 1.0f;
			if (!(miss > 0) || positives_has(&s->positives, e.user, bad))
				continue;
			float size = s->rank_loss[sampled];
			if (s->problem->weight)
				size *= s->problem->weight[s->problem->start[e.user] + e.nth];
			result.loss += (double)(size * miss);
			pair_step(s, user, row, other, size, stride);
			step_bias(bias, -size, s->learning_rate);
			step_bias(other_bias, size, s->learning_rate);
			break;
		}
	}
	return result;
}

/* The usual sizes are compiled on their own: loops of known length unroll. */
struct cell_result VECTOR_NAME(sgd_cell)(const struct sgd *s, struct cell *c)
{
	switch (s->users->stride) {
	case 16:
		return warp_cell(s, c, 16);
	case 32:
		return warp_cell(s, c, 32);
	case 64:
		return warp_cell(s, c, 64);
	case 128:
		return warp_cell(s, c, 128);
	default:
		return warp_cell(s, c, s->users->stride);
	}
}
