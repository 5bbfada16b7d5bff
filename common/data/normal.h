/* normal.h - small weighted least squares: normal equations in float.
 *
 * Matrices are n x n, n padded to KERNEL_PAD, row by row, aligned to 64 bytes;
 * only the upper triangle (and what lies in the same tiles) means anything.
 * Vectors are padded with zeros. Each function exists for every instruction
 * set; take the table of a resolved kernel_choice.
 */
#ifndef RECPIPE_DATA_NORMAL_H
#define RECPIPE_DATA_NORMAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "data/kernel.h"

enum { NORMAL_TOGETHER = 4 };

struct normal_kernel {
	/* gram += sum over r of scaled[r] * rows[r]', both `count` x n and
	 * contiguous: scaled holds the rows times their weights (or is the same
	 * as rows). */
	void (*gram)(float *gram, const float *rows, const float *scaled, size_t count,
		     size_t n);

	/* y += a * x, n floats. */
	void (*axpy)(float *y, float a, const float *x, size_t n);

	/* out += sum over r of w_r * (target - y_r . x) * y_r, where y_r is the
	 * vector of n floats at rows + index[r] * width; weights NULL: all 1.
	 * Returns the sum of w_r * y_r . x. */
	float (*pull)(float *out, float target, const float *x, const float *rows, size_t width,
		      const uint32_t *index, const float *weights, size_t count, size_t n);

	/* out = sum over r of weights[r] * y_r, rows as in pull; weights NULL: all 1. The same
	 * terms in the same order give the same bits. */
	void (*mix)(float *out, const float *rows, size_t width, const uint32_t *index,
		    const float *weights, size_t count, size_t n);

	/* out -= matrix * x, for a symmetric matrix of which both triangles are there. */
	void (*subtract)(float *out, const float *matrix, const float *x, size_t n);

	/* The same for NORMAL_TOGETHER vectors, whose matrix is read once: out[k] -= matrix * x[k]. */
	void (*subtract_all)(float *const *out, const float *matrix, const float *const *x, size_t n);

	/* y = a * x, n floats. */
	void (*scale)(float *y, float a, const float *x, size_t n);

	/* Solves matrix * x = b for the first `order` rows and columns by Cholesky's
	 * factorization; b becomes x, the matrix its factor. The rest of b must be 0
	 * and stays so. False when the matrix is not positive definite. */
	bool (*solve)(float *matrix, float *b, size_t order, size_t n);
};

const struct normal_kernel *normal_kernel_of(enum kernel_choice resolved);

#endif
