/* compare.h - the effects of one experiment. */
#ifndef RECPIPE_ANALYZE_AB_COMPARE_H
#define RECPIPE_ANALYZE_AB_COMPARE_H

#include <stdbool.h>
#include <stddef.h>

#include "experiment.h"
#include "sample.h"
#include "stats.h"

struct row {
	const char *treatment, *metric, *segment;
	const struct metric *of;
	size_t arm;                   /* number of the treatment */
	long level;                   /* of the segment; -1: all users */
	struct effect effect;
	double adjusted, mde, margin_p;
	struct posterior posterior;
	const char *broken;           /* why its experiment has no verdict, or NULL */
	const char *decision, *reason; /* reason: "" unless a primary metric decides */
};

struct rows {
	struct row *row;
	size_t n, capacity;
};

/* Post-stratified means, weights the pooled shares of the levels; normal test. Its moments
 * are those of one sample that would have this mean with this variance. `*left_out`: users
 * of levels too small to have a variance in both arms. */
struct effect stratified_effect(const struct experiment_data *d, const struct sample *s0,
				const struct sample *s1, size_t *left_out);

/* Every treatment and metric (and segment) of the experiment; p values adjusted. */
struct rows compare_all(const struct experiment_data *d);

/* Reports on stderr what --winsorize capped, and what --pre, --stratify and --segment
 * exclude. */
void report_adjustments(const struct experiment_data *d);

#endif
