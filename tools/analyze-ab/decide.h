/* decide.h - ship, hold, continue or broken: the rules of the page's Decisions. */
#ifndef RECPIPE_ANALYZE_AB_DECIDE_H
#define RECPIPE_ANALYZE_AB_DECIDE_H

#include <stdbool.h>

#include "compare.h"

/* Is the effect significant, and is it for the better? */
bool row_significant(const struct analysis_options *options, const struct row *r);
bool row_better(const struct row *r);

/* Sets every row's decision: of the row alone, or, where there is a primary metric, of its treatment
 * (and segment) by that metric and the guardrails. `experiment`: reports on stderr which guardrails
 * keep a treatment from being shipped; NULL: silent. */
void decide(const struct analysis_options *options, struct rows *rows, const char *experiment);

#endif
