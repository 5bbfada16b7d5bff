/* planned.h - the arms that were planned, and users in others. */
#ifndef RECPIPE_ANALYZE_AB_PLANNED_H
#define RECPIPE_ANALYZE_AB_PLANNED_H

#include "analysis.h"

/* The planned weights by arm number, from the registry and --weights; NULL when all are equal. 0: the
 * arm is not planned. Adds the planned arms to the users' names of arms. */
double *planned_weights(const struct options *o, const struct experiments *registry, const struct users *u,
			size_t experiment);

/* An arm that was not planned, and its users. */
struct stray {
	struct span arm;
	uint64_t users;
};

/* A share of the users that is too small to break what the others show. */
#define STRAY_SHARE 0.01

/* Gives users in arms of weight 0 (where nothing is planned, `weights` NULL, in arms with less than
 * STRAY_SHARE of an equal share of the users, if two larger ones stay) the arm ARM_STRAY. Returns those
 * arms by name; the caller frees the array. */
struct stray *set_strays_aside(struct users *u, size_t experiment, const double *weights, size_t *n);

#endif
