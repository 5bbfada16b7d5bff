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

struct effect cluster_effect(const struct experiment_data *d, const struct sample *s0,
			     const struct sample *s1, size_t *left_out)
{
	const struct sample *side[2] = {s0, s1};
	size_t clusters = strmap_count(d->levels), n[2];
	struct exactsum square[2] = {0}, product = {0};
	struct moments m[2];
	double *sum[2], there = 0;
	bool *used = memory_zero(clusters + 1, sizeof *used);
	for (int k = 0; k < 2; k++) {
		double *x = memory_new(side[k]->n + 1, sizeof *x);
		uint32_t *cluster = memory_new(side[k]->n + 1, sizeof *cluster);
		n[k] = keep_clustered(d, side[k], x, cluster);
		m[k] = moments_of(x, n[k]);
		sum[k] = memory_zero(clusters + 1, sizeof(double));
		for (size_t i = 0; i < n[k]; i++) {
			sum[k][cluster[i]] += (x[i] - m[k].mean) / (double)n[k];
			used[cluster[i]] = true;
		}
		free(x);
		free(cluster);
	}
	for (size_t g = 0; g < clusters; g++) {
		there += used[g];
		exactsum_add(&square[0], sum[0][g] * sum[0][g]);
		exactsum_add(&square[1], sum[1][g] * sum[1][g]);
		exactsum_add(&product, sum[0][g] * sum[1][g]);
	}
	double all = (double)(n[0] + n[1]), factor = there / (there - 1) * (all - 1) / (all - 2);
	for (int k = 0; k < 2; k++) {
		m[k].variance = there > 1 && all > 2 ? factor * exactsum_value(&square[k]) * (double)n[k] : NAN;
		free(sum[k]);
	}
	free(used);
	*left_out = s0->n + s1->n - n[0] - n[1];
	return effect_of_clusters(m[0], m[1], factor * exactsum_value(&product), there, d->options->alpha,
				  d->options->interval);
}
