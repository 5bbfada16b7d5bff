/* cmaes.c - the covariance matrix adaptation evolution strategy (Hansen 2016, "The
 * CMA evolution strategy: a tutorial", equations (5) to (47) with active weights
 * left out), on the unit cube.
 *
 * The journal is the state: a trial's `running` row has its generation, and a
 * generation is closed by its first `lambda` complete trials. Every process that
 * reads the same journal so arrives at the same distribution.
 *
 * Failed trials rank below all others, and the distribution never moves toward them: a
 * generation of twice lambda trials is closed by those that did not fail, one of lambda
 * failures widens the search. Points where the command may well fail (feasible.h) are
 * drawn again, as those outside of the cube are.
 */
#include "draw.h"
#include "samplers.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "data/eigen.h"
#include "feasible.h"

/* The standard deviation at the beginning, in the cube's unit, and what it grows to, and by,
 * while everything fails. */
static const double SIGMA = 1.0 / 6, SIGMA_MAX = 0.5, WIDER = 1.5;

struct state {
	size_t n, lambda, mu;
	double *weight;          /* mu */
	double mu_eff, c_sigma, d_sigma, c_c, c_1, c_mu, chi;
	double sigma;
	double *mean, *p_sigma, *p_c;  /* n */
	double *c, *b, *d;             /* n x n, n x n, n: C = B diag(d^2) B' */
	int64_t generation;
};

static struct state state_new(size_t n)
{
	struct state s = {.n = n, .lambda = 4 + (size_t)(3 * log((double)n)), .sigma = SIGMA};
	double dim = (double)n, sum = 0, squares = 0;
	s.mu = s.lambda / 2;
	s.weight = memory_new(s.mu, sizeof *s.weight);
	for (size_t i = 0; i < s.mu; i++) {
		s.weight[i] = log(((double)s.lambda + 1) / 2) - log((double)i + 1);
		sum += s.weight[i];
	}
	for (size_t i = 0; i < s.mu; i++) {
		s.weight[i] /= sum;
		squares += s.weight[i] * s.weight[i];
	}
	s.mu_eff = 1 / squares;
	s.c_sigma = (s.mu_eff + 2) / (dim + s.mu_eff + 5);
	s.d_sigma = 1 + 2 * fmax(0, sqrt((s.mu_eff - 1) / (dim + 1)) - 1) + s.c_sigma;
	s.c_c = (4 + s.mu_eff / dim) / (dim + 4 + 2 * s.mu_eff / dim);
	s.c_1 = 2 / ((dim + 1.3) * (dim + 1.3) + s.mu_eff);
	s.c_mu = fmin(1 - s.c_1, 2 * (s.mu_eff - 2 + 1 / s.mu_eff) /
		      ((dim + 2) * (dim + 2) + s.mu_eff));
	s.chi = sqrt(dim) * (1 - 1 / (4 * dim) + 1 / (21 * dim * dim));
	s.mean = memory_new(n, sizeof *s.mean);
	s.p_sigma = memory_zero(n, sizeof *s.p_sigma);
	s.p_c = memory_zero(n, sizeof *s.p_c);
	s.c = memory_zero(n * n, sizeof *s.c);
	s.b = memory_zero(n * n, sizeof *s.b);
	s.d = memory_new(n, sizeof *s.d);
	for (size_t i = 0; i < n; i++) {
		s.mean[i] = 0.5;
		s.c[i * n + i] = s.b[i * n + i] = s.d[i] = 1;
	}
	return s;
}

static void state_free(struct state *s)
{
	free(s->weight);
	free(s->mean);
	free(s->p_sigma);
	free(s->p_c);
	free(s->c);
	free(s->b);
	free(s->d);
}

/* The eigenvectors of C, the columns of B, and the roots of its eigenvalues. */
static void decompose(struct state *s)
{
	size_t n = s->n;
	double *a = memory_new(n * n, sizeof *a), *axes = memory_new(n * n, sizeof *axes);
	memcpy(a, s->c, n * n * sizeof *a);
	eigen_begin(axes, n);
	for (int sweep = 0; sweep < EIGEN_SWEEPS; sweep++) {
		double off = 0, on = 0;
		for (size_t i = 0; i < n; i++)
			for (size_t j = 0; j < n; j++)
				*(i == j ? &on : &off) += a[i * n + j] * a[i * n + j];
		if (off <= 1e-30 * on || !eigen_sweep(a, axes, n, 1e-300, false))
			break;
	}
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < n; j++)
			s->b[i * n + j] = axes[j * n + i];
	free(axes);
	for (size_t i = 0; i < n; i++)
		s->d[i] = sqrt(fmax(a[i * n + i], 1e-20));
	free(a);
}

