/* loss.h - the scalar functions of the losses that factors are fitted to. */
#ifndef RECPIPE_DATA_LOSS_H
#define RECPIPE_DATA_LOSS_H

#include <stdint.h>

/* 1 / (1 + e^-x) and log(1 + e^x), the same on every machine, to 1e-6. */
float loss_sigmoid(float x);
float loss_softplus(float x);

/* e^x for x <= 0 (0 below -80) and log(x) for a normal x > 0, likewise. */
float loss_exp(float x);
float loss_log(float x);

/* WARP's weight of a violation found at draw s, for s = 1 .. max_sampled (the
 * element 0 is 0): log(max(1, floor((items - 1) / s))), at most 10, as LightFM
 * has it (Weston et al. 2011, equation 4, with a logarithm for the sum of 1/i).
 * A new array, freed by the caller. */
float *loss_rank_weights(uint32_t items, uint32_t max_sampled);

#endif
