/* sgd-composed.h - the losses of sgd.h with features: what a score is made of is
 * composed for each visit. Compiled once for each instruction set; comes after
 * sgd-loops.h.
 */
#include "sgd-steps.h"

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
struct scratch {
	struct composed user, positive, negative;
	float *difference;
};

INLINE void composed_pair(const struct sgd *s, const struct pace *pace, struct scratch *b,
			  float size, bool adadelta)
{
	for (size_t i = 0; i < s->users->stride; i += LANES)
		vec_store(b->difference + i, vec_sub(vec_load(b->negative.factors + i),
						     vec_load(b->positive.factors + i)));
	move(s, pace, s->users, &b->user, b->difference, size, 0, adadelta);
	move(s, pace, s->items, &b->positive, b->user.factors, -size, -size, adadelta);
	move(s, pace, s->items, &b->negative, b->user.factors, size, size, adadelta);
}

INLINE float composed_score(const struct sgd *s, const struct scratch *b, const struct composed *item)
{
	return dot(b->user.factors, item->factors, s->users->stride) + item->bias;
}

INLINE double composed_warp(const struct sgd *s, struct cell *c, const struct pace *pace,
			    struct scratch *b, uint32_t user, float score, float weight,
			    bool adadelta)
{
	for (uint32_t sampled = 1; sampled <= s->max_sampled; sampled++) {
		uint32_t negative = c->items[random_below(&c->random, c->item_count)];
		if (positives_has(&s->positives, user, negative))
			continue;
		compose(&b->negative, s->items, s->item_features, negative);
		float miss = composed_score(s, b, &b->negative) - score + 1.0f;
		if (!(miss > 0))
			continue;
		float size = s->rank_loss[sampled] * weight;
		composed_pair(s, pace, b, size, adadelta);
		return (double)(size * miss);
	}
	return 0;
}

/* The positive that kos_visit learns from, with features: leaves it in b->positive. */
INLINE uint32_t composed_kos(const struct sgd *s, struct cell *c, struct scratch *b, struct entry e)
{
	uint32_t candidates[KOS_MAX], n;
	float scores[KOS_MAX];
	const uint32_t *own = cell_own(c, s->data->start, e.user, &n);
	candidates[0] = entry_item(s, e);
	for (uint32_t i = 1; i < s->kos_n; i++)
		candidates[i] = own[random_below(&c->random, n)];
	for (uint32_t i = 0; i < s->kos_n; i++) {
		compose(&b->positive, s->items, s->item_features, candidates[i]);
		scores[i] = composed_score(s, b, &b->positive);
	}
	uint32_t best = kth_best(scores, s->kos_n, s->kos_k);
	compose(&b->positive, s->items, s->item_features, candidates[best]);
	return candidates[best];
}

INLINE double composed_visit(const struct sgd *s, struct cell *c, const struct pace *pace,
			     struct scratch *b, struct entry e, const bool adadelta)
{
	compose(&b->user, s->users, s->user_features, e.user);
	float weight = entry_weight(s, e);
	if (s->loss == LOSS_WARP_KOS)
		weight = weight_of(s, e.user, composed_kos(s, c, b, e));
	else
		compose(&b->positive, s->items, s->item_features, entry_item(s, e));
	float score = composed_score(s, b, &b->positive);
	if (s->loss == LOSS_LOGISTIC) {
		float side = weight > 0 ? 1 : -1;
		score += b->user.bias;
		float size = -weight * loss_sigmoid(-side * score);
		for (size_t i = 0; i < s->users->stride; i += LANES)
			vec_store(b->difference + i, vec_load(b->user.factors + i));
		move(s, pace, s->users, &b->user, b->positive.factors, size, size, adadelta);
		move(s, pace, s->items, &b->positive, b->difference, size, size, adadelta);
		return (double)(side * weight * loss_softplus(-side * score));
	}
	if (s->loss == LOSS_BPR) {
		uint32_t negative = entry_item(s, c->order[random_below_wide(&c->random, c->n)]);
		if (positives_has(&s->positives, e.user, negative))
			return 0;
		compose(&b->negative, s->items, s->item_features, negative);
		float ahead = score - composed_score(s, b, &b->negative);
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
	struct scratch b = {.user.factors = memory, .positive.factors = memory + stride,
			  .negative.factors = memory + 2 * stride, .difference = memory + 3 * stride};
	for (uint64_t i = 0; i < c->n; i++) {
		if (i % LOOK_STOP == 0 && stop_signal())
			break;
		result.loss += composed_visit(s, c, &pace, &b, c->order[i], adadelta);
	}
	free(memory);
	return result;
}

struct cell_result VECTOR_NAME(sgd_cell)(const struct sgd *s, struct cell *c)
{
	if (c->n == 0)
		return (struct cell_result){0};
	if (s->user_features || s->item_features)
		return s->optimizer == ADADELTA ? composed_cell(s, c, true)
						: composed_cell(s, c, false);
	return plain_cell(s, c);
}
