/* plan.h - how many users, and days, a given effect takes. */
#ifndef RECPIPE_ANALYZE_AB_PLAN_H
#define RECPIPE_ANALYZE_AB_PLAN_H

#include <stddef.h>

#include "compare.h"
#include "streams/output.h"

/* Users an arm, and days at the log's rate of users (`days` of them; nan: not known),
 * that it takes to see each of `shares` of the control's mean. */
void write_plan(const struct experiment_data *d, const double *shares, size_t n_shares, double days,
		struct output *out);

#endif
