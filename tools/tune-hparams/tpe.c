/* tpe.c - the tree-structured Parzen estimator (Bergstra et al. 2011), multivariate
 * (Falkner et al. 2018; Watanabe 2023, "Tree-Structured Parzen Estimator:
 * Understanding Its Algorithm Components and Their Roles").
 *
 * Trials are split into the best few and the rest; each group is a mixture of
 * kernels, one a trial and one for the prior. Points drawn from the good mixture
 * are ranked by the ratio of the two densities. Running trials count among the rest
 * (the constant liar), so that parallel workers keep away from each other.
 */
#include "tune.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

/* Of n trials the best GOOD_SHARE * sqrt(n) are the good ones (Bergstra et al. 2013
 * take half of that), and a kernel is SPREAD_SHARE of its group's spread wide before
 * Scott's rule narrows it, between two bounds. Chosen on Branin, Hartmann-6,
 * Rosenbrock-5 and a mixed space, 30 seeds each. */
static const double GOOD_SHARE = 0.5, SPREAD_SHARE = 0.8, WIDEST = 0.2, NARROWEST = 0.05;

/* What a kernel says about one dimension. */
struct mixture {
	const struct space *space;
	size_t n;         /* kernels; the last one is the prior */
	double *unit;     /* n x parameters: middles, nan where the trial had no value */
	double *weight;   /* n, sum 1 */
	double *sigma;    /* parameters */
	double *total;    /* n x parameters: log of the mass that lies inside 0 .. 1 */
};

static double normal_cdf(double z)
{
	return 0.5 * erfc(-z * M_SQRT1_2);
}

/* Order of merit: complete trials by value, pruned ones behind them (the further
 * they came the better), running ones last. */
struct ranked {
	const struct trial *trial;
	int class;
	double step, value; /* value: smaller is better */
};

static int compare(const void *a, const void *b)
{
	const struct ranked *x = a, *y = b;
	if (x->class != y->class)
		return x->class < y->class ? -1 : 1;
	if (x->class == 1 && (x->step < y->step || x->step > y->step))
		return x->step > y->step ? -1 : 1;
	if (x->value < y->value || x->value > y->value)
		return x->value < y->value ? -1 : 1;
	return (x->trial->number > y->trial->number) - (x->trial->number < y->trial->number);
}

static struct ranked *rank_trials(const struct study *study, const struct trial *self, size_t *n,
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
	qsort(r, *n, sizeof *r, compare);
	return r;
}

/* A kernel's weight by the age of its trial: the newest 25 count fully, older
 * ones ramp down. */
static double age_weight(size_t from_newest, size_t n)
{
	enum { FULL = 25 };
	if (from_newest < FULL || n <= FULL)
		return 1;
	double least = 1 / (double)n;
	double share = (double)(from_newest - FULL) / (double)(n - FULL);
	return 1 - share * (1 - least);
}

static struct mixture mixture_make(const struct study *study, const struct ranked *ranked, size_t n)
{
	const struct space *space = &study->space;
	struct mixture m = {.space = space, .n = n + 1};
	m.unit = memory_new((n + 1) * space->n, sizeof *m.unit);
	m.total = memory_zero((n + 1) * space->n, sizeof *m.total);
	m.weight = memory_new(n + 1, sizeof *m.weight);
	m.sigma = memory_new(space->n, sizeof *m.sigma);
	double sum = 0;
	size_t *newer = memory_zero(study->n + 2, sizeof *newer); /* by number: those above */
	for (size_t i = 0; i < n; i++)
		newer[ranked[i].trial->number - 1]++;
	for (size_t i = study->n; i-- > 0;)
		newer[i] += newer[i + 1];
	for (size_t i = 0; i < n; i++) {
		m.weight[i] = age_weight(newer[ranked[i].trial->number], n);
		sum += m.weight[i];
		for (size_t p = 0; p < space->n; p++) {
			double x = ranked[i].trial->point[p];
			m.unit[i * space->n + p] = isnan(x) ? x
				: space_unit(&space->parameters[p], x);
		}
	}
	free(newer);
	m.weight[n] = 1;
	sum += 1;
	for (size_t i = 0; i <= n; i++)
		m.weight[i] /= sum;
	for (size_t p = 0; p < space->n; p++) {
		m.unit[n * space->n + p] = 0.5;
		/* The bandwidth shrinks with the number of kernels (Scott's rule), from
		 * the spread of the group itself, between two bounds. */
		double count = 0, mean = 0, square = 0;
		for (size_t i = 0; i < n; i++) {
			double u = m.unit[i * space->n + p];
			if (isnan(u))
				continue;
			count++;
			double delta = u - mean;
			mean += delta / count;
			square += delta * (u - mean);
		}
		double spread = count > 1 ? sqrt(square / (count - 1)) : 0.3;
		double scott = pow(count > 1 ? count : 1, -1.0 / ((double)space->n + 4));
		double least = 1 / fmin(100, (double)n + 2);
		double sigma = fmin(WIDEST, SPREAD_SHARE * spread) * scott;
		m.sigma[p] = fmax(sigma, fmin(least, NARROWEST));
	}
	for (size_t i = 0; i <= n; i++) {
		for (size_t p = 0; p < space->n; p++) {
			double u = m.unit[i * space->n + p], sigma = i == n ? 1 : m.sigma[p];
			if (isnan(u) || space->parameters[p].kind == KIND_CHOICE)
				continue;
			double inside = normal_cdf((1 - u) / sigma) - normal_cdf(-u / sigma);
			m.total[i * space->n + p] = log(inside);
		}
	}
	return m;
}

