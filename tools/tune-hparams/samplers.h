/* samplers.h - the ways to propose a point that look at the trials before, or count. */
#ifndef RECPIPE_TUNE_HPARAMS_SAMPLERS_H
#define RECPIPE_TUNE_HPARAMS_SAMPLERS_H

#include "domain/study.h"

enum sampler { SAMPLER_TPE, SAMPLER_CMAES, SAMPLER_RANDOM, SAMPLER_QUASI, SAMPLER_GRID };
#define SAMPLERS "tpe|cma-es|random|quasi|grid"

struct sampling {
	enum sampler sampler;
	int64_t startup;      /* random trials before a model is trusted */
	int64_t candidates;   /* points that TPE draws and ranks */
	int64_t grid_points;  /* levels of a continuous parameter in a grid */
};

/* Each proposes a whole point, values in the trial's point kept where the
 * others depend on them (tpe.c, cmaes.c). cmaes_propose is false when there is
 * nothing for it to move. */
void tpe_propose(const struct sampling *how, const struct study *study,
		 const struct trial *trial, double *point);
bool cmaes_propose(const struct study *study, struct trial *trial, double *point);

/* The point number `index` (from 0) of the grid, the last parameter fastest; false
 * after its end (grid.c). Points that differ only where a condition does not hold
 * are one. */
bool grid_point(const struct sampling *how, const struct space *space, uint64_t index,
		double *point);

#endif
