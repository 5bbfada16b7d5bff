/* sgd-loops.h - the losses of sgd.h where a row is a user's or an item's own, compiled
 * once for each instruction set.
 *
 * What a visit costs is instructions, and rows that are not in the nearest cache. So
 * rows are asked for ahead, though not far (the nearest cache holds few of them), a
 * negative's factors without their state, which most negatives never need; and four
 * scores are summed at once.
 */
#include "sgd-steps.h"

enum {
	LOOK_FAR = 24, /* visits ahead: what the row of a weighted visit says */
	LOOK_LIST = 5, /* the user's items (warp-kos) */
	LOOK_ROW = 2,  /* the factors */
	DRAWN = 8,     /* negatives drawn ahead */
	BATCH = 4,     /* negatives scored at once */
};

/* What the loops of one cell use all the time: sizes that are known when compiled. */
struct task {
	const struct sgd *s;
	float *users, *items, *user_biases, *item_biases;
	size_t stride, width, bias_width;
	bool adadelta;
	struct pace pace;
	const struct entry *order;
	uint64_t n;
	const uint32_t *drawable; /* the cell's items */
	uint32_t drawables;
	struct random random;
};

INLINE struct task task_of(const struct sgd *s, const struct cell *c, size_t stride, bool adadelta)
{
	size_t states = adadelta ? 2 : 1;
	return (struct task){
		.s = s, .users = s->users->rows, .items = s->items->rows,
		.user_biases = s->users->bias, .item_biases = s->items->bias,
		.stride = stride, .width = (1 + states) * stride, .bias_width = 1 + states,
		.adadelta = adadelta, .pace = pace_of(s), .order = c->order, .n = c->n,
		.drawable = c->items, .drawables = c->item_count, .random = c->random,
	};
}

INLINE float *user_row(const struct task *t, uint32_t user)
{
	return t->users + user * t->width;
}

INLINE float *item_row(const struct task *t, uint32_t item)
{
	return t->items + item * t->width;
}

INLINE float *item_bias(const struct task *t, uint32_t item)
{
	return t->item_biases + item * t->bias_width;
}

INLINE float score_of(const struct task *t, const float *user, uint32_t item)
{
	return dot(user, item_row(t, item), t->stride) + *item_bias(t, item);
}

/* The scores of four items: together, for their sums to overlap. */
INLINE vec_four score_four(const struct task *t, const float *user, const uint32_t *item)
{
	const float *a = item_row(t, item[0]), *b = item_row(t, item[1]);
	const float *c = item_row(t, item[2]), *d = item_row(t, item[3]);
	vec sum[4] = {vec_zero(), vec_zero(), vec_zero(), vec_zero()};
#pragma GCC unroll 8
	for (size_t i = 0; i < t->stride; i += LANES) {
		vec u = vec_load(user + i);
		sum[0] = vec_fma(u, vec_load(a + i), sum[0]);
		sum[1] = vec_fma(u, vec_load(b + i), sum[1]);
		sum[2] = vec_fma(u, vec_load(c + i), sum[2]);
		sum[3] = vec_fma(u, vec_load(d + i), sum[3]);
	}
	vec_four bias = {*item_bias(t, item[0]), *item_bias(t, item[1]),
			 *item_bias(t, item[2]), *item_bias(t, item[3])};
	return vec_sum4(sum[0], sum[1], sum[2], sum[3]) + bias;
}

INLINE void look_ahead(const struct task *t, uint64_t i)
{
	const struct train_data *p = t->s->data;
	if (p->weight && i + LOOK_FAR < t->n) {
		struct entry e = t->order[i + LOOK_FAR];
		__builtin_prefetch(&p->item[p->start[e.user] + e.what]);
	}
	if (i + LOOK_ROW < t->n) {
		struct entry e = t->order[i + LOOK_ROW];
		uint32_t item = entry_item(t->s, e);
		fetch_row(user_row(t, e.user), t->width);
		fetch_row(item_row(t, item), t->width);
		__builtin_prefetch(item_bias(t, item), 1);
		if (t->s->loss != LOSS_LOGISTIC)
			positives_fetch(&t->s->positives, e.user);
	}
}

/* One violated pair: the score of `positive` should exceed that of `negative`; `size` is
 * minus the slope of the loss in their difference. The user's bias cancels. */
INLINE void pair_step(const struct task *t, float *user, uint32_t positive,
		      uint32_t negative, float size)
{
	float *up = item_row(t, positive), *down = item_row(t, negative);
	vec c = vec_set(size), minus = vec_set(-size);
#pragma GCC unroll 4
	for (size_t i = 0; i < t->stride; i += LANES) {
		vec u = vec_load(user + i), p = vec_load(up + i), q = vec_load(down + i);
		step(user + i, vec_mul(c, vec_sub(q, p)), &t->pace, t->stride, t->adadelta);
		step(up + i, vec_mul(minus, u), &t->pace, t->stride, t->adadelta);
		step(down + i, vec_mul(c, u), &t->pace, t->stride, t->adadelta);
	}
	step_bias(t->s, item_bias(t, positive), -size, t->adadelta);
	step_bias(t->s, item_bias(t, negative), size, t->adadelta);
}

