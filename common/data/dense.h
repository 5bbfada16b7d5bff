/* dense.h - symmetric positive definite matrices: their inverses, large ones in blocks on
 * threads, and solutions of many small systems.
 *
 * Only the lower triangle exists, so that n x n numbers take half of the room. It lies in
 * square tiles, a tile in panels of rows, a panel column by column: as the kernels read it,
 * so that nothing is packed again. In double or in single precision; sums are ordered by the
 * matrix alone, so that any number of threads gives the same bits. The kernels for AVX2 and
 * for AVX-512 give the same bits, too; the portable one, which rounds every product, its own.
 */
#ifndef RECPIPE_DATA_DENSE_H
#define RECPIPE_DATA_DENSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "data/kernel.h"

/* Rows of a panel: 192 bytes of each column. */
enum { DENSE_PANEL_DOUBLE = 24, DENSE_PANEL_SINGLE = 48 };

enum dense_precision { DENSE_DOUBLE, DENSE_SINGLE };

/* What differs between instruction sets; see dense-loops.h. Matrices are panels: element
 * (r, c) at [c * PANEL + r]. */
struct dense_kernel {
	/* C = A B' where `set`, else C -= A B'. A, B: PANEL x depth; C: PANEL x PANEL. */
	void (*multiply_double)(double *c, const double *a, const double *b, size_t depth, bool set);
	void (*multiply_single)(float *c, const float *a, const float *b, size_t depth, bool set);

	/* Cholesky's factor of the block of PANEL x PANEL in place, and its inverse, both with
	 * zeros above their diagonals. False: not positive definite. */
	bool (*factor_double)(double *block, double *inverse);
	bool (*factor_single)(float *block, float *inverse);
};

const struct dense_kernel *dense_kernel_of(enum kernel_choice resolved);

/* Who works: run() calls work(context, chunk, worker) for chunk = 0 ... chunks-1, each once,
 * on any thread, and returns when all are done; worker is below `workers`. step() hears of
 * the progress of what takes long; may be NULL. */
struct dense_team {
	void *pool;
	size_t workers;
	void (*run)(void *pool, size_t chunks, void (*work)(void *context, size_t chunk, size_t worker),
		    void *context);
	void (*step)(uint64_t done, uint64_t total);
};

struct dense;

/* The bytes that a matrix of n rows takes with what its inversion needs beside it. */
uint64_t dense_bytes(size_t n, enum dense_precision precision, size_t workers);

/* A matrix of zeros; the caller's, to be freed with dense_free. */
struct dense *dense_new(size_t n, enum dense_precision precision, enum kernel_choice resolved);
void dense_free(struct dense *m);

/* Rows whose elements are near each other: chunks of so many rows can be written side by side. */
size_t dense_rows_together(const struct dense *m);

/* The first columns 0 ... row of this row become those of `values`. */
void dense_put_row(struct dense *m, size_t row, const double *values);

/* All n elements of a row of the symmetric matrix. */
void dense_get_row(const struct dense *m, size_t row, double *values);

double dense_get(const struct dense *m, size_t row, size_t column);

/* The inverse in place, n^3 floating-point operations. False: the matrix is not positive
 * definite, or so nearly singular that rounding would decide, and what it holds is of no use. */
bool dense_invert(struct dense *m, const struct dense_team *team);

/* A small system A x = b, a worker's own: memory that is used again and again. */
struct dense_system;

struct dense_system *dense_system_new(size_t most, enum dense_precision precision,
				      enum kernel_choice resolved);
void dense_system_free(struct dense_system *s);
uint64_t dense_system_bytes(size_t most, enum dense_precision precision);

/* A system of n <= most rows: rows 0 ... n-1 follow, the columns 0 ... row of each. */
void dense_system_begin(struct dense_system *s, size_t n);
void dense_system_put_row(struct dense_system *s, size_t row, const double *values);

/* b becomes x, by Cholesky's factorization. False as above. */
bool dense_system_solve(struct dense_system *s, double *b);

#endif
