/* plan.c - see plan.h. */
#include "plan.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "view.h"

/* A metric of the control's users in a past log. */
struct baseline {
	double mean, sd;
	bool proportion;                    /* every value is 0 or 1 */
};

static struct baseline baseline_of(const struct experiment_data *d, const struct metric *metric,
				   uint32_t control)
{
	const struct users *u = d->users;
	long c = users_find(u, metric->of), under = metric->over ? users_find(u, metric->over) : -1;
	if (c < 0 || (metric->over && under < 0))
		usage_error("option '--metrics': there is no column for '%s'", metric->name);
	double *x = memory_new(u->n + 1, sizeof *x), *y = memory_new(u->n + 1, sizeof *y);
	size_t n = 0;
	struct baseline baseline = {.proportion = !metric->over};
	for (size_t i = 0; i < u->n; i++) {
		double value = u->value[c][i];
		if (u->arm[i * u->n_experiments + d->experiment] != control || isnan(value) ||
		    (under >= 0 && isnan(u->value[under][i])))
			continue;
		baseline.proportion &= !(value < 0 || value > 1 || (value > 0 && value < 1));
		x[n] = value;
		y[n++] = under >= 0 ? u->value[under][i] : 1;
	}
	struct moments m = under >= 0 ? moments_of_ratio(x, y, n) : moments_of(x, n);
	baseline.mean = m.mean;
	baseline.proportion &= m.mean > 0 && m.mean < 1;
	baseline.sd = baseline.proportion ? sqrt(m.mean * (1 - m.mean)) : sqrt(m.variance);
	free(x);
	free(y);
	return baseline;
}

/* One row: the users needed to detect a relative effect. */
static void plan_row(const struct experiment_data *d, const struct metric *m, const struct baseline *baseline,
		     double share, double arms, double users_a_day, struct output *out)
{
	double alpha = d->options->alpha, power = d->options->power, effect = share * fabs(baseline->mean);
	double users[2] = {sample_size_z(effect, baseline->sd, alpha, power), NAN};
	if (!baseline->proportion)
		users[1] = sample_size_t(effect, baseline->sd, alpha, power);
	else if (baseline->mean + effect < 1)
		sample_size_proportion(baseline->mean, baseline->mean + effect, alpha, power, users);
	else
		users[0] = NAN;
	output_text(out, d->users->experiment[d->experiment]);
	output_tab(out);
	output_text(out, m->name);
	const double numbers[] = {baseline->mean, baseline->sd, share * 100, power, users[0], users[1],
		ceil(users[0]) * arms / users_a_day};
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
		output_number(out, numbers[i]);
	output_end_row(out);
}

size_t write_plan(const struct experiment_data *d, const double *shares, size_t n_shares, double days,
		struct output *out)
{
	size_t n;
	uint32_t *arms = arms_of(d, &n);
	double users = 0;
	for (size_t i = 0; i < d->users->n; i++)
		users += d->users->arm[i * d->users->n_experiments + d->experiment] < ARM_SEVERAL;
	for (size_t m = 0; m < d->options->n_metrics && n; m++) {
		struct baseline baseline = baseline_of(d, &d->options->metrics[m], arms[0]);
		for (size_t s = 0; s < n_shares; s++)
			plan_row(d, &d->options->metrics[m], &baseline, shares[s], (double)n, users / days, out);
	}
	free(arms);
	return n ? d->options->n_metrics * n_shares : 0;
}
