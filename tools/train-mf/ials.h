/* ials.h - implicit alternating least squares.
 *
 * Minimizes, over all pairs, weight * (score - 1)^2 of the fitted rows plus
 * unobserved * score^2 of every pair, plus for each row of either side
 * regularization * (its rows + unobserved * rows of the other side)^exponent
 * times its squared length (Hu et al. 2008; Rendle et al. 2022, "Revisiting the
 * performance of iALS on item recommendation benchmarks", equations 2 and 9).
 * There are no biases. One side at a time is solved for: exactly, in blocks
 * of factors (Rendle et al. 2021, "iALS++"), or by some steps of conjugate
 * gradients from where the row stands (Takacs et al. 2011, "Applications of the
 * conjugate gradient method for implicit feedback collaborative filtering").
 */
#ifndef RECPIPE_TRAIN_MF_IALS_H
#define RECPIPE_TRAIN_MF_IALS_H

#include <stdbool.h>

#include "data/normal.h"
#include "frame/pool.h"
#include "params.h"
#include "train-data.h"

struct ials_options {
	double unobserved, regularization, exponent;
	uint32_t steps; /* above 0: so many steps of conjugate gradients instead */
	uint32_t block; /* factors solved for at once; at least `factors`: exact */
	bool exact_loss; /* the objective whole, and its parts summed exactly */

	/* Users and items that are not solved for and belong to the pairs all the same: how
	 * many, and the sum of the outer products of their vectors, or NULL. */
	uint32_t kept_users, kept_items;
	const float *users_gram, *items_gram;
};

struct ials;

/* Works on the given sides, whose optimizer has no state. */
struct ials *ials_new(const struct train_data *p, struct params *users, struct params *items,
		      const struct ials_options *options, enum kernel_choice kernel,
		      struct pool *pool);

/* Users, then items. Returns the objective after it, without the users'
 * regularization unless exact_loss, divided by the number of rows; nan when a system could
 * not be solved. */
double ials_epoch(struct ials *s);

void ials_free(struct ials *s);

#endif
