/* bootstrap.h - intervals from resampled users.
 */
#ifndef RECPIPE_EVALUATE_POLICY_BOOTSTRAP_H
#define RECPIPE_EVALUATE_POLICY_BOOTSTRAP_H

#include "estimate.h"

/* The estimator on sums, whatever they are of. */
double estimator_value(const struct sums *s, enum estimator which);

/* Sets the intervals of an estimate whose value, logged and difference are there: users are drawn with
 * replacement, set->resamples times; bias-corrected and accelerated (Efron 1987), the acceleration from
 * the users left out one by one. The standard error is the resamples' standard deviation. */
void bootstrap(struct estimate *x, const struct evidence *e, enum estimator which,
	const struct estimate_settings *set);

#endif
