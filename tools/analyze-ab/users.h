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

/* Which rows of a state are units. */
struct unit_rules {
	size_t only;                        /* experiment: below n_experiments, units of that one alone */
	bool keep;                          /* of it: a unit for each arm of a user */
	bool exposed;                       /* of it: no events before a user's first arm */
};

/* The users of a state at the end of `day`: one unit a user with all experiments, unless the
 * rules are for one. The state must outlive them. */
struct users *users_of_state(const struct state *s, const struct unit_rules *rules, int64_t day);

/* The rows that are those units, in the same order; the caller frees them. */
uint32_t *units_of_state(const struct state *s, const struct unit_rules *rules, int64_t day, size_t *n);

/* Does row `row` hold the events from a user's first arm of an experiment on? There were others before. */
bool state_is_exposed(const struct state *s, size_t row, size_t experiment);

/* A ready table: `experiments` are columns of arms, `values` of numbers; those that
 * are not there are left out. */
struct users *users_read(struct table *t, const char *user, const struct option_list *experiments,
			 const struct option_list *values);

/* The column's index, or -1. */
long users_find(const struct users *u, const char *name);
void users_add(struct users *u, const char *name, double *value);
void users_free(struct users *u);

#endif
