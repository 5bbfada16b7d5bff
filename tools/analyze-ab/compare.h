/* compare.h - one experiment: its arms, its health, its effects. */
#ifndef COMPARE_H
#define COMPARE_H

#include "analyze.h"
#include "streams/output.h"

enum test { TEST_WELCH, TEST_MANN_WHITNEY, TEST_BOOTSTRAP };

/* What a treatment may lose and still not be inferior: a share of the control's mean. */
struct margin {
	char *metric;                 /* NULL: every one that has none of its own */
	double share;
};

/* How effects are computed. */
struct how {
	double alpha, power, winsorize, tuned, srm_threshold;
	enum interval interval;
	enum adjustment adjustment;
	enum test test;
	bool sequential, pre_mean;
	int64_t rounds;
	uint64_t seed;
	const char *control;
	struct metric *metrics;
	size_t n_metrics;
	struct margin *margins;
	size_t n_margins;
	struct option_list lower_is_better;
};

/* Users of one experiment and what is known of them besides. */
struct experiment_data {
	const struct how *how;
	const struct users *users;
	size_t experiment;            /* its index in users */
	const struct users *pre;      /* the same users before, or NULL */
	uint32_t *pre_of;             /* user -> row of pre, or STRMAP_NONE */
	uint32_t *segment;            /* user -> level of --segment or --stratify, or NULL */
	const struct strmap *levels;
	bool stratify;
	/* What data_prepare adds: users by level, those of level l being in
	 * by_level[level_start[l]] .. by_level[level_start[l + 1]]; and each metric's cap. */
	uint32_t *by_level;
	size_t *level_start;
	double *cap;
};

/* Adds what all effects of the experiment need, and frees it (with pre_of and segment). */
void data_prepare(struct experiment_data *d);
void data_free(struct experiment_data *d);

struct row {
	const char *treatment, *metric, *segment;
	struct effect effect;
	double adjusted, mde, margin_p;
	bool doubtful;                /* a check of its experiment's health failed */
};

struct rows {
	struct row *row;
	size_t n, capacity;
};

/* The arms that have users, by name, the control first; `*n` how many. Dies (exit
 * 2 when the control was named, 3 otherwise) when the control has none. */
uint32_t *arms_of(const struct experiment_data *d, size_t *n);

/* Is less of the metric good? Of latency and skips it is. */
bool lower_is_better(const struct how *how, const char *metric);

struct span arm_name(const struct experiment_data *d, uint32_t arm);

/* Every treatment and metric (and segment) of the experiment; p values adjusted. */
struct rows compare_all(const struct experiment_data *d);

/* Says on stderr what --winsorize capped, and what --pre, --stratify and --segment
 * leave out. */
void say_adjustments(const struct experiment_data *d);

/* The long table of everything else: experiment treatment metric stat value. */
void write_details(const struct experiment_data *d, struct output *out);

/* ---- health ---- */

struct health {
	bool first;                   /* experiment of the input */
	uint64_t ties, duplicates;
	uint64_t kept_several;        /* users in several arms, each arm kept as a unit */
	const char **empty_days;
	size_t n_empty_days;
};

/* Warns of what makes the verdict doubtful, and writes every check where `out` is
 * not NULL: experiment check arm value p verdict. `weights` by arm, NULL: equal; those of
 * arms without users count too. False when a check failed. */
bool check_health(const struct experiment_data *d, const struct health *h, const double *weights,
		  struct output *out);

/* "p = 0.0123", "p < 1e-300" (PVALUE_SIZE bytes); returns `text`. */
enum { PVALUE_SIZE = 32 };
const char *p_text(double p, char text[PVALUE_SIZE]);

/* Re-splits all users by `salts` salts and tests: experiment - metric; see details. False
 * when the p of a metric are not as they should be. */
bool calibrate(const struct experiment_data *d, int64_t salts, struct output *health,
	       struct output *details);

#endif
