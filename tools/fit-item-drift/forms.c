#include "forms.h"

#include <math.h>

const struct form DRIFT_FORMS[FORMS] = {
	{"static", SHAPE_STATIC, OWNER_NONE, 0, 0, false},
	{"bins-5", SHAPE_BINS, OWNER_ITEM, 5, 0, false},
	{"bins-10", SHAPE_BINS, OWNER_ITEM, 10, 0, false},
	{"bins-30", SHAPE_BINS, OWNER_ITEM, 30, 0, false},
	{"linear", SHAPE_LINEAR, OWNER_ITEM, 1, 0, false},
	{"spline-6", SHAPE_SPLINE, OWNER_ITEM, 6, 0, false},
	{"spline-12", SHAPE_SPLINE, OWNER_ITEM, 12, 0, false},
	{"novelty-20", SHAPE_NOVELTY, OWNER_ITEM, 1, 1.0 / 20, false},
	{"novelty-5", SHAPE_NOVELTY, OWNER_ITEM, 1, 1.0 / 5, false},
	{"age", SHAPE_AGE, OWNER_ALL, 16, 0, false},
	{"season", SHAPE_SEASON, OWNER_ITEM, 2, 0, false},
	{"step", SHAPE_STEP, OWNER_ITEM, 1, 0, false},
	{"all-bins-30", SHAPE_BINS, OWNER_ALL, 30, 0, true},
	{"user-drift", SHAPE_USER_DRIFT, OWNER_USER, 1, 0, true},
	{"user-day", SHAPE_USER_DAY, OWNER_DAY, 1, 0, true},
};

const struct form *form_called(struct span name)
{
	for (uint32_t i = 0; i < FORMS; i++)
		if (span_equal(name, span_of(DRIFT_FORMS[i].name)))
			return &DRIFT_FORMS[i];
	return NULL;
}

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

struct features form_features(const struct ratings *r, const struct form *form, const double *step,
			      uint32_t user, uint32_t item, double time)
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

uint64_t form_parameters(const struct ratings *r, const struct form *form)
{
	uint64_t more = form->owner == OWNER_ITEM ? (uint64_t)r->items * form->size :
		form->owner == OWNER_USER ? (uint64_t)r->users * form->size : form_extras(r, form);
	if (form->shape == SHAPE_STEP)
		more *= 2; /* when, and how high */
	return (uint64_t)r->users + r->items + more;
}
