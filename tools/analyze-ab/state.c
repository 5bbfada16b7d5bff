/* state.c - see state.h. */
#include "state.h"

#include <stdlib.h>
#include <string.h>

#include "base/date.h"
#include "base/memory.h"

void totals_event(struct totals *all, int64_t ms)
{
	int64_t day = date_day(ms);
	all->events++;
	all->first_ms = ms < all->first_ms ? ms : all->first_ms;
	all->last_ms = ms > all->last_ms ? ms : all->last_ms;
	totals_day(all, day);
}

void totals_day(struct totals *all, int64_t day)
{
	if (day < 0 || day >= DAYS_MAX)
		all->beyond = true;
	else
		all->days[day / 64] |= (uint64_t)1 << day % 64;
}

struct state *state_new(void)
{
	struct state *s = memory_zero(1, sizeof *s);
	s->users = strmap_new();
	s->totals.days = memory_zero(DAYS_MAX / 64, sizeof *s->totals.days);
	s->totals.first_ms = INT64_MAX;
	s->totals.last_ms = INT64_MIN;
	return s;
}

void state_add_value(struct state *s, const char *name)
{
	s->name = memory_resize(s->name, s->n_values + 1, sizeof(*s->name));
	s->value = memory_resize(s->value, s->n_values + 1, sizeof(*s->value));
	s->name[s->n_values] = memory_text(name, strlen(name));
	s->value[s->n_values++] = NULL;
}

size_t state_add_row(struct state *s)
{
	if (s->n == s->capacity) {
		size_t n = s->capacity = s->n + s->n / 2 + 256;
		s->user = memory_resize(s->user, n, sizeof *s->user);
		s->day = memory_resize(s->day, n, sizeof *s->day);
		s->scope = memory_resize(s->scope, n, sizeof *s->scope);
		s->arm = memory_resize(s->arm, n * s->n_experiments + 1, sizeof *s->arm);
		for (size_t v = 0; v < s->n_values; v++)
			s->value[v] = memory_resize(s->value[v], n, sizeof(double));
	}
	return s->n++;
}

void state_free(struct state *s)
{
	if (!s)
		return;
	for (size_t x = 0; x < s->n_experiments; x++) {
		free(s->experiment[x]);
		strmap_free(s->arms[x]);
	}
	for (size_t v = 0; v < s->n_values; v++) {
		free(s->name[v]);
		free(s->value[v]);
	}
	strmap_free(s->users);
	free(s->totals.days);
	free(s->experiment);
	free(s->arms);
	free(s->name);
	free(s->value);
	free(s->user);
	free(s->day);
	free(s->scope);
	free(s->arm);
	free(s);
}
