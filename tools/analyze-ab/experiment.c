/* experiment.c - see experiment.h. */
#include "experiment.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "data/csr.h"

struct span arm_name(const struct experiment_data *d, uint32_t arm)
{
	return strmap_key(d->users->arms[d->experiment], arm);
}

/* The names of controls, the most likely first. */
static const char *const CONTROLS[] = {"C", "control", "Control", "CONTROL", "A", "0", "FALSE", "false",
	"False"};
enum { N_CONTROLS = sizeof CONTROLS / sizeof *CONTROLS };

static size_t control_rank(struct span arm)
{
	size_t i = 0;
	while (i < N_CONTROLS && !span_equal(arm, span_of(CONTROLS[i])))
		i++;
	return i;
}

bool is_control_name(struct span arm)
{
	return control_rank(arm) < N_CONTROLS;
}

/* The place of the control among arms; SIZE_MAX: --control named none of them. */
static size_t find_control(const struct strmap *arms, const uint32_t *order, size_t n, const char *named)
{
	size_t best = named ? SIZE_MAX : 0;
	for (size_t i = 0; i < n; i++) {
		struct span arm = strmap_key(arms, order[i]);
		if (named && span_equal(arm, span_of(named)))
			best = i;
		else if (!named && control_rank(arm) < control_rank(strmap_key(arms, order[best])))
			best = i;
	}
	return best;
}

uint32_t *arms_of(const struct experiment_data *d, size_t *n)
{
	const struct strmap *arms = d->users->arms[d->experiment];
	uint32_t count = strmap_count(arms), *sorted = strmap_sorted(arms);
	uint64_t *users = memory_zero((size_t)count + 1, sizeof *users);
	for (size_t i = 0; i < d->users->n; i++)
		if (arm_of(d, i) < ARM_SEVERAL)
			users[arm_of(d, i)]++;
	size_t kept = 0;
	for (uint32_t i = 0; i < count; i++)
		if (users[sorted[i]])
			sorted[kept++] = sorted[i];
	size_t control = find_control(arms, sorted, kept, d->options->control);
	if (control == SIZE_MAX)
		usage_error("option '--control': experiment %s has no users in the arm '%s'",
			    d->users->experiment[d->experiment], d->options->control);
	if (kept) {
		uint32_t first = sorted[control];
		memmove(sorted + 1, sorted, control * sizeof *sorted);
		sorted[0] = first;
	}
	free(users);
	*n = kept;
	return sorted;
}

uint16_t arm_of(const struct experiment_data *d, size_t user)
{
	return d->users->arm[user * d->users->n_experiments + d->experiment];
}

const double *column_values(const struct experiment_data *d, const char *name)
{
	long c = users_find(d->users, name);
	if (c < 0)
		usage_error("option '--metrics': there is no column '%s'", name);
	return d->users->value[c];
}

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

double cap_of(const struct experiment_data *d, const struct metric *m, double q)
{
	const struct users *u = d->users;
	const double *x = column_values(d, m->of);
	double *all = memory_new(u->n + 1, sizeof *all);
	size_t n = 0;
	for (size_t i = 0; i < u->n; i++)
		if (arm_of(d, i) < ARM_SEVERAL && !isnan(x[i]))
			all[n++] = x[i];
	qsort(all, n, sizeof *all, ascending);
	double cap = quantile_sorted(all, n, q);
	free(all);
	return cap;
}

/* Users by level, in the order of users within each. */
static void order_levels(struct experiment_data *d)
{
	size_t levels = strmap_count(d->levels), n = d->users->n;
	d->level_start = csr_new(levels);
	d->by_level = memory_new(n + 1, sizeof *d->by_level);
	for (size_t i = 0; i < n; i++)
		if (d->segment[i] != STRMAP_NONE)
			csr_count(d->level_start, d->segment[i]);
	csr_sum(d->level_start, levels);
	for (size_t i = 0; i < n; i++)
		if (d->segment[i] != STRMAP_NONE)
			d->by_level[csr_place(d->level_start, d->segment[i])] = (uint32_t)i;
}

void data_prepare(struct experiment_data *d)
{
	const struct analysis_options *options = d->options;
	if (d->segment)
		order_levels(d);
	d->cap = memory_new(options->n_metrics + 1, sizeof *d->cap);
	for (size_t m = 0; m < options->n_metrics; m++)
		d->cap[m] = options->metrics[m].cap > 0
			? cap_of(d, &options->metrics[m], options->metrics[m].cap) : NAN;
	d->before = memory_zero(strmap_count(d->users->arms[d->experiment]) * options->n_metrics + 1, 1);
}

void data_free(struct experiment_data *d)
{
	free(d->pre_of);
	free(d->segment);
	free(d->by_level);
	free(d->level_start);
	free(d->cap);
	free(d->before);
}
