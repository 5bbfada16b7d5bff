/* grid.c - every combination of every parameter's levels. */
#include "samplers.h"

#include <math.h>
#include <stdlib.h>

#include "base/memory.h"

static double levels(const struct sampling *how, const struct parameter *p)
{
	double n = space_levels(p);
	return isinf(n) ? (double)how->grid_points : n;
}

/* Level `index` of a parameter: its ends and what lies evenly between them. */
static double level(const struct sampling *how, const struct parameter *p, double index)
{
	if (p->kind == KIND_CHOICE || p->step > 0)
		return space_level(p, index);
	double n = levels(how, p);
	return space_value(p, n > 1 ? index / (n - 1) : 0.5);
}

/* The next combination: a parameter that is not active has one level, and which are
 * active depends on those before them. */
static bool next(const struct sampling *how, const struct space *space, double *index, double *point)
{
	size_t p = space->n;
	while (p > 0) {
		const struct parameter *q = &space->parameters[p - 1];
		if (!isnan(point[p - 1]) && index[p - 1] + 1 < levels(how, q))
			break;
		p--;
	}
	if (p == 0)
		return false;
	index[p - 1]++;
	point[p - 1] = level(how, &space->parameters[p - 1], index[p - 1]);
	for (; p < space->n; p++) {
		index[p] = 0;
		point[p] = space_active(space, point, p) ? level(how, &space->parameters[p], 0) : NAN;
	}
	return true;
}

bool grid_point(const struct sampling *how, const struct space *space, uint64_t at, double *point)
{
	double *index = memory_zero(space->n + 1, sizeof *index);
	bool there = true;
	for (size_t p = 0; p < space->n; p++)
		point[p] = space_active(space, point, p) ? level(how, &space->parameters[p], 0) : NAN;
	for (; there && at > 0; at--)
		there = next(how, space, index, point);
	free(index);
	return there;
}
