/* cluster.h - effects whose units are in clusters that are alike inside: regions, hours of a switchback. */
#ifndef RECPIPE_ANALYZE_AB_CLUSTER_H
#define RECPIPE_ANALYZE_AB_CLUSTER_H

#include "experiment.h"
#include "sample.h"
#include "stats.h"

/* The difference of the means with the cluster-robust variance of Liang and Zeger (1986), corrected by
 * G / (G - 1) (n - 1) / (n - 2) for G clusters and n users (CR1), and Student's distribution with G - 1
 * degrees of freedom. Its moments are those of samples that would have these variances of the means.
 * Users without a cluster are left out. */
struct effect cluster_effect(const struct experiment_data *d, const struct sample *s0,
			     const struct sample *s1, size_t *left_out);

#endif
