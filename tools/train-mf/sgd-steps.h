/* sgd-steps.h - what the loops of sgd.h share, compiled once for each instruction set.
 *
 * The including file has included one of data/vector-portable.h and its kin.
 */
#ifndef RECPIPE_TRAIN_MF_SGD_STEPS_H
#define RECPIPE_TRAIN_MF_SGD_STEPS_H

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "learning/loss.h"
#include "frame/run.h"
#include "sgd.h"

enum { LOOK_STOP = 4096 }; /* visits between two looks for a signal */

/* Asks for a row that will be written, or for one whose factors will be read. */
INLINE void fetch_row(const float *row, size_t width)
{
#pragma GCC unroll 16
	for (size_t i = 0; i < width; i += 16)
		__builtin_prefetch(row + i, 1);
}

INLINE void fetch_factors(const float *row, size_t stride)
{
#pragma GCC unroll 8
	for (size_t i = 0; i < stride; i += 16)
		__builtin_prefetch(row + i);
}

INLINE float dot(const float *a, const float *b, size_t stride)
{
	vec sum[2] = {vec_zero(), vec_zero()};
#pragma GCC unroll 8
	for (size_t i = 0; i < stride; i += LANES)
		sum[i / LANES % 2] = vec_fma(vec_load(a + i), vec_load(b + i), sum[i / LANES % 2]);
	return vec_sum(vec_add(sum[0], sum[1]));
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

/* Moves LANES numbers of a row against their gradient; their optimizer's state
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

INLINE uint32_t entry_item(const struct sgd *s, struct entry e)
{
	return s->data->weight ? s->data->item[s->data->start[e.user] + e.what] : e.what;
}

INLINE float entry_weight(const struct sgd *s, struct entry e)
{
	return s->data->weight ? s->data->weight[s->data->start[e.user] + e.what] : 1.0f;
}

/* The weight of the row of a user's item. */
INLINE float weight_of(const struct sgd *s, uint32_t user, uint32_t item)
{
	if (!s->data->weight)
		return 1.0f;
	uint64_t low = s->data->start[user], high = s->data->start[user + 1];
	while (high - low > 1) {
		uint64_t middle = low + (high - low) / 2;
		if (s->data->item[middle] <= item)
			low = middle;
		else
			high = middle;
	}
	return s->data->weight[low];
}

enum { FEW = 16 };

typedef float few_scores __attribute__((vector_size(4 * FEW), may_alias));
typedef int32_t few_counts __attribute__((vector_size(4 * FEW), may_alias));

/* kth_best of up to FEW, counted without a branch, for no branch here can be foretold:
 * of those that fewer than k exceed, the one that most exceed. `score` has room for
 * FEW. */
INLINE uint32_t kth_of_few(const float *score, uint32_t n, uint32_t k)
{
	static const few_counts PLACE = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
	few_scores all;
	few_counts better = {0};
	memcpy(&all, score, sizeof all);
	for (uint32_t i = 0; i < n; i++)
		better -= all < score[i];
	few_counts in = (better < (int32_t)k) & (PLACE < (int32_t)n);
	few_counts keys = (in & (better * FEW + (FEW - 1 - PLACE))) | ~in;
	int32_t key[FEW], most = 0;
	memcpy(key, &keys, sizeof key);
	for (uint32_t i = 0; i < FEW; i++)
		most = key[i] > most ? key[i] : most;
	return FEW - 1 - (uint32_t)most % FEW;
}

/* The place of the k-th best of `score`, ties to the earlier. */
INLINE uint32_t kth_best(const float *score, uint32_t n, uint32_t k)
{
	if (n <= FEW)
		return kth_of_few(score, n, k);
	float sorted[KOS_MAX];
	uint32_t place[KOS_MAX];
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

#endif
