/* bootstrap.h - a statistic of both arms, drawn again with replacement: its intervals and p. */
#ifndef RECPIPE_ANALYZE_AB_BOOTSTRAP_H
#define RECPIPE_ANALYZE_AB_BOOTSTRAP_H

#include <stddef.h>
#include <stdint.h>

/* BCa: bias corrected and accelerated (Efron 1987). Of quantiles it is the percentile interval, too:
 * their jackknife is not consistent. The skewness of two arms that are alike cancels in their
 * difference, and what BCa takes for it is noise: with few users percentiles cover better
 * (slow/analyze-coverage). */
enum bootstrap_kind { BOOTSTRAP_PERCENTILE, BOOTSTRAP_BCA };
#define BOOTSTRAPS "percentile|bca"

/* How often, from which seed, and what intervals are made of it. */
struct bootstrap_plan {
	int64_t rounds;
	uint64_t seed;
	enum bootstrap_kind kind;
};

/* The values of a statistic in every round. */
struct replicates {
	double *x;                    /* sorted, `n` of them; the other rounds had no value */
	size_t n, undefined;
	double bias, acceleration;    /* z0 and a of BCa; both 0: the percentile interval */
};

struct bootstrap {
	struct replicates diff, share;
	double se, p;                 /* of the difference */
};

/* The smallest p that so many rounds can have. */
double bootstrap_least(int64_t rounds);

/* The caller frees them with bootstrap_free. */
struct bootstrap *bootstrap_mean(const double *x0, size_t n0, const double *x1, size_t n1,
				 const struct bootstrap_plan *plan);
struct bootstrap *bootstrap_quantile(const double *sorted0, size_t n0, const double *sorted1, size_t n1,
				     double q, const struct bootstrap_plan *plan);
struct bootstrap *bootstrap_ratio(const double *a0, const double *b0, size_t n0, const double *a1,
				  const double *b1, size_t n1, const struct bootstrap_plan *plan);
void bootstrap_free(struct bootstrap *b);

/* The interval that covers 1 - level. A round without a value (no relative effect, or no ratio)
 * counts as lower than all at the one end and as higher than all at the other; an end that is not
 * finite is nan, and so are both where so few rounds cannot have a p below `level`. */
void replicates_interval(const struct replicates *r, double level, double *low, double *high);

#endif
