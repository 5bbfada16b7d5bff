/* check.c - see check.h. */
#include "check.h"

#define MATHLIB_STANDALONE
#include <Rmath.h>
#include <math.h>
#include <stdlib.h>

#include "balance.h"
#include "base/hash.h"
#include "base/memory.h"

static void check_row(struct output *out, const char *check, const char *a, const char *b, double chi,
		      double df, double v)
{
	output_text(out, check);
	output_tab(out);
	output_text(out, a);
	output_tab(out);
	output_text(out, b);
	const double numbers[] = {chi, df, df > 0 ? pchisq(chi, df, 0, 0) : NAN, v};
	for (size_t i = 0; i < 4; i++) {
		output_tab(out);
		if (isfinite(numbers[i]))
			output_double(out, numbers[i]);
	}
	output_end_row(out);
}

/* Is the share of ids that --traffic includes as planned, and are layers split evenly?
 * Traffic and overrides do not matter for layers. */
static void check_gates(const struct rules *r, const struct units *u, struct output *out)
{
	for (size_t x = 0; x < r->registry.n; x++) {
		const struct rule *rule = &r->rule[x];
		double in = 0, all = (double)u->n, expected = all * rule->traffic / BUCKETS;
		if (rule->traffic >= BUCKETS)
			continue;
		for (size_t i = 0; i < u->n; i++)
			in += bucket_of(strmap_key(u->ids, (uint32_t)i), rule->traffic_seed) < rule->traffic;
		bool certain = !(expected > 0) || !(expected < all);
		check_row(out, "traffic", rule->e->name, "",
			  certain ? NAN : (in - expected) * (in - expected) *
			(1 / expected + 1 / (all - expected)), certain ? 0 : 1, NAN);
	}
	for (size_t l = 0; l < r->n_layers; l++) {
		const struct layer *layer = &r->layer[l];
		double *count = memory_zero(layer->n + 1, sizeof *count), chi = 0;
		double expected = (double)u->n / (double)layer->n;
		for (size_t i = 0; i < u->n; i++) {
			struct span id = strmap_key(u->ids, (uint32_t)i);
			count[hash_murmur3(id.at, id.n, layer->seed) % layer->n]++;
		}
		for (size_t k = 0; k < layer->n; k++)
			chi += (count[k] - expected) * (count[k] - expected) / expected;
		check_row(out, "layer", layer->name, "", u->n ? chi : NAN, u->n ? (double)layer->n - 1 : 0, NAN);
		free(count);
	}
}

/* Pearson's chi-square of the sizes of an experiment's arms. */
static void check_balance(const struct experiment *e, const long *arm, size_t n_units, struct output *out)
{
	double *count = memory_zero(e->n + 1, sizeof *count), all = 0, chi = 0, used = 0;
	for (size_t i = 0; i < n_units; i++) {
		if (arm[i] == NO_ARM)
			continue;
		count[arm[i]]++;
		all++;
	}
	for (size_t a = 0; a < e->n; a++) {
		double expected = all * (double)e->arms[a].weight / (double)e->total;
		used += expected > 0;
		chi += expected > 0 ? (count[a] - expected) * (count[a] - expected) / expected : 0;
	}
	check_row(out, "balance", e->name, "", chi, used - 1, NAN);
	free(count);
}

/* Pearson's chi-square of two experiments' arms, over the units that are in both. */
static void check_independence(const struct experiment *e, const struct experiment *f, const long *arm_e,
			       const long *arm_f, size_t n_units, struct output *out)
{
	double *cell = memory_zero(e->n * f->n + 1, sizeof *cell);
	double *row = memory_zero(e->n + f->n, sizeof *row), *column = row + e->n;
	double all = 0, chi = 0, rows = 0, columns = 0;
	for (size_t i = 0; i < n_units; i++) {
		if (arm_e[i] == NO_ARM || arm_f[i] == NO_ARM)
			continue;
		cell[(size_t)arm_e[i] * f->n + (size_t)arm_f[i]]++;
		row[arm_e[i]]++;
		column[arm_f[i]]++;
		all++;
	}
	for (size_t a = 0; a < e->n; a++)
		rows += row[a] > 0;
	for (size_t b = 0; b < f->n; b++)
		columns += column[b] > 0;
	for (size_t a = 0; a < e->n; a++) {
		for (size_t b = 0; b < f->n; b++) {
			double expected = row[a] * column[b] / all;
			double off = cell[a * f->n + b] - expected;
			chi += expected > 0 ? off * off / expected : 0;
		}
	}
	double least = fmin(rows, columns) - 1, df = least > 0 ? (rows - 1) * (columns - 1) : 0;
	if (!(df > 0))
		chi = NAN; /* no unit is in both, or all are in one arm: nothing to test */
	check_row(out, "independence", e->name, f->name, chi, df,
		  least > 0 ? sqrt(chi / all / least) : NAN);
	free(cell);
	free(row);
}

void check_split(const struct rules *r, const struct units *u, const struct option_list *covariates,
		 struct output *out)
{
	size_t n = r->registry.n;
	long **arm = memory_new(n, sizeof(*arm));
	output_text(out, "check\ta\tb\tchi2\tdf\tp\tcramers_v\n");
	for (size_t x = 0; x < n; x++) {
		const struct experiment *e = &r->registry.all[x];
		arm[x] = units_arms(u, r, x);
		check_balance(e, arm[x], u->n, out);
		for (size_t c = 0; c < covariates->n; c++)
			check_row(out, "difference", e->name, covariates->values[c], NAN, 0,
				  imbalance(e, arm[x], u->covariate[c], u->n));
	}
	check_gates(r, u, out);
	for (size_t x = 0; x < n; x++)
		for (size_t y = x + 1; y < n; y++)
			check_independence(&r->registry.all[x], &r->registry.all[y], arm[x], arm[y], u->n, out);
	for (size_t x = 0; x < n; x++)
		free(arm[x]);
	free(arm);
}
