/* sgd-loops.h - the loops of sgd.h, compiled once for each instruction set.
 *
 * The including file has included one of data/vector-portable.h and its kin.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "data/loss.h"
#include "frame/run.h"
#include "sgd.h"

enum {
	LOOK_ITEM = 24, /* rows ahead: the item's number is fetched */
	LOOK_ROW = 8,   /* rows ahead: the factors are fetched */
	LOOK_OWN = 4,   /* rows ahead: the user's items are fetched (warp-kos) */
	DRAWN = 8,      /* negatives drawn ahead */
	BATCH = 4,      /* negatives scored at once */
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
#pragma GCC unroll 8
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

/* What a step needs, as vectors, for the whole cell. */
struct pace {
	vec rate, rho, rest, epsilon; /* rest = 1 - rho */
};

INLINE struct pace pace_of(const struct sgd *s)
{
	return (struct pace){vec_set(s->learning_rate), vec_set(s->rho), vec_set(1 - s->rho),
			     vec_set(s->epsilon)};
}

/* Moves LANES numbers of a row against their gradient; their optimiser's state
 * lies one and two strides on. */
INLINE void step(float *row, vec g, const struct pace *pace, size_t stride, bool adadelta)
{
	vec old = vec_load(row + stride);
	if (adadelta) {
		vec steps = vec_load(row + 2 * stride);
		vec sum = vec_fma(vec_mul(pace->rest, g), g, vec_mul(pace->rho, old));
		vec by = vec_mul(vec_mul(g, vec_sqrt(vec_add(steps, pace->epsilon))),
				 vec_rsqrt(vec_add(sum, pace->epsilon)));
		vec_store(row + stride, sum);
		vec_store(row + 2 * stride,
			  vec_fma(vec_mul(pace->rest, by), by, vec_mul(pace->rho, steps)));
		vec_store(row, vec_sub(vec_load(row), by));
	} else {
		vec by = vec_mul(vec_mul(pace->rate, g), vec_rsqrt(old));
		vec_store(row, vec_sub(vec_load(row), by));
		vec_store(row + stride, vec_fma(g, g, old));
	}
}

INLINE void step_bias(const struct sgd *s, float *bias, float g, bool adadelta)
{
	if (adadelta) {
		bias[1] = s->rho * bias[1] + (1 - s->rho) * g * g;
		float by = g * sqrtf(bias[2] + s->epsilon) / sqrtf(bias[1] + s->epsilon);
		bias[2] = s->rho * bias[2] + (1 - s->rho) * by * by;
		bias[0] -= by;
	} else {
		bias[0] -= s->learning_rate * g / sqrtf(bias[1]);
		bias[1] += g * g;
	}
}

/* One violated pair: the score of `good` should exceed that of `bad`; `size` is
 * minus the slope of the loss in their difference. The user's bias cancels. */
INLINE void pair_step(const struct sgd *s, const struct pace *pace, float *user, uint32_t good,
		      uint32_t bad, float size, size_t stride, bool adadelta)
{
	float *up = params_row(s->items, good), *down = params_row(s->items, bad);
	vec c = vec_set(size), minus = vec_set(-size);
#pragma GCC unroll 4
	for (size_t i = 0; i < stride; i += LANES) {
		vec u = vec_load(user + i), p = vec_load(up + i), q = vec_load(down + i);
		step(user + i, vec_mul(c, vec_sub(q, p)), pace, stride, adadelta);
		step(up + i, vec_mul(minus, u), pace, stride, adadelta);
		step(down + i, vec_mul(c, u), pace, stride, adadelta);
	}
	step_bias(s, params_bias(s->items, good), -size, adadelta);
	step_bias(s, params_bias(s->items, bad), size, adadelta);
}

INLINE float score_of(const struct sgd *s, const float *user, uint32_t item, size_t stride)
{
	return dot(user, params_row(s->items, item), stride) + *params_bias(s->items, item);
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
		positives_fetch(&s->positives, e.user);
		__builtin_prefetch(params_bias(s->items, item), 1);
	}
}

INLINE float entry_weight(const struct sgd *s, struct entry e)
{
	return s->problem->weight ? s->problem->weight[s->problem->start[e.user] + e.nth] : 1.0f;
}

