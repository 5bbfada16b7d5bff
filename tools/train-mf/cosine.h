/* cosine.h - losses whose score is the cosine of user and item.
 *
 * Every visit of an interaction (user, item taken) has the same `negatives` items
 * beside it, drawn from the cell without replacement for a batch of visits; those
 * that the user has taken do not count.
 *
 * softmax (Wu et al. 2022, "On the effectiveness of sampled softmax loss for item
 * recommendation", with cosines and a temperature t):
 * -log(e^(s/t) / (e^(s/t) + the sum over negatives of e^(s'/t))).
 *
 * ccl (Mao et al. 2021, "SimpleX: a simple and strong baseline for collaborative
 * filtering", equation 2): 1 - s + w * the mean over negatives of max(0, s' - m).
 *
 * Vectors have the length 1, so that a cosine is a dot product and the model's
 * score; there are no biases. A side with features keeps rows of any length, and
 * their sum is what is brought to the length 1.
 */
#ifndef RECPIPE_TRAIN_MF_COSINE_H
#define RECPIPE_TRAIN_MF_COSINE_H

#include "sgd.h"

/* As sgd_cell: visits every row of the cell. */
sgd_cell cosine_cell_portable, cosine_cell_avx2, cosine_cell_avx512;

sgd_cell *cosine_cell_of(enum kernel_choice resolved);

/* Scales n numbers, or every row, to length 1 as the steps of training do it (with one
 * division, which rounds otherwise than unit_scale); a vector of zeros stays. */
void cosine_unit(float *x, size_t n);
void cosine_unit_rows(struct params *p);

void cosine_no_biases(struct params *p);

#endif
