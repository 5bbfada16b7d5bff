/* planned.c - see planned.h. */
#include "planned.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/number.h"

double *planned_weights(const struct options *o, const struct experiments *registry,
			  const struct users *u, size_t experiment)
{
	struct strmap *arms = u->arms[experiment];
	const char *name = u->experiment[experiment];
	struct experiment *known = experiments_find(registry, span_of(name));
	if (!known && o->weights.n == 0)
		return NULL;
	for (size_t a = 0; known && a < known->n; a++)
		strmap_add(arms, span_of(known->arms[a].name));
	for (size_t i = 0; i < o->weights.n && o->experiments.n == 1; i++)
		strmap_add(arms, (struct span){o->weights.values[i], strcspn(o->weights.values[i], "=")});
	uint32_t n = strmap_count(arms);
	double *weight = memory_new((size_t)n + 1, sizeof *weight);
	for (uint32_t a = 0; a < n; a++) {
		struct span arm = strmap_key(arms, a);
		weight[a] = 1;
		if (known) {
			size_t at = experiment_find_arm(known, arm);
			weight[a] = at < known->n ? (double)known->arms[at].weight : 0;
		}
		for (size_t i = 0; i < o->weights.n; i++) {
			const char *text = o->weights.values[i], *equal = strrchr(text, '=');
			struct span left = {text, equal ? (size_t)(equal - text) : 0};
			char shown[QUOTED_SIZE];
			if (!equal || number_double(equal + 1, strlen(equal + 1), &weight[n]) != NUMBER_OK ||
			    !(weight[n] >= 0))
				usage_error("option '--weights': not ARM=NUMBER of 0 or more: %s",
					    quoted(text, strlen(text), shown));
			if (span_equal(left, arm))
				weight[a] = weight[n];
		}
	}
	return weight;
}

/* Without a plan: is the arm so small beside the others that nobody can have planned it? Two arms stay. */
static bool is_negligible(const uint64_t *users, uint32_t arms, uint32_t arm)
{
	uint64_t all = 0, there = 0, larger = 0;
	for (uint32_t a = 0; a < arms; a++) {
		all += users[a];
		there += users[a] > 0;
	}
	double least = STRAY_SHARE * (double)all / (double)there;
	for (uint32_t a = 0; a < arms; a++)
		larger += (double)users[a] >= least;
	return larger >= 2 && (double)users[arm] < least;
}

struct stray *set_strays_aside(struct users *u, size_t experiment, const double *weights, size_t *n)
{
	const struct strmap *arms = u->arms[experiment];
	uint32_t count = strmap_count(arms), *order = strmap_sorted(arms);
	uint64_t *users = memory_zero((size_t)count + 1, sizeof *users);
	bool *aside = memory_new((size_t)count + 1, sizeof *aside);
	struct stray *stray = memory_new((size_t)count + 1, sizeof *stray);
	uint16_t *arm = u->arm + experiment;
	for (size_t i = 0; i < u->n; i++)
		if (arm[i * u->n_experiments] < ARM_SEVERAL)
			users[arm[i * u->n_experiments]]++;
	for (uint32_t a = 0; a < count; a++)
		aside[a] = weights ? !(weights[a] > 0) : is_negligible(users, count, a);
	for (size_t i = 0; i < u->n; i++) {
		uint16_t *of = &arm[i * u->n_experiments];
		if (*of < ARM_SEVERAL && aside[*of])
			*of = ARM_STRAY;
	}
	*n = 0;
	for (uint32_t k = 0; k < count; k++)
		if (users[order[k]] && aside[order[k]])
			stray[(*n)++] = (struct stray){strmap_key(arms, order[k]), users[order[k]]};
	free(aside);
	free(users);
	free(order);
	return stray;
}
