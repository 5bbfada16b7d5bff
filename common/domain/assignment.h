/* assignment.h - which arm of which experiment an id belongs to.
 *
 * The registry is a table (name arm weight recommender salt, further columns
 * are ignored here), one row per arm; `weight` (1), `recommender` (empty) and
 * `salt` (the name) are optional. Its short form is `NAME=2`: two arms of equal
 * weight, called C, T1, ... T9, T10, ...
 *
 * The rule: seed = MurmurHash3_x86_32(salt, seed 0), hash =
 * MurmurHash3_x86_32(id, seed), both unsigned. Arms of equal weight: arm number
 * hash mod arms. Unequal weights: the first arm whose cumulated weight is above
 * floor(hash * total / 2^32). It depends on nothing else: not on the order of
 * ids, nor on other experiments.
 */
#ifndef RECPIPE_DOMAIN_ASSIGNMENT_H
#define RECPIPE_DOMAIN_ASSIGNMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"
#include "streams/table.h"

struct arm {
	char *name;
	uint64_t weight;      /* may be 0: nobody gets it */
	char *recommender;    /* "" when the registry names none */
};

struct experiment {
	char *name, *salt;
	struct arm *arms;
	size_t n;
	uint32_t seed;        /* the hash of the salt */
	bool equal;           /* all weights are the same */
	uint64_t total;       /* sum of the weights, at least 1, at most 2^31 */
};

/* A zeroed struct is an empty registry. Experiments and arms keep the order in
 * which they were given. */
struct experiments {
	struct experiment *all;
	size_t n;
};

enum { EXPERIMENT_ARMS_MAX = 1000 };

/* Adds what the registry file holds, and closes it. The rows of an experiment are contiguous.
 * Exit 3: a missing column, a name or arm that is empty or double, the name of
 * a column of events (event.h), a bad weight, two salts in one experiment, no
 * weight above 0. */
void experiments_read(struct experiments *x, struct table *t);

/* Adds the short form `NAME=WAYS`, or says why not and adds nothing. */
enum experiment_problem {
	EXPERIMENT_ADDED,
	EXPERIMENT_NOT_SHORT,   /* it is no NAME=WAYS of 1 to EXPERIMENT_ARMS_MAX ways */
	EXPERIMENT_NAME_BREAKS, /* a TAB or line end in the name */
	EXPERIMENT_NAME_FIXED,  /* the name of a column of events (event.h) */
	EXPERIMENT_TWICE,       /* an experiment of that name is there already */
};
enum experiment_problem experiments_add(struct experiments *x, const char *text);

/* The experiment called `name`, or NULL. */
struct experiment *experiments_find(const struct experiments *x, struct span name);

/* Number of the arm called `name`, or `e->n`. */
size_t experiment_find_arm(const struct experiment *e, struct span name);

/* The hash of an id under the experiment's salt. */
uint32_t experiment_hash(const struct experiment *e, struct span id);

/* Number of the arm that a hash, or an id, falls into. */
size_t experiment_arm_of_hash(const struct experiment *e, uint32_t hash);
size_t experiment_arm(const struct experiment *e, struct span id);

void experiments_free(struct experiments *x);

#endif
