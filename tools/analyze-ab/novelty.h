/* novelty.h - does an effect change from day to day? */
#ifndef RECPIPE_ANALYZE_AB_NOVELTY_H
#define RECPIPE_ANALYZE_AB_NOVELTY_H

#include "experiment.h"
#include "state.h"
#include "users.h"

/* Of each user of users_of_state(s, rules, the last day): the least-squares slope of what the value had
 * on each day from first to last, 0 on days without an event. The difference of the arms' means of it is the
 * slope of the effect on the mean user's day, and users are independent. NULL: the value is no sum over
 * events, or there is one day. The caller frees it. */
double *novelty_slopes(const struct state *s, const struct unit_rules *rules, const char *value,
		       int64_t first, int64_t last);

#endif
