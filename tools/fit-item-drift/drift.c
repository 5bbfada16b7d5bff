#include "drift.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

const struct form DRIFT_FORMS[FORMS] = {
	{"static", SHAPE_STATIC, OWNER_NONE, 0, 0},
	{"bins-5", SHAPE_BINS, OWNER_ITEM, 5, 0},
	{"bins-10", SHAPE_BINS, OWNER_ITEM, 10, 0},
	{"bins-30", SHAPE_BINS, OWNER_ITEM, 30, 0},
	{"linear", SHAPE_LINEAR, OWNER_ITEM, 1, 0},
	{"spline-6", SHAPE_SPLINE, OWNER_ITEM, 6, 0},
	{"spline-12", SHAPE_SPLINE, OWNER_ITEM, 12, 0},
	{"novelty-20", SHAPE_NOVELTY, OWNER_ITEM, 1, 1.0 / 20},
	{"novelty-5", SHAPE_NOVELTY, OWNER_ITEM, 1, 1.0 / 5},
	{"age", SHAPE_AGE, OWNER_ALL, 16, 0},
	{"season", SHAPE_SEASON, OWNER_ITEM, 2, 0},
	{"step", SHAPE_STEP, OWNER_ITEM, 1, 0},
	{"user-drift", SHAPE_USER_DRIFT, OWNER_USER, 1, 0},
	{"user-day", SHAPE_USER_DAY, OWNER_DAY, 1, 0},
};

/* ---- the rows ---- */

static int by_part(const void *a, const void *b)
{
	const struct row *x = a, *y = b;
	if (x->part != y->part)
		return x->part < y->part ? -1 : 1;
	if (x->user != y->user)
		return x->user < y->user ? -1 : 1;
	if (x->item != y->item)
		return x->item < y->item ? -1 : 1;
	if (x->time < y->time || x->time > y->time)
		return x->time < y->time ? -1 : 1;
	return (x->rating > y->rating) - (x->rating < y->rating);
}

static uint64_t day_key(uint32_t user, double time)
{
	double day = floor(time) + 0x1p30;
	uint64_t number = day < 0 ? 0 : day > 0x1p31 ? UINT64_C(1) << 31 : (uint64_t)day;
	return (uint64_t)user << 32 | number;
}

struct keyed {
	uint64_t key;
	uint32_t row;
};

static int by_key(const void *a, const void *b)
{
	const struct keyed *x = a, *y = b;
	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	return (x->row > y->row) - (x->row < y->row);
}

static void group_days(struct ratings *r)
{
	struct keyed *k = memory_new((size_t)r->train + 1, sizeof *k);
	for (uint32_t i = 0; i < r->train; i++)
		k[i] = (struct keyed){day_key(r->row[i].user, r->row[i].time), i};
	if (r->train)
		qsort(k, r->train, sizeof *k, by_key);
	r->day = memory_new((size_t)r->train + 1, sizeof *r->day);
	r->day_start = memory_zero((size_t)r->train + 2, sizeof *r->day_start);
	r->by_day = memory_new((size_t)r->train + 1, sizeof *r->by_day);
	for (uint32_t i = 0; i < r->train; i++) {
		if (r->days == 0 || r->day[r->days - 1] != k[i].key)
			r->day[r->days++] = k[i].key;
		r->by_day[i] = k[i].row;
		r->day_start[r->days] = i + 1;
	}
	free(k);
}

