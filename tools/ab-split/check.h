/* check.h - are the arms of the planned size, and the experiments independent? */
#ifndef RECPIPE_AB_SPLIT_CHECK_H
#define RECPIPE_AB_SPLIT_CHECK_H

#include "frame/options.h"
#include "rules.h"
#include "streams/output.h"
#include "units.h"

/* Writes check a b chi2 df p cramers_v: sizes of arms, traffic and layers, differences of the
 * covariates (their names in the order of the units'), and pairs of experiments. */
void check_split(const struct rules *r, const struct units *u, const struct option_list *covariates,
		 struct output *out);

#endif
