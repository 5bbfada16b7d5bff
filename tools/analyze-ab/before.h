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

struct before_users users_before(const struct experiment_data *d);

/* So many are late that --pre is not believed: more than 1 %, and not one alone. */
bool begins_late(struct before_users n);

/* Is its p below the threshold of health checks? Kept in d, once computed. */
bool differs_before(const struct experiment_data *d, const struct metric *m, uint32_t control,
		    uint32_t treatment);

#endif