/* The step of the mean, in sigmas, and where each of the best points is from it (y). */
static void take_step(const struct state *s, const double *points, double *y, double *step)
{
	size_t n = s->n;
	memset(step, 0, n * sizeof *step);
	for (size_t k = 0; k < s->mu; k++) {
		for (size_t i = 0; i < n; i++) {
			y[k * n + i] = (points[k * n + i] - s->mean[i]) / s->sigma;
			step[i] += s->weight[k] * y[k * n + i];
		}
	}
}

/* The evolution path of sigma; returns its length. C^(-1/2) step = B d^-1 B' step. */
static double move_path(struct state *s, const double *step, double *t)
{
	size_t n = s->n;
	double squares = 0;
	for (size_t j = 0; j < n; j++) {
		t[j] = 0;
		for (size_t i = 0; i < n; i++)
			t[j] += s->b[i * n + j] * step[i];
		t[j] /= s->d[j];
	}
	for (size_t i = 0; i < n; i++) {
		double z = 0;
		for (size_t j = 0; j < n; j++)
			z += s->b[i * n + j] * t[j];
		s->p_sigma[i] = (1 - s->c_sigma) * s->p_sigma[i] +
			sqrt(s->c_sigma * (2 - s->c_sigma) * s->mu_eff) * z;
		squares += s->p_sigma[i] * s->p_sigma[i];
	}
	return sqrt(squares);
}

/* One generation: points (mu x n, best first) move the distribution. */
static void update(struct state *s, const double *points)
{
	size_t n = s->n;
	double *y = memory_new(s->mu * n + 2 * n, sizeof *y);
	double *step = y + s->mu * n, *t = step + n;
	take_step(s, points, y, step);
	for (size_t i = 0; i < n; i++)
		s->mean[i] += s->sigma * step[i];
	double norm = move_path(s, step, t);
	double decay = 1 - pow(1 - s->c_sigma, 2 * ((double)s->generation + 1));
	bool moving = norm / sqrt(decay) < (1.4 + 2 / ((double)n + 1)) * s->chi;
	for (size_t i = 0; i < n; i++)
		s->p_c[i] = (1 - s->c_c) * s->p_c[i] +
			(moving ? sqrt(s->c_c * (2 - s->c_c) * s->mu_eff) * step[i] : 0);
	double keep = 1 - s->c_1 - s->c_mu + (moving ? 0 : s->c_1 * s->c_c * (2 - s->c_c));
	for (size_t i = 0; i < n; i++) {
		for (size_t j = 0; j <= i; j++) {
			double rank_mu = 0;
			for (size_t k = 0; k < s->mu; k++)
				rank_mu += s->weight[k] * y[k * n + i] * y[k * n + j];
			double c = keep * s->c[i * n + j] + s->c_1 * s->p_c[i] * s->p_c[j] +
				s->c_mu * rank_mu;
			s->c[i * n + j] = s->c[j * n + i] = c;
		}
	}
	s->sigma *= exp(fmin(1, s->c_sigma / s->d_sigma * (norm / s->chi - 1)));
	decompose(s);
	free(y);
}

/* The same when fewer than mu points work: these alone are recombined. */
static void update_by(struct state *s, const double *points, size_t n)
{
	struct state few = *s;
	double sum = 0, squares = 0;
	few.mu = n;
	few.weight = memory_new(n, sizeof *few.weight);
	for (size_t k = 0; k < n; k++)
		sum += s->weight[k];
	for (size_t k = 0; k < n; k++) {
		few.weight[k] = s->weight[k] / sum;
		squares += few.weight[k] * few.weight[k];
	}
	few.mu_eff = 1 / squares;
	update(&few, points);
	free(few.weight);
	s->sigma = few.sigma; /* the rest is shared */
}

/* The parameters that CMA-ES moves: numbers without a condition. */
static size_t moved(const struct space *space, size_t *list)
{
	size_t n = 0;
	for (size_t p = 0; p < space->n; p++)
		if (space->parameters[p].kind != KIND_CHOICE && space->parameters[p].parent < 0)
			list[n++] = p;
	return n;
}

static int by_end(const void *a, const void *b)
{
	const struct trial *x = *(const struct trial *const *)a, *y = *(const struct trial *const *)b;
	return (x->finished > y->finished) - (x->finished < y->finished);
}

/* How many of a generation's trials close it, in the order in which they ended: those up to
 * the lambda-th that works, at most twice lambda; lambda when all of them fail. 0: it is
 * open. `works`: how many of them do. */
static size_t closing(const struct state *s, const struct trial *const *own, size_t n, size_t *works)
{
	*works = 0;
	for (size_t i = 0; i < n; i++) {
		*works += own[i]->state != TRIAL_FAILED;
		if (*works == s->lambda || i + 1 == 2 * s->lambda || (*works == 0 && i + 1 == s->lambda))
			return i + 1;
	}
	return 0;
}

