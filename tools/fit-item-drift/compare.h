/* compare.h - every form with the strength that suits it, and what each gains. */
#ifndef RECPIPE_FIT_ITEM_DRIFT_COMPARE_H
#define RECPIPE_FIT_ITEM_DRIFT_COMPARE_H

#include <stddef.h>
#include <stdint.h>

#include "fit.h"
#include "forms.h"
#include "ratings.h"

struct result {
	const struct form *form;
	double lambda;            /* of the lowest validation error */
	double validation, test;  /* root mean squared errors */
	struct fit *fit;
	double *squares;          /* squared errors of the test rows */
	double gain, gain_error;  /* rmse(static) - rmse(form), its paired standard error */
};

enum { LAMBDAS = 64 };

struct comparison {
	const struct ratings *r;
	double lambda[LAMBDAS];
	uint32_t n_lambdas, n_forms;
	double base;                  /* static's lambda: that of b_u and b_i in all forms */
	struct result result[FORMS];  /* the form is the caller's choice; the first is static */
};

/* Fits all forms on the train rows with all strengths; fills in the results. */
void compare_forms(struct comparison *c, size_t threads);
void comparison_free(struct comparison *c);

/* The best on the validation rows: of all, or only of what is an evolution of items. */
const struct result *compare_best(const struct comparison *c, bool controls);

/* Says on standard error whether a form beats static. */
void compare_say_verdict(const struct comparison *c);

#endif
