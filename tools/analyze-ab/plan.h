/* plan.h - the users and days needed to detect an effect. */
#ifndef RECPIPE_ANALYZE_AB_PLAN_H
#define RECPIPE_ANALYZE_AB_PLAN_H

#include <stddef.h>

#include "experiment.h"
#include "streams/output.h"

/* Writes the users per arm, and the days at the log's rate of users (`days` of them; nan: not
 * known), needed to detect each of `shares` of the control's mean. Returns the number of rows. */
size_t write_plan(const struct experiment_data *d, const double *shares, size_t n_shares, double days,
		struct output *out);

#endif
