/* ratio.h - the interval of a ratio of two means. */
#ifndef RECPIPE_DATA_RATIO_H
#define RECPIPE_DATA_RATIO_H

#include <stdbool.h>

/* Two means m0 and m1: their ratio m1 / m0, and the variances of both and their covariance (of
 * the means, not of one observation), all divided by m0 * m0. */
struct ratio_of_means {
	double ratio, under, over, covariance;
};

/* Fieller's interval (1954, "Some problems in interval estimation"): all r for which m1 - r m0 is
 * no more than q of its standard errors away from 0. False, and nothing is set, where those r
 * are not one finite interval: m0 itself is within q standard errors of 0. */
bool ratio_fieller(const struct ratio_of_means *r, double q, double *low, double *high);

/* The standard error of the ratio by the delta method. */
double ratio_stderr(const struct ratio_of_means *r);

#endif
