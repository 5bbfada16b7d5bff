/* adjust.h - many tests: p values adjusted for their number, and the level that each is tested at. */
#ifndef RECPIPE_ANALYZE_AB_ADJUST_H
#define RECPIPE_ANALYZE_AB_ADJUST_H

#include <stddef.h>

enum adjustment { ADJUST_NONE, ADJUST_BONFERRONI, ADJUST_HOLM, ADJUST_HOCHBERG, ADJUST_BH,
	ADJUST_BY };
#define ADJUSTMENTS "none|bonferroni|holm|hochberg|bh|by"
void adjust(const double *p, double *adjusted, size_t n, enum adjustment method);

/* The largest p of each test that would be significant, given the other tests' p values:
 * its adjusted p is below alpha exactly when its p is below this. */
void adjust_levels(const double *p, double *level, size_t n, double alpha, enum adjustment method);

#endif