/* The scores of the next BATCH negatives: together, for their sums to overlap. */
INLINE void score_batch(const struct sgd *s, const float *user, const struct drawn *d,
			float score[BATCH], const size_t stride)
{
	const float *row[BATCH];
	vec sum[BATCH];
#pragma GCC unroll 4
	for (uint32_t j = 0; j < BATCH; j++) {
		row[j] = params_row(s->items, d->item[(d->at + j) % DRAWN]);
		sum[j] = vec_zero();
	}
#pragma GCC unroll 8
	for (size_t i = 0; i < stride; i += LANES) {
		vec u = vec_load(user + i);
#pragma GCC unroll 4
		for (uint32_t j = 0; j < BATCH; j++)
			sum[j] = vec_fma(u, vec_load(row[j] + i), sum[j]);
	}
#pragma GCC unroll 4
	for (uint32_t j = 0; j < BATCH; j++)
		score[j] = vec_sum(sum[j]) + *params_bias(s->items, d->item[(d->at + j) % DRAWN]);
}

/* Draws until a negative comes too close to `good`, and pushes the two apart.
 * Scores are taken in batches; a draw that was not needed stays for the next. */
INLINE double warp_push(const struct sgd *s, struct cell *c, struct drawn *drawn,
			const struct pace *pace, uint32_t user_number, uint32_t good, float score,
			float weight, const size_t stride, const bool adadelta)
{
	const size_t width = (adadelta ? 3 : 2) * stride;
	float *user = params_row(s->users, user_number);
	for (uint32_t sampled = 0; sampled < s->max_sampled; sampled += BATCH) {
		float miss[BATCH];
		score_batch(s, user, drawn, miss, stride);
		uint32_t close = 0, count = s->max_sampled - sampled;
		count = count < BATCH ? count : BATCH;
#pragma GCC unroll 4
		for (uint32_t j = 0; j < BATCH; j++) {
			miss[j] = miss[j] - score + 1.0f;
			close |= (uint32_t)(miss[j] > 0) << j;
		}
		close &= (1u << count) - 1;
		for (; close; close &= close - 1) {
			uint32_t j = (uint32_t)__builtin_ctz(close);
			uint32_t bad = drawn->item[(drawn->at + j) % DRAWN];
			if (positives_has(&s->positives, user_number, bad))
				continue;
			for (uint32_t k = 0; k <= j; k++)
				drawn_next(drawn, s, c, width);
			float size = s->rank_loss[sampled + j + 1] * weight;
			pair_step(s, pace, user, good, bad, size, stride, adadelta);
			return (double)(size * miss[j]);
		}
		for (uint32_t k = 0; k < count; k++)
			drawn_next(drawn, s, c, width);
	}
	return 0;
}

INLINE struct cell_result warp_cell(const struct sgd *s, struct cell *c, const size_t stride,
				    const bool adadelta)
{
	const size_t width = (adadelta ? 3 : 2) * stride;
	struct cell_result result = {0};
	struct pace pace = pace_of(s);
	struct drawn drawn;
	drawn_start(&drawn, s, c, width);
	for (uint64_t i = 0; i < c->n; i++) {
		if (i % LOOK_STOP == 0 && stop_signal())
			break;
		look_ahead(s, c, i, width);
		struct entry e = c->order[i];
		uint32_t good = entry_item(s, e);
		float score = score_of(s, params_row(s->users, e.user), good, stride);
		result.loss += warp_push(s, c, &drawn, &pace, e.user, good, score,
					 entry_weight(s, e), stride, adadelta);
	}
	return result;
}

/* The place of the k-th best score, ties to the earlier; few are counted without
 * a branch, for no branch here can be foretold. */
INLINE uint32_t kth_best(const float *score, uint32_t n, uint32_t k)
{
	enum { FEW = 32 };
	float sorted[KOS_MOST];
	uint32_t place[KOS_MOST];
	if (n <= FEW) {
		uint32_t answer = 0;
		for (uint32_t i = 0; i < n; i++) {
			uint32_t better = 0;
			for (uint32_t j = 0; j < i; j++)
				better += score[j] >= score[i];
			for (uint32_t j = i + 1; j < n; j++)
				better += score[j] > score[i];
			answer = better == k - 1 ? i : answer;
		}
		return answer;
	}
	for (uint32_t i = 0; i < n; i++) { /* insertion: best first */
		uint32_t at = i;
		for (; at > 0 && sorted[at - 1] < score[i]; at--) {
			sorted[at] = sorted[at - 1];
			place[at] = place[at - 1];
		}
		sorted[at] = score[i];
		place[at] = i;
	}
	return place[k - 1];
}

/* The k-th best in score of n of the user's positives in this cell, drawn with
 * replacement, the visited one among them. */
