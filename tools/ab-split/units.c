/* units.c - see units.h. */
#include "units.h"

#include <stdlib.h>

#include "base/memory.h"
#include "base/span.h"
#include "domain/assignment.h"

struct units units_read(struct table *t, size_t user, const char *stratify,
			const struct option_list *covariates)
{
	struct units u = {.ids = strmap_new(), .levels = strmap_new(), .n_covariates = covariates->n,
		.stratified = stratify != NULL};
	size_t capacity = 0, stratum = stratify ? table_column(t, option_column("stratify", stratify)) : 0;
	size_t *column = memory_new(covariates->n + 1, sizeof *column);
	size_t *room = memory_zero(covariates->n + 1, sizeof *room);
	u.covariate = memory_zero(covariates->n + 1, sizeof(*u.covariate));
	for (size_t i = 0; i < covariates->n; i++)
		column[i] = table_column(t, option_column("covariate", covariates->values[i]));
	while (table_next(t)) {
		struct span id = table_field(t, user);
		bool good = id.n > 0;
		if (!good)
			table_reject(t, user, "an empty id");
		for (size_t i = 0; i < covariates->n && good; i++) {
			u.covariate[i] = memory_grow(u.covariate[i], &room[i], u.n + 1, sizeof(double));
			good = table_double(t, column[i], &u.covariate[i][u.n]);
		}
		if (!good)
			continue;
		if (strmap_add(u.ids, id) != u.n) {
			table_reject(t, user, "a duplicate id");
			continue;
		}
		u.level = memory_grow(u.level, &capacity, u.n + 1, sizeof *u.level);
		u.level[u.n] = stratify ? strmap_add(u.levels, table_field(t, stratum)) : 0;
		u.n++;
	}
	free(column);
	free(room);
	return u;
}

void units_free(struct units *u)
{
	strmap_free(u->ids);
	strmap_free(u->levels);
	for (size_t c = 0; c < u->n_covariates; c++)
		free(u->covariate[c]);
	free(u->covariate);
	free(u->level);
}

struct stratum_unit {
	uint32_t level, hash, number;
};

static const struct strmap *sorted_ids;

static int by_level(const void *a, const void *b)
{
	const struct stratum_unit *x = a, *y = b;
	if (x->level != y->level)
		return x->level < y->level ? -1 : 1;
	if (x->hash != y->hash)
		return x->hash < y->hash ? -1 : 1;
	return span_compare(strmap_key(sorted_ids, x->number), strmap_key(sorted_ids, y->number));
}

/* Within a stratum, the k-th of n ids in the order of their hashes gets the arm in whose
 * share of the total weight (k + 1/2) / n lies. */
static long *stratified_arms(const struct units *u, const struct rules *r, size_t experiment)
{
	const struct experiment *e = r->rule[experiment].e;
	struct stratum_unit *d = memory_new(u->n + 1, sizeof *d);
	long *arm = memory_new(u->n + 1, sizeof *arm);
	size_t n = 0;
	for (size_t i = 0; i < u->n; i++) {
		struct span id = strmap_key(u->ids, (uint32_t)i);
		arm[i] = rule_override(r, &r->rule[experiment], id);
		if (arm[i] == NO_ARM && rule_includes(r, &r->rule[experiment], id))
			d[n++] = (struct stratum_unit){u->level[i], experiment_hash(e, id), (uint32_t)i};
	}
	sorted_ids = u->ids;
	qsort(d, n, sizeof *d, by_level);
	for (size_t from = 0, to; from < n; from = to) {
		for (to = from; to < n && d[to].level == d[from].level; to++)
			;
		for (size_t k = from; k < to; k++) {
			double at = ((double)(k - from) + 0.5) / (double)(to - from) * (double)e->total;
			size_t a = 0;
			double sum = (double)e->arms[0].weight;
			while (a + 1 < e->n && at >= sum)
				sum += (double)e->arms[++a].weight;
			arm[d[k].number] = (long)a;
		}
	}
	free(d);
	return arm;
}

long *units_arms(const struct units *u, const struct rules *r, size_t experiment)
{
	if (u->stratified)
		return stratified_arms(u, r, experiment);
	long *arm = memory_new(u->n + 1, sizeof *arm);
	for (size_t i = 0; i < u->n; i++)
		arm[i] = rules_arm(r, experiment, strmap_key(u->ids, (uint32_t)i));
	return arm;
}
