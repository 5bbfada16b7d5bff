/* before.h - whether arms differed in a metric before the experiment began. Then they do not differ
 * by it alone, and what CUPED takes away was never there.
 */
#ifndef RECPIPE_ANALYZE_AB_BEFORE_H
#define RECPIPE_ANALYZE_AB_BEFORE_H

#include <stdbool.h>

#include "experiment.h"
#include "metrics.h"
#include "stats.h"

/* The difference of two arms in the time before, by Welch. False: the metric is a quantile, or --pre
 * does not know it. */
bool effect_before(const struct experiment_data *d, const struct metric *m, uint32_t control,
		   uint32_t treatment, struct effect *e);

/* Users who are in --pre, too, and those of them whose values there are not from before: their first event
 * in it is not before their first of the experiment. In tables without first_ms `late` is 0, but they may be
 * the same: every metric that --pre has differs from user to user, and is the same for each in both. */
struct before_users {
	size_t both, late;
	bool same;
};

struct before_users users_before(const struct experiment_data *d);

/* So many that --pre is not believed: more than 1 % of them, and not one alone. */
bool begins_late(const struct experiment_data *d);

/* Is its p below the threshold of health checks? Kept in d, once computed. */
bool differs_before(const struct experiment_data *d, const struct metric *m, uint32_t control,
		    uint32_t treatment);

#endif
