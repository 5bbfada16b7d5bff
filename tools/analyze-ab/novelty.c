/* novelty.c - see novelty.h. */
#include "novelty.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

static long sum_of(const struct state *s, const char *name)
{
	static const char *const OTHERS[] = {"first_ms", "distinct_tracks"};
	for (size_t i = 0; i < sizeof OTHERS / sizeof *OTHERS; i++)
		if (strcmp(name, OTHERS[i]) == 0)
			return -1;
	for (size_t v = 0; v < s->n_values && !metrics_after(name, "distinct:"); v++)
		if (strcmp(s->name[v], name) == 0)
			return (long)v;
	return -1;
}

/* Are two rows of the same user, in the same scope and arm of it? */
static bool is_same(const struct state *s, size_t a, size_t b)
{
	uint32_t scope = s->scope[a];
	return s->user[a] == s->user[b] && scope == s->scope[b] &&
		(scope == 0 || s->arm[a * s->n_experiments + scope - 1] == s->arm[b * s->n_experiments + scope - 1]);
}

double *novelty_slopes(const struct state *s, const struct unit_rules *rules, const char *value,
		       int64_t first, int64_t last)
{
	long v = sum_of(s, value);
	double days = (double)(last - first) + 1, middle = (days - 1) / 2;
	double squares = days * (days * days - 1) / 12;
	if (v < 0 || !(squares > 0))
		return NULL;
	size_t n;
	uint32_t *unit = units_of_state(s, rules, INT64_MAX, &n);
	double *slope = memory_new(n + 1, sizeof *slope);
	for (size_t i = 0; i < n; i++) {
		slope[i] = 0;
		for (size_t row = unit[i];; row--) { /* from the last day back */
			bool more = row > 0 && is_same(s, row - 1, unit[i]);
			double own = s->value[v][row] - (more ? s->value[v][row - 1] : 0);
			slope[i] += ((double)(s->day[row] - first) - middle) / squares * own;
			if (!more)
				break;
		}
	}
	free(unit);
	return slope;
}
