#include "fit.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

double fit_predict(const struct ratings *r, const struct fit *f, uint32_t user, uint32_t item,
		   double time)
{
	const struct form *form = f->form;
	double y = f->mu;
	const double *theta = NULL;
	if (user != STRMAP_NONE) {
		const double *p = f->user + (size_t)user * form_user_width(form);
		y += p[0];
		theta = form->owner == OWNER_USER ? p + 1 : theta;
	}
	if (item != STRMAP_NONE) {
		const double *p = f->item + (size_t)item * form_item_width(form);
		y += p[0];
		theta = form->owner == OWNER_ITEM ? p + 1 : theta;
	}
	if (form->owner == OWNER_ALL)
		theta = f->extra;
	if (form->owner == OWNER_DAY && user != STRMAP_NONE) {
		uint32_t day = ratings_day(r, user, time);
		theta = day == STRMAP_NONE ? NULL : f->extra + day;
	}
	if (!theta)
		return y;
	struct features x = form_features(r, form, f->step, user, item, time);
	for (unsigned i = 0; i < x.n; i++)
		y += theta[x.at[i]] * x.x[i];
	return y;
}

double fit_error(const struct ratings *r, const struct fit *f, uint32_t from, uint32_t to,
		 double *squares)
{
	double sum = 0;
	for (uint32_t i = from; i < to; i++) {
		const struct row *row = &r->row[i];
		double e = row->rating - fit_predict(r, f, row->user, row->item, row->time);
		sum += e * e;
		if (squares)
			squares[i - from] = e * e;
	}
	return to > from ? sum / (to - from) : 0;
}

/* ---- ridge regression, block by block ---- */

struct solver {
	const struct ratings *r;
	struct fit *fit;
	struct features *x; /* by train row */
	double *error;      /* rating - prediction */
};

/* The normal equations of one owner. In a row no more than two parameters of the
 * form meet, neighbors, and the bias meets all: the matrix is tridiagonal with a
 * border, and Cholesky's way through it is as long as the form. */
struct equations {
	uint32_t size;                 /* parameters of the form */
	double diagonal[FORM_SIZE_MAX], below[FORM_SIZE_MAX]; /* below[i]: of i and i - 1 */
	double border[FORM_SIZE_MAX], corner;                 /* of the bias */
	double right[FORM_SIZE_MAX], right_bias;
};

static void equations_start(struct equations *e, uint32_t size, double ridge,
			    const double *parameters, double ridge_bias, double bias)
{
	const double least = 1e-12; /* a ridge of 0 leaves what no row has undefined */
	e->size = size;
	for (uint32_t i = 0; i < size; i++) {
		e->diagonal[i] = ridge + least;
		e->below[i] = e->border[i] = 0;
		e->right[i] = -ridge * parameters[i];
	}
	e->corner = ridge_bias + least;
	e->right_bias = -ridge_bias * bias;
}

static void equations_add(struct equations *e, const struct features *x, double error)
{
	e->corner += 1;
	e->right_bias += error;
	for (unsigned i = 0; e->size && i < x->n; i++) {
		unsigned at = x->at[i];
		e->right[at] += error * x->x[i];
		e->diagonal[at] += x->x[i] * x->x[i];
		e->border[at] += x->x[i];
	}
	if (e->size && x->n == 2)
		e->below[x->at[1]] += x->x[0] * x->x[1];
}

/* No bias: its equation says that it is 0. */
static void equations_without_bias(struct equations *e)
{
	e->corner = 1;
	e->right_bias = 0;
	memset(e->border, 0, e->size * sizeof *e->border);
}

/* The solution is left in `right` and `right_bias`. */
static void equations_solve(struct equations *e)
{
	double last_border = 0, last_right = 0;
	for (uint32_t i = 0; i < e->size; i++) {
		double below = e->below[i], root = sqrt(e->diagonal[i] - below * below);
		e->diagonal[i] = root;
		if (i + 1 < e->size)
			e->below[i + 1] /= root;
		e->border[i] = last_border = (e->border[i] - last_border * below) / root;
		e->right[i] = last_right = (e->right[i] - last_right * below) / root;
		e->corner -= last_border * last_border;
		e->right_bias -= last_border * last_right;
	}
	e->right_bias /= e->corner;
	for (uint32_t i = e->size; i-- > 0;) {
		double above = i + 1 < e->size ? e->below[i + 1] * e->right[i + 1] : 0;
		e->right[i] = (e->right[i] - above - e->border[i] * e->right_bias) / e->diagonal[i];
	}
}

/* Sets the parameters of one owner to their best values, given all others:
 * [bias,] form. Returns the largest change. */
static double solve_block(struct solver *s, const uint32_t *rows, uint64_t first, uint64_t n,
			  bool bias, double base, uint32_t size, double *parameters)
{
	struct equations e;
	double *form = parameters + bias;
	if (n == 0)
		return 0;
	equations_start(&e, size, s->fit->lambda, form, base, bias ? parameters[0] : 0);
	for (uint64_t k = 0; k < n; k++) {
		uint64_t row = rows ? rows[k] : first + k;
		equations_add(&e, &s->x[row], s->error[row]);
	}
	if (!bias)
		equations_without_bias(&e);
	equations_solve(&e);
	double largest = fabs(e.right_bias);
	if (bias)
		parameters[0] += e.right_bias;
	for (uint32_t i = 0; i < size; i++) {
		form[i] += e.right[i];
		largest = fmax(largest, fabs(e.right[i]));
	}
	for (uint64_t k = 0; k < n; k++) {
		uint64_t row = rows ? rows[k] : first + k;
		double change = e.right_bias;
		for (unsigned i = 0; size && i < s->x[row].n; i++)
			change += e.right[s->x[row].at[i]] * s->x[row].x[i];
		s->error[row] -= change;
	}
	return largest;
}

