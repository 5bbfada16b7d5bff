/* sample.h - the values of a metric in one arm, and what is taken out of them before they
 * are compared: caps, ratios made means of, and what is known of the users before (CUPED). */
#ifndef RECPIPE_ANALYZE_AB_SAMPLE_H
#define RECPIPE_ANALYZE_AB_SAMPLE_H

#include "compare.h"

/* One arm's values of a metric: users (rows), x, and y of a ratio. */
struct sample {
	size_t n;
	uint32_t *user;
	double *x, *y;
};

/* Of one level, or (-1) of all users of the arm. Exit 2: there is no such column. */
struct sample sample_of(const struct experiment_data *d, const struct metric *m, uint32_t arm,
			long level);
void sample_free(struct sample *s);

/* The arm of a user, or ARM_NONE or ARM_SEVERAL. */
uint16_t arm_of(const struct experiment_data *d, size_t user);

/* The values of a column. Exit 2: there is none. */
const double *column_values(const struct experiment_data *d, const char *name);

/* The mean of x, or the ratio of the sums of x and y. */
struct moments sample_moments(const struct sample *s);

/* Caps values. */
void sample_limit(struct sample *s, double cap);

/* A ratio of sums as a mean: R + (x - R y) / mean(y) has the ratio R for its mean and
 * the delta method's variance for its own (Budylin et al. 2018, with R of the arm). Where
 * y adds up to 0 there is no ratio: no values are left. */
void sample_linearise(struct sample *s);

/* CUPED (Deng et al. 2013): values less theta times what the same users did before. */
struct cuped {
	double theta, correlation;
	bool applied;
};

/* Adjusts both arms' values; of a ratio the samples are linearised already. */
struct cuped adjust_by_pre(const struct experiment_data *d, const struct metric *m,
			   struct sample *const s[2], bool missing_is_mean);

/* Post-stratified means, weights the pooled shares of the levels; normal test. Its moments
 * are those of one sample that would have this mean with this variance. `*left_out`: users
 * of levels too small to have a variance in both arms (compare.c). */
struct effect stratified_effect(const struct experiment_data *d, const struct sample *s0,
				const struct sample *s1, size_t *left_out);

/* The quantile of a metric over all users of the experiment. */
double cap_of(const struct experiment_data *d, const struct metric *m, double q);

double *sorted_copy(const double *x, size_t n);

#endif
