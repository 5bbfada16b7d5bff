#include "prune.h"

#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "draw.h"

/* The best value up to a step: what a trial is judged by. */
static double best_until(const struct study *study, const struct trial *t, int64_t step)
{
	double best = NAN;
	for (size_t i = 0; i < t->n_steps; i++)
		if (t->steps[i].step <= step && study_better(study, t->steps[i].value, best))
			best = t->steps[i].value;
	return best;
}

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

/* The median stopping rule (Golovin et al. 2017, "Google Vizier"): end a trial whose
 * best value is worse than the median of the others' values at the same step. */
static bool prune_median(const struct pruning *how, const struct study *study,
			 const struct trial *trial, int64_t step)
{
	double *values = memory_new(study->n + 1, sizeof *values);
	size_t n = 0;
	int64_t complete = 0;
	for (size_t i = 0; i < study->n; i++) {
		const struct trial *t = &study->trials[i];
		complete += t->state == TRIAL_COMPLETE;
		double value = trial_value_at(t, step);
		if (t != trial && t->state == TRIAL_COMPLETE && !isnan(value))
			values[n++] = value;
	}
	bool end = false;
	if (complete >= how->startup && n > 0) {
		qsort(values, n, sizeof *values, ascending);
		double median = (values[(n - 1) / 2] + values[n / 2]) / 2;
		end = study_better(study, median, best_until(study, trial, step));
	}
	free(values);
	return end;
}

/* Has it got to the rung: with a value there, or failed on the way from the rung before? */
static bool reached_rung(const struct trial *t, int64_t rung, int64_t before)
{
	if (t->state != TRIAL_FAILED)
		return !isnan(trial_value_at(t, rung));
	return (t->n_steps ? t->steps[t->n_steps - 1].step : 0) >= before;
}

/* Asynchronous successive halving (Li et al. 2020, "A system for massively parallel
 * hyperparameter tuning"): rungs at first, first * eta, first * eta^2, ...; at a rung
 * a trial goes on when it is among the best 1/eta of those that have reached it. Trials
 * that have failed are the worst at each rung that they came to, the next one included. */
static bool prune_asha(const struct pruning *how, const struct study *study,
		       const struct trial *trial, int64_t step, int64_t bracket)
{
	int64_t rung = how->first, before = 0;
	for (int64_t i = 0; i < bracket; i++)
		rung *= how->eta;
	for (; rung < step; rung *= how->eta)
		before = rung;
	if (rung != step)
		return false;
	double own = best_until(study, trial, step);
	if (isnan(own))
		return true;
	size_t reached = 0, better = 0;
	for (size_t i = 0; i < study->n; i++) {
		const struct trial *t = &study->trials[i];
		if (!reached_rung(t, step, before))
			continue;
		reached++;
		better += t != trial && t->state != TRIAL_FAILED &&
			study_better(study, best_until(study, t, step), own);
	}
	size_t go_on = reached / (size_t)how->eta;
	return better >= (go_on ? go_on : 1);
}

/* Hyperband (Li et al. 2018): brackets that begin to prune later, each trial in one
 * of them by its number, shares as in the paper's budgets. */
static int64_t bracket_of(const struct pruning *how, const struct study *study,
			  const struct trial *trial)
{
	int64_t last = how->last, brackets = 0;
	for (size_t i = 0; last == 0 && i < study->n; i++)
		for (size_t j = 0; j < study->trials[i].n_steps; j++)
			if (study->trials[i].state == TRIAL_COMPLETE &&
			    study->trials[i].steps[j].step > last)
				last = study->trials[i].steps[j].step;
	for (int64_t rung = how->first; rung <= last; rung *= how->eta)
		brackets++;
	if (brackets < 2)
		return 0;
	double total = 0, weight[64];
	for (int64_t b = 0; b < brackets && b < 64; b++) {
		double s = (double)(brackets - 1 - b);
		weight[b] = ceil((double)brackets * pow((double)how->eta, s) / (s + 1));
		total += weight[b];
	}
	struct random r = draw_random(study, trial->number, "bracket");
	double share = random_share(&r) * total;
	int64_t b = 0;
	while (b < brackets - 1 && (share -= weight[b]) >= 0)
		b++;
	return b;
}

bool prune(const struct pruning *how, const struct study *study, const struct trial *trial)
{
	if (how->pruner == PRUNER_NONE || trial->n_steps == 0)
		return false;
	int64_t step = trial->steps[trial->n_steps - 1].step;
	if (step < how->first)
		return false;
	if (how->pruner == PRUNER_MEDIAN)
		return prune_median(how, study, trial, step);
	int64_t bracket = how->pruner == PRUNER_HYPERBAND ? bracket_of(how, study, trial) : 0;
	return prune_asha(how, study, trial, step, bracket);
}
