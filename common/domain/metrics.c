#include "domain/metrics.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static uint32_t shorter(uint32_t n, uint32_t k)
{
	return n < k ? n : k;
}

static uint32_t count_hits(const bool *hit, uint32_t n, uint32_t k)
{
	uint32_t hits = 0;
	for (uint32_t r = 0; r < shorter(n, k); r++)
		hits += hit[r];
	return hits;
}

double metrics_precision(const bool *hit, uint32_t n, uint32_t k)
{
	return (double)count_hits(hit, n, k) / k;
}

double metrics_recall(const bool *hit, uint32_t n, uint32_t k, uint64_t relevant)
{
	return (double)count_hits(hit, n, k) / (double)relevant;
}

static double discount(uint32_t r)
{
	return 1 / log2((double)r + 2);
}

double metrics_ndcg(const bool *hit, uint32_t n, uint32_t k, uint64_t relevant)
{
	double gain = 0, ideal = 0;
	for (uint32_t r = 0; r < shorter(n, k); r++)
		if (hit[r])
			gain += discount(r);
	if (gain == 0)
		return 0;
	for (uint32_t r = 0; r < k && r < relevant; r++)
		ideal += discount(r);
	return gain / ideal;
}

double metrics_average_precision(const bool *hit, uint32_t n, uint32_t k, uint64_t relevant)
{
	double sum = 0;
	uint32_t hits = 0;
	for (uint32_t r = 0; r < shorter(n, k); r++)
		if (hit[r])
			sum += (double)++hits / (r + 1);
	return sum / (double)(relevant < k ? relevant : k);
}

double metrics_reciprocal_rank(const bool *hit, uint32_t n, uint32_t k)
{
	for (uint32_t r = 0; r < shorter(n, k); r++)
		if (hit[r])
			return 1.0 / (r + 1);
	return 0;
}

double metrics_hit(const bool *hit, uint32_t n, uint32_t k)
{
	return count_hits(hit, n, k) > 0;
}

const char *const LIST_METRIC_NAMES[LIST_METRICS] = {
	[METRIC_PRECISION] = "precision", [METRIC_RECALL] = "recall", [METRIC_NDCG] = "ndcg",
	[METRIC_MAP] = "map", [METRIC_MRR] = "mrr", [METRIC_HIT] = "hit",
};

double metrics_of_list(enum list_metric metric, const bool *hit, uint32_t n, uint32_t k,
		       uint64_t relevant)
{
	switch (metric) {
	case METRIC_PRECISION:
		return metrics_precision(hit, n, k);
	case METRIC_RECALL:
		return metrics_recall(hit, n, k, relevant);
	case METRIC_MAP:
		return metrics_average_precision(hit, n, k, relevant);
	case METRIC_MRR:
		return metrics_reciprocal_rank(hit, n, k);
	case METRIC_HIT:
		return metrics_hit(hit, n, k);
	case METRIC_NDCG:
	case LIST_METRICS:
		break;
	}
	return metrics_ndcg(hit, n, k, relevant);
}

static int float_order(const void *a, const void *b)
{
	float x = *(const float *)a, y = *(const float *)b;
	return (x > y) - (x < y);
}

typedef float float4 __attribute__((vector_size(16)));
typedef int32_t int4 __attribute__((vector_size(16)));

/* How many of n values are at least `low`, four at a time. */
static uint64_t count_at_least(const float *values, uint64_t n, float low)
{
	const float4 least = {low, low, low, low};
	uint64_t count = 0, i = 0;
	while (i + 4 <= n) {
		/* short enough for the 32-bit counters */
		uint64_t end = i + (n - i) / 4 * 4;
		end = end - i > 1u << 30 ? i + (1u << 30) : end;
		int4 sum = {0};
		for (; i < end; i += 4) {
			float4 v;
			memcpy(&v, values + i, sizeof v);
			sum -= v >= least;
		}
		for (int j = 0; j < 4; j++)
			count += (uint64_t)sum[j];
	}
	for (; i < n; i++)
		count += values[i] >= low;
	return count;
}

/* How many of n sorted values are at most `high`. */
static uint64_t count_at_most(const float *sorted, uint64_t n, float high)
{
	uint64_t low = 0;
	while (low < n) {
		uint64_t middle = low + (n - low) / 2;
		if (sorted[middle] <= high)
			low = middle + 1;
		else
			n = middle;
	}
	return low;
}

/* Pairs with the negative at least as high as the positive. A few positives are
 * each compared with all negatives, which vectors do faster than a search. */
double metrics_auc(float *positive, uint64_t n_positive, const float *negative,
		   uint64_t n_negative)
{
	enum { FEW = 48 };
	uint64_t inversions = 0;
	if (n_positive == 0 || n_negative == 0)
		return 0.5;
	if (n_positive <= FEW) {
		for (uint64_t i = 0; i < n_positive; i++)
			inversions += count_at_least(negative, n_negative, positive[i]);
	} else {
		qsort(positive, n_positive, sizeof *positive, float_order);
		for (uint64_t i = 0; i < n_negative; i++)
			inversions += count_at_most(positive, n_positive, negative[i]);
	}
	return 1 - (double)inversions / ((double)n_positive * (double)n_negative);
}

/* a * b as a rounded product and its error, both added: nothing is lost. */
static void add_product(struct exactsum *sum, double a, double b)
{
	double product = a * b;
	exactsum_add(sum, product);
	exactsum_add(sum, fma(a, b, -product));
}

void mean_add(struct mean *m, double value)
{
	exactsum_add(&m->sum, value);
	add_product(&m->squares, value, value);
	m->n++;
}

void mean_add_zeros(struct mean *m, uint64_t n)
{
	m->n += n;
}

double mean_value(const struct mean *m)
{
	return exactsum_value(&m->sum) / (double)m->n;
}

/* What is left of an exact sum after its rounded value. */
static double rest_of(const struct exactsum *sum, double value)
{
	struct exactsum rest = *sum;
	exactsum_add(&rest, -value);
	return exactsum_value(&rest);
}

/* n * squares - sum^2 in twice the precision: equal values give 0. */
double mean_stderr(const struct mean *m)
{
	double n = (double)m->n;
	double sum = exactsum_value(&m->sum), sum_rest = rest_of(&m->sum, sum);
	double squares = exactsum_value(&m->squares), squares_rest = rest_of(&m->squares, squares);
	struct exactsum deviations = {0};
	add_product(&deviations, n, squares);
	add_product(&deviations, n, squares_rest);
	add_product(&deviations, -sum, sum);
	add_product(&deviations, -2 * sum, sum_rest);
	add_product(&deviations, -sum_rest, sum_rest);
	double variance = fmax(exactsum_value(&deviations), 0) / n / (n - 1);
	return sqrt(variance / n);
}
