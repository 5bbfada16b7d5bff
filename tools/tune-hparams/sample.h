/* sample.h - where the next trial's point comes from. */
#ifndef RECPIPE_TUNE_HPARAMS_SAMPLE_H
#define RECPIPE_TUNE_HPARAMS_SAMPLE_H

#include "base/random.h"
#include "domain/study.h"

enum sampler { SAMPLER_TPE, SAMPLER_CMAES, SAMPLER_RANDOM, SAMPLER_QUASI, SAMPLER_GRID };
#define SAMPLERS "tpe|cma-es|random|quasi|grid"

struct sampling {
	enum sampler sampler;
	int64_t startup;      /* random trials before a model is trusted */
	int64_t candidates;   /* points that TPE draws and ranks */
	int64_t grid_points;  /* levels of a continuous parameter in a grid */
};

/* Fills the open (nan) places of a trial that has not begun; cma-es also sets its
 * generation. Depends on the seed, the trial's number and the journal alone. False
 * when the grid is at its end. */
bool sample(const struct sampling *how, const struct study *study, struct trial *trial);

/* The generator of one trial's draws for one purpose. */
struct random sample_random(const struct study *study, int64_t trial, const char *purpose);

/* A uniform point, each parameter on its scale; inactive ones have values too. */
void random_point(const struct study *study, int64_t trial, double *point);

/* The parts: each proposes a whole point, values in the trial's point kept where the
 * others depend on them (tpe.c, cmaes.c). cmaes_propose is false when there is
 * nothing for it to move. */
void tpe_propose(const struct sampling *how, const struct study *study,
		 const struct trial *trial, double *point);
bool cmaes_propose(const struct study *study, struct trial *trial, double *point);

/* The point number `index` (from 0) of the grid, the last parameter fastest; false
 * behind its end (grid.c). Points that differ only where a condition does not hold
 * are one. */
bool grid_point(const struct sampling *how, const struct space *space, uint64_t index,
		double *point);

#endif
