/* cluster.c - see cluster.h. */
#include "cluster.h"

#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "data/exactsum.h"

/* Keeps the values of users who have a cluster, and says how many there are. */
static size_t keep_clustered(const struct experiment_data *d, const struct sample *s, double *x,
			     uint32_t *cluster)
{
	size_t n = 0;
	for (size_t i = 0; i < s->n; i++) {
		cluster[n] = d->segment[s->user[i]];
		x[n] = s->x[i];
		n += cluster[n] != STRMAP_NONE;
	}
	return n;
}

/* An arm by clusters. */
struct side {
	struct moments m;
	double *sum;     /* of the residuals, by the number of users of the arm */
	double *share;   /* of these users */
};

static struct side side_of(const struct experiment_data *d, const struct sample *s, bool *used)
{
	size_t clusters = strmap_count(d->levels);
	double *x = memory_new(s->n + 1, sizeof *x);
	uint32_t *cluster = memory_new(s->n + 1, sizeof *cluster);
	size_t n = keep_clustered(d, s, x, cluster);
	struct side side = {.m = moments_of(x, n), .sum = memory_zero(clusters + 1, sizeof(double)),
			    .share = memory_zero(clusters + 1, sizeof(double))};
	for (size_t i = 0; i < n; i++) {
		side.sum[cluster[i]] += (x[i] - side.m.mean) / (double)n;
		side.share[cluster[i]]++;
		used[cluster[i]] = true;
	}
	for (size_t g = 0; g < clusters; g++)
		side.share[g] /= (double)n;
	free(x);
	free(cluster);
	return side;
}

/* What is summed over clusters. */
enum { SQUARE_0, SQUARE_1, PRODUCT, PLAIN, TRACE, OWN, P2, Q2, PQ, P4, Q4, P2Q2, CLUSTER_SUMS };

static void add_cluster(struct exactsum sums[CLUSTER_SUMS], const struct side side[2], size_t g)
{
	double s[2], p[2], trace = 0, plain = side[1].sum[g] - side[0].sum[g];
	for (int k = 0; k < 2; k++) {
		double w = side[k].share[g], a = 1 / sqrt(1 - w);
		s[k] = a * side[k].sum[g];
		p[k] = a * w;
		trace += w / side[k].m.n;
	}
	const double values[CLUSTER_SUMS] = {s[0] * s[0], s[1] * s[1], s[0] * s[1], plain * plain, trace,
		trace * trace, p[0] * p[0], p[1] * p[1], p[0] * p[1], pow(p[0], 4), pow(p[1], 4),
		p[0] * p[0] * p[1] * p[1]};
	for (int i = 0; i < CLUSTER_SUMS; i++)
		exactsum_add(&sums[i], values[i]);
}

/* The degrees of freedom of Bell and McCaffrey: (trace M)^2 / trace M^2 of the matrix M of the products of
 * the clusters' vectors. M has the shares by n on its diagonal, and -(p p' / n0 + q q' / n1) beside it. */
static double freedom(const double v[CLUSTER_SUMS], double n0, double n1)
{
	double beside = (v[P2] * v[P2] - v[P4]) / (n0 * n0) + 2 * (v[PQ] * v[PQ] - v[P2Q2]) / (n0 * n1) +
		(v[Q2] * v[Q2] - v[Q4]) / (n1 * n1);
	return v[TRACE] * v[TRACE] / (v[OWN] + beside);
}

struct effect cluster_effect(const struct experiment_data *d, const struct sample *s0,
			     const struct sample *s1, struct cluster_facts *facts)
{
	size_t clusters = strmap_count(d->levels);
	struct exactsum sums[CLUSTER_SUMS] = {0};
	double v[CLUSTER_SUMS], there = 0;
	bool *used = memory_zero(clusters + 1, sizeof *used), alone = false;
	struct side side[2] = {side_of(d, s0, used), side_of(d, s1, used)};
	for (size_t g = 0; g < clusters; g++)
		alone |= !(side[0].share[g] < 1 && side[1].share[g] < 1); /* nothing is left to judge it by */
	for (size_t g = 0; g < clusters; g++) {
		there += used[g];
		if (used[g] && !alone)
			add_cluster(sums, side, g);
	}
	for (int i = 0; i < CLUSTER_SUMS; i++)
		v[i] = alone ? NAN : exactsum_value(&sums[i]);
	double n0 = side[0].m.n, n1 = side[1].m.n, n = n0 + n1;
	*facts = (struct cluster_facts){.left_out = s0->n + s1->n - (size_t)n,
		.cr1_se = sqrt(there / (there - 1) * (n - 1) / (n - 2) * v[PLAIN])};
	for (int k = 0; k < 2; k++) {
		side[k].m.variance = v[k ? SQUARE_1 : SQUARE_0] * side[k].m.n;
		free(side[k].sum);
		free(side[k].share);
	}
	free(used);
	return effect_of_clusters(side[0].m, side[1].m, v[PRODUCT], there, freedom(v, n0, n1), d->options->alpha,
				  d->options->interval);
}
