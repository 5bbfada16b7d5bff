/* balance.h - how evenly covariates are spread over arms, and the salt that spreads them best. */
#ifndef RECPIPE_AB_SPLIT_BALANCE_H
#define RECPIPE_AB_SPLIT_BALANCE_H

#include <stddef.h>
#include <stdint.h>

#include "domain/assignment.h"
#include "rules.h"
#include "units.h"

/* The largest standardized difference between an arm's mean and the first arm's; infinite
 * when an arm is empty, or two arms that differ have no variance. */
double imbalance(const struct experiment *e, const long *arm, const double *x, size_t n);

/* Morgan and Rubin (2012): gives the one experiment the salt, of n that are tried, whose
 * split balances the covariates best, and says which. */
void rerandomize(struct rules *r, const struct units *u, int64_t n);

#endif