void ratings_prepare(struct ratings *r)
{
	if (r->n)
		qsort(r->row, r->n, sizeof *r->row, by_part);
	r->train = r->validation = 0;
	for (uint32_t i = 0; i < r->n; i++) {
		r->train += r->row[i].part == PART_TRAIN;
		r->validation += r->row[i].part == PART_VALIDATION;
	}
	r->item_start = memory_zero((size_t)r->items + 2, sizeof *r->item_start);
	r->user_start = memory_zero((size_t)r->users + 2, sizeof *r->user_start);
	r->by_item = memory_new((size_t)r->train + 1, sizeof *r->by_item);
	r->first = memory_new((size_t)r->items + 1, sizeof *r->first);
	r->mean_time = memory_zero((size_t)r->users + 1, sizeof *r->mean_time);
	r->begin = INFINITY;
	r->end = -INFINITY;
	for (uint32_t i = 0; i < r->items; i++)
		r->first[i] = INFINITY;
	for (uint32_t i = 0; i < r->train; i++) {
		const struct row *x = &r->row[i];
		r->item_start[x->item + 2]++;
		r->user_start[x->user + 1]++;
		r->begin = fmin(r->begin, x->time);
		r->end = fmax(r->end, x->time);
		r->first[x->item] = fmin(r->first[x->item], x->time);
		r->mean_time[x->user] += x->time;
	}
	for (uint32_t u = 0; u < r->users; u++) {
		r->mean_time[u] /= r->user_start[u + 1] ? r->user_start[u + 1] : 1;
		r->user_start[u + 1] += r->user_start[u];
	}
	for (uint32_t i = 0; i < r->items; i++)
		r->item_start[i + 2] += r->item_start[i + 1];
	for (uint32_t i = 0; i < r->train; i++)
		r->by_item[r->item_start[r->row[i].item + 1]++] = i;
	group_days(r);
}

void ratings_free(struct ratings *r)
{
	strmap_free(r->user_ids);
	strmap_free(r->item_ids);
	free(r->row);
	free(r->first);
	free(r->mean_time);
	free(r->by_item);
	free(r->item_start);
	free(r->user_start);
	free(r->day);
	free(r->day_start);
	free(r->by_day);
}

/* ---- the forms as features ---- */

/* At most two features of a row are not 0: which, and their values. */
struct features {
	uint8_t n, at[2];
	double x[2];
};

static struct features one(double x)
{
	return (struct features){1, {0, 0}, {x, 0}};
}

/* Place of `time` in the train rows' range, 0 to 1. */
static double place(const struct ratings *r, double time)
{
	double p = r->end > r->begin ? (time - r->begin) / (r->end - r->begin) : 0;
	return p < 0 ? 0 : p > 1 ? 1 : p;
}

static struct features features_of(const struct ratings *r, const struct form *form,
				   const double *step, uint32_t user, uint32_t item, double time)
{
	struct features f = {0};
	double range = r->end > r->begin ? r->end - r->begin : 1, size = form->size;
	double age = item == STRMAP_NONE || isinf(r->first[item]) ? 0 : time - r->first[item];
	age = age > 0 ? age : 0;
	switch (form->shape) {
	case SHAPE_STATIC:
		return f;
	case SHAPE_BINS:
		f = one(1);
		f.at[0] = (uint8_t)fmin(size - 1, floor(place(r, time) * size));
		return f;
	case SHAPE_LINEAR:
		return one(2 * (time - r->begin) / range - 1);
	case SHAPE_SPLINE: {
		double knot = place(r, time) * (size - 1), low = fmin(size - 2, floor(knot));
		return (struct features){2, {(uint8_t)low, (uint8_t)(low + 1)},
			{low + 1 - knot, knot - low}};
	}
	case SHAPE_NOVELTY:
		return one(exp(-age / (form->part * range)));
	case SHAPE_AGE:
		f = one(1);
		f.at[0] = (uint8_t)fmin(size - 1, floor(log2(1 + age)));
		return f;
	case SHAPE_SEASON: {
		double angle = 2 * acos(-1) * time / 365.25;
		return (struct features){2, {0, 1}, {sin(angle), cos(angle)}};
	}
	case SHAPE_STEP:
		return one(item == STRMAP_NONE ? 0 : time > step[item] ? 1 : -1);
	case SHAPE_USER_DRIFT: {
		double d = user == STRMAP_NONE ? 0 : time - r->mean_time[user];
		return one(copysign(pow(fabs(d) * 2 / range, 0.4), d));
	}
	case SHAPE_USER_DAY:
		return one(1);
	}
	return f;
}

