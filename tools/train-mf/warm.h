/* warm.h - a start from an earlier model. */
#ifndef RECPIPE_TRAIN_MF_WARM_H
#define RECPIPE_TRAIN_MF_WARM_H

#include "domain/model.h"
#include "side.h"

/* Gives the rows of one side the numbers they have in the model: features, and
 * identities such that the representations come out as in the model. Rows that
 * are not in it keep their start. Returns how many entities were found. */
uint32_t warm_start(struct side *s, const struct model *m);

#endif
