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