INLINE uint32_t kos_positive(const struct sgd *s, struct cell *c, struct entry e, float *score,
			     const size_t stride)
{
	uint32_t lot[KOS_MOST], n;
	float scores[KOS_MOST];
	const float *user = params_row(s->users, e.user);
	const uint32_t *own = cell_own(c, s->problem->start, e.user, &n);
	lot[0] = entry_item(s, e);
	for (uint32_t i = 1; i < s->kos_n; i++) {
		lot[i] = own[random_below(&c->random, n)];
		const float *row = params_row(s->items, lot[i]);
		for (size_t f = 0; f < stride; f += 16)
			__builtin_prefetch(row + f);
	}
	for (uint32_t i = 0; i < s->kos_n; i++)
		scores[i] = score_of(s, user, lot[i], stride);
	uint32_t best = kth_best(scores, s->kos_n, s->kos_k);
	*score = scores[best];
	return lot[best];
}

/* The weight of the row of a user's item. */
INLINE float weight_of(const struct sgd *s, uint32_t user, uint32_t item)
{
	if (!s->problem->weight)
		return 1.0f;
	uint64_t low = s->problem->start[user], high = s->problem->start[user + 1];
	while (high - low > 1) {
		uint64_t middle = low + (high - low) / 2;
		if (s->problem->item[middle] <= item)
			low = middle;
		else
			high = middle;
	}
	return s->problem->weight[low];
}

INLINE struct cell_result kos_cell(const struct sgd *s, struct cell *c, const size_t stride,
				   const bool adadelta)
{
	const size_t width = (adadelta ? 3 : 2) * stride;
	struct cell_result result = {0};
	struct pace pace = pace_of(s);
	struct drawn drawn;
	drawn_start(&drawn, s, c, width);
	for (uint64_t i = 0; i < c->n; i++) {
		if (i % LOOK_STOP == 0 && stop_signal())
			break;
		look_ahead(s, c, i, width);
		struct entry e = c->order[i];
		if (i + LOOK_OWN < c->n) {
			uint32_t n;
			const uint32_t *own = cell_own(c, s->problem->start,
						       c->order[i + LOOK_OWN].user, &n);
			for (uint32_t k = 0; k < n && k < 128; k += 16)
				__builtin_prefetch(own + k);
		}
		float score;
		uint32_t good = kos_positive(s, c, e, &score, stride);
		result.loss += warp_push(s, c, &drawn, &pace, e.user, good, score,
					 weight_of(s, e.user, good), stride, adadelta);
	}
	return result;
}

/* A negative by frequency: the item of some row of the cell. */
INLINE uint32_t draw_row(const struct sgd *s, struct cell *c, size_t width)
{
	uint64_t at = c->n >> 32 ? (uint64_t)(random_share(&c->random) * (double)c->n)
				 : random_below(&c->random, (uint32_t)c->n);
	uint32_t item = entry_item(s, c->order[at]);
	fetch_row(params_row(s->items, item), width);
	__builtin_prefetch(params_bias(s->items, item), 1);
	return item;
}

INLINE struct cell_result bpr_cell(const struct sgd *s, struct cell *c, const size_t stride,
				   const bool adadelta)
{
	const size_t width = (adadelta ? 3 : 2) * stride;
	struct cell_result result = {0};
	struct pace pace = pace_of(s);
	struct drawn drawn;
	for (drawn.at = 0; drawn.at < DRAWN; drawn.at++)
		drawn.item[drawn.at] = draw_row(s, c, width);
	for (uint64_t i = 0; i < c->n; i++) {
		if (i % LOOK_STOP == 0 && stop_signal())
			break;
		look_ahead(s, c, i, width);
		struct entry e = c->order[i];
		uint32_t good = entry_item(s, e), bad = drawn.item[i % DRAWN];
		drawn.item[i % DRAWN] = draw_row(s, c, width);
		if (positives_has(&s->positives, e.user, bad))
			continue;
		float *user = params_row(s->users, e.user);
		float ahead = score_of(s, user, good, stride) - score_of(s, user, bad, stride);
		float weight = entry_weight(s, e);
		pair_step(s, &pace, user, good, bad, weight * loss_sigmoid(-ahead), stride,
			  adadelta);
		result.loss += (double)(weight * loss_softplus(-ahead));
	}
	return result;
}

