/* analyze.h - what the parts of analyze-ab share: events, users, effects.
 *
 * Events become users (or, with several arms kept, pairs of a user and an arm), users
 * become two samples an effect, and every sum over users is exact: neither the order
 * of the input nor its cut into pieces shows in any byte.
 */
#ifndef ANALYZE_H
#define ANALYZE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "data/strmap.h"
#include "frame/options.h"
#include "streams/table.h"

/* ---- events (events.c) ---- */

enum { EVENT_LAST = 1, EVENT_TRIGGERED = 2 };
enum { ARM_NONE = 0xffff, ARM_SEVERAL = 0xfffe, ARMS_MAX = 1000 };

struct event_columns {
	const char *message, *timestamp, *user, *track, *time, *latency, *recommendation;
	const char *triggered;              /* or NULL */
	struct option_list experiments;     /* empty: every column that is no event's own */
	int64_t from_ms, to_ms;             /* from <= timestamp < to */
	bool distinct;                      /* different tracks will be counted */
};

/* Sorted by user, timestamp, `next` before `last`. */
struct events {
	size_t n;
	uint32_t *user;
	int64_t *timestamp;
	double *time, *latency;
	uint32_t *track, *recommendation;   /* half of their hashes; 0: empty */
	uint64_t *track_hash;               /* all of it, where tracks are counted; or NULL */
	uint32_t *combination;              /* of arms */
	uint8_t *flags;
	struct strmap *users;
	size_t n_experiments;
	char **experiment;                  /* names */
	struct strmap **arms;               /* of each experiment */
	uint16_t *arm_of;                   /* combination x experiment -> arm */
	size_t n_combinations;
	uint64_t ties, duplicates;
	uint64_t rows, rejected;
};

struct events *events_read(struct table *t, const struct event_columns *columns);
void events_free(struct events *e);

/* ---- users (users.c) ---- */

/* One row a user (a unit). Columns of values by name; nan: no such value. */
struct users {
	size_t n;
	struct span *id;
	size_t n_experiments;
	char **experiment;
	struct strmap **arms;
	uint16_t *arm;                      /* n x experiments */
	size_t n_values;
	char **name;
	double **value;                     /* column -> n */
	struct strmap *owned_ids;           /* NULL when ids belong to somebody else */
};

/* What events say of users. `only` below n_experiments: units of that experiment
 * alone, where `keep` makes a unit of each arm of a user; otherwise one unit a user
 * with all experiments. `open`: events behind a user's final `last` count too.
 * Events from `until_ms` on do not count. */
struct users *users_of_events(const struct events *e, size_t only, bool keep, int64_t until_ms,
			      bool open, bool triggered, bool distinct);

/* A ready table: `experiments` are columns of arms, `values` of numbers. */
struct users *users_read(struct table *t, const char *user, const struct option_list *experiments,
			 const struct option_list *values);

/* The column's index, or -1. */
long users_find(const struct users *u, const char *name);
void users_add(struct users *u, const char *name, double *value);
void users_free(struct users *u);

/* ---- metrics (users.c) ---- */

struct metric {
	char *name;                         /* as it was given */
	enum { METRIC_MEAN, METRIC_RATIO, METRIC_QUANTILE } kind;
	char *of, *over;                    /* columns; over: of a ratio */
	double quantile;
};

/* "time,time/sessions,q90:time" */
size_t metrics_parse(const char *text, struct metric **metrics);

/* ---- statistics (stats.c) ---- */

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
	double share, share_low, share_high; /* relative to the control's mean */
};

/* Welch (1947), and the interval of the ratio of means. */
struct effect effect_welch(struct moments control, struct moments treatment, double alpha,
			   enum interval interval);

/* The mean of ratios of sums, by the delta method (Deng et al. 2018). */
struct moments moments_of_ratio(const double *over, const double *under, size_t n);

/* Always valid: the asymptotic confidence sequence of Waudby-Smith et al. 2021
 * (equation 9), tightest at `tuned` users. */
void effect_sequential(struct effect *e, double alpha, double tuned, double *rho);

enum adjustment { ADJUST_NONE, ADJUST_BONFERRONI, ADJUST_HOLM, ADJUST_HOCHBERG, ADJUST_BH,
	ADJUST_BY };
#define ADJUSTMENTS "none|bonferroni|holm|hochberg|bh|by"
void adjust(const double *p, double *adjusted, size_t n, enum adjustment how);

/* numpy's and R's type 7; x is sorted. */
double quantile_sorted(const double *x, size_t n, double q);

struct rank_test {
	double u, p, superiority;
};
/* Mann and Whitney with ties and continuity; values rounded to 1e-9. */
struct rank_test mann_whitney(const double *control, size_t n0, const double *treatment, size_t n1);

double mde_z(double se, double alpha, double power);
double mde_t(double se, double df, double alpha, double power);
double sample_size_z(double effect, double sd, double alpha, double power);
double sample_size_t(double effect, double sd, double alpha, double power);
double student_p(struct moments a, struct moments b);

/* Percentile bootstrap of a statistic of both arms. */
struct bootstrap {
	double low, high, share_low, share_high, se, p;
};
struct bootstrap bootstrap_mean(const double *x0, size_t n0, const double *x1, size_t n1,
				double alpha, int64_t rounds, uint64_t seed);
struct bootstrap bootstrap_quantile(const double *sorted0, size_t n0, const double *sorted1,
				    size_t n1, double q, double alpha, int64_t rounds, uint64_t seed);
struct bootstrap bootstrap_ratio(const double *a0, const double *b0, size_t n0, const double *a1,
				 const double *b1, size_t n1, double alpha, int64_t rounds,
				 uint64_t seed);

#endif
