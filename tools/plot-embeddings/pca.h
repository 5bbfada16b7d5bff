/* pca.h - principal components, with signs that do not depend on luck. */
#ifndef RECPIPE_PLOT_EMBEDDINGS_PCA_H
#define RECPIPE_PLOT_EMBEDDINGS_PCA_H

#include <stdint.h>

/* Projects n rows of `width` floats, `stride` apart, on their first `k`
 * principal axes (k <= width): out[i * k + c], centered. The axes are the
 * eigenvectors of the covariance matrix, by Jacobi's rotations (Golub and Van
 * Loan 2013, section 8.5), the largest first; the component of an axis that is
 * largest in size is positive (the first of equals). `share[c]`: the part of the
 * variance along axis c, 0 when there is none. */
void pca_project(const float *rows, uint32_t n, uint32_t width, uint32_t stride, uint32_t k,
		 double *out, double *share);

#endif
