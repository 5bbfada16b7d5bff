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
#include "data/radix.h"

/* Of n trials the best GOOD_SHARE are the good ones, at most MOST_GOOD. A kernel is as
 * wide as the gaps to its neighbours, between bounds: not above WIDEST; among the good
 * ones not below FINEST as it shrinks with n points in so many dimensions, or the search
 * would settle too soon; among the others not below 1 / n, so that what is known to be bad
 * stays narrow. Chosen on Branin, Hartmann-6, Rosenbrock-5, Levy-4, Ackley-3 and a mixed
 * space, on other seeds than those of the tests. */
static const double GOOD_SHARE = 0.1, MOST_GOOD = 25, WIDEST = 0.2, FINEST = 0.09;

/* Smooth kernels are worked on so many at a time. */
enum { LANES = 8 };
typedef double lanes __attribute__((vector_size(LANES * sizeof(double)), may_alias));
typedef int64_t lane_masks __attribute__((vector_size(LANES * sizeof(double)), may_alias));

/* Wider vectors where the processor has them: the same numbers, sooner. */
#if defined(__x86_64__) && !defined(__clang__) && !defined(__SANITIZE_THREAD__)
#define WIDE __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define WIDE
#endif
#define INLINE static inline __attribute__((always_inline))

INLINE void lanes_select(lane_masks mask, const lanes *a, const lanes *b, lanes *to)
{
	*to = (lanes)((mask & (lane_masks)*a) | (~mask & (lane_masks)*b));
}

/* A kernel on one axis, for each kernel: arrays of `padded` numbers. Where a trial had
 * no value (`unit` nan) a smooth kernel is flat: slope and constant are 0. */
struct axis {
	double *unit;      /* the middle; of a choice its index */
	double *sigma;
	double *middle;    /* the same, 0 where it is nan */
	double *slope;     /* 1 / sigma */
	double *constant;  /* log density at the middle, cut to 0 .. 1 */
	uint32_t *twin;    /* the first kernel in the same place, or itself */
	double own, other; /* log mass of a kernel's own choice, of another */
};

/* A product of kernels, one a trial and one for the prior, mixed by weight. */
struct mixture {
	const struct space *space;
	size_t n, padded;  /* kernels; the last one is the prior; the rest up to LANES weighs 0 */
	double *weight, *log_weight;
	struct axis *axes; /* one a parameter */
	double *block;     /* all of these numbers */
	uint32_t *twins;   /* those of all axes */
};

static const double HALF_LOG_2PI = 0.91893853320467274178;

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

/* Each kernel is as wide as the larger gap to a neighbour on this axis (Bergstra et
 * al. 2011), at the ends as the only one; those with no other value as far as the wall. */
static void set_widths(const struct axis *axis, size_t n, double narrowest)
{
	uint64_t *key = memory_new(n + 1, sizeof *key); /* the bits of x >= 0 ascend with x */
	uint32_t *kernel = memory_new(n + 1, sizeof *kernel);
	double *unit = memory_new(n + 1, sizeof *unit);
	size_t count = 0;
	for (size_t i = 0; i < n; i++) {
		double u = axis->unit[i] + 0.0; /* no -0 */
		if (isnan(u))
			continue;
		memcpy(&key[count], &u, sizeof u);
		kernel[count++] = (uint32_t)i;
	}
	radix_sort(key, kernel, count);
	memcpy(unit, key, count * sizeof *unit);
	for (size_t from = 0, to; from < count; from = to) { /* from .. to: the same value */
		double u = unit[from];
		for (to = from + 1; to < count && !(unit[to] > u); to++)
			;
		double left = from > 0 ? u - unit[from - 1] : 0;
		double right = to < count ? unit[to] - u : 0;
		double gap = from > 0 || to < count ? fmax(left, right) : fmax(u, 1 - u);
		for (size_t i = from; i < to; i++) {
			axis->sigma[kernel[i]] = fmin(fmax(gap, narrowest), fmax(WIDEST, narrowest));
			axis->twin[kernel[i]] = kernel[from]; /* the sort is stable */
		}
	}
	free(unit);
	free(kernel);
	free(key);
}

static void set_weights(struct mixture *m, const struct study *study, const struct ranked *ranked)
{
	size_t n = m->n - 1;
	size_t *newer = memory_zero(study->n + 2, sizeof *newer); /* by number: those above */
	double sum = 1;
	for (size_t i = 0; i < n; i++)
		newer[ranked[i].trial->number - 1]++;
	for (size_t i = study->n; i-- > 0;)
		newer[i] += newer[i + 1];
	for (size_t i = 0; i < n; i++)
		sum += m->weight[i] = age_weight(newer[ranked[i].trial->number], n);
	m->weight[n] = 1;
	for (size_t i = 0; i < m->padded; i++) {
		m->weight[i] = i < m->n ? m->weight[i] / sum : 0;
		m->log_weight[i] = log(m->weight[i]);
	}
	free(newer);
}

