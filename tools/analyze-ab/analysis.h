/* analysis.h - one run: what it has read, where it writes. */
#ifndef RECPIPE_ANALYZE_AB_ANALYSIS_H
#define RECPIPE_ANALYZE_AB_ANALYSIS_H

#include "broken.h"
#include "compare.h"
#include "domain/assignment.h"
#include "metrics.h"
#include "options.h"
#include "state.h"
#include "streams/output.h"
#include "users.h"
#include "view.h"

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
