/* analysis.h - one run: its options, what it has read, where it writes. */
#ifndef RECPIPE_ANALYZE_AB_ANALYSIS_H
#define RECPIPE_ANALYZE_AB_ANALYSIS_H

#include "broken.h"
#include "compare.h"
#include "domain/assignment.h"
#include "frame/options.h"
#include "metrics.h"
#include "state.h"
#include "streams/output.h"
#include "users.h"
#include "view.h"

struct options {
	struct common common;
	const char *message, *timestamp, *user, *track, *time, *latency, *recommendation;
	const char *control, *metrics, *pre, *users, *segment, *stratify, *cluster, *triggered, *from, *to;
	const char *interleaving;
	const char *experiments_file, *details, *deciles, *health, *user_table, *session_table, *plan;
	const char *primary, *metric_file;
	struct option_list experiments, weights, lower_is_better, margins, guardrails;
	const char *prior;
	bool bayes, novelty;
	bool user_level, sequential, daily, grouped, partial, merge, decision, no_decision, exit_code;
	int interval, adjust, test, bootstrap, multi_arm, exposure, sessions, unfinished, pre_missing, format;
	int timestamp_unit;
	double alpha, power, winsorize, tuned, srm_threshold;
	int64_t rounds, aa, parts;
	uint64_t memory;
};

/* Attributes of users: --users. */
struct attributes {
	struct strmap *users, *levels;
	uint32_t *level; /* of each user */
};

struct run {
	const struct options *o;
	struct analysis_options options;
	struct measures measures;
	struct view view;
	struct output *details, *deciles, *health, *user_table, *session_table;
	struct attributes attributes;
	bool has_attributes;
	struct users *pre;
	struct state *pre_state;
	struct experiments registry;
	double *plan, days;
	size_t n_plan;
	bool broken;        /* an experiment has no verdict */
	struct broken uncalibrated; /* what --aa found: tests with a wrong false-positive rate */
};

/* Checks health, then writes what the options ask for: effects, days, a plan, details, users. */
void analyze_users(struct run *r, struct users *users);
void analyze_state(struct run *r, const struct state *s);

#endif