/* What mixture_log adds for each kernel, whatever the point. */
static void set_constants(struct axis *axis, const struct parameter *p, size_t n, size_t padded)
{
	double choices = (double)p->n_choices, share = 1 / (double)n; /* the prior's part of each */
	axis->own = log((share / choices + 1) / (1 + share));
	axis->other = log(share / choices / (1 + share));
	for (size_t i = 0; i < padded; i++) {
		bool flat = i >= n || isnan(axis->unit[i]) || p->kind == KIND_CHOICE;
		double u = axis->unit[i], sigma = axis->sigma[i];
		axis->middle[i] = flat ? 0 : u;
		axis->slope[i] = flat ? 0 : 1 / sigma;
		if (axis->twin[i] < i)
			axis->constant[i] = axis->constant[axis->twin[i]];
		else
			axis->constant[i] = flat ? 0 : -log(sigma) - HALF_LOG_2PI -
				log(normal_cdf((1 - u) / sigma) - normal_cdf(-u / sigma));
	}
}

static void set_axis(struct mixture *m, size_t p, const struct ranked *ranked, double narrowest)
{
	const struct parameter *q = &m->space->parameters[p];
	struct axis *axis = &m->axes[p];
	axis->unit = m->block + (2 + 5 * p) * m->padded;
	axis->sigma = axis->unit + m->padded;
	axis->middle = axis->sigma + m->padded;
	axis->slope = axis->middle + m->padded;
	axis->constant = axis->slope + m->padded;
	axis->twin = m->twins + p * m->padded;
	for (size_t i = 0; i < m->padded; i++) {
		axis->twin[i] = (uint32_t)i;
		double x = i + 1 < m->n ? ranked[i].trial->point[p] : NAN;
		axis->unit[i] = isnan(x) ? x : space_unit(q, x);
		axis->sigma[i] = 1;
	}
	axis->unit[m->n - 1] = 0.5;
	if (q->kind != KIND_CHOICE)
		set_widths(axis, m->n - 1, narrowest);
	set_constants(axis, q, m->n, m->padded);
}

/* The mixture of `n` trials, of which none may be narrower than `narrowest`. */
static struct mixture mixture_make(const struct study *study, const struct ranked *ranked, size_t n,
				   double narrowest)
{
	const struct space *space = &study->space;
	struct mixture m = {.space = space, .n = n + 1};
	m.padded = (m.n + LANES - 1) / LANES * LANES;
	m.block = memory_aligned((2 + 5 * space->n) * m.padded, sizeof *m.block);
	m.weight = m.block;
	m.log_weight = m.block + m.padded;
	m.twins = memory_new(space->n * m.padded, sizeof *m.twins);
	m.axes = memory_new(space->n, sizeof *m.axes);
	for (size_t p = 0; p < space->n; p++)
		set_axis(&m, p, ranked, narrowest);
	set_weights(&m, study, ranked);
	return m;
}

static void mixture_free(struct mixture *m)
{
	free(m->block);
	free(m->twins);
	free(m->axes);
}

/* A candidate in units; discrete numbers with the cell that they stand for. */
struct place {
	double unit, from, to;
};

/* Adds the logarithm of each kernel's density on one continuous axis to `sum`. */
INLINE void add_smooth(const struct axis *axis, size_t padded, double unit, lanes *sum)
{
	const lanes *middle = (const lanes *)axis->middle, *slope = (const lanes *)axis->slope;
	const lanes *constant = (const lanes *)axis->constant;
	for (size_t i = 0; i < padded / LANES; i++) {
		lanes z = (unit - middle[i]) * slope[i];
		sum[i] += constant[i] - 0.5 * (z * z);
	}
}

/* The same of an integer or of steps: the mass of the cell, which may be wider than
 * the kernel. Kernels in one place say the same, and `said` by the first of them, one
 * number a kernel, does for all. */
INLINE void add_steps(const struct axis *axis, size_t n, const struct place *x, double *sum,
	       double *said)
{
	double width = x->to - x->from, log_width = log(width);
	for (size_t i = 0; i < n; i++) {
		if (axis->twin[i] < i) {
			sum[i] += said[axis->twin[i]];
			continue;
		}
		double own = axis->unit[i], sigma = axis->sigma[i], z = (x->unit - own) / sigma;
		if (isnan(own))
			said[i] = log_width;
		else if (width > sigma)
			said[i] = axis->constant[i] + log(sigma) + HALF_LOG_2PI +
				log(fmax(normal_cdf((x->to - own) / sigma) -
					 normal_cdf((x->from - own) / sigma), 1e-300));
		else
			said[i] = axis->constant[i] - 0.5 * z * z + log_width;
		sum[i] += said[i];
	}
}

