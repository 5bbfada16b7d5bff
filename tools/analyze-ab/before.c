/* before.c - see before.h. */
#include "before.h"

#include <math.h>
#include <stdlib.h>

#include "base/memory.h"

/* The values before of an arm's users, as CUPED takes them: of `under`, too, unless it is NULL. Users
 * who were not there are 0, or left out. Returns their number. */
static size_t values_before(const struct experiment_data *d, uint32_t arm, const double *of,
			    const double *under, double *x, double *y)
{
	size_t n = 0;
	for (size_t i = 0; i < d->users->n; i++) {
		uint32_t row = d->pre_of[i];
		if (arm_of(d, i) != arm || (row == STRMAP_NONE && d->options->pre_mean))
			continue;
		x[n] = row == STRMAP_NONE ? 0 : of[row];
		y[n] = row == STRMAP_NONE || !under ? 0 : under[row];
		n += !isnan(x[n]) && !isnan(y[n]);
	}
	return n;
}

bool effect_before(const struct experiment_data *d, const struct metric *m, uint32_t control,
		   uint32_t treatment, struct effect *e)
{
	long of = d->pre ? users_find(d->pre, m->of) : -1;
	long under = d->pre && m->over ? users_find(d->pre, m->over) : -1;
	if (m->kind == METRIC_QUANTILE || of < 0 || (m->over && under < 0))
		return false;
	const double *below = m->over ? d->pre->value[under] : NULL;
	double *x = memory_new(d->users->n + 1, sizeof *x), *y = memory_new(d->users->n + 1, sizeof *y);
	struct moments before[2];
	for (int side = 0; side < 2; side++) {
		size_t n = values_before(d, side ? treatment : control, d->pre->value[of], below, x, y);
		before[side] = below ? moments_of_ratio(x, y, n) : moments_of(x, n);
	}
	*e = effect_welch(before[0], before[1], d->options->alpha, INTERVAL_DELTA);
	if (before[0].n > 1 && before[1].n > 1 && e->se == 0 && e->diff != 0)
		e->p = 0; /* all users of an arm are alike, and those of the other are not like them */
	free(x);
	free(y);
	return true;
}

bool differs_before(const struct experiment_data *d, const struct metric *m, uint32_t control,
		    uint32_t treatment)
{
	enum { UNKNOWN, EQUAL, DIFFERENT };
	uint8_t *kept = &d->before[(size_t)treatment * d->options->n_metrics + (size_t)(m - d->options->metrics)];
	struct effect e;
	if (*kept == UNKNOWN)
		*kept = effect_before(d, m, control, treatment, &e) && e.p < d->options->srm_threshold ? DIFFERENT
			: EQUAL;
	return *kept == DIFFERENT;
}

/* Does every metric have the values of the experiment in --pre? */
static bool same_in_both(const struct experiment_data *d)
{
	size_t compared = 0;
	for (size_t m = 0; m < d->options->n_metrics; m++) {
		long of = users_find(d->pre, d->options->metrics[m].of);
		if (of < 0 || d->options->metrics[m].kind == METRIC_QUANTILE)
			continue;
		const double *now = column_values(d, d->options->metrics[m].of), *before = d->pre->value[of];
		double first = NAN;
		bool varies = false;
		for (size_t i = 0; i < d->users->n; i++) {
			if (d->pre_of[i] == STRMAP_NONE || isnan(now[i]))
				continue;
			if (now[i] != before[d->pre_of[i]])
				return false;
			varies |= !isnan(first) && now[i] != first;
			first = now[i];
		}
		compared += varies;
	}
	return compared > 0;
}

struct before_users users_before(const struct experiment_data *d)
{
	struct before_users n = {0};
	long now = users_find(d->users, "first_ms"), before = users_find(d->pre, "first_ms");
	bool timed = now >= 0 && before >= 0;
	for (size_t i = 0; i < d->users->n; i++) {
		if (arm_of(d, i) >= ARM_SEVERAL || d->pre_of[i] == STRMAP_NONE)
			continue;
		n.both++;
		n.late += timed && d->pre->value[before][d->pre_of[i]] >= d->users->value[now][i];
	}
	n.same = !timed && same_in_both(d);
	return n;
}

bool begins_late(struct before_users n)
{
	return n.late > 1 && (double)n.late > 0.01 * (double)n.both;
}
