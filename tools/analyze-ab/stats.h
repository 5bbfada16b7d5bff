/* stats.h - the statistics of two samples: effects, intervals, tests, sample sizes. */
#ifndef RECPIPE_ANALYZE_AB_STATS_H
#define RECPIPE_ANALYZE_AB_STATS_H

#include <stddef.h>
#include <stdint.h>

struct moments {
	double n, mean, variance;           /* variance: of one observation, n - 1 below */
};

/* Exact sums; nan values are left out. */
struct moments moments_of(const double *x, size_t n);

enum interval { INTERVAL_DELTA, INTERVAL_NAIVE, INTERVAL_LOG, INTERVAL_FIELLER };
#define INTERVALS "delta|naive|log|fieller"

struct effect {
	struct moments control, treatment;
	double diff, se, t, df, p, low, high;
	double share, share_low, share_high; /* of the size of the control's mean; nan: there is none */
};

/* Welch (1947), and the interval of the relative effect. */
struct effect effect_welch(struct moments control, struct moments treatment, double alpha,
			   enum interval interval);

/* The same by the normal distribution: df is infinite. */
struct effect effect_normal(struct moments control, struct moments treatment, double alpha,
			    enum interval interval);

/* A difference of the size of the control's mean, with the difference's sign; nan when
 * that mean is 0. */
double relative_to(double diff, double control_mean);

double finite_or_nan(double x);

/* Standard error of the share by the delta method; degrees of freedom of its logarithm. */
double effect_share_se(const struct effect *e);
double effect_log_df(const struct effect *e);

/* The mean of ratios of sums, by the delta method (Deng et al. 2018). */
struct moments moments_of_ratio(const double *over, const double *under, size_t n);

/* Always valid: the asymptotic confidence sequence of Waudby-Smith et al. 2021
 * (equation 9), tightest at `tuned` users. */
void effect_sequential(struct effect *e, double alpha, double tuned, double *rho);

/* Its half width at `n` users, in standard errors, when the error allowed is `level`
 * instead of alpha. */
double sequential_reach(double n, double level, double alpha, double tuned);

/* Its p value, of a difference over `n` users. */
double sequential_p(double diff, double se, double n, double alpha, double tuned);

enum adjustment { ADJUST_NONE, ADJUST_BONFERRONI, ADJUST_HOLM, ADJUST_HOCHBERG, ADJUST_BH,
	ADJUST_BY };
#define ADJUSTMENTS "none|bonferroni|holm|hochberg|bh|by"
void adjust(const double *p, double *adjusted, size_t n, enum adjustment method);

/* The largest p of each test that would be significant, given the other tests' p values:
 * its adjusted p is below alpha exactly when its p is below this. */
void adjust_levels(const double *p, double *level, size_t n, double alpha, enum adjustment method);

/* numpy's and R's type 7; x is sorted. */
double quantile_sorted(const double *x, size_t n, double q);

struct rank_test {
	double u, p, superiority;
};
/* Mann and Whitney with ties and continuity; values rounded to 1e-9. */
struct rank_test mann_whitney(const double *control, size_t n0, const double *treatment, size_t n1);

double mde_z(double se, double alpha, double power);
/* If the difference must be `reach` standard errors away from 0. */
double mde_reach(double reach, double se, double power);
double mde_t(double se, double df, double alpha, double power);
double sample_size_z(double effect, double sd, double alpha, double power);
double sample_size_t(double effect, double sd, double alpha, double power);
/* Users an arm to tell p1 from p0: variances apart, and pooled under the null. */
void sample_size_proportion(double p0, double p1, double alpha, double power, double size[2]);
double student_p(struct moments a, struct moments b);

/* Percentile bootstrap of a statistic of both arms. */
struct bootstrap {
	double low, high, share_low, share_high, se, p;
};
/* The smallest p that so many samples can have. */
double bootstrap_least(int64_t rounds);
struct bootstrap bootstrap_mean(const double *x0, size_t n0, const double *x1, size_t n1,
				double alpha, int64_t rounds, uint64_t seed);
struct bootstrap bootstrap_quantile(const double *sorted0, size_t n0, const double *sorted1,
				    size_t n1, double q, double alpha, int64_t rounds, uint64_t seed);
struct bootstrap bootstrap_ratio(const double *a0, const double *b0, size_t n0, const double *a1,
				 const double *b1, size_t n1, double alpha, int64_t rounds,
				 uint64_t seed);

#endif
