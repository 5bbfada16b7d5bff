/* bayes.h - how likely a treatment is better, and what choosing it is expected to cost if it is not. */
#ifndef RECPIPE_ANALYZE_AB_BAYES_H
#define RECPIPE_ANALYZE_AB_BAYES_H

#include <stdbool.h>

#include "stats.h"

/* The prior of the relative effect: normal, or (sd infinite) flat. */
struct prior {
	double mean, sd;
};

/* Of a normal posterior of the relative effect: its share above 0 (below 0 where lower is better), and the
 * mean of what is lost if the treatment is chosen, a share of the control's mean; nan: there is none. */
struct posterior {
	double chance, loss;
};

/* The data tell of the relative effect and its standard error by the delta method. */
struct posterior bayes_posterior(const struct effect *e, bool lower, const struct prior *prior);

#endif
