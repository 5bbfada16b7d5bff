/* bayes.c - see bayes.h. */
#include "bayes.h"

#define MATHLIB_STANDALONE
#include <Rmath.h>
#include <math.h>

struct posterior bayes_posterior(const struct effect *e, bool lower, const struct prior *prior)
{
	/* The data say share +- se, and weigh (sd / se)^2 times what the prior does: no square of what may be
	 * 1e308 or 1e-308. */
	double se = effect_share_se(e), odds = prior->sd / se;
	if (!(se > 0) || isnan(e->share))
		return (struct posterior){NAN, NAN};
	double mean = e->share + (prior->mean - e->share) / (1 + odds * odds), sd = se / hypot(1, 1 / odds);
	double better = lower ? -mean : mean, z = better != 0 ? better / sd : 0;
	/* E max(0, -x) of a normal x. */
	return (struct posterior){pnorm(z, 0, 1, 1, 0),
		fmax(0, sd * dnorm(z, 0, 1, 0) - better * pnorm(-z, 0, 1, 1, 0))};
}