/* No negatives are drawn: rows of negative weight are the negatives. */
INLINE struct cell_result logistic_cell(const struct sgd *s, struct cell *c, const size_t stride,
					const bool adadelta)
{
	const size_t width = (adadelta ? 3 : 2) * stride;
	struct cell_result result = {0};
	struct pace pace = pace_of(s);
	for (uint64_t i = 0; i < c->n; i++) {
		if (i % LOOK_STOP == 0 && stop_signal())
			break;
		look_ahead(s, c, i, width);
		struct entry e = c->order[i];
		uint32_t item = entry_item(s, e);
		float *user = params_row(s->users, e.user), *row = params_row(s->items, item);
		float *user_bias = params_bias(s->users, e.user);
		float score = score_of(s, user, item, stride) + user_bias[0];
		float weight = entry_weight(s, e), side = weight > 0 ? 1 : -1;
		float size = -weight * loss_sigmoid(-side * score); /* slope of the loss */
		result.loss += (double)(side * weight * loss_softplus(-side * score));
		vec slope = vec_set(size);
		for (size_t f = 0; f < stride; f += LANES) {
			vec u = vec_load(user + f), q = vec_load(row + f);
			step(user + f, vec_mul(slope, q), &pace, stride, adadelta);
			step(row + f, vec_mul(slope, u), &pace, stride, adadelta);
		}
		step_bias(s, user_bias, size, adadelta);
		step_bias(s, params_bias(s->items, item), size, adadelta);
	}
	return result;
}

/* ---- with features: what a score is made of is composed for each visit ---- */

/* A representation, and the rows it consists of. */
struct composed {
	float *factors;
	float bias;
	const uint32_t *row;
	const float *weight;
	uint64_t n;
	uint32_t own_row; /* where row points without features */
};

static const float OWN_WEIGHT = 1;

INLINE void compose(struct composed *c, const struct params *p, const struct features *f,
		    uint32_t entity)
{
	c->own_row = entity;
	c->row = f ? f->row + f->start[entity] : &c->own_row;
	c->weight = f ? f->weight + f->start[entity] : &OWN_WEIGHT;
	c->n = f ? f->start[entity + 1] - f->start[entity] : 1;
	c->bias = 0;
	for (size_t i = 0; i < p->stride; i += LANES)
		vec_store(c->factors + i, vec_zero());
	for (uint64_t k = 0; k < c->n; k++) {
		const float *from = params_row(p, c->row[k]);
		vec weight = vec_set(c->weight[k]);
		for (size_t i = 0; i < p->stride; i += LANES)
			vec_store(c->factors + i,
				  vec_fma(weight, vec_load(from + i), vec_load(c->factors + i)));
		c->bias += c->weight[k] * *params_bias(p, c->row[k]);
	}
}

/* Moves every row of `c` against size * direction, its share of it. */
INLINE void move(const struct sgd *s, const struct pace *pace, const struct params *p,
		 const struct composed *c, const float *direction, float size, float bias_size,
		 bool adadelta)
{
	for (uint64_t k = 0; k < c->n; k++) {
		float *row = params_row(p, c->row[k]);
		vec slope = vec_set(size * c->weight[k]);
		for (size_t i = 0; i < p->stride; i += LANES)
			step(row + i, vec_mul(slope, vec_load(direction + i)), pace, p->stride,
			     adadelta);
		step_bias(s, params_bias(p, c->row[k]), bias_size * c->weight[k], adadelta);
	}
}

/* The working memory of one cell. */
struct bench {
	struct composed user, good, bad;
	float *difference;
};

INLINE void composed_pair(const struct sgd *s, const struct pace *pace, struct bench *b,
			  float size, bool adadelta)
{
	for (size_t i = 0; i < s->users->stride; i += LANES)
		vec_store(b->difference + i, vec_sub(vec_load(b->bad.factors + i),
						     vec_load(b->good.factors + i)));
	move(s, pace, s->users, &b->user, b->difference, size, 0, adadelta);
	move(s, pace, s->items, &b->good, b->user.factors, -size, -size, adadelta);
	move(s, pace, s->items, &b->bad, b->user.factors, size, size, adadelta);
}

INLINE float composed_score(const struct sgd *s, const struct bench *b, const struct composed *item)
{
	return dot(b->user.factors, item->factors, s->users->stride) + item->bias;
}

INLINE double composed_warp(const struct sgd *s, struct cell *c, const struct pace *pace,
			    struct bench *b, uint32_t user, float score, float weight,
			    bool adadelta)
{
	for (uint32_t sampled = 1; sampled <= s->max_sampled; sampled++) {
		uint32_t bad = c->items[random_below(&c->random, c->item_count)];
		if (positives_has(&s->positives, user, bad))
			continue;
		compose(&b->bad, s->items, s->item_features, bad);
		float miss = composed_score(s, b, &b->bad) - score + 1.0f;
		if (!(miss > 0))
			continue;
		float size = s->rank_loss[sampled] * weight;
		composed_pair(s, pace, b, size, adadelta);
		return (double)(size * miss);
	}
	return 0;
}

