/* analyze.h - what the parts of analyze-ab share: events, states of users, effects.
 *
 * Events become states (what a user did until the end of a day), states become users
 * (or, with several arms kept, pairs of a user and an arm), users become two samples
 * an effect, and every sum over users is exact: neither the order of the input nor
 * its cut into pieces shows in any byte.
 */
#ifndef ANALYZE_H
#define ANALYZE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "data/strmap.h"
#include "frame/options.h"
#include "streams/output.h"
#include "streams/table.h"

enum { DAY_MS = 86400000 };

/* The day (of 1970-01-01, UTC) of a time. */
static inline int64_t day_of(int64_t ms)
{
	return ms / DAY_MS - (ms % DAY_MS < 0);
}

/* ---- measures: what is added up of a user's events besides (metrics.c) ---- */

struct measure {
	enum { MEASURE_SUM, MEASURE_COUNT, MEASURE_DISTINCT } kind;
	char *name;                         /* "count:time>0.5", a column of the state */
	char *column;                       /* of the events */
	enum { OF_ANY, OF_EQUAL, OF_MORE, OF_LESS, OF_MORE_OR_EQUAL, OF_LESS_OR_EQUAL } which;
	char *text;                         /* behind `=` */
	double limit;                       /* behind the others */
};

struct measures {
	struct measure *all;
	size_t n;
};

/* ---- events (events.c) ---- */

enum { EVENT_LAST = 1, EVENT_TRIGGERED = 2 };
enum { ARM_NONE = 0xffff, ARM_SEVERAL = 0xfffe, ARMS_MAX = 1000 };

struct event_columns {
	const char *message, *timestamp, *user, *track, *time, *latency, *recommendation;
	const char *triggered;              /* or NULL */
	struct option_list experiments;     /* empty: every column that is no event's own */
	bool no_experiments;                /* look for none */
	int64_t from_ms, to_ms;             /* from <= timestamp < to */
	const struct measures *measures;
	enum time_unit unit;                /* what timestamps are */
};

/* What an event gives to a measure: a number (nan: none) or a hash (0: none). */
union given {
	double number;
	uint64_t hash;
};

/* Events, column by column; a user's lie together once they are sorted. */
struct events {
	size_t n, capacity;
	uint32_t *user;
	int64_t *timestamp;
	double *time, *latency;
	uint32_t *track, *recommendation;   /* half of their hashes; 0: empty */
	uint32_t *combination;              /* of arms */
	uint8_t *flags;
	const struct measures *measures;
	union given **given;                /* measure -> n */
	size_t n_experiments;
	char **experiment;                  /* names */
	struct strmap **arms;               /* of each experiment */
	uint16_t *arm_of;                   /* combination x experiment -> arm */
};

/* ---- states (state.c) ---- */

/* Of all events, whoever they belong to. */
struct totals {
	uint64_t events, tied, duplicates;
	int64_t first_ms, last_ms;          /* first > last: no event */
	uint64_t *days;                     /* bits: days from 1970-01-01 on with events */
	bool beyond;                        /* events before 1970, or after DAYS_MAX days */
	uint64_t parts;                     /* that --partial wrote and that are in this */
};

enum { DAYS_MAX = 1 << 17 };

/* A row: what a user did until the end of a day, in all, or (scope) in one arm of an
 * experiment where the user was in several. Rows are ordered by user, scope, arm, day;
 * there is a row for the user's last day, and with `daily` for each with events. */
struct state {
	size_t n_experiments;
	char **experiment;
	struct strmap **arms;
	struct strmap *users;
	size_t n_values;
	char **name;                        /* of the values */
	size_t n;                           /* rows */
	uint32_t *user;
	int64_t *day;
	uint32_t *scope;                    /* 0: in all; else the experiment's number + 1 */
	uint16_t *arm;                      /* n x experiments; in a scope the arm of it */
	double **value;                     /* value -> n */
	struct totals totals;
	bool daily;                         /* rows for each day */
	size_t capacity;
	uint64_t rows_in, rejected;
};

/* How events become states. */
struct state_rules {
	bool open;                          /* events behind a user's final `last` count too */
	bool triggered;                     /* users without a triggered event are left out */
	bool daily;                         /* rows for each day */
	bool scopes;                        /* rows for the arms of users in several */
	bool header;                        /* of the parts */
	struct output *sessions;            /* every closed session is written there, or NULL */
};

