/* tpe.c - the tree-structured Parzen estimator (Bergstra et al. 2011), multivariate
 * (Falkner et al. 2018; Watanabe 2023, "Tree-Structured Parzen Estimator:
 * Understanding Its Algorithm Components and Their Roles").
 *
 * Trials are split into the best few and the rest; each group is a mixture of
 * kernels, one a trial and one for the prior. Points drawn from the good mixture
 * are ranked by the ratio of the two densities. Running trials count among the rest
 * (the constant liar), so that parallel workers keep away from each other.
 */
#include "sample.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "mixture.h"

/* Of n trials the best GOOD_SHARE are the good ones, at most MOST_GOOD. No kernel among
 * the good ones is narrower than FINEST as it shrinks with n points in so many dimensions,
 * or the search would settle too soon; among the others none than 1 / n, so that what is
 * known to be bad stays narrow. These and the mixture's WIDEST were chosen on Branin,
 * Hartmann-6, Rosenbrock-5, Levy-4, Ackley-3 and a mixed space, on other seeds than those
 * of the tests. */
static const double GOOD_SHARE = 0.1, MOST_GOOD = 25, FINEST = 0.09;

/* Order of merit: complete trials by value, pruned ones behind them (the further
 * they came the better), running ones last. */
struct ranked {
	const struct trial *trial;
	int class;
	double step, value; /* value: smaller is better */
};

static bool better(const struct ranked *x, const struct ranked *y)
{
	if (x->class != y->class)
		return x->class < y->class;
	if (x->class == 1 && (x->step < y->step || x->step > y->step))
		return x->step > y->step;
	if (x->value < y->value || x->value > y->value)
		return x->value < y->value;
	return x->trial->number < y->trial->number;
}

/* The trials that say something, in the order of the study. */
static struct ranked *list_trials(const struct study *study, const struct trial *self, size_t *n,
				  size_t *ended)
{
	struct ranked *r = memory_new(study->n + 1, sizeof *r);
	*n = *ended = 0;
	for (size_t i = 0; i < study->n; i++) {
		const struct trial *t = &study->trials[i];
		if (t == self || t->state == TRIAL_FAILED || t->state == TRIAL_WAITING)
			continue;
		double value = study->maximize ? -t->value : t->value;
		r[*n] = (struct ranked){.trial = t, .value = value};
		if (t->state == TRIAL_RUNNING) {
			r[*n].class = 2;
			r[*n].value = 0;
		} else if (t->state == TRIAL_PRUNED) {
			r[*n].class = 1;
			r[*n].step = t->n_steps ? (double)t->steps[t->n_steps - 1].step : 0;
			if (isnan(value))
				r[*n].value = INFINITY;
		}
		*ended += t->state != TRIAL_RUNNING;
		(*n)++;
	}
	return r;
}

/* Moves the `few` best to the front, best first; the rest stay in their order. */
static void bring_best(struct ranked *r, size_t n, size_t few)
{
	struct ranked *best = memory_new(few + 1, sizeof *best);
	size_t have = 0;
	for (size_t i = 0; i < n && few > 0; i++) {
		if (have == few && !better(&r[i], &best[few - 1]))
			continue;
		size_t at = have < few ? have++ : few - 1;
		for (; at > 0 && better(&r[i], &best[at - 1]); at--)
			best[at] = best[at - 1];
		best[at] = r[i];
	}
	size_t to = n;
	for (size_t i = n; i-- > 0;) /* those that are not among them, backwards */
		if (have == 0 || better(&best[have - 1], &r[i]))
			r[--to] = r[i];
	memcpy(r, best, have * sizeof *r);
	free(best);
}

/* Has a trial had this very point? It would teach little to see it again. */
static bool tried(const struct study *study, const double *point)
{
	for (size_t i = 0; i < study->n; i++) {
		const double *other = study->trials[i].point;
		size_t p = 0;
		while (p < study->space.n &&
		       (point[p] == other[p] || (isnan(point[p]) && isnan(other[p]))))
			p++;
		if (p == study->space.n && study->trials[i].state != TRIAL_WAITING)
			return true;
	}
	return false;
}

void tpe_propose(const struct sampling *how, const struct study *study,
		 const struct trial *trial, double *point)
{
	const struct space *space = &study->space;
	size_t n, ended;
	struct ranked *ranked = list_trials(study, trial, &n, &ended);
	size_t good = (size_t)fmin(ceil(GOOD_SHARE * (double)ended), MOST_GOOD);
	bring_best(ranked, n, good);
	double finest = FINEST * pow((double)good + 1, -1 / (double)space->n);
	const struct trial **trials = memory_new(n + 1, sizeof *trials);
	for (size_t i = 0; i < n; i++)
		trials[i] = ranked[i].trial;
	struct mixture *l = mixture_new(study, trials, good, finest);
	struct mixture *g = mixture_new(study, trials + good, n - good, 1 / ((double)(n - good) + 2));
	struct random r = sample_random(study, trial->number, "tpe");
	double *candidate = memory_new(space->n, sizeof *candidate);
	struct place *at = memory_new(space->n, sizeof *at);
	double best = -INFINITY;
	bool best_is_new = false;
	for (int64_t c = 0; c < how->candidates; c++) {
		mixture_draw(l, trial->point, &r, candidate);
		mixture_place(space, candidate, at);
		double score = mixture_log(l, at) - mixture_log(g, at);
		/* A new point before one that was tried, then the better score. */
		bool may_win = c == 0 || !best_is_new || score > best;
		bool new = may_win && !tried(study, candidate);
		if (!may_win || (c > 0 && new == best_is_new && !(score > best)) || new < best_is_new)
			continue;
		best = score;
		best_is_new = new;
		memcpy(point, candidate, space->n * sizeof *point);
	}
	free(at);
	free(candidate);
	mixture_free(l);
	mixture_free(g);
	free(trials);
	free(ranked);
}