static uint32_t day_of(const struct ratings *r, uint32_t user, double time)
{
	uint64_t key = day_key(user, time);
	uint32_t low = 0, high = r->days;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		if (r->day[middle] < key)
			low = middle + 1;
		else
			high = middle;
	}
	return low < r->days && r->day[low] == key ? low : STRMAP_NONE;
}

double drift_predict(const struct ratings *r, const struct fit *f, uint32_t user, uint32_t item,
		     double time)
{
	const struct form *form = f->form;
	double y = f->mu;
	const double *theta = NULL;
	if (user != STRMAP_NONE) {
		const double *p = f->user + (size_t)user * drift_user_width(form);
		y += p[0];
		theta = form->owner == OWNER_USER ? p + 1 : theta;
	}
	if (item != STRMAP_NONE) {
		const double *p = f->item + (size_t)item * drift_item_width(form);
		y += p[0];
		theta = form->owner == OWNER_ITEM ? p + 1 : theta;
	}
	if (form->owner == OWNER_ALL)
		theta = f->extra;
	if (form->owner == OWNER_DAY && user != STRMAP_NONE) {
		uint32_t day = day_of(r, user, time);
		theta = day == STRMAP_NONE ? NULL : f->extra + day;
	}
	if (!theta)
		return y;
	struct features x = features_of(r, form, f->step, user, item, time);
	for (unsigned i = 0; i < x.n; i++)
		y += theta[x.at[i]] * x.x[i];
	return y;
}

double drift_error(const struct ratings *r, const struct fit *f, uint32_t from, uint32_t to,
		   double *squares)
{
	double sum = 0;
	for (uint32_t i = from; i < to; i++) {
		const struct row *row = &r->row[i];
		double e = row->rating - drift_predict(r, f, row->user, row->item, row->time);
		sum += e * e;
		if (squares)
			squares[i - from] = e * e;
	}
	return to > from ? sum / (to - from) : 0;
}

uint64_t drift_parameters(const struct ratings *r, const struct form *form)
{
	uint64_t more = form->owner == OWNER_ITEM ? (uint64_t)r->items * form->size :
		form->owner == OWNER_USER ? (uint64_t)r->users * form->size : drift_extras(r, form);
	if (form->shape == SHAPE_STEP)
		more *= 2; /* when, and how high */
	return (uint64_t)r->users + r->items + more;
}

/* ---- ridge regression, block by block ---- */

struct solver {
	const struct ratings *r;
	struct fit *fit;
	struct features *x; /* by train row */
	double *error;      /* rating - prediction */
};

/* Solves a x = g in place of g by Cholesky; a has positive ridges. */
static void cholesky_solve(double (*a)[SIZE_MAX_], double *g, uint32_t n)
{
	for (uint32_t j = 0; j < n; j++) {
		for (uint32_t k = 0; k < j; k++)
			a[j][j] -= a[j][k] * a[j][k];
		a[j][j] = sqrt(a[j][j]);
		for (uint32_t i = j + 1; i < n; i++) {
			for (uint32_t k = 0; k < j; k++)
				a[i][j] -= a[i][k] * a[j][k];
			a[i][j] /= a[j][j];
		}
	}
	for (uint32_t i = 0; i < n; i++) {
		for (uint32_t k = 0; k < i; k++)
			g[i] -= a[i][k] * g[k];
		g[i] /= a[i][i];
	}
	for (uint32_t i = n; i-- > 0;) {
		for (uint32_t k = i + 1; k < n; k++)
			g[i] -= a[k][i] * g[k];
		g[i] /= a[i][i];
	}
}

/* Sets the parameters of one owner to their best values, given all others:
 * [bias,] form. Returns the largest change. */
