/* sample.h - where the next trial's point comes from. */
#ifndef RECPIPE_TUNE_HPARAMS_SAMPLE_H
#define RECPIPE_TUNE_HPARAMS_SAMPLE_H

#include "samplers.h"

/* Fills the open (nan) places of a trial that has not begun; cma-es also sets its
 * generation. Depends on the seed, the trial's number and the journal alone. False
 * when the grid is at its end. */
bool sample(const struct sampling *how, const struct study *study, struct trial *trial);

#endif
