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

struct bootstrap;

struct effect {
	struct moments control, treatment;
	double diff, se, t, df, p, low, high;
	double share, share_low, share_high; /* of the size of the control's mean; nan: there is none */
	double covariance;                  /* of the two means */
	double clusters;                    /* that variances are of; 0: there are none */
	struct bootstrap *boot;             /* what p and intervals come from, or NULL */
};

/* Welch (1947), and the interval of the relative effect. */
struct effect effect_welch(struct moments control, struct moments treatment, double alpha,
			   enum interval interval);

/* The same by the normal distribution: df is infinite. */
struct effect effect_normal(struct moments control, struct moments treatment, double alpha,
			    enum interval interval);

/* The same of two means with a covariance, whose difference has `df` degrees of freedom. */
struct effect effect_of_clusters(struct moments control, struct moments treatment, double covariance,
				 double clusters, double df, double alpha, enum interval interval);

/* A difference of the size of the control's mean, with the difference's sign; nan when
 * that mean is 0. */
double relative_to(double diff, double control_mean);

double finite_or_nan(double x);

/* The absolute and the relative interval that cover 1 - level, from the effect's means, standard error and
 * degrees of freedom; its relative interval excludes 0 exactly when the absolute one does where
 * `interval` is Fieller's. */
void effect_intervals(struct effect *e, double level, enum interval interval);

/* Standard error of the share by the delta method; degrees of freedom of its logarithm. */
double effect_share_se(const struct effect *e);
double effect_log_df(const struct effect *e);

/* The mean of ratios of sums, by the delta method (Deng et al. 2018). */
struct moments moments_of_ratio(const double *over, const double *under, size_t n);

/* Always valid: the asymptotic confidence sequence of Waudby-Smith et al. 2021
 * (equation 9), tightest at `tuned` users when the error allowed is alpha. */
struct sequence {
	double alpha, tuned;
};
double sequential_rho(double alpha, double tuned);

/* Its p and intervals in place of those of one look; t and df are no more. The relative interval is that
 * of one look with the sequence's reach for the quantile: at the true ratio r Fieller's and the
 * delta method's statistic is the mean of a difference, which the sequence covers at all looks. */
void effect_sequential(struct effect *e, const struct sequence *s, enum interval interval);
void effect_sequential_intervals(struct effect *e, const struct sequence *s, double level,
				 enum interval interval);

/* Its half width at `n` users, in standard errors, when the error allowed is `level`
 * instead of alpha. */
double sequential_reach(double n, double level, double alpha, double tuned);

/* Its p value, of a difference over `n` users. */
double sequential_p(double diff, double se, double n, double alpha, double tuned);

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

#endif
