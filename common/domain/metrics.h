/* metrics.h - how good one list is, for binary relevance; and means over users.
 *
 * A list is given as `hit`: hit[r] tells whether the item of rank r + 1 is one
 * of the user's `relevant` test items. `n` may be below k: places that are not
 * filled are misses. Each returns a number in [0, 1]; `relevant` is not 0.
 */
#ifndef RECPIPE_DOMAIN_METRICS_H
#define RECPIPE_DOMAIN_METRICS_H

#include <stdbool.h>
#include <stdint.h>

#include "data/exactsum.h"

/* Hits among the first k, divided by k, however long the list is. */
double metrics_precision(const bool *hit, uint32_t n, uint32_t k);

/* Hits among the first k, divided by the number of test items. */
double metrics_recall(const bool *hit, uint32_t n, uint32_t k, uint64_t relevant);

/* Sum of 1 / log2(rank + 1) over the hits among the first k, divided by the
 * same sum over the first min(k, relevant) ranks (Jarvelin and Kekalainen 2002,
 * with gains 0 and 1). */
double metrics_ndcg(const bool *hit, uint32_t n, uint32_t k, uint64_t relevant);

/* Average precision: the sum over the hits among the first k of the precision
 * at that rank, divided by min(k, relevant). */
double metrics_average_precision(const bool *hit, uint32_t n, uint32_t k, uint64_t relevant);

/* 1 / rank of the first hit among the first k, 0 without one. */
double metrics_reciprocal_rank(const bool *hit, uint32_t n, uint32_t k);

/* 1 when there is a hit among the first k, otherwise 0. */
double metrics_hit(const bool *hit, uint32_t n, uint32_t k);

/* Those above by number and by name, in one order. */
enum list_metric {
	METRIC_PRECISION, METRIC_RECALL, METRIC_NDCG, METRIC_MAP, METRIC_MRR, METRIC_HIT,
	LIST_METRICS
};
extern const char *const LIST_METRIC_NAMES[LIST_METRICS];
#define LIST_METRICS_TEXT "precision, recall, ndcg, map, mrr, hit"

double metrics_of_list(enum list_metric metric, const bool *hit, uint32_t n, uint32_t k,
		       uint64_t relevant);

/* Area under the ROC curve: the mean over the positives of the share of the
 * negatives with a score below it. A negative with an equal score counts as
 * above, as in LightFM. 0.5 when one of the classes is empty. May
 * sort `positive`. */
double metrics_auc(float *positive, uint64_t n_positive, const float *negative,
		   uint64_t n_negative);

/* A mean with its standard error; a zeroed struct is empty. The sums are exact,
 * so the order of the values does not matter. */
struct mean {
	struct exactsum sum, squares;
	uint64_t n;
};

void mean_add(struct mean *m, double value);

/* Adds `n` zeros. */
void mean_add_zeros(struct mean *m, uint64_t n);

double mean_value(const struct mean *m); /* n is not 0 */

/* Sample standard deviation over the square root of n; n is 2 or more. */
double mean_stderr(const struct mean *m);

#endif
