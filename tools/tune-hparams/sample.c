#include "sample.h"

#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "draw.h"

/* The grid is counted in trials that it drew itself, not in those that were enqueued. */
static bool next_grid_point(const struct sampling *how, const struct study *study,
			    const struct trial *trial, double *point)
{
	uint64_t before = 0;
	for (size_t i = 0; i < study->n && study->trials[i].number < trial->number; i++)
		before += !study->trials[i].enqueued;
	return grid_point(how, &study->space, before, point);
}

static bool propose(const struct sampling *how, const struct study *study, struct trial *trial,
		    double *point)
{
	size_t ended = 0;
	for (size_t i = 0; i < study->n; i++)
		ended += trial_ended(&study->trials[i]) && !study->trials[i].defaults;
	if (how->sampler == SAMPLER_GRID && !trial->enqueued)
		return next_grid_point(how, study, trial, point);
	if (how->sampler == SAMPLER_CMAES && cmaes_propose(study, trial, point))
		return true;
	if (how->sampler == SAMPLER_QUASI)
		draw_quasi(study, trial->number, point);
	else if (how->sampler == SAMPLER_TPE && ended >= (size_t)how->startup)
		tpe_propose(how, study, trial, point);
	else
		draw_uniform(study, trial->number, point);
	return true;
}

bool sample(const struct sampling *how, const struct study *study, struct trial *trial)
{
	const struct space *space = &study->space;
	double *point = memory_new(space->n, sizeof *point);
	bool there = propose(how, study, trial, point);
	for (size_t p = 0; p < space->n && there; p++)
		if (isnan(trial->point[p]))
			trial->point[p] = point[p];
	space_settle(space, trial->point);
	free(point);
	return there;
}