static void mixture_free(struct mixture *m)
{
	free(m->unit);
	free(m->total);
	free(m->weight);
	free(m->sigma);
}

/* Probability of a choice under a kernel: mostly the trial's own. */
static double choice_mass(const struct mixture *m, size_t kernel, size_t p, double choice)
{
	double n = (double)m->space->parameters[p].n_choices;
	double own = m->unit[kernel * m->space->n + p];
	if (kernel == m->n - 1 || isnan(own))
		return 1 / n;
	double share = 1 / (double)m->n; /* the prior's part of each kernel */
	return (share / n + (own == choice)) / (1 + share);
}

/* Log density of the mixture at a point (units, choices as indexes, nan: not
 * active). A trial without a value there says no more than the prior. */
static double mixture_log(const struct mixture *m, const double *unit, const double *from,
			  const double *to, double *scratch)
{
	static const double HALF_LOG_2PI = 0.91893853320467274178;
	const struct space *space = m->space;
	double top = -INFINITY;
	for (size_t i = 0; i < m->n; i++) {
		double sum = log(m->weight[i]);
		const double *own = m->unit + i * space->n;
		const double *total = m->total + i * space->n;
		for (size_t p = 0; p < space->n; p++) {
			if (isnan(unit[p]))
				continue;
			if (space->parameters[p].kind == KIND_CHOICE) {
				sum += log(choice_mass(m, i, p, unit[p]));
				continue;
			}
			if (isnan(own[p])) {
				if (space->parameters[p].step > 0)
					sum += log(to[p] - from[p]);
				continue;
			}
			double sigma = i == m->n - 1 ? 1 : m->sigma[p];
			double z = (unit[p] - own[p]) / sigma, width = to[p] - from[p];
			if (space->parameters[p].step > 0 && width > sigma) {
				double mass = normal_cdf((to[p] - own[p]) / sigma) -
					normal_cdf((from[p] - own[p]) / sigma);
				sum += log(fmax(mass, 1e-300)) - total[p];
			} else {
				sum += -0.5 * z * z - log(sigma) - HALF_LOG_2PI - total[p];
				if (space->parameters[p].step > 0)
					sum += log(width);
			}
		}
		scratch[i] = sum;
		top = fmax(top, sum);
	}
	double all = 0;
	for (size_t i = 0; i < m->n; i++)
		if (scratch[i] > top - 40)
			all += exp(scratch[i] - top);
	return top + log(all);
}

/* A draw from one kernel of the mixture, values not units. */
static void mixture_draw(const struct mixture *m, const double *fixed, struct random *r, double *point)
{
	const struct space *space = m->space;
	double share = random_share(r);
	size_t kernel = 0;
	while (kernel < m->n - 1 && (share -= m->weight[kernel]) >= 0)
		kernel++;
	for (size_t p = 0; p < space->n; p++) {
		const struct parameter *q = &space->parameters[p];
		double own = m->unit[kernel * space->n + p], x;
		if (q->kind == KIND_CHOICE) {
			double left = random_share(r);
			x = 0;
			while (x < (double)q->n_choices - 1 &&
			       (left -= choice_mass(m, kernel, p, x)) >= 0)
				x++;
		} else if (isnan(own)) {
			x = space_value(q, random_share(r));
		} else {
			double sigma = kernel == m->n - 1 ? 1 : m->sigma[p], u;
			do
				u = own + sigma * random_normal(r);
			while (u < 0 || u > 1);
			x = space_value(q, u);
		}
		point[p] = isnan(fixed[p]) ? x : fixed[p];
	}
	for (size_t p = 0; p < space->n; p++)
		if (!space_active(space, point, p))
			point[p] = NAN;
}

void tpe_propose(const struct sampling *how, const struct study *study,
		 const struct trial *trial, double *point)
{
	const struct space *space = &study->space;
	size_t n, ended;
	struct ranked *ranked = rank_trials(study, trial, &n, &ended);
	size_t good = (size_t)fmin(ceil(GOOD_SHARE * sqrt((double)ended)), 25);
	struct mixture l = mixture_make(study, ranked, good);
	struct mixture g = mixture_make(study, ranked + good, n - good);
	struct random r = sample_random(study, trial->number, "tpe");
	size_t width = space->n;
	double *candidate = memory_new(width * 4, sizeof *candidate);
	double *unit = candidate + width, *from = unit + width, *to = from + width;
	double *scratch = memory_new(n + 2, sizeof *scratch);
	double best = -INFINITY;
	for (int64_t c = 0; c < how->candidates; c++) {
		mixture_draw(&l, trial->point, &r, candidate);
		for (size_t p = 0; p < width; p++) {
			unit[p] = isnan(candidate[p]) ? NAN
				: space_unit(&space->parameters[p], candidate[p]);
			from[p] = to[p] = 0;
			if (space->parameters[p].step > 0 && !isnan(candidate[p]))
				space_cell(&space->parameters[p], candidate[p], &from[p], &to[p]);
		}
		double score = mixture_log(&l, unit, from, to, scratch) -
			mixture_log(&g, unit, from, to, scratch);
		if (c == 0 || score > best) {
			best = score;
			memcpy(point, candidate, width * sizeof *point);
		}
	}
	free(scratch);
	free(candidate);
	mixture_free(&l);
	mixture_free(&g);
	free(ranked);
}
