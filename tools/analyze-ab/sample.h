/* sample.h - the values of a metric in one arm, and how they are prepared before they
 * are compared: caps, linearized ratios, and adjustment by values from before (CUPED). */
#ifndef RECPIPE_ANALYZE_AB_SAMPLE_H
#define RECPIPE_ANALYZE_AB_SAMPLE_H

#include <stddef.h>
#include <stdint.h>

#include "experiment.h"
#include "metrics.h"
#include "stats.h"

/* One arm's values of a metric: users (rows), x, and y of a ratio. */
struct sample {
	size_t n;
	uint32_t *user;
	double *x, *y;
};

/* Of one level, or (-1) of all users of the arm. Usage error: there is no such column. */
struct sample sample_of(const struct experiment_data *d, const struct metric *m, uint32_t arm,
			long level);
void sample_free(struct sample *s);

/* The mean of x, or the ratio of the sums of x and y. */
struct moments sample_moments(const struct sample *s);

/* Caps values. */
void sample_limit(struct sample *s, double cap);

/* A ratio of sums as a mean: R + (x - R y) / mean(y) has the ratio R for its mean and
 * the delta method's variance for its own (Budylin et al. 2018, with R of the arm). Where
 * y adds up to 0 there is no ratio: no values are left. */
void sample_linearize(struct sample *s);

/* CUPED (Deng et al. 2013): values minus theta times the same users' values before. */
struct cuped {
	double theta, correlation;
	bool applied;
};

/* Adjusts both arms' values; of a ratio the samples are linearized already. */
struct cuped adjust_by_pre(const struct experiment_data *d, const struct metric *m,
			   struct sample *const s[2], bool missing_is_mean);

/* A sorted copy, which the caller frees. */
double *sorted_copy(const double *x, size_t n);

#endif
