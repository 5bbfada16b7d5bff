/* side.h - all there is of one side, the users or the items. */
#ifndef RECPIPE_TRAIN_MF_SIDE_H
#define RECPIPE_TRAIN_MF_SIDE_H

#include "domain/model.h"
#include "learning/side-features.h"
#include "features.h"
#include "keep-old.h"
#include "options.h"
#include "params.h"
#include "train-data.h"

struct side {
	enum model_kind kind;            /* MODEL_USER or MODEL_ITEM */
	const struct side_ids *ids;
	struct side_file file;           /* of features; without a table when there is none */
	struct features *features;       /* NULL: identity alone */
	struct params params;            /* what is moved */
	struct params sums;              /* with features: the representations */
	struct kept kept, kept_features; /* of --init, with --keep-old */
};

/* The kind of its features. */
static inline enum model_kind side_feature_kind(const struct side *s)
{
	return s->kind - 1;
}

/* The rows that score: sums with features, otherwise what is moved. */
static inline const struct params *side_rows(const struct side *s)
{
	return s->features ? &s->sums : &s->params;
}

/* Reads the features, and gives the rows their first numbers. */
void side_start(struct side *s, const struct options *o, uint32_t factors, bool identity);

/* What has no biases and, without features, rows of length 1: whatever the start, and
 * whatever the loss of an earlier model was. */
void side_make_cosines(struct side *s);

/* Makes the sums as they are now; those of `cosines` are of length 1. */
void side_compose(struct side *s, bool cosines);

void side_free(struct side *s);

#endif
