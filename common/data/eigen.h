/* eigen.h - eigenvectors of a symmetric matrix: of a small one by Jacobi's cyclic rotations
 * (Golub and Van Loan, "Matrix Computations", 8.5), slow beyond a few hundred rows and exact
 * to rounding; of a large one by way of a tridiagonal matrix. Plain double arithmetic: the
 * same bytes everywhere.
 */
#ifndef RECPIPE_DATA_EIGEN_H
#define RECPIPE_DATA_EIGEN_H

#include <stdbool.h>
#include <stddef.h>

/* The most sweeps that a caller should make: some ten are enough for any matrix. */
#define EIGEN_SWEEPS 60

/* The n x n identity: the axes to begin with. */
void eigen_begin(double *axes, size_t n);

/* One sweep over the n x n matrix `a`: each pair whose entry is above `negligible` in size is
 * rotated until that entry vanishes, and the axes with it. False when there was no such
 * pair: then the diagonal of `a` has the eigenvalues, and row i of `axes` the vector of a[i][i].
 * `clear` sets a vanished entry to 0, not to what rounding left of it (journals of studies
 * hold points that were drawn without). */
bool eigen_sweep(double *a, double *axes, size_t n, double negligible, bool clear);

/* All eigenvectors of the symmetric n x n matrix `a`, in its place: row i becomes the vector of
 * values[i], of length 1; values fall. Householder's reflections and the implicit QL algorithm
 * (8.3), some 10 n^3 operations. False when it does not converge: `a` is not finite. */
bool eigen_solve(double *a, double *values, size_t n);

#endif