INLINE void add_choice(const struct axis *axis, size_t n, size_t padded, double choices,
		       double choice, double *sum)
{
	const lanes *units = (const lanes *)axis->unit;
	lanes own = axis->own - (lanes){0}, other = axis->other - (lanes){0};
	lanes none = -log(choices) - (lanes){0}, *sums = (lanes *)sum;
	double prior = sum[n - 1] - log(choices);
	for (size_t i = 0; i < padded / LANES; i++) {
		lanes said;
		lanes_select(units[i] == choice, &own, &other, &said);
		lanes_select(units[i] == units[i], &said, &none, &said);
		sums[i] += said;
	}
	sum[n - 1] = prior;
}

/* Log density of the mixture at a point (nan: not active there); `sum` has room for
 * twice `padded` numbers, as memory_aligned gives it. A trial without a value on an
 * axis says no more there than the prior. */
WIDE static double mixture_log(const struct mixture *m, const struct place *at, double *sum)
{
	enum { NOTHING = 30 }; /* e^-30 of the largest adds nothing */
	double top = -INFINITY, all = 0;
	memcpy(sum, m->log_weight, m->padded * sizeof *sum);
	for (size_t p = 0; p < m->space->n; p++) {
		const struct parameter *q = &m->space->parameters[p];
		if (isnan(at[p].unit))
			continue;
		if (q->kind == KIND_CHOICE)
			add_choice(&m->axes[p], m->n, m->padded, (double)q->n_choices, at[p].unit,
				   sum);
		else if (q->step > 0)
			add_steps(&m->axes[p], m->n, &at[p], sum, sum + m->padded);
		else
			add_smooth(&m->axes[p], m->padded, at[p].unit, (lanes *)sum);
	}
	lanes most = top + (lanes){0};
	for (size_t i = 0; i < m->padded / LANES; i++)
		lanes_select(((const lanes *)sum)[i] > most, &((const lanes *)sum)[i], &most, &most);
	for (size_t k = 0; k < LANES; k++)
		top = most[k] > top ? most[k] : top;
	for (size_t i = 0; i < m->n; i++)
		if (sum[i] > top - NOTHING)
			all += exp(sum[i] - top);
	return top + log(all);
}

/* A choice by the kernel's masses. */
static double draw_choice(const struct mixture *m, size_t kernel, size_t p, double share)
{
	double n = (double)m->space->parameters[p].n_choices, choice = 0;
	const struct axis *axis = &m->axes[p];
	double own = axis->unit[kernel];
	bool flat = kernel == m->n - 1 || isnan(own);
	for (; choice < n - 1; choice++) {
		share -= flat ? 1 / n : exp(own == choice ? axis->own : axis->other);
		if (share < 0)
			break;
	}
	return choice;
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
		double own = m->axes[p].unit[kernel], x;
		if (q->kind == KIND_CHOICE) {
			x = draw_choice(m, kernel, p, random_share(r));
		} else if (isnan(own)) {
			x = space_value(q, random_share(r));
		} else {
			double sigma = m->axes[p].sigma[kernel], u;
			do
				u = own + sigma * random_normal(r);
			while (u < 0 || u > 1);
			x = space_value(q, u);
		}
		point[p] = isnan(fixed[p]) ? x : fixed[p];
	}
	space_settle(space, point);
}

static void find_place(const struct space *space, const double *point, struct place *at)
{
	for (size_t p = 0; p < space->n; p++) {
		const struct parameter *q = &space->parameters[p];
		at[p] = (struct place){.unit = isnan(point[p]) ? NAN : space_unit(q, point[p])};
		if (q->step > 0 && !isnan(point[p]))
			space_cell(q, point[p], &at[p].from, &at[p].to);
	}
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
	struct ranked *ranked = rank_trials(study, trial, &n, &ended);
	size_t good = (size_t)fmin(ceil(GOOD_SHARE * (double)ended), MOST_GOOD);
	double finest = FINEST * pow((double)good + 1, -1 / (double)space->n);
	struct mixture l = mixture_make(study, ranked, good, finest);
	struct mixture g = mixture_make(study, ranked + good, n - good, 1 / ((double)(n - good) + 2));
	struct random r = sample_random(study, trial->number, "tpe");
	double *candidate = memory_new(space->n, sizeof *candidate);
	struct place *at = memory_new(space->n, sizeof *at);
	double *scratch = memory_aligned(2 * (n + 2 + LANES), sizeof *scratch);
	double best = -INFINITY;
	bool best_is_new = false;
	for (int64_t c = 0; c < how->candidates; c++) {
		mixture_draw(&l, trial->point, &r, candidate);
		find_place(space, candidate, at);
		double score = mixture_log(&l, at, scratch) - mixture_log(&g, at, scratch);
		/* A new point before one that was tried, then the better score. */
		bool may_win = c == 0 || !best_is_new || score > best;
		bool new = may_win && !tried(study, candidate);
		if (!may_win || (c > 0 && new == best_is_new && !(score > best)) || new < best_is_new)
			continue;
		best = score;
		best_is_new = new;
		memcpy(point, candidate, space->n * sizeof *point);
	}
	free(scratch);
	free(at);
	free(candidate);
	mixture_free(&l);
	mixture_free(&g);
	free(ranked);
}