/* ---- warp ---- */

/* Negatives to come: their factors are on the way while others are looked at. */
struct drawn {
	uint32_t item[DRAWN];
	uint32_t at;
};

INLINE uint32_t draw_ahead(struct task *t)
{
	uint32_t item = t->drawable[random_below(&t->random, t->drawables)];
	fetch_factors(item_row(t, item), t->stride);
	__builtin_prefetch(item_bias(t, item));
	return item;
}

INLINE void drawn_start(struct drawn *d, struct task *t)
{
	for (uint32_t k = 0; k < DRAWN; k++)
		d->item[k] = draw_ahead(t);
	d->at = 0;
}

/* Those looked at make room for others. */
INLINE void drawn_replace(struct drawn *d, struct task *t, uint32_t count)
{
	for (uint32_t k = 0; k < count; k++)
		d->item[(d->at + k) % DRAWN] = draw_ahead(t);
	d->at = (d->at + count) % DRAWN;
}

/* A positive that is to stand above its negatives. */
struct visit {
	uint32_t user, positive;
	float score, weight;
};

/* How far each of the next BATCH negatives comes too close to the positive. */
INLINE vec_four miss_of_next(const struct task *t, const struct drawn *d, const struct visit *v)
{
	uint32_t item[BATCH];
	for (uint32_t k = 0; k < BATCH; k++)
		item[k] = d->item[(d->at + k) % DRAWN];
	float due = 1 - v->score;
	return score_four(t, user_row(t, v->user), item) + (vec_four){due, due, due, due};
}

/* Takes the next negatives until one comes too close to the positive, and pushes the
 * two apart. Scores are taken in batches; a draw that was not needed stays for a later
 * visit. */
INLINE double warp_push(struct task *t, struct drawn *drawn, const struct visit *v)
{
	const struct sgd *s = t->s;
	for (uint32_t sampled = 0; sampled < s->max_sampled; sampled += BATCH) {
		uint32_t count = s->max_sampled - sampled;
		count = count < BATCH ? count : BATCH;
		vec_four miss = miss_of_next(t, drawn, v);
		uint32_t close = vec_positive4(miss) & ((1u << count) - 1);
		for (; close; close &= close - 1) {
			uint32_t j = (uint32_t)__builtin_ctz(close);
			uint32_t negative = drawn->item[(drawn->at + j) % DRAWN];
			if (positives_has(&s->positives, v->user, negative))
				continue;
			float size = s->rank_loss[sampled + j + 1] * v->weight;
			drawn_replace(drawn, t, j + 1);
			pair_step(t, user_row(t, v->user), v->positive, negative, size);
			return (double)(size * miss[j]);
		}
		drawn_replace(drawn, t, count);
	}
	return 0;
}

INLINE struct cell_result warp_cell(struct task *t)
{
	struct cell_result result = {0};
	struct drawn drawn;
	drawn_start(&drawn, t);
	for (uint64_t i = 0; i < t->n; i++) {
		if (i % LOOK_STOP == 0 && stop_signal())
			break;
		look_ahead(t, i);
		struct entry e = t->order[i];
		struct visit v = {e.user, entry_item(t->s, e), 0, entry_weight(t->s, e)};
		v.score = score_of(t, user_row(t, v.user), v.positive);
		result.loss += warp_push(t, &drawn, &v);
	}
	return result;
}

/* ---- warp-kos ---- */

/* The positives of a visit among which the k-th best is taken. */
struct candidates {
	uint32_t item[KOS_MAX];
};

/* Draws n of the user's positives in this cell, with replacement, the visited one
 * among them. */
INLINE void kos_draw(struct task *t, const struct cell *c, uint64_t i, struct candidates *candidates)
{
	const struct sgd *s = t->s;
	struct entry e = t->order[i];
	uint32_t n;
	const uint32_t *own = cell_own(c, s->data->start, e.user, &n);
	candidates->item[0] = entry_item(s, e);
	for (uint32_t k = 1; k < s->kos_n; k++) {
		candidates->item[k] = own[random_below(&t->random, n)];
		fetch_factors(item_row(t, candidates->item[k]), t->stride);
	}
	for (uint32_t k = s->kos_n; k % BATCH != 0; k++)
		candidates->item[k] = candidates->item[0];
}

/* The k-th best of the candidates. */
INLINE struct visit kos_visit(const struct task *t, uint32_t user, const struct candidates *candidates)
{
	const struct sgd *s = t->s;
	vec_four scores[KOS_MAX / BATCH];
	for (uint32_t k = 0; k < s->kos_n; k += BATCH)
		scores[k / BATCH] = score_four(t, user_row(t, user), candidates->item + k);
	const float *score = (const float *)scores;
	uint32_t best = kth_best(score, s->kos_n, s->kos_k), positive = candidates->item[best];
	return (struct visit){user, positive, score[best], weight_of(s, user, positive)};
}

