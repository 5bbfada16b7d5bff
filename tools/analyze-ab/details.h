/* details.h - every further statistic of an experiment. */
#ifndef RECPIPE_ANALYZE_AB_DETAILS_H
#define RECPIPE_ANALYZE_AB_DETAILS_H

#include "experiment.h"
#include "streams/output.h"

/* The long table of everything else: experiment treatment metric stat value. */
void write_details(const struct experiment_data *d, struct output *out);

/* The difference of each decile of both arms, with percentile intervals of the bootstrap that cover
 * 1 - alpha, each for itself; of means. */
void write_deciles(const struct experiment_data *d, struct output *out);

#endif
