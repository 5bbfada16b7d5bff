/* draw.h - points that depend on no trial before: at random, or evenly spread. */
#ifndef RECPIPE_TUNE_HPARAMS_DRAW_H
#define RECPIPE_TUNE_HPARAMS_DRAW_H

#include "base/random.h"
#include "domain/study.h"

/* The generator of one trial's draws for one purpose. */
struct random draw_random(const struct study *study, int64_t trial, const char *purpose);

/* A uniform point, each parameter on its scale; inactive ones have values too. */
void draw_uniform(const struct study *study, int64_t trial, double *point);

/* The point of this trial in a sequence that covers the space evenly. */
void draw_quasi(const struct study *study, int64_t trial, double *point);

#endif