/* Reads all events in any order. */
struct state *state_of_events(struct table *t, const struct event_columns *columns,
			      const struct state_rules *rules);

/* The same from rows grouped by user, in the byte order of users; anything else ends
 * with exit 3. Memory holds one user's events and the states. With `parts` the states
 * are written there and forgotten. */
struct state *state_of_groups(struct table *t, const struct event_columns *columns,
			      const struct state_rules *rules, struct output *parts);

/* What a merge reads of parts. */
struct merge_rules {
	const struct option_list *experiments; /* empty: all; NULL: none */
	const struct option_list *wanted;   /* values (those that are not there are left out); NULL: all */
	bool daily;                         /* parts of days are needed */
	uint64_t parts;                     /* there must be so many; 0: any number */
};

/* Reads what state_of_groups wrote to `parts`, or state_write. Ends with exit 3 when a part
 * is cut, when there is none, or when there are not rules->parts. */
struct state *state_merge(struct table *t, const char *user, const struct merge_rules *rules);

/* Writes a state as one part: those that it was merged from may be forgotten. */
void state_write(const struct state *s, bool header, struct output *out);

/* More days than these are not looked through, neither for empty ones nor for --daily. */
enum { EMPTY_DAYS_SPAN = 3660 };

void state_free(struct state *s);

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
	struct strmap *owned_ids;           /* NULL when ids and arms belong to a state */
};

/* The users of a state at the end of `day`. `only` below n_experiments: units of that
 * experiment alone, where `keep` makes a unit of each arm of a user; otherwise one
 * unit a user with all experiments. The state must outlive them. */
struct users *users_of_state(const struct state *s, size_t only, bool keep, int64_t day);

/* A ready table: `experiments` are columns of arms, `values` of numbers; those that
 * are not there are left out. */
struct users *users_read(struct table *t, const char *user, const struct option_list *experiments,
			 const struct option_list *values);

/* The column's index, or -1. */
long users_find(const struct users *u, const char *name);
void users_add(struct users *u, const char *name, double *value);
void users_free(struct users *u);

/* ---- metrics (metrics.c) ---- */

struct metric {
	char *name;                         /* as it was given */
	enum { METRIC_MEAN, METRIC_RATIO, METRIC_QUANTILE } kind;
	char *of, *over;                    /* columns; over: of a ratio */
	double quantile;
};

/* "time,time/sessions,q90:time,share:source=random" */
size_t metrics_parse(const char *text, struct metric **metrics);

/* The measures of events that the metrics follow from; `distinct_tracks`: that of
 * `track`, when a metric is made of it or `all`. Exit 2: a name that is none. */
struct measures metrics_measures(const struct metric *metrics, size_t n, const char *track, bool all);

/* Adds what metrics name and users' values give: mean:X, share:X, mean_.., returned. */
void metrics_derive(struct users *u, const struct metric *metrics, size_t n);

/* The columns that the metrics need, and what they may follow from: a new list. */
struct option_list metrics_columns(const struct metric *metrics, size_t n);

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

/* The p that goes with it, of a difference over `n` users. */
double sequential_p(double diff, double se, double n, double alpha, double tuned);

enum adjustment { ADJUST_NONE, ADJUST_BONFERRONI, ADJUST_HOLM, ADJUST_HOCHBERG, ADJUST_BH,
	ADJUST_BY };
#define ADJUSTMENTS "none|bonferroni|holm|hochberg|bh|by"
void adjust(const double *p, double *adjusted, size_t n, enum adjustment how);

/* The largest p of each test that would be significant, the others' being as they are: its
 * adjusted p is below alpha exactly when its p is below this. */
void adjust_levels(const double *p, double *level, size_t n, double alpha, enum adjustment how);

/* numpy's and R's type 7; x is sorted. */
double quantile_sorted(const double *x, size_t n, double q);

struct rank_test {
	double u, p, superiority;
};
/* Mann and Whitney with ties and continuity; values rounded to 1e-9. */
struct rank_test mann_whitney(const double *control, size_t n0, const double *treatment, size_t n1);

double mde_z(double se, double alpha, double power);
/* When the difference has to be `reach` standard errors away from 0. */
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
