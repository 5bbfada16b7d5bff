/* svd.h - an ideal low-pass filter as a factor model.
 *
 * R being the weights of the fitted rows, users by items, and d the sums of its rows and of
 * its columns, V holds the first right singular vectors of users^-A R items^-B, that is
 * of d_u^-A r_ui d_i^-B. The score of item j for a user is the sum over the user's items h of
 *
 *	r_uh d_h^-B (v_h . v_j) d_j^B
 *
 * (Shen et al. 2021, "How powerful is graph convolution for recommendation?", GF-CF, with
 * A = B = 1/2). So an item has the factors d_j^B v_j, adds d_h^-B v_h to each of its users,
 * times the weight, and a user is the sum of what its items add.
 *
 * V by randomized subspace iteration (Halko, Martinsson and Tropp 2011, "Finding structure
 * with randomness", algorithm 4.4, and 5.3 for the vectors): what is started from is a hash
 * of the seed and the items' ids.
 */
#ifndef RECPIPE_TRAIN_MF_SVD_H
#define RECPIPE_TRAIN_MF_SVD_H

#include "data/kernel.h"
#include "frame/pool.h"
#include "params.h"
#include "train-data.h"

struct svd_options {
	double user_exponent, item_exponent; /* A, B */
	uint32_t power_iterations;
	uint32_t oversampling;               /* vectors that are sought beside those that are kept */
	uint64_t seed;
};

/* Gives both sides their factors, and `added`, of as many rows as there are items, what an
 * item adds to its users; none of them has the state of an optimizer. Factors beyond the
 * rank of R are 0. Returns the share of the squares of the normalized matrix that the
 * factors leave; nan when numbers overflowed. Ends early when a signal came. */
double svd_fit(const struct train_data *p, struct params *users, struct params *items,
	       struct params *added, const struct svd_options *options, enum kernel_choice kernel,
	       struct pool *pool);

#endif