static double sweep(struct solver *s, double base)
{
	const struct ratings *r = s->r;
	const struct form *form = s->fit->form;
	double largest = 0, mean = 0;
	for (uint32_t i = 0; i < r->train; i++)
		mean += s->error[i];
	mean /= r->train;
	s->fit->mu += mean;
	for (uint32_t i = 0; i < r->train; i++)
		s->error[i] -= mean;
	uint32_t width = form_user_width(form);
	for (uint32_t u = 0; u < r->users; u++)
		largest = fmax(largest, solve_block(s, NULL, r->user_start[u],
			r->user_start[u + 1] - r->user_start[u], true, base, width - 1,
			s->fit->user + (size_t)u * width));
	width = form_item_width(form);
	for (uint32_t i = 0; i < r->items; i++)
		largest = fmax(largest, solve_block(s, r->by_item + r->item_start[i], 0,
			r->item_start[i + 1] - r->item_start[i], true, base, width - 1,
			s->fit->item + (size_t)i * width));
	if (form->owner == OWNER_ALL)
		largest = fmax(largest, solve_block(s, NULL, 0, r->train, false, 0, form->size,
						    s->fit->extra));
	for (uint32_t d = 0; form->owner == OWNER_DAY && d < r->days; d++)
		largest = fmax(largest, solve_block(s, r->by_day + r->day_start[d], 0,
			r->day_start[d + 1] - r->day_start[d], false, 0, 1, s->fit->extra + d));
	return largest;
}

struct moment {
	double time, value;
};

static int by_time(const void *a, const void *b)
{
	const struct moment *x = a, *y = b;
	if (x->time < y->time || x->time > y->time)
		return x->time < y->time ? -1 : 1;
	return (x->value > y->value) - (x->value < y->value);
}

/* For each item the moment where a step explains most of what the users' biases
 * leave over, by ridge; then the rows' features follow. */
static void place_steps(struct solver *s)
{
	const struct ratings *r = s->r;
	struct moment *m = memory_new((size_t)r->train + 1, sizeof *m);
	for (uint32_t i = 0; i < r->items; i++) {
		uint64_t from = r->item_start[i];
		uint32_t n = (uint32_t)(r->item_start[i + 1] - from);
		const double *p = s->fit->item + (size_t)i * 2;
		double sum = 0, before = 0, best = -1;
		for (uint32_t k = 0; k < n; k++) {
			uint32_t row = r->by_item[from + k];
			m[k] = (struct moment){r->row[row].time,
				s->error[row] + p[0] + p[1] * s->x[row].x[0]};
			sum += m[k].value;
		}
		if (n)
			qsort(m, n, sizeof *m, by_time);
		for (uint32_t k = 0; k + 1 < n; k++) {
			before += m[k].value;
			if (!(m[k + 1].time > m[k].time))
				continue;
			/* sum of squares between the two sides, each shrunk by the ridge */
			double low = k + 1, high = n - low, difference = before / low - (sum - before) / high;
			double weight = low * high / n;
			double gain = difference * difference * weight * weight /
				(weight + s->fit->lambda / 4);
			if (gain > best) {
				best = gain;
				s->fit->step[i] = (m[k].time + m[k + 1].time) / 2;
			}
		}
		for (uint32_t k = 0; k < n; k++) {
			uint32_t row = r->by_item[from + k];
			double x = r->row[row].time > s->fit->step[i] ? 1 : -1;
			s->error[row] += p[1] * (s->x[row].x[0] - x);
			s->x[row].x[0] = x;
		}
	}
	free(m);
}

static double *copy_of(const double *from, size_t n)
{
	double *to = memory_zero(n + 1, sizeof *to);
	if (from && n)
		memcpy(to, from, n * sizeof *to);
	return to;
}

struct fit *fit_new(const struct ratings *r, const struct form *form, double base, double lambda,
		    const struct fit *start)
{
	enum { SWEEPS = 300, STEPS = 8 };
	struct fit *f = memory_zero(1, sizeof *f);
	*f = (struct fit){
		.form = form, .lambda = lambda, .mu = start ? start->mu : 0,
		.user = copy_of(start ? start->user : NULL, (size_t)r->users * form_user_width(form)),
		.item = copy_of(start ? start->item : NULL, (size_t)r->items * form_item_width(form)),
		.extra = copy_of(start ? start->extra : NULL, form_extras(r, form)),
		.step = copy_of(start ? start->step : NULL, r->items),
	};
	struct solver s = {.r = r, .fit = f};
	s.x = memory_new((size_t)r->train + 1, sizeof *s.x);
	s.error = memory_new((size_t)r->train + 1, sizeof *s.error);
	for (uint32_t i = 0; i < r->train; i++) {
		const struct row *row = &r->row[i];
		s.x[i] = form_features(r, form, f->step, row->user, row->item, row->time);
		s.error[i] = row->rating - fit_predict(r, f, row->user, row->item, row->time);
	}
	int steps = form->shape == SHAPE_STEP ? STEPS : 0;
	for (int i = 0; r->train && i < SWEEPS; i++) {
		if (i < steps)
			place_steps(&s);
		if (sweep(&s, base) < FIT_TOLERANCE && i >= steps)
			break;
	}
	free(s.x);
	free(s.error);
	return f;
}

void fit_free(struct fit *f)
{
	if (!f)
		return;
	free(f->user);
	free(f->item);
	free(f->extra);
	free(f->step);
	free(f);
}
