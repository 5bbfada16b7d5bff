/* tpe.c - the tree-structured Parzen estimator (Bergstra et al. 2011), multivariate
 * (Falkner et al. 2018; Watanabe 2023, "Tree-Structured Parzen Estimator:
 * Understanding Its Algorithm Components and Their Roles").
 *
 * Trials are split into the best few and the rest; each group is a mixture of
 * kernels, one a trial and one for the prior. Points drawn from the good mixture
 * are ranked by the ratio of the two densities. Running trials count among the rest
 * (the constant liar), so that parallel workers keep away from each other.
 *
 * Failed trials count among the rest, too, except for flukes; and a point where the command
 * may well fail (feasible.h) gives way to one where it works: what a ratio of densities
 * says of a border is too blunt where the best points are next to it.
 */
#include "draw.h"
#include "samplers.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "feasible.h"
#include "mixture.h"

/* Of n trials the best GOOD_SHARE are the good ones, at most MOST_GOOD. No kernel among
 * the good ones is narrower than FINEST as it shrinks with n points in so many dimensions,
 * or the search would settle too soon; among the others none than 1 / n, so that what is
 * known to be bad stays narrow. These and the mixture's WIDEST were chosen on Branin,
 * Hartmann-6, Rosenbrock-5, Levy-4, Ackley-3 and a mixed space, on other seeds than those
 * of the tests. */
static const double GOOD_SHARE = 0.1, MOST_GOOD = 25, FINEST = 0.09;

/* Order of merit: complete trials by value, pruned ones after them (the further
 * they came the better), then running ones, failed ones last. */
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
static struct ranked *list_trials(const struct study *study, const struct trial *self,
				  const struct feasible *feasible, size_t *n, size_t *told)
{
	struct ranked *r = memory_new(study->n + 1, sizeof *r);
	*n = *told = 0;
	for (size_t i = 0; i < study->n; i++) {
		const struct trial *t = &study->trials[i];
		bool failed = t->state == TRIAL_FAILED;
		if (t == self || t->state == TRIAL_WAITING || t->defaults ||
		    (failed && feasible && feasible_fluke(feasible, t->number)))
			continue;
		double value = study->maximize ? -t->value : t->value;
		r[*n] = (struct ranked){.trial = t, .value = value};
		if (t->state == TRIAL_RUNNING || failed) {
			r[*n].class = failed ? 3 : 2;
			r[*n].value = 0;
		} else if (t->state == TRIAL_PRUNED) {
			r[*n].class = 1;
			r[*n].step = t->n_steps ? (double)t->steps[t->n_steps - 1].step : 0;
			if (isnan(value))
				r[*n].value = INFINITY;
		}
		*told += trial_told(t);
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

/* What speaks for a candidate: its class before its score. */
enum class {
	CLASS_GOOD,    /* new, and the command works there */
	CLASS_BOLD,    /* new, and it may work */
	CLASS_AGAIN,   /* tried, where it works */
	CLASS_DOOMED,
	CLASS_NONE,
};

struct standing {
	enum class class;
	double score;
};

static bool stands_before(const struct standing *x, const struct standing *y)
{
	return x->class < y->class || (x->class == y->class && x->score > y->score);
}

/* A candidate that is new is more than one that was tried, so `standing` says first what
 * it would be if it were. */
static struct standing standing_of(const struct feasible *feasible, const double *point, double score)
{
	double chance = feasible ? feasible_chance(feasible, point) : 1;
	if (chance >= FEASIBLE_CHANCE)
		return (struct standing){CLASS_GOOD, feasible ? score + log(chance) : score};
	return (struct standing){chance >= FEASIBLE_CHANCE / 3 ? CLASS_BOLD : CLASS_DOOMED, log(chance)};
}

static void lower(struct standing *standing)
{
	standing->class = standing->class == CLASS_GOOD ? CLASS_AGAIN : CLASS_DOOMED;
}

/* Draws candidates from the good ones' density and keeps the one that stands first. */
static void choose(const struct sampling *how, const struct study *study, const struct trial *trial,
		   struct mixture *good, struct mixture *rest, const struct feasible *feasible,
		   double *point)
{
	const struct space *space = &study->space;
	struct random r = draw_random(study, trial->number, "tpe");
	double *candidate = memory_new(space->n, sizeof *candidate);
	struct place *at = memory_new(space->n, sizeof *at);
	struct standing best = {CLASS_NONE, 0};
	for (int64_t c = 0; c < how->candidates; c++) {
		mixture_draw(good, trial->point, &r, candidate);
		mixture_place(space, candidate, at);
		double score = mixture_log(good, at) - mixture_log(rest, at);
		struct standing standing = standing_of(feasible, candidate, score);
		if (!stands_before(&standing, &best))
			continue;
		if (tried(study, candidate)) {
			lower(&standing);
			if (!stands_before(&standing, &best))
				continue;
		}
		best = standing;
		memcpy(point, candidate, space->n * sizeof *point);
	}
	free(at);
	free(candidate);
}

void tpe_propose(const struct sampling *how, const struct study *study,
		 const struct trial *trial, double *point)
{
	size_t n, told;
	struct feasible *feasible = feasible_learn(study, trial);
	struct ranked *ranked = list_trials(study, trial, feasible, &n, &told);
	size_t few = (size_t)fmin(ceil(GOOD_SHARE * (double)told), MOST_GOOD), many = n - few;
	bring_best(ranked, n, few);
	double finest = FINEST * pow((double)few + 1, -1 / (double)study->space.n);
	const struct trial **trials = memory_new(n + 1, sizeof *trials);
	for (size_t i = 0; i < n; i++)
		trials[i] = ranked[i].trial;
	struct mixture *good = mixture_new(study, trials, few, finest);
	struct mixture *rest = mixture_new(study, trials + few, many, 1 / ((double)many + 2));
	choose(how, study, trial, good, rest, feasible, point);
	mixture_free(good);
	mixture_free(rest);
	feasible_free(feasible);
	free(trials);
	free(ranked);
}
