#include "mixture.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "data/inline.h"
#include "data/radix.h"

/* A kernel is as wide as the gaps to its neighbors, but not wider than this. */
static const double WIDEST = 0.2;

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
#pragma GCC diagnostic ignored "-Wpsabi" /* vectors are passed to inline functions alone */

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
	double *constant;  /* log density at the middle, cut to 0 ... 1 */
	uint32_t *twin;    /* the first kernel in the same place, or itself */
	uint32_t *first;   /* the `firsts` kernels that are their own twins */
	size_t firsts;
	double own, other; /* log mass of a kernel's own choice, of another */
	size_t levels;     /* of an axis of few steps, 0 of others */
	double **said;     /* levels: what the kernels say of each, `padded` numbers, or NULL */
};

/* A product of kernels, one a trial and one for the prior, mixed by weight. */
struct mixture {
	const struct space *space;
	size_t n, padded;  /* kernels; the last one is the prior; the rest up to LANES weighs 0 */
	double *weight, *log_weight;
	struct axis *axes; /* one a parameter */
	double *block;     /* all of these numbers */
	uint32_t *twins;   /* `twin` and `first` of all axes */
	double *sum, *scratch; /* padded */
};

static const double HALF_LOG_2PI = 0.91893853320467274178;

static double normal_cdf(double z)
{
	return 0.5 * erfc(-z * M_SQRT1_2);
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

/* Sorts the kernels that have a value on this axis: `unit` ascending, those of one value
 * in their order. Returns how many. */
static size_t sort_units(const struct axis *axis, size_t n, double *unit, uint32_t *kernel)
{
	static const double MOST = 4294967295.0; /* 32 bits do for nearly all */
	uint64_t *key = memory_new(n + 1, sizeof *key);
	size_t count = 0;
	for (size_t i = 0; i < n; i++) {
		if (isnan(axis->unit[i]))
			continue;
		key[count] = (uint64_t)(axis->unit[i] * MOST);
		kernel[count++] = (uint32_t)i;
	}
	radix_sort(key, kernel, count);
	free(key);
	for (size_t i = 0; i < count; i++) {
		uint32_t k = kernel[i];
		double u = axis->unit[k];
		size_t at = i;
		for (; at > 0 && unit[at - 1] > u; at--) {
			unit[at] = unit[at - 1];
			kernel[at] = kernel[at - 1];
		}
		unit[at] = u;
		kernel[at] = k;
	}
	return count;
}

/* Each kernel is as wide as the larger gap to a neighbor on this axis (Bergstra et
 * al. 2011), at the ends as the only one; those with no other value as far as the wall. */
static void set_widths(const struct axis *axis, size_t n, double narrowest)
{
	uint32_t *kernel = memory_new(n + 1, sizeof *kernel);
	double *unit = memory_new(n + 1, sizeof *unit);
	size_t count = sort_units(axis, n, unit, kernel);
	for (size_t from = 0, to; from < count; from = to) { /* from ... to: the same value */
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
}

static void set_weights(struct mixture *m, const struct study *study, const struct trial *const *trials)
{
	size_t n = m->n - 1;
	size_t *newer = memory_zero(study->n + 2, sizeof *newer); /* by number: those above */
	double sum = 1;
	for (size_t i = 0; i < n; i++)
		newer[trials[i]->number - 1]++;
	for (size_t i = study->n; i-- > 0;)
		newer[i] += newer[i + 1];
	for (size_t i = 0; i < n; i++)
		sum += m->weight[i] = age_weight(newer[trials[i]->number], n);
	m->weight[n] = 1;
	for (size_t i = 0; i < m->padded; i++) {
		m->weight[i] = i < m->n ? m->weight[i] / sum : 0;
		m->log_weight[i] = log(m->weight[i]);
	}
	free(newer);
}

/* The mass of a kernel that is between the walls. */
static double mass_within(double u, double sigma)
{
	enum { FAR = 9 }; /* so many sigmas away a wall cuts off less than double can say */
	if (u > FAR * sigma && 1 - u > FAR * sigma)
		return 1;
	return normal_cdf((1 - u) / sigma) - normal_cdf(-u / sigma);
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
		if (axis->twin[i] < i) {
			axis->constant[i] = axis->constant[axis->twin[i]];
			continue;
		}
		double mass = flat ? 1 : mass_within(u, sigma);
		axis->constant[i] = flat ? 0 : -log(sigma * mass) - HALF_LOG_2PI;
		axis->first[axis->firsts++] = (uint32_t)i;
	}
}

/* Candidates often share a level when there are few: it is asked for once. */
enum { FEW_LEVELS = 256 };

static void set_axis(struct mixture *m, size_t p, const struct trial *const *trials, double narrowest)
{
	const struct parameter *q = &m->space->parameters[p];
	struct axis *axis = &m->axes[p];
	axis->unit = m->block + (2 + 5 * p) * m->padded;
	axis->sigma = axis->unit + m->padded;
	axis->middle = axis->sigma + m->padded;
	axis->slope = axis->middle + m->padded;
	axis->constant = axis->slope + m->padded;
	axis->twin = m->twins + 2 * p * m->padded;
	axis->first = axis->twin + m->padded;
	axis->firsts = 0;
	for (size_t i = 0; i < m->padded; i++) {
		axis->twin[i] = (uint32_t)i;
		axis->unit[i] = i + 1 < m->n ? trials[i]->point[p] : NAN;
		axis->sigma[i] = 1;
	}
	space_units(q, axis->unit, m->n - 1);
	axis->unit[m->n - 1] = 0.5;
	if (q->kind != KIND_CHOICE)
		set_widths(axis, m->n - 1, narrowest);
	set_constants(axis, q, m->n, m->padded);
	bool few = q->kind != KIND_CHOICE && q->step > 0 && space_levels(q) <= FEW_LEVELS;
	axis->levels = few ? (size_t)space_levels(q) : 0;
	axis->said = memory_zero(axis->levels, sizeof *axis->said);
}

struct mixture *mixture_new(const struct study *study, const struct trial *const *trials, size_t n,
			    double narrowest)
{
	const struct space *space = &study->space;
	struct mixture *m = memory_zero(1, sizeof *m);
	m->space = space;
	m->n = n + 1;
	m->padded = (m->n + LANES - 1) / LANES * LANES;
	m->block = memory_aligned((2 + 5 * space->n) * m->padded, sizeof *m->block);
	m->weight = m->block;
	m->log_weight = m->block + m->padded;
	m->twins = memory_new(2 * space->n * m->padded, sizeof *m->twins);
	m->axes = memory_new(space->n, sizeof *m->axes);
	m->sum = memory_aligned(m->padded, sizeof *m->sum);
	m->scratch = memory_aligned(m->padded, sizeof *m->scratch);
	for (size_t p = 0; p < space->n; p++)
		set_axis(m, p, trials, narrowest);
	set_weights(m, study, trials);
	return m;
}

void mixture_free(struct mixture *m)
{
	for (size_t p = 0; p < m->space->n; p++) {
		for (size_t k = 0; k < m->axes[p].levels; k++)
			free(m->axes[p].said[k]);
		free(m->axes[p].said);
	}
	free(m->block);
	free(m->twins);
	free(m->axes);
	free(m->sum);
	free(m->scratch);
	free(m);
}

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

/* The logarithm of each kernel's mass in a cell of an integer or of steps, which may be
 * wider than the kernel; kernels in one place say the same. */
INLINE void say_steps(const struct axis *axis, size_t n, size_t padded, const struct place *x,
		      double *said)
{
	double width = x->to - x->from, log_width = log(width);
	for (size_t k = 0; k < axis->firsts && axis->first[k] < n; k++) {
		size_t i = axis->first[k];
		double own = axis->unit[i], sigma = axis->sigma[i], z = (x->unit - own) / sigma;
		if (isnan(own))
			said[i] = log_width;
		else if (width > sigma)
			said[i] = axis->constant[i] + log(sigma) + HALF_LOG_2PI +
				log(fmax(normal_cdf((x->to - own) / sigma) -
					 normal_cdf((x->from - own) / sigma), 1e-300));
		else
			said[i] = axis->constant[i] - 0.5 * z * z + log_width;
	}
	for (size_t i = 0; i < n; i++)
		said[i] = said[axis->twin[i]];
	for (size_t i = n; i < padded; i++)
		said[i] = 0;
}

/* Adds it to `sum`. */
INLINE void add_steps(struct axis *axis, size_t n, size_t padded, const struct place *x, lanes *sum,
		      double *scratch)
{
	bool kept = x->level < axis->levels;
	double *said = kept ? axis->said[x->level] : NULL;
	if (!said) {
		said = kept ? memory_aligned(padded, sizeof *said) : scratch;
		say_steps(axis, n, padded, x, said);
	}
	if (kept)
		axis->said[x->level] = said;
	for (size_t i = 0; i < padded / LANES; i++)
		sum[i] += ((const lanes *)said)[i];
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

/* A trial without a value on an axis says no more there than the prior. */
WIDE double mixture_log(struct mixture *m, const struct place *at)
{
	enum { NOTHING = 30 }; /* e^-30 of the largest adds nothing */
	double top = -INFINITY, all = 0, *sum = m->sum;
	memcpy(sum, m->log_weight, m->padded * sizeof *sum);
	for (size_t p = 0; p < m->space->n; p++) {
		const struct parameter *q = &m->space->parameters[p];
		if (isnan(at[p].unit))
			continue;
		if (q->kind == KIND_CHOICE)
			add_choice(&m->axes[p], m->n, m->padded, (double)q->n_choices, at[p].unit,
				   sum);
		else if (q->step > 0)
			add_steps(&m->axes[p], m->n, m->padded, &at[p], (lanes *)sum, m->scratch);
		else
			add_smooth(&m->axes[p], m->padded, at[p].unit, (lanes *)sum);
	}
	lanes most = top + (lanes){0};
	for (size_t i = 0; i < m->padded / LANES; i++)
		lanes_select(((const lanes *)sum)[i] > most, &((const lanes *)sum)[i], &most, &most);
	for (size_t k = 0; k < LANES; k++)
		top = most[k] > top ? most[k] : top;
	for (size_t i = 0; i < m->padded; i += LANES / 2) { /* some at a time: few count */
		bool some = false;
		for (size_t k = i; k < i + LANES / 2; k++)
			some |= sum[k] > top - NOTHING;
		for (size_t k = i; some && k < i + LANES / 2; k++)
			if (sum[k] > top - NOTHING)
				all += exp(sum[k] - top);
	}
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

void mixture_draw(const struct mixture *m, const double *fixed, struct random *r, double *point)
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

/* The number of a value's level; LEVEL_NONE between two, where another process's point or
 * the end of the range may be. */
static size_t level_of(const struct parameter *q, double value)
{
	double level = (value - q->low) / q->step, whole = rint(level);
	return fabs(level - whole) < 1e-9 && whole < space_levels(q) ? (size_t)whole : LEVEL_NONE;
}

void mixture_place(const struct space *space, const double *point, struct place *at)
{
	for (size_t p = 0; p < space->n; p++) {
		const struct parameter *q = &space->parameters[p];
		at[p] = (struct place){.unit = isnan(point[p]) ? NAN : space_unit(q, point[p])};
		if (!(q->step > 0) || isnan(point[p]))
			continue;
		space_cell(q, point[p], &at[p].from, &at[p].to);
		at[p].level = level_of(q, point[p]);
	}
}
