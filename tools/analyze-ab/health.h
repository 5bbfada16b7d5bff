/* health.h - whether the effects of an experiment can be trusted. */
#ifndef RECPIPE_ANALYZE_AB_HEALTH_H
#define RECPIPE_ANALYZE_AB_HEALTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "broken.h"
#include "experiment.h"
#include "planned.h"
#include "streams/output.h"

struct health {
	bool first;                   /* experiment of the input */
	uint64_t ties, duplicates;
	uint64_t kept_several;        /* users in several arms, counted once per arm */
	uint64_t exposed_later;       /* users with events before their first arm, which do not count */
	uint64_t overlapping;         /* users with sessions at the same time */
	double *weights;              /* planned, by arm; NULL: equal */
	struct stray *stray;          /* arms that were not planned */
	size_t n_strays;
	int64_t pre_last_ms;          /* the last event of --pre; INT64_MIN: it has none, or no times */
	double **slopes;              /* --novelty: of each metric, novelty_slopes of users; or NULL */
	const char **empty_days;
	size_t n_empty_days;
};

/* Warns of what makes the effects doubtful, each warning with the check in brackets, and writes
 * every check if `out` is not NULL: experiment check arm value p verdict decision. Planned arms
 * without users count, too. Checks that leave no verdict are added to
 * `broken`: no single user can do that. */
void check_health(const struct experiment_data *d, const struct health *h, struct output *out,
		  struct broken *broken);

/* "p = 0.0123", "p < 1e-300" (PVALUE_SIZE bytes); returns `text`. */
enum { PVALUE_SIZE = 32 };
const char *p_text(double p, char text[PVALUE_SIZE]);

/* Re-splits all users by `salts` salts and tests: experiment - metric; see details. Where the p
 * values of a metric are not uniform, its check is added to `broken`. */
void calibrate(const struct experiment_data *d, int64_t salts, struct output *health,
	       struct output *details, struct broken *broken);

#endif
