/* cmaes.c - the covariance matrix adaptation evolution strategy (Hansen 2016, "The
 * CMA evolution strategy: a tutorial", equations (5) to (47) with active weights
 * left out), on the unit cube.
 *
 * The journal is the state: a trial's `running` row has its generation, and a
 * generation is closed by its first `lambda` complete trials. Every process that
 * reads the same journal so arrives at the same distribution.
 */
#include "sample.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"

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
	struct state s = {.n = n, .lambda = 4 + (size_t)(3 * log((double)n)), .sigma = 1.0 / 6};
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

/* Eigenvectors of the symmetric C by Jacobi rotations. */
static void decompose(struct state *s)
{
	size_t n = s->n;
	double *a = memory_new(n * n, sizeof *a);
	memcpy(a, s->c, n * n * sizeof *a);
	memset(s->b, 0, n * n * sizeof *s->b);
	for (size_t i = 0; i < n; i++)
		s->b[i * n + i] = 1;
	for (int sweep = 0; sweep < 60; sweep++) {
		double off = 0, on = 0;
		for (size_t i = 0; i < n; i++)
			for (size_t j = 0; j < n; j++)
				*(i == j ? &on : &off) += a[i * n + j] * a[i * n + j];
		if (off <= 1e-30 * on)
			break;
		for (size_t p = 0; p < n; p++) {
			for (size_t q = p + 1; q < n; q++) {
				double apq = a[p * n + q];
				if (fabs(apq) < 1e-300)
					continue;
				double theta = (a[q * n + q] - a[p * n + p]) / (2 * apq);
				double t = (theta < 0 ? -1 : 1) /
					(fabs(theta) + sqrt(theta * theta + 1));
				double cosine = 1 / sqrt(t * t + 1), sine = t * cosine;
				for (size_t k = 0; k < n; k++) {
					double x = a[k * n + p], y = a[k * n + q];
					a[k * n + p] = cosine * x - sine * y;
					a[k * n + q] = sine * x + cosine * y;
				}
				for (size_t k = 0; k < n; k++) {
					double x = a[p * n + k], y = a[q * n + k];
					a[p * n + k] = cosine * x - sine * y;
					a[q * n + k] = sine * x + cosine * y;
					x = s->b[k * n + p], y = s->b[k * n + q];
					s->b[k * n + p] = cosine * x - sine * y;
					s->b[k * n + q] = sine * x + cosine * y;
				}
			}
		}
	}
	for (size_t i = 0; i < n; i++)
		s->d[i] = sqrt(fmax(a[i * n + i], 1e-20));
	free(a);
}

/* One generation: points (lambda x n, best first) move the distribution. */
static void update(struct state *s, const double *points)
{
	size_t n = s->n;
	double *y = memory_new(s->mu * n + 3 * n, sizeof *y);
	double *step = y + s->mu * n, *z = step + n, *t = z + n;
	memset(step, 0, n * sizeof *step);
	for (size_t k = 0; k < s->mu; k++) {
		for (size_t i = 0; i < n; i++) {
			y[k * n + i] = (points[k * n + i] - s->mean[i]) / s->sigma;
			step[i] += s->weight[k] * y[k * n + i];
		}
	}
	for (size_t i = 0; i < n; i++)
		s->mean[i] += s->sigma * step[i];
	for (size_t j = 0; j < n; j++) { /* C^(-1/2) step = B d^-1 B' step */
		t[j] = 0;
		for (size_t i = 0; i < n; i++)
			t[j] += s->b[i * n + j] * step[i];
		t[j] /= s->d[j];
	}
	double norm = 0;
	for (size_t i = 0; i < n; i++) {
		z[i] = 0;
		for (size_t j = 0; j < n; j++)
			z[i] += s->b[i * n + j] * t[j];
		s->p_sigma[i] = (1 - s->c_sigma) * s->p_sigma[i] +
			sqrt(s->c_sigma * (2 - s->c_sigma) * s->mu_eff) * z[i];
		norm += s->p_sigma[i] * s->p_sigma[i];
	}
	norm = sqrt(norm);
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
	s->generation++;
	decompose(s);
	free(y);
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

/* Applies the trials of the state's generation; false while it is not closed. */
static bool close_generation(const struct study *study, struct state *s, const size_t *list)
{
	const struct trial **own = memory_new(study->n + 1, sizeof(*own));
	size_t n = 0;
	for (size_t i = 0; i < study->n; i++) {
		const struct trial *t = &study->trials[i];
		if (t->generation == s->generation && !isnan(t->value) &&
		    (t->state == TRIAL_COMPLETE || t->state == TRIAL_PRUNED))
			own[n++] = t;
	}
	bool closed = n >= s->lambda;
	if (closed) {
		qsort(own, n, sizeof(*own), by_end);
		qsort_r(own, s->lambda, sizeof(*own), study_by_merit, (void *)(uintptr_t)study);
		double *points = memory_new(s->lambda * s->n, sizeof *points);
		for (size_t k = 0; k < s->lambda; k++)
			for (size_t i = 0; i < s->n; i++)
				points[k * s->n + i] = space_unit(&study->space.parameters[list[i]],
								  own[k]->point[list[i]]);
		update(s, points);
		free(points);
	}
	free(own);
	return closed;
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
	struct random r = sample_random(study, trial->number, "cma-es");
	for (size_t p = 0; p < study->space.n; p++) {
		const struct parameter *q = &study->space.parameters[p];
		double share = random_share(&r);
		point[p] = space_value(q, q->kind == KIND_CHOICE
				       ? fmin(floor(share * (double)q->n_choices),
					      (double)q->n_choices - 1) : share);
	}
	/* Drawn again while outside of the cube, at last moved to its wall. */
	double *z = memory_new(2 * n, sizeof *z), *x = z + n;
	for (int attempt = 0; attempt < 100; attempt++) {
		bool inside = true;
		for (size_t j = 0; j < n; j++)
			z[j] = s.d[j] * random_normal(&r);
		for (size_t i = 0; i < n; i++) {
			x[i] = 0;
			for (size_t j = 0; j < n; j++)
				x[i] += s.b[i * n + j] * z[j];
			x[i] = s.mean[i] + s.sigma * x[i];
			inside &= x[i] >= 0 && x[i] <= 1;
		}
		if (inside)
			break;
	}
	for (size_t i = 0; i < n; i++)
		point[list[i]] = space_value(&study->space.parameters[list[i]],
					     fmin(fmax(x[i], 0), 1));
	free(z);
	state_free(&s);
	free(list);
	return true;
}