static double solve_block(struct solver *s, const uint32_t *rows, uint32_t first, uint32_t n,
			  bool bias, double base, uint32_t size, double *parameters)
{
	double a[SIZE_MAX_][SIZE_MAX_], g[SIZE_MAX_] = {0}, largest = 0;
	uint32_t width = bias + size;
	if (n == 0)
		return 0;
	for (uint32_t i = 0; i < width; i++)
		memset(a[i], 0, width * sizeof a[i][0]);
	for (uint32_t i = 0; i < width; i++) {
		double ridge = bias && i == 0 ? base : s->fit->lambda;
		a[i][i] = ridge + 1e-12;
		g[i] = -ridge * parameters[i];
	}
	for (uint32_t k = 0; k < n; k++) {
		uint32_t row = rows ? rows[k] : first + k;
		double e = s->error[row];
		if (bias) {
			a[0][0] += 1;
			g[0] += e;
		}
		if (size == 0)
			continue;
		const struct features *x = &s->x[row];
		for (unsigned i = 0; i < x->n; i++) {
			uint32_t at = bias + x->at[i];
			g[at] += e * x->x[i];
			if (bias)
				a[at][0] += x->x[i];
			for (unsigned j = 0; j <= i; j++)
				a[at][bias + x->at[j]] += x->x[i] * x->x[j];
		}
	}
	cholesky_solve(a, g, width);
	for (uint32_t i = 0; i < width; i++) {
		parameters[i] += g[i];
		largest = fmax(largest, fabs(g[i]));
	}
	for (uint32_t k = 0; k < n; k++) {
		uint32_t row = rows ? rows[k] : first + k;
		double change = bias ? g[0] : 0;
		for (unsigned i = 0; size && i < s->x[row].n; i++)
			change += g[bias + s->x[row].at[i]] * s->x[row].x[i];
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
	uint32_t width = drift_user_width(form);
	for (uint32_t u = 0; u < r->users; u++)
		largest = fmax(largest, solve_block(s, NULL, r->user_start[u],
			r->user_start[u + 1] - r->user_start[u], true, base, width - 1,
			s->fit->user + (size_t)u * width));
	width = drift_item_width(form);
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
		uint32_t from = r->item_start[i], n = r->item_start[i + 1] - from;
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

struct fit *drift_fit(const struct ratings *r, const struct form *form, double base, double lambda)
{
	enum { SWEEPS = 300, STEPS = 8 };
	struct fit *f = memory_zero(1, sizeof *f);
	f->form = form;
	f->lambda = lambda;
	f->user = memory_zero((size_t)r->users * drift_user_width(form) + 1, sizeof *f->user);
	f->item = memory_zero((size_t)r->items * drift_item_width(form) + 1, sizeof *f->item);
	f->extra = memory_zero((size_t)drift_extras(r, form) + 1, sizeof *f->extra);
	f->step = memory_zero((size_t)r->items + 1, sizeof *f->step);
	struct solver s = {.r = r, .fit = f};
	s.x = memory_new((size_t)r->train + 1, sizeof *s.x);
	s.error = memory_new((size_t)r->train + 1, sizeof *s.error);
	for (uint32_t i = 0; i < r->train; i++) {
		const struct row *row = &r->row[i];
		s.x[i] = features_of(r, form, f->step, row->user, row->item, row->time);
		s.error[i] = row->rating;
	}
	for (int i = 0; r->train && i < SWEEPS; i++) {
		if (form->shape == SHAPE_STEP && i < STEPS)
			place_steps(&s);
		if (sweep(&s, base) < 1e-4 && i >= STEPS)
			break;
	}
	free(s.x);
	free(s.error);
	return f;
}

void drift_free(struct fit *f)
{
	if (!f)
		return;
	free(f->user);
	free(f->item);
	free(f->extra);
	free(f->step);
	free(f);
}
