/* fit.h - rating = mu + b_u + b_i + a form of time, fitted by ridge regression. */
#ifndef RECPIPE_FIT_ITEM_DRIFT_FIT_H
#define RECPIPE_FIT_ITEM_DRIFT_FIT_H

#include <stdint.h>

#include "forms.h"
#include "ratings.h"

struct fit {
	const struct form *form;
	double mu, lambda;
	double *user;    /* users x (1 + size when the owner is the user) */
	double *item;    /* items x (1 + size when the owner is the item) */
	double *extra;   /* of OWNER_ALL and OWNER_DAY */
	double *step;    /* SHAPE_STEP: by item, when it steps */
};

/* Sweeps end when no parameter moves by this. */
#define FIT_TOLERANCE 1e-4

/* Fits on the train rows: squares of the errors + base (sum b_u^2 + b_i^2) +
 * lambda (sum of squares of the form's parameters), block by block to convergence.
 * `start`: a fit of the same form to the same rows to start from, or NULL. */
struct fit *fit_new(const struct ratings *r, const struct form *form, double base, double lambda,
		    const struct fit *start);
void fit_free(struct fit *f);

/* user or item may be STRMAP_NONE: not seen in training. */
double fit_predict(const struct ratings *r, const struct fit *f, uint32_t user, uint32_t item,
		   double time);

/* The mean square over rows from ... to; with `squares`, each one's. */
double fit_error(const struct ratings *r, const struct fit *f, uint32_t from, uint32_t to,
		 double *squares);

#endif
