/* warm.h - a start from an earlier model. */
#ifndef RECPIPE_TRAIN_MF_WARM_H
#define RECPIPE_TRAIN_MF_WARM_H

#include "domain/model.h"
#include "features.h"
#include "params.h"

/* Gives the rows of one side the numbers they have in the model: features, and
 * identities such that the representations come out as in the model. Rows that
 * are not in it keep their start. Returns how many entities were found. */
uint32_t warm_start(struct params *p, const struct side_ids *ids, const struct features *f,
		    const struct model *m, enum model_kind kind, enum model_kind feature_kind);

#endif
