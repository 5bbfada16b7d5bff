/* options.h - the options of analyze-ab. */
#ifndef RECPIPE_ANALYZE_AB_OPTIONS_H
#define RECPIPE_ANALYZE_AB_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "compare.h"
#include "frame/options.h"

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

extern const struct option_row ANALYZE_OPTIONS[];

/* What of them the comparison needs; its metrics are parsed here. */
struct analysis_options analysis_options_of(const struct options *o);

/* The shares of --plan; the caller frees them. */
double *plan_of(const char *text, size_t *n);

/* What the table of options cannot say: usage errors. */
void check_options(const struct options *o, const struct analysis_options *options);

#endif