/* kos_positive, with features: leaves the chosen one in b->good. */
INLINE uint32_t composed_kos(const struct sgd *s, struct cell *c, struct bench *b, struct entry e)
{
	uint32_t lot[KOS_MOST], n;
	float scores[KOS_MOST];
	const uint32_t *own = cell_own(c, s->problem->start, e.user, &n);
	lot[0] = entry_item(s, e);
	for (uint32_t i = 1; i < s->kos_n; i++)
		lot[i] = own[random_below(&c->random, n)];
	for (uint32_t i = 0; i < s->kos_n; i++) {
		compose(&b->good, s->items, s->item_features, lot[i]);
		scores[i] = composed_score(s, b, &b->good);
	}
	uint32_t best = kth_best(scores, s->kos_n, s->kos_k);
	compose(&b->good, s->items, s->item_features, lot[best]);
	return lot[best];
}

INLINE double composed_visit(const struct sgd *s, struct cell *c, const struct pace *pace,
			     struct bench *b, struct entry e, const bool adadelta)
{
	compose(&b->user, s->users, s->user_features, e.user);
	float weight = entry_weight(s, e);
	if (s->loss == LOSS_WARP_KOS)
		weight = weight_of(s, e.user, composed_kos(s, c, b, e));
	else
		compose(&b->good, s->items, s->item_features, entry_item(s, e));
	float score = composed_score(s, b, &b->good);
	if (s->loss == LOSS_LOGISTIC) {
		float side = weight > 0 ? 1 : -1;
		score += b->user.bias;
		float size = -weight * loss_sigmoid(-side * score);
		for (size_t i = 0; i < s->users->stride; i += LANES)
			vec_store(b->difference + i, vec_load(b->user.factors + i));
		move(s, pace, s->users, &b->user, b->good.factors, size, size, adadelta);
		move(s, pace, s->items, &b->good, b->difference, size, size, adadelta);
		return (double)(side * weight * loss_softplus(-side * score));
	}
	if (s->loss == LOSS_BPR) {
		uint32_t bad = draw_row(s, c, 0);
		if (positives_has(&s->positives, e.user, bad))
			return 0;
		compose(&b->bad, s->items, s->item_features, bad);
		float ahead = score - composed_score(s, b, &b->bad);
		composed_pair(s, pace, b, weight * loss_sigmoid(-ahead), adadelta);
		return (double)(weight * loss_softplus(-ahead));
	}
	return composed_warp(s, c, pace, b, e.user, score, weight, adadelta);
}

INLINE struct cell_result composed_cell(const struct sgd *s, struct cell *c, const bool adadelta)
{
	struct cell_result result = {0};
	struct pace pace = pace_of(s);
	size_t stride = s->users->stride;
	float *memory = memory_aligned(4 * stride, sizeof *memory);
	struct bench b = {.user.factors = memory, .good.factors = memory + stride,
			  .bad.factors = memory + 2 * stride, .difference = memory + 3 * stride};
	for (uint64_t i = 0; i < c->n; i++) {
		if (i % LOOK_STOP == 0 && stop_signal())
			break;
		result.loss += composed_visit(s, c, &pace, &b, c->order[i], adadelta);
	}
	free(memory);
	return result;
}

INLINE struct cell_result any_cell(const struct sgd *s, struct cell *c, const size_t stride,
				   const bool adadelta)
{
	switch (s->loss) {
	case LOSS_BPR:
		return bpr_cell(s, c, stride, adadelta);
	case LOSS_LOGISTIC:
		return logistic_cell(s, c, stride, adadelta);
	case LOSS_WARP_KOS:
		return kos_cell(s, c, stride, adadelta);
	case LOSS_WARP:
	case LOSS_IALS:
	case LOSS_SOFTMAX:
	case LOSS_CCL:
		break;
	}
	return warp_cell(s, c, stride, adadelta);
}

/* The usual sizes are compiled on their own: loops of known length unroll. */
struct cell_result VECTOR_NAME(sgd_cell)(const struct sgd *s, struct cell *c)
{
	if (c->n == 0)
		return (struct cell_result){0};
	if (s->user_features || s->item_features)
		return s->optimiser == ADADELTA ? composed_cell(s, c, true)
						: composed_cell(s, c, false);
	if (s->optimiser == ADADELTA)
		return any_cell(s, c, s->users->stride, true);
	switch (s->users->stride) {
	case 16:
		return any_cell(s, c, 16, false);
	case 32:
		return any_cell(s, c, 32, false);
	case 64:
		return any_cell(s, c, 64, false);
	case 128:
		return any_cell(s, c, 128, false);
	default:
		return any_cell(s, c, s->users->stride, false);
	}
}
