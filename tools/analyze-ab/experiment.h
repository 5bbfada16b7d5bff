/* experiment.h - one experiment: its users, its arms, and how it is analyzed. */
#ifndef RECPIPE_ANALYZE_AB_EXPERIMENT_H
#define RECPIPE_ANALYZE_AB_EXPERIMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"
#include "data/strmap.h"
#include "frame/options.h"
#include "adjust.h"
#include "bootstrap.h"
#include "metrics.h"
#include "bayes.h"
#include "stats.h"
#include "users.h"

enum test { TEST_WELCH, TEST_MANN_WHITNEY, TEST_BOOTSTRAP };

/* How effects are computed and adjusted. */
struct analysis_options {
	double alpha, power, winsorize, tuned, srm_threshold;
	enum interval interval;
	enum adjustment adjustment;
	enum test test;
	enum bootstrap_kind bootstrap;
	bool sequential, pre_mean, bayes;
	struct prior prior;
	int64_t rounds;
	uint64_t seed;
	const char *control;
	struct metric *metrics;
	size_t n_metrics;
	const char *source;           /* the option that the metrics are from */
	bool margins, roles;          /* a metric has a margin; one is the primary metric */
	bool described;               /* the table says what metrics are for */
};

/* Users who are in --pre, too, and those of them whose values there are not from before: their first event
 * in it is not before their first of the experiment. In tables without first_ms `late` is 0, but they may be
 * the same: every metric that --pre has differs from user to user, and is the same for each in both. */
struct before_users {
	size_t both, late;
	bool same;
};

/* Users of one experiment, their attributes and their values from before. */
struct experiment_data {
	const struct analysis_options *options;
	const struct users *users;
	size_t experiment;            /* its index in users */
	const struct users *pre;      /* the same users before, or NULL */
	uint32_t *pre_of;             /* user -> row of pre, or STRMAP_NONE */
	struct before_users in_pre;
	bool pre_late;                /* before.h: pre is of the experiment itself, and adjusts nothing */
	uint32_t *segment;            /* user -> level of --segment, --stratify or --cluster, or NULL */
	const struct strmap *levels;
	bool stratify, clustered;     /* `segment` holds strata, clusters */
	/* What data_prepare adds: users by level, those of level l being in
	 * by_level[level_start[l]] ... by_level[level_start[l + 1]]; and each metric's cap. */
	uint32_t *by_level;
	uint64_t *level_start;
	double *cap;
	uint8_t *before;              /* of each arm and metric: before.h's */
};

/* Adds what all effects of the experiment need, and frees it (with pre_of and segment). */
void data_prepare(struct experiment_data *d);
void data_free(struct experiment_data *d);

/* The arms that have users, by name, the control first; `*n`: how many. The control is the arm of
 * --control (a usage error: it has no users), one that has a control's name, or the first. */
uint32_t *arms_of(const struct experiment_data *d, size_t *n);

/* C, control, A, 0 or FALSE. */
bool is_control_name(struct span arm);

struct span arm_name(const struct experiment_data *d, uint32_t arm);

/* The arm of a user, or ARM_NONE or ARM_SEVERAL. */
uint16_t arm_of(const struct experiment_data *d, size_t user);

/* The values of a column. Usage error: there is none. */
const double *column_values(const struct experiment_data *d, const char *name);

/* The quantile of a metric over all users of the experiment. */
double cap_of(const struct experiment_data *d, const struct metric *m, double q);

#endif
