/* difference.h - the statistics of paired values. */
#ifndef RECPIPE_COMPARE_TOPK_DIFFERENCE_H
#define RECPIPE_COMPARE_TOPK_DIFFERENCE_H

#include <stddef.h>
#include <stdint.h>

#include "frame/pool.h"

/* Of n pairs; nan: there is none. */
struct difference {
	double a, b;           /* means */
	double mean, stderr_mean; /* of b - a */
	double low, high;      /* interval of the mean by Student's distribution, n - 1 below */
	double p;              /* two-sided, of the paired t test; nan when nothing varies */
	double p_randomization;
	double relative, relative_low, relative_high; /* of the size of a; nan unless asked for */
	uint64_t n, wins, losses, ties;
};

/* Gives a difference, whose mean is there, this standard error of n - 1 degrees of freedom: the interval
 * and p. nan: neither. */
void difference_test(struct difference *d, double stderr_mean, size_t n, double alpha);

/* A mean with its interval: of what is no difference (a, b, p and wins stay nan and 0). */
struct difference difference_of_mean(const double *x, size_t n, double alpha);

/* b - a. The sums are exact. Without resamples there is no p_randomization. */
struct difference difference_paired(const double *a, const double *b, size_t n, double alpha,
				    int64_t resamples, uint64_t seed, struct pool *pool);

enum relative { RELATIVE_NONE, RELATIVE_FIELLER, RELATIVE_DELTA };
#define RELATIVES "none|fieller|delta"

/* Adds to r, of the same pairs, the difference in units of |r->a| with its interval. Where the mean
 * of a is 0 there is neither; where Fieller's set is no finite interval there is no interval. */
void difference_add_relative(struct difference *r, const double *a, const double *b, double alpha,
			     enum relative method);

#endif
