/* users.c - one row a user: of states, or of a ready table. */
#include "users.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"

long users_find(const struct users *u, const char *name)
{
	for (size_t i = 0; i < u->n_values; i++)
		if (strcmp(u->name[i], name) == 0)
			return (long)i;
	return -1;
}

void users_add(struct users *u, const char *name, double *value)
{
	u->name = memory_resize(u->name, u->n_values + 1, sizeof(*u->name));
	u->value = memory_resize(u->value, u->n_values + 1, sizeof(*u->value));
	u->name[u->n_values] = memory_text(name, strlen(name));
	u->value[u->n_values++] = value;
}

void users_free(struct users *u)
{
	if (!u)
		return;
	for (size_t i = 0; i < u->n_values; i++) {
		free(u->name[i]);
		free(u->value[i]);
	}
	for (size_t i = 0; i < u->n_experiments; i++) {
		free(u->experiment[i]);
		if (u->owned_ids)
			strmap_free(u->arms[i]);
	}
	strmap_free(u->owned_ids);
	free(u->name);
	free(u->value);
	free(u->experiment);
	free(u->arms);
	free(u->arm);
	free(u->id);
	free(u);
}

static double *column(const struct users *u)
{
	return memory_new(u->n + 1, sizeof(double));
}

/* ---- of states ---- */

bool state_is_exposed(const struct state *s, size_t row, size_t experiment)
{
	size_t first = row;
	if (s->scope[row] != experiment + 1)
		return false;
	while (first > 0 && s->user[first - 1] == s->user[row])
		first--;
	/* The user's first row is of all events. */
	return s->arm[first * s->n_experiments + experiment] != ARM_SEVERAL;
}

/* The rows of one user, from..to: which scope counts of them, 0 or that of the experiment. */
static uint32_t scope_of_user(const struct state *s, size_t from, size_t to, const struct unit_rules *rules)
{
	bool several = s->arm[from * s->n_experiments + rules->only] == ARM_SEVERAL;
	if (several ? !rules->keep : !rules->exposed)
		return 0;
	for (size_t i = from; i < to; i++)
		if (s->scope[i] == rules->only + 1)
			return s->scope[i];
	return several ? (uint32_t)rules->only + 1 : 0;
}

/* Which rows of a state are units: the numbers of those that count at the end of day. */
uint32_t *units_of_state(const struct state *s, const struct unit_rules *rules, int64_t day, size_t *n)
{
	uint32_t *unit = memory_new(s->n + 1, sizeof *unit);
	bool one = rules->only < s->n_experiments;
	*n = 0;
	for (size_t from = 0, to; from < s->n; from = to) {
		for (to = from + 1; to < s->n && s->user[to] == s->user[from]; to++)
			;
		uint32_t scope = one ? scope_of_user(s, from, to, rules) : 0;
		size_t first = *n;
		for (size_t i = from; i < to; i++) {
			if (s->day[i] > day || s->scope[i] != scope)
				continue;
			size_t last = *n > first ? unit[*n - 1] : SIZE_MAX;
			bool same = last != SIZE_MAX && (scope == 0 || s->arm[last * s->n_experiments + rules->only] ==
							 s->arm[i * s->n_experiments + rules->only]);
			*n += !same;
			unit[*n - 1] = (uint32_t)i; /* a later day of the same takes its place */
		}
	}
	return unit;
}

struct users *users_of_state(const struct state *s, const struct unit_rules *rules, int64_t day)
{
	struct users *u = memory_zero(1, sizeof *u);
	size_t only = rules->only;
	bool one = only < s->n_experiments;
	uint32_t *unit = units_of_state(s, rules, day, &u->n);
	u->n_experiments = one ? 1 : s->n_experiments;
	u->experiment = memory_new(u->n_experiments + 1, sizeof(*u->experiment));
	u->arms = memory_new(u->n_experiments + 1, sizeof(*u->arms));
	for (size_t x = 0; x < u->n_experiments; x++) {
		size_t from = one ? only : x;
		u->experiment[x] = memory_text(s->experiment[from], strlen(s->experiment[from]));
		u->arms[x] = s->arms[from];
	}
	u->id = memory_new(u->n + 1, sizeof *u->id);
	u->arm = memory_new(u->n * u->n_experiments + 1, sizeof *u->arm);
	for (size_t i = 0; i < u->n; i++) {
		u->id[i] = strmap_key(s->users, s->user[unit[i]]);
		for (size_t x = 0; x < u->n_experiments; x++)
			u->arm[i * u->n_experiments + x] =
				s->arm[unit[i] * s->n_experiments + (one ? only : x)];
	}
	for (size_t v = 0; v < s->n_values; v++) {
		double *x = column(u);
		for (size_t i = 0; i < u->n; i++)
			x[i] = s->value[v][unit[i]];
		users_add(u, s->name[v], x);
	}
	free(unit);
	return u;
}

