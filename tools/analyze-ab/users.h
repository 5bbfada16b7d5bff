/* users.h - one row a user (or, with several arms kept, a pair of a user and an arm). */
#ifndef RECPIPE_ANALYZE_AB_USERS_H
#define RECPIPE_ANALYZE_AB_USERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "data/strmap.h"
#include "frame/options.h"
#include "state.h"
#include "streams/table.h"

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

#endif
