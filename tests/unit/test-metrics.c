/* Ranking metrics on lists small enough to work out by hand, and means against
 * their definition. */
#include "domain/metrics.h"
#include "base/random.h"
#include "unit.h"

static void hand_worked(void)
{
	const bool hit[5] = {false, true, false, true, true};
	CHECK_NEAR(metrics_precision(hit, 5, 5), 0.6, 1e-15);
	CHECK_NEAR(metrics_precision(hit, 5, 10), 0.3, 1e-15);
	CHECK_NEAR(metrics_precision(hit, 5, 1), 0, 0);
	CHECK_NEAR(metrics_recall(hit, 5, 4, 8), 0.25, 1e-15);
	/* ranks 2, 4, 5: 1/log2(3) + 1/log2(5) + 1/log2(6) over 1 + 1/log2(3) + 1/2 */
	CHECK_NEAR(metrics_ndcg(hit, 5, 5, 3),
		   (0.63092975357145743 + 0.43067655807339306 + 0.38685280723454163) /
		   (1 + 0.63092975357145743 + 0.5), 1e-15);
	/* the ideal list has min(k, test items) hits */
	CHECK_NEAR(metrics_ndcg(hit, 5, 2, 100), 0.63092975357145743 / 1.63092975357145743, 1e-15);
	CHECK_NEAR(metrics_average_precision(hit, 5, 5, 3), (0.5 + 0.5 + 0.6) / 3, 1e-15);
	CHECK_NEAR(metrics_average_precision(hit, 5, 2, 3), 0.5 / 2, 1e-15);
	CHECK_NEAR(metrics_reciprocal_rank(hit, 5, 5), 0.5, 0);
	CHECK_NEAR(metrics_reciprocal_rank(hit, 5, 1), 0, 0);
	CHECK_NEAR(metrics_hit(hit, 5, 2), 1, 0);
	CHECK_NEAR(metrics_hit(hit, 5, 1), 0, 0);
	CHECK_NEAR(metrics_ndcg(NULL, 0, 10, 3), 0, 0);
	CHECK_NEAR(metrics_precision(NULL, 0, 10), 0, 0);
}

/* Every pair of a positive and a negative, one by one. */
static void auc_by_pairs(void)
{
	struct random r = random_start(1, 2);
	for (int round = 0; round < 200; round++) {
		float positive[99], negative[30];
		uint32_t p = 1 + random_below(&r, round % 2 ? 99 : 9), n = 1 + random_below(&r, 30), below = 0;
		for (uint32_t i = 0; i < p; i++)
			positive[i] = (float)random_below(&r, 10);
		for (uint32_t i = 0; i < n; i++)
			negative[i] = (float)random_below(&r, 10);
		for (uint32_t i = 0; i < p; i++)
			for (uint32_t j = 0; j < n; j++)
				below += negative[j] < positive[i];
		CHECK_NEAR(metrics_auc(positive, p, negative, n), (double)below / p / n, 1e-12);
	}
	float one = 1;
	CHECK_NEAR(metrics_auc(&one, 0, &one, 1), 0.5, 0);
	CHECK_NEAR(metrics_auc(&one, 1, &one, 0), 0.5, 0);
}

static void means(void)
{
	struct mean m = {0}, equal = {0}, zeros = {0};
	for (int i = 0; i < 4; i++)
		mean_add(&m, i);
	CHECK_NEAR(mean_value(&m), 1.5, 0);
	CHECK_NEAR(mean_stderr(&m), sqrt(5.0 / 3 / 4), 1e-15);
	for (int i = 0; i < 1000; i++)
		mean_add(&equal, 0.1);
	CHECK_NEAR(mean_value(&equal), 0.1, 1e-17);
	CHECK_NEAR(mean_stderr(&equal), 0, 0);
	mean_add(&zeros, 1);
	mean_add_zeros(&zeros, 3);
	CHECK_NEAR(mean_value(&zeros), 0.25, 0);
	CHECK_NEAR(mean_stderr(&zeros), 0.25, 1e-15);
}

static void check_by_name(void)
{
	static const bool HIT[] = {false, true, false, true, true};
	static const double WANT[LIST_METRICS] = {
		[METRIC_PRECISION] = 2.0 / 4, [METRIC_RECALL] = 2.0 / 3, [METRIC_MAP] = 1.0 / 3,
		[METRIC_MRR] = 1.0 / 2, [METRIC_HIT] = 1,
	};
	for (int m = 0; m < LIST_METRICS; m++)
		CHECK_NEAR(metrics_of_list((enum list_metric)m, HIT, 5, 4, 3),
			   m == METRIC_NDCG ? metrics_ndcg(HIT, 5, 4, 3) : WANT[m], 1e-15);
	CHECK_TEXT(LIST_METRICS_TEXT, "precision, recall, ndcg, map, mrr, hit");
	CHECK_TEXT(LIST_METRIC_NAMES[METRIC_PRECISION], "precision");
	CHECK_TEXT(LIST_METRIC_NAMES[METRIC_HIT], "hit");
}

int main(void)
{
	hand_worked();
	auc_by_pairs();
	means();
	check_by_name();
	return unit_finish();
}
