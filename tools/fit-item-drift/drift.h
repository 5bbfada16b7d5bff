/* drift.h - rating = mu + b_u + b_i + a form of time, fitted by ridge regression. */
#ifndef RECPIPE_DRIFT_DRIFT_H
#define RECPIPE_DRIFT_DRIFT_H

#include <stdbool.h>
#include <stdint.h>

#include "data/strmap.h"

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
};

enum { FORMS = 14, SIZE_MAX_ = 32 };
extern const struct form DRIFT_FORMS[FORMS]; /* the first one is static */

enum part { PART_TRAIN, PART_VALIDATION, PART_TEST };

struct row {
	uint32_t user, item;
	double time, rating; /* time in days */
	uint8_t part;        /* enum part */
};

/* Rows sorted by part, then user, item, time. */
struct ratings {
	struct strmap *user_ids, *item_ids; /* in byte order */
	uint32_t users, items;
	struct row *row;
	uint32_t n, train, validation; /* rows: train first, validation next, test last */
	double begin, end;             /* of the train rows' times */
	double *first;                 /* by item: its first train row's time */
	double *mean_time;             /* by user: of its train rows */
	uint32_t *by_item;             /* train rows grouped by item; those of a user lie together */
	uint32_t *item_start, *user_start;
	uint64_t *day;                 /* days of users that have train rows, ascending keys */
	uint32_t *day_start, days;     /* rows of such a day, when sorted by time in a user */
	uint32_t *by_day;
};

/* After rows and parts are set: sorts, groups, and finds what the forms need. */
void ratings_prepare(struct ratings *r);
void ratings_free(struct ratings *r);

struct fit {
	const struct form *form;
	double mu, lambda;
	double *user;    /* users x (1 + size when the owner is the user) */
	double *item;    /* items x (1 + size when the owner is the item) */
	double *extra;   /* of OWNER_ALL and OWNER_DAY */
	double *step;    /* SHAPE_STEP: by item, when it steps */
};

/* Fits on the train rows: squares of the errors + base (sum b_u^2 + b_i^2) +
 * lambda (sum of squares of the form's parameters), to convergence. */
struct fit *drift_fit(const struct ratings *r, const struct form *form, double base, double lambda);
void drift_free(struct fit *f);

/* The number of parameters, mu apart. */
uint64_t drift_parameters(const struct ratings *r, const struct form *form);

/* user or item may be STRMAP_NONE: not seen in training. */
double drift_predict(const struct ratings *r, const struct fit *f, uint32_t user, uint32_t item,
		     double time);

/* The mean square over rows from .. to; with `squares`, each one's. */
double drift_error(const struct ratings *r, const struct fit *f, uint32_t from, uint32_t to,
		   double *squares);

/* Sizes of a fit's arrays. */
static inline uint32_t drift_user_width(const struct form *f)
{
	return 1 + (f->owner == OWNER_USER ? f->size : 0);
}

static inline uint32_t drift_item_width(const struct form *f)
{
	return 1 + (f->owner == OWNER_ITEM ? f->size : 0);
}

static inline uint32_t drift_extras(const struct ratings *r, const struct form *f)
{
	return f->owner == OWNER_ALL ? f->size : f->owner == OWNER_DAY ? r->days : 0;
}

#endif
