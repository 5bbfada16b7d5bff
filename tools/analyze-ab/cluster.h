/* cluster.h - effects whose units are in clusters that are alike inside: regions, hours of a switchback. */
#ifndef RECPIPE_ANALYZE_AB_CLUSTER_H
#define RECPIPE_ANALYZE_AB_CLUSTER_H

#include "experiment.h"
#include "sample.h"
#include "stats.h"

struct cluster_facts {
	size_t left_out;   /* users without a cluster */
	double cr1_se;     /* the standard error by CR1, G / (G - 1) (n - 1) / (n - 2) for G clusters, n users */
};

/* The difference of the means with the cluster-robust variance of Liang and Zeger (1986) as Bell and
 * McCaffrey (2002) correct it (CR2): a cluster's residuals in an arm, of whose users it has the share w,
 * count by 1 / sqrt(1 - w); and Student's distribution with their degrees of freedom. All of it is nan where
 * an arm has one cluster. Its moments are those of samples that would have these variances of the means.
 * Users without a cluster are left out. */
struct effect cluster_effect(const struct experiment_data *d, const struct sample *s0,
			     const struct sample *s1, struct cluster_facts *facts);

#endif