INLINE void look_ahead_list(const struct task *t, const struct cell *c, uint64_t i)
{
	uint32_t n;
	if (i + LOOK_LIST >= t->n)
		return;
	const uint32_t *own = cell_own(c, t->s->data->start, t->order[i + LOOK_LIST].user, &n);
	for (uint32_t k = 0; k < n && k < 128; k += 16)
		__builtin_prefetch(own + k);
}

INLINE struct cell_result kos_cell(struct task *t, const struct cell *c)
{
	struct cell_result result = {0};
	struct drawn drawn;
	struct candidates candidates[2]; /* of even and of odd visits: the next is drawn already */
	drawn_start(&drawn, t);
	kos_draw(t, c, 0, &candidates[0]);
	for (uint64_t i = 0; i < t->n; i++) {
		if (i % LOOK_STOP == 0 && stop_signal())
			break;
		look_ahead(t, i);
		look_ahead_list(t, c, i);
		if (i + 1 < t->n)
			kos_draw(t, c, i + 1, &candidates[(i + 1) % 2]);
		struct visit v = kos_visit(t, t->order[i].user, &candidates[i % 2]);
		result.loss += warp_push(t, &drawn, &v);
	}
	return result;
}

/* ---- bpr and logistic ---- */

/* A negative by frequency: the item of some row of the cell. */
INLINE uint32_t draw_row(struct task *t)
{
	uint32_t item = entry_item(t->s, t->order[random_below_wide(&t->random, t->n)]);
	fetch_row(item_row(t, item), t->width);
	__builtin_prefetch(item_bias(t, item), 1);
	return item;
}

INLINE struct cell_result bpr_cell(struct task *t)
{
	const struct sgd *s = t->s;
	struct cell_result result = {0};
	uint32_t drawn[DRAWN];
	for (uint32_t k = 0; k < DRAWN; k++)
		drawn[k] = draw_row(t);
	for (uint64_t i = 0; i < t->n; i++) {
		if (i % LOOK_STOP == 0 && stop_signal())
			break;
		look_ahead(t, i);
		struct entry e = t->order[i];
		uint32_t positive = entry_item(s, e), negative = drawn[i % DRAWN];
		drawn[i % DRAWN] = draw_row(t);
		if (positives_has(&s->positives, e.user, negative))
			continue;
		float *user = user_row(t, e.user);
		float ahead = score_of(t, user, positive) - score_of(t, user, negative);
		float weight = entry_weight(s, e);
		pair_step(t, user, positive, negative, weight * loss_sigmoid(-ahead));
		result.loss += (double)(weight * loss_softplus(-ahead));
	}
	return result;
}

/* No negatives are drawn: rows of negative weight are the negatives. */
INLINE struct cell_result logistic_cell(struct task *t)
{
	struct cell_result result = {0};
	for (uint64_t i = 0; i < t->n; i++) {
		if (i % LOOK_STOP == 0 && stop_signal())
			break;
		look_ahead(t, i);
		struct entry e = t->order[i];
		uint32_t item = entry_item(t->s, e);
		float *user = user_row(t, e.user), *row = item_row(t, item);
		float *user_bias = t->user_biases + e.user * t->bias_width;
		float score = score_of(t, user, item) + user_bias[0];
		float weight = entry_weight(t->s, e), side = weight > 0 ? 1 : -1;
		float size = -weight * loss_sigmoid(-side * score); /* slope of the loss */
		result.loss += (double)(side * weight * loss_softplus(-side * score));
		vec slope = vec_set(size);
		for (size_t f = 0; f < t->stride; f += LANES) {
			vec u = vec_load(user + f), q = vec_load(row + f);
			step(user + f, vec_mul(slope, q), &t->pace, t->stride, t->adadelta);
			step(row + f, vec_mul(slope, u), &t->pace, t->stride, t->adadelta);
		}
		step_bias(t->s, user_bias, size, t->adadelta);
		step_bias(t->s, item_bias(t, item), size, t->adadelta);
	}
	return result;
}

INLINE struct cell_result any_cell(const struct sgd *s, const struct cell *c, const size_t stride,
				   const bool adadelta)
{
	struct task t = task_of(s, c, stride, adadelta);
	switch (s->loss) {
	case LOSS_BPR:
		return bpr_cell(&t);
	case LOSS_LOGISTIC:
		return logistic_cell(&t);
	case LOSS_WARP_KOS:
		return kos_cell(&t, c);
	case LOSS_WARP:
	case LOSS_IALS:
	case LOSS_SOFTMAX:
	case LOSS_CCL:
	case LOSS_SVD:
		break;
	}
	return warp_cell(&t);
}

/* The usual sizes are compiled on their own: loops of known length unroll. */
static struct cell_result plain_cell(const struct sgd *s, const struct cell *c)
{
	if (s->optimizer == ADADELTA)
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