/* ---- a ready table ---- */

/* In the order of ids, so that the order of the rows does not matter. */
static void sort_users(struct users *u)
{
	uint32_t *order = strmap_sorted(u->owned_ids);
	uint16_t *arm = memory_new(u->n * u->n_experiments + 1, sizeof *arm);
	for (size_t i = 0; i < u->n; i++) {
		u->id[i] = strmap_key(u->owned_ids, order[i]);
		memcpy(arm + i * u->n_experiments, u->arm + order[i] * u->n_experiments,
		       u->n_experiments * sizeof *arm);
	}
	free(u->arm);
	u->arm = arm;
	for (size_t v = 0; v < u->n_values; v++) {
		double *x = column(u);
		for (size_t i = 0; i < u->n; i++)
			x[i] = u->value[v][order[i]];
		free(u->value[v]);
		u->value[v] = x;
	}
	free(order);
}

/* The row's arm of each experiment. */
static void read_arms(struct users *u, struct table *t, const size_t *arm_column, size_t user)
{
	for (size_t i = 0; i < u->n_experiments; i++) {
		struct span arm = table_field(t, arm_column[i]);
		uint32_t a = is_missing(arm) ? ARM_NONE : span_equal(arm, span_of("(several)"))
			? ARM_SEVERAL : strmap_add(u->arms[i], arm);
		if (a >= ARMS_MAX && a < ARM_SEVERAL)
			table_fail(t, "experiment %s has more than %d arms", u->experiment[i], ARMS_MAX);
		u->arm[user * u->n_experiments + i] = (uint16_t)a;
	}
}

struct users *users_read(struct table *t, const char *user, const struct option_list *experiments,
			 const struct option_list *values)
{
	struct users *u = memory_zero(1, sizeof *u);
	size_t id = table_column(t, option_column("user", user));
	size_t width = table_width(t), arm_capacity = 0, n = 0;
	size_t *value_capacity = memory_zero(width + 1, sizeof *value_capacity);
	size_t *arm_column = memory_new(experiments->n + 1, sizeof *arm_column);
	size_t *value_column = memory_new(width + 1, sizeof *value_column);
	u->owned_ids = strmap_new();
	u->n_experiments = experiments->n;
	u->experiment = memory_new(experiments->n + 1, sizeof(*u->experiment));
	u->arms = memory_new(experiments->n + 1, sizeof(*u->arms));
	for (size_t i = 0; i < experiments->n; i++) {
		if (strcmp(experiments->values[i], user) == 0)
			usage_error("--experiment=%s: this column is not an experiment", user);
		arm_column[i] = table_column(t, option_column("experiment", experiments->values[i]));
		u->experiment[i] = memory_text(experiments->values[i], strlen(experiments->values[i]));
		u->arms[i] = strmap_new();
	}
	for (size_t i = 0; i < values->n; i++) {
		long c = table_find_column(t, values->values[i]);
		if (c < 0 || users_find(u, values->values[i]) >= 0)
			continue; /* may be derived from others later */
		value_column[u->n_values] = (size_t)c;
		users_add(u, values->values[i], NULL);
	}
	while (table_next(t)) {
		struct span name = table_field(t, id);
		bool good = name.n > 0;
		if (!good)
			table_reject(t, id, "an empty id");
		for (size_t v = 0; v < u->n_values && good; v++) {
			double x = NAN;
			u->value[v] = memory_grow(u->value[v], &value_capacity[v], n + 1, sizeof x);
			if (!is_missing(table_field(t, value_column[v])))
				good = number_of_field(t, value_column[v], &x);
			u->value[v][n] = x;
		}
		if (!good)
			continue;
		if (strmap_add(u->owned_ids, name) != n) {
			table_reject(t, id, "a duplicate user");
			continue;
		}
		u->arm = memory_grow(u->arm, &arm_capacity, (n + 1) * experiments->n + 1, sizeof *u->arm);
		read_arms(u, t, arm_column, n++);
	}
	u->n = n;
	u->id = memory_new(n + 1, sizeof *u->id);
	sort_users(u);
	for (size_t v = 0; v < u->n_values; v++)
		if (!u->value[v])
			u->value[v] = column(u);
	free(value_capacity);
	free(arm_column);
	free(value_column);
	return u;
}
