/* basis.h - tall matrices of orthonormal columns, on threads.
 *
 * A basis is `n` rows of `stride` floats, of which the first `columns` mean something; the
 * rest is 0. Sums are ordered by the sizes alone: any number of threads gives the same bits.
 */
#ifndef RECPIPE_TRAIN_MF_BASIS_H
#define RECPIPE_TRAIN_MF_BASIS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "data/normal.h"
#include "frame/pool.h"

struct basis {
	size_t n, columns, stride;
	float *rows;
};

/* All 0; freed with free(rows). */
struct basis basis_new(size_t n, size_t columns);

/* left' right, `columns` x `columns` doubles of which the upper triangle is right. */
void basis_products(const struct basis *left, const struct basis *right, double *products,
		    const struct normal_kernel *kernel, struct pool *pool);

/* out = in * matrix, the matrix `columns` x `columns`, row by row. */
void basis_multiply(struct basis *out, const struct basis *in, const double *matrix,
		    const struct normal_kernel *kernel, struct pool *pool);

/* Makes the columns orthonormal: `to` spans what `from` does, which is of no use afterwards.
 * A column that depends on those before it becomes a new direction, drawn by `seed`; 0 where
 * there is none. `exact`: to rounding, where otherwise columns that were nearly dependent
 * may be somewhat askew. False when numbers are not finite. */
bool basis_orthonormalize(struct basis *to, struct basis *from, uint64_t seed, bool exact,
			  const struct normal_kernel *kernel, struct pool *pool);

#endif
