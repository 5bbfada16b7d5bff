/* forms.h - the evolutions that are compared, as functions of time that are linear
 * in their parameters. */
#ifndef RECPIPE_FIT_ITEM_DRIFT_FORMS_H
#define RECPIPE_FIT_ITEM_DRIFT_FORMS_H

#include <stdint.h>

#include "base/span.h"
#include "ratings.h"

/* Whose parameters a form adds: each item's, one set for all, each user's, or one
 * for each day of a user. */
enum owner { OWNER_NONE, OWNER_ITEM, OWNER_ALL, OWNER_USER, OWNER_DAY };

enum shape { SHAPE_STATIC, SHAPE_BINS, SHAPE_LINEAR, SHAPE_SPLINE, SHAPE_NOVELTY, SHAPE_AGE,
	SHAPE_SEASON, SHAPE_STEP, SHAPE_USER_DRIFT, SHAPE_USER_DAY };

struct form {
	const char *name;
	enum shape shape;
	enum owner owner;
	uint32_t size;   /* parameters of each owner */
	double part;     /* SHAPE_NOVELTY: the decay time as a part of the time range */
	bool control;    /* no evolution of items: it stands beside the others */
};

enum { FORMS = 15, FORM_SIZE_MAX = 31 };
extern const struct form DRIFT_FORMS[FORMS]; /* the first one is static */

/* The form of this name, NULL when there is none. */
const struct form *form_called(struct span name);

/* At most two features of a row are not 0: which, and their values. A form adds
 * sum theta[at] x to a rating, theta being its owner's parameters. */
struct features {
	uint8_t n, at[2];
	double x[2];
};

/* `step` is by item the moment of its step (SHAPE_STEP only). User or item may be
 * STRMAP_NONE: not seen in training. */
struct features form_features(const struct ratings *r, const struct form *form, const double *step,
			      uint32_t user, uint32_t item, double time);

/* The number of parameters with those of static, mu apart. */
uint64_t form_parameters(const struct ratings *r, const struct form *form);

/* Parameters of each user and each item, biases included, and of others. */
static inline uint32_t form_user_width(const struct form *f)
{
	return 1 + (f->owner == OWNER_USER ? f->size : 0);
}

static inline uint32_t form_item_width(const struct form *f)
{
	return 1 + (f->owner == OWNER_ITEM ? f->size : 0);
}

static inline uint32_t form_extras(const struct ratings *r, const struct form *f)
{
	return f->owner == OWNER_ALL ? f->size : f->owner == OWNER_DAY ? r->days : 0;
}

#endif
