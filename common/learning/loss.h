/* loss.h - the losses that factors are fitted to: their names and scalar functions. */
#ifndef RECPIPE_LEARNING_LOSS_H
#define RECPIPE_LEARNING_LOSS_H

#include <stdbool.h>
#include <stdint.h>

enum loss {
	LOSS_WARP, LOSS_BPR, LOSS_LOGISTIC, LOSS_WARP_KOS, LOSS_IALS, LOSS_SOFTMAX, LOSS_CCL,
	LOSS_SVD
};
enum { LOSSES = LOSS_SVD + 1 };

/* By enum loss, as words to choose from and one by one. */
#define LOSS_CHOICES "warp|bpr|logistic|warp-kos|ials|softmax|ccl|svd"
extern const char *const LOSS_NAMES[LOSSES];

/* Is a score the cosine of user and item? Vectors then have the length 1 and there are
 * no biases. */
static inline bool loss_of_cosines(enum loss loss)
{
	return loss == LOSS_SOFTMAX || loss == LOSS_CCL;
}

/* 1 / (1 + e^-x) and log(1 + e^x), the same on every machine, to 1e-6. */
float loss_sigmoid(float x);
float loss_softplus(float x);

/* e^x for x <= 0 (0 below -80) and log(x) for a normal x > 0, likewise. */
float loss_exp(float x);
float loss_log(float x);

/* WARP's weight of a violation found at draw s, for s = 1 ... max_sampled (the
 * element 0 is 0): log(max(1, floor((items - 1) / s))), at most 10, as LightFM
 * has it (Weston et al. 2011, equation 4, with a logarithm for the sum of 1/i).
 * A new array, freed by the caller. */
float *loss_rank_weights(uint32_t items, uint32_t max_sampled);

#endif
