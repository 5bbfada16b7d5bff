#include "params.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/random.h"
#include "data/kernel.h"

struct params params_new(uint32_t n, uint32_t factors, size_t states, float state)
{
	struct params p = {.n = n, .factors = factors, .states = states};
	p.stride = kernel_padded(factors);
	p.width = (1 + states) * p.stride;
	p.rows = memory_aligned((size_t)n * p.width, sizeof(float));
	p.bias = memory_zero((size_t)n * (1 + states), sizeof(float));
	for (size_t r = 0; r < n && states > 0; r++) {
		float *sums = params_row(&p, r) + p.stride;
		for (size_t f = 0; f < p.stride; f++)
			sums[f] = state;
		params_bias(&p, r)[1] = state;
	}
	return p;
}

void params_free(struct params *p)
{
	free(p->rows);
	free(p->bias);
	free(p->best_rows);
	free(p->best_bias);
	*p = (struct params){0};
}

void params_draw(struct params *p, size_t r, struct span id, const char *kind, uint64_t seed,
		 double scale)
{
	struct random random = random_start(hash_row(seed, id, span_of(kind)), 0);
	float *row = params_row(p, r);
	for (uint32_t f = 0; f < p->factors; f++)
		row[f] = (float)((random_share(&random) - 0.5) * scale);
}

void params_keep(struct params *p)
{
	if (!p->best_rows) {
		p->best_rows = memory_new((size_t)p->n * p->stride, sizeof(float));
		p->best_bias = memory_new(p->n, sizeof(float));
	}
	for (size_t r = 0; r < p->n; r++) {
		memcpy(p->best_rows + r * p->stride, params_row(p, r), p->stride * sizeof(float));
		p->best_bias[r] = *params_bias(p, r);
	}
}

void params_recall(struct params *p)
{
	for (size_t r = 0; r < p->n && p->best_rows; r++) {
		memcpy(params_row(p, r), p->best_rows + r * p->stride, p->stride * sizeof(float));
		*params_bias(p, r) = p->best_bias[r];
	}
}

/* A number's rate of learning, from its optimizer's state. */
static inline float rate_of(const struct params *p, const float *state, size_t step, float rate,
			    float epsilon)
{
	if (p->states == 2)
		return sqrtf(state[step] + epsilon) / sqrtf(state[0] + epsilon);
	return rate / sqrtf(state[0]);
}

void params_shrink(struct params *p, size_t from, size_t to, double alpha, double rate,
		   double epsilon, double visits)
{
	float pull = (float)(alpha * visits);
	for (size_t r = from; r < to; r++) {
		float *row = params_row(p, r), *bias = params_bias(p, r);
		for (uint32_t f = 0; f < p->factors; f++)
			row[f] /= 1.0f + pull * rate_of(p, row + p->stride + f, p->stride,
							(float)rate, (float)epsilon);
		bias[0] /= 1.0f + pull * rate_of(p, bias + 1, 1, (float)rate, (float)epsilon);
	}
}

bool params_finite(const struct params *p)
{
	for (size_t r = 0; r < p->n; r++) {
		const float *row = params_row(p, r);
		float sum = *params_bias(p, r) * 0.0f; /* nan unless all are finite */
		for (size_t f = 0; f < p->stride; f++)
			sum += row[f] * 0.0f;
		if (!isfinite(sum))
			return false;
	}
	return true;
}
