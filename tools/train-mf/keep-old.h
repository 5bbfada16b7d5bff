/* keep-old.h - what an earlier model has and the present rows do not (--keep-old).
 *
 * Users and items of it that have no fitted rows stay as they are, and so do features
 * that no fitted entity has: they are not moved, not drawn as negatives, and written
 * with the others. The pairs of ials are those with them.
 */
#ifndef RECPIPE_TRAIN_MF_KEEP_OLD_H
#define RECPIPE_TRAIN_MF_KEEP_OLD_H

#include "data/normal.h"
#include "domain/model.h"
#include "features.h"
#include "params.h"

/* Rows of one kind that are kept: their numbers in the model's side. */
struct kept {
	const struct model_side *side; /* NULL: none */
	uint32_t n;
	uint32_t *row;
};

/* The entities of the model that are neither fitted nor, with `f`, the sum of their
 * features alone, which they then stay. One that has features and no fitted row now, but
 * more in the model than their sum, is kept, and no longer a cold one of `f`. To be called
 * when `p` holds the features as they are in the model; `cosines`: sums are of length 1. */
struct kept kept_entities(const struct model *m, enum model_kind kind, const struct side_ids *ids,
			  struct features *f, const struct params *p, bool cosines);

/* The features of the model that `f` (or NULL) does not have. */
struct kept kept_features(const struct model *m, enum model_kind kind, const struct features *f);

void kept_free(struct kept *k);

/* A running hash of their ids and numbers. */
uint64_t kept_hash(uint64_t hash, const struct kept *k, uint32_t stride);

/* The sum of the outer products of their vectors, stride * stride; NULL for none. */
float *kept_gram(const struct kept *k, uint32_t stride, const struct normal_kernel *kernel);

#endif
