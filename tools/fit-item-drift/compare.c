#include "compare.h"

#include <math.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/memory.h"
#include "frame/pool.h"

static int from_strongest(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x < y) - (x > y);
}

/* Fits a form with each strength, the strongest first, each fit starting from the
 * one before, and keeps the fit that is best on the validation rows. */
static void fit_form(const struct comparison *c, struct result *x)
{
	const struct ratings *r = c->r;
	bool is_static = x == &c->result[0];
	struct fit *last = NULL;
	for (uint32_t i = 0; i < c->n_lambdas; i++) {
		double base = is_static ? c->lambda[i] : c->base;
		struct fit *f = fit_new(r, x->form, base, c->lambda[i], last);
		double rmse = sqrt(fit_error(r, f, r->train, r->train + r->validation, NULL));
		if (last != x->fit)
			fit_free(last);
		last = f;
		if (x->fit && !(rmse < x->validation))
			continue;
		if (x->fit && x->fit != f)
			fit_free(x->fit);
		x->fit = f;
		x->validation = rmse;
		x->lambda = c->lambda[i];
	}
	if (last != x->fit)
		fit_free(last);
	x->squares = memory_new((size_t)ratings_tests(r) + 1, sizeof *x->squares);
	x->test = sqrt(fit_error(r, x->fit, r->n - ratings_tests(r), r->n, x->squares));
}

/* gain = rmse(static) - rmse(form) = (mean of the differences of the squares) /
 * (sum of the two rmse), so its standard error comes from the paired differences. */
static void measure_gain(const struct result *fixed, struct result *f, uint32_t n)
{
	double mean = 0, square = 0, both = fixed->test + f->test;
	for (uint32_t i = 0; i < n; i++)
		mean += fixed->squares[i] - f->squares[i];
	mean /= n;
	for (uint32_t i = 0; i < n; i++) {
		double d = fixed->squares[i] - f->squares[i] - mean;
		square += d * d;
	}
	f->gain = both > 0 ? mean / both : 0;
	f->gain_error = both > 0 && n > 1 ? sqrt(square / (n - 1.0) / n) / both : 0;
}

static void fit_chunk(void *context, size_t chunk, size_t worker)
{
	struct comparison *c = context;
	(void)worker;
	fit_form(c, &c->result[1 + chunk]);
}

void compare_forms(struct comparison *c, size_t threads)
{
	struct pool *pool = pool_new(threads);
	qsort(c->lambda, c->n_lambdas, sizeof *c->lambda, from_strongest);
	fit_form(c, &c->result[0]);
	c->base = c->result[0].lambda;
	pool_run(pool, c->n_forms - 1, fit_chunk, c);
	for (uint32_t i = 1; i < c->n_forms; i++)
		measure_gain(&c->result[0], &c->result[i], ratings_tests(c->r));
	pool_free(pool);
}

void comparison_free(struct comparison *c)
{
	for (uint32_t i = 0; i < c->n_forms; i++) {
		fit_free(c->result[i].fit);
		free(c->result[i].squares);
	}
}

const struct result *compare_best(const struct comparison *c, bool controls)
{
	const struct result *best = &c->result[0];
	for (uint32_t i = 1; i < c->n_forms; i++)
		if (c->result[i].validation < best->validation &&
		    (controls || !c->result[i].form->control))
			best = &c->result[i];
	return best;
}

/* One form of items is tested, the one that the validation rows pick, so that many
 * forms are not many chances. */
void compare_say_verdict(const struct comparison *c)
{
	const struct result *x = compare_best(c, false), *all = compare_best(c, true);
	if (x == &c->result[0])
		warn("no form beats static: static is best on the validation rows");
	else if (x->gain > 2 * x->gain_error)
		warn("%s is best on the validation rows and beats static by %.2g (standard error %.2g) "
		     "on the test rows", x->form->name, x->gain, x->gain_error);
	else
		warn("no form beats static: %s is best on the validation rows, but gains %.2g "
		     "(standard error %.2g) on the test rows", x->form->name, x->gain, x->gain_error);
	if (all != x && all->gain > 2 * all->gain_error)
		warn("%s, which is no evolution of items, is better still: it beats static by %.2g "
		     "(standard error %.2g)", all->form->name, all->gain, all->gain_error);
}