/* Applies the trials of the state's generation; false while it is not closed. */
static bool close_generation(const struct study *study, struct state *s, const size_t *list)
{
	const struct trial **own = memory_new(study->n + 1, sizeof(*own));
	size_t n = 0, works;
	for (size_t i = 0; i < study->n; i++) {
		const struct trial *t = &study->trials[i];
		if (t->generation == s->generation && trial_ended(t) &&
		    (t->state == TRIAL_FAILED || !isnan(t->value)))
			own[n++] = t;
	}
	qsort(own, n, sizeof(*own), by_end);
	n = closing(s, own, n, &works);
	if (n) {
		qsort_r(own, n, sizeof(*own), study_by_merit, (void *)(uintptr_t)study);
		double *points = memory_new(s->lambda * s->n, sizeof *points);
		for (size_t k = 0; k < works; k++)
			for (size_t i = 0; i < s->n; i++)
				points[k * s->n + i] = space_unit(&study->space.parameters[list[i]],
								  own[k]->point[list[i]]);
		if (works >= s->mu)
			update(s, points);
		else if (works)
			update_by(s, points, works);
		else
			s->sigma = fmin(s->sigma * WIDER, SIGMA_MAX);
		s->generation++;
		free(points);
	}
	free(own);
	return n > 0;
}

/* A draw from the distribution, moved to the cube's wall where it is outside. */
static bool draw_moved(const struct state *s, struct random *r, double *x, double *z)
{
	bool inside = true;
	for (size_t j = 0; j < s->n; j++)
		z[j] = s->d[j] * random_normal(r);
	for (size_t i = 0; i < s->n; i++) {
		double sum = 0;
		for (size_t j = 0; j < s->n; j++)
			sum += s->b[i * s->n + j] * z[j];
		sum = s->mean[i] + s->sigma * sum;
		inside &= sum >= 0 && sum <= 1;
		x[i] = fmin(fmax(sum, 0), 1);
	}
	return inside;
}

/* Values of all parameters, by chance. */
static void draw_all(const struct space *space, struct random *r, double *point)
{
	for (size_t p = 0; p < space->n; p++) {
		const struct parameter *q = &space->parameters[p];
		double share = random_share(r);
		point[p] = space_value(q, q->kind == KIND_CHOICE
				       ? fmin(floor(share * (double)q->n_choices),
					      (double)q->n_choices - 1) : share);
	}
}

/* The chance that the command works at the point, with the trial's own values in it. */
static double chance_of(const struct study *study, const struct feasible *feasible,
			const struct trial *trial, const double *point, double *settled)
{
	if (!feasible)
		return 1;
	for (size_t p = 0; p < study->space.n; p++)
		settled[p] = isnan(trial->point[p]) ? point[p] : trial->point[p];
	space_settle(&study->space, settled);
	return feasible_chance(feasible, settled);
}

/* Draws until a point is in the cube and the command works there, or takes the likeliest
 * of many. */
static void draw_point(const struct study *study, const struct state *s, const size_t *list,
		       const struct trial *trial, double *point)
{
	enum { ATTEMPTS = 100 };
	size_t n = study->space.n;
	struct feasible *feasible = feasible_learn(study, trial);
	struct random r = draw_random(study, trial->number, "cma-es");
	double *x = memory_new(2 * s->n + 2 * n, sizeof *x), *z = x + s->n, best = 0;
	double *drawn = z + s->n, *settled = drawn + n;
	for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
		if (attempt == 0 || feasible)
			draw_all(&study->space, &r, drawn);
		bool inside = draw_moved(s, &r, x, z);
		for (size_t i = 0; i < s->n; i++)
			drawn[list[i]] = space_value(&study->space.parameters[list[i]], x[i]);
		double chance = chance_of(study, feasible, trial, drawn, settled);
		double merit = inside ? chance : chance / 2;
		if (merit >= best) {
			best = merit;
			memcpy(point, drawn, n * sizeof *point);
		}
		if (inside && chance >= FEASIBLE_CHANCE)
			break;
	}
	free(x);
	feasible_free(feasible);
}

bool cmaes_propose(const struct study *study, struct trial *trial, double *point)
{
	size_t *list = memory_new(study->space.n + 1, sizeof *list);
	size_t n = moved(&study->space, list);
	if (n == 0) {
		free(list);
		return false;
	}
	struct state s = state_new(n);
	while (close_generation(study, &s, list))
		;
	trial->generation = s.generation;
	draw_point(study, &s, list, trial, point);
	state_free(&s);
	free(list);
	return true;
}
