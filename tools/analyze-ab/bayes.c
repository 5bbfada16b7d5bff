/* bayes.c - see bayes.h. */
#include "bayes.h"

#define MATHLIB_STANDALONE
#include <Rmath.h>
#include <math.h>

struct posterior bayes_posterior(const struct effect *e, bool lower, const struct prior *prior)
{
	double se = effect_share_se(e), precision = 1 / (se * se) + 1 / (prior->sd * prior->sd);
	if (!(se > 0) || isnan(e->share))
		return (struct posterior){NAN, NAN};
	double pull = isinf(prior->sd) ? 0 : prior->mean / (prior->sd * prior->sd);
	double mean = (e->share / (se * se) + pull) / precision, sd = sqrt(1 / precision);
	double z = (lower ? -mean : mean) / sd;
	/* E max(0, -x) of a normal x. */
	return (struct posterior){pnorm(z, 0, 1, 1, 0),
		sd * fmax(0, dnorm(z, 0, 1, 0) - z * pnorm(-z, 0, 1, 1, 0))};
}
