/* params.h - the numbers that training moves: one block per row.
 *
 * Row r of a side is `width` floats at a 64-byte boundary: `stride` factors
 * (padded with zeros to kernel_padded), then the optimizer's state of each
 * factor, so that an update touches one stretch of memory. Biases and their
 * state lie apart.
 */
#ifndef RECPIPE_TRAIN_MF_PARAMS_H
#define RECPIPE_TRAIN_MF_PARAMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "train-data.h"

struct params {
	uint32_t n;
	uint32_t factors;
	size_t stride;   /* floats of one vector */
	size_t states;   /* optimizer vectors per row: 0, 1 (adagrad) or 2 (adadelta) */
	size_t width;    /* floats of one row: (1 + states) * stride */
	float *rows;     /* n * width */
	float *bias;     /* n * (1 + states) */
	float *best_rows; /* n * stride: the kept epoch, or NULL */
	float *best_bias; /* n */
};

/* All factors 0; the first state vector starts at `state`. */
struct params params_new(uint32_t n, uint32_t factors, size_t states, float state);
void params_free(struct params *p);

/* Factors of row r uniform in (-scale/2, scale/2), a hash of (seed, kind, id,
 * factor): a row's start does not depend on which other rows there are. */
void params_draw(struct params *p, size_t r, struct span id, const char *kind, uint64_t seed,
		 double scale);

static inline float *params_row(const struct params *p, size_t r)
{
	return p->rows + r * p->width;
}

static inline float *params_bias(const struct params *p, size_t r)
{
	return p->bias + r * (1 + p->states);
}

/* Keeps the present factors and biases; params_recall brings them back. */
void params_keep(struct params *p);
void params_recall(struct params *p);

/* The exact (proximal) step of `visits` times alpha / 2 * w^2 for rows from ...
 * to - 1, at each number's own rate (adagrad's; adadelta's when there are two
 * states): it shrinks and never overshoots, however large alpha is. */
void params_shrink(struct params *p, size_t from, size_t to, double alpha, double rate,
		   double epsilon, double visits);

/* No nan and no infinity in factors and biases. */
bool params_finite(const struct params *p);

#endif
