/* features.h - side information: a user or item as a weighted sum of rows.
 *
 * The representation of an entity is the sum of weight * row over its features,
 * one of which is usually its own (its identity). Factors and biases alike.
 */
#ifndef RECPIPE_TRAIN_MF_FEATURES_H
#define RECPIPE_TRAIN_MF_FEATURES_H

#include <stdbool.h>
#include <stdint.h>

#include "learning/side-features.h"
#include "params.h"
#include "train-data.h"

/* A table entity, feature, [weight], read from a file. Features are numbered in
 * the byte order of their names; only those of a fitted entity are kept. */
struct features {
	struct strmap *names;
	uint32_t n;
	uint32_t *name;            /* n: number in `names` */

	/* What the fitted entities consist of: start has ids->n + 1 elements. Rows
	 * 0 ... ids->n - 1 are identities when there are any, features follow. */
	uint64_t *start;
	uint32_t *row;
	float *weight;
	uint32_t first;            /* row of feature 0 */

	/* The same for entities that have features and nothing fitted. */
	struct strmap *cold_ids;
	uint64_t *cold_start;
	uint32_t *cold_row;
	float *cold_weight;
	uint32_t cold;
	bool *cold_kept;           /* cold: not to be written, an earlier model knows more */

	uint32_t empty;            /* fitted entities of no row at all */
};

/* Reads the file. With `normalize` weights are divided by the sum of their absolute
 * values, identity (of weight 1) included. Bad data exits with 3. */
struct features *features_read(struct side_file *file, const struct side_ids *ids, bool identity,
			       bool normalize);
void features_free(struct features *f);

/* Rows of the parameters that a side needs. */
uint32_t features_rows(const struct features *f, const struct side_ids *ids);

static inline struct span features_name(const struct features *f, uint32_t feature)
{
	return strmap_key(f->names, f->name[feature]);
}

/* Writes the representation of the list row[0 ... n - 1] to `factors` (stride
 * floats) and returns its bias. */
float features_compose(const struct params *p, const uint32_t *row, const float *weight,
		       uint64_t n, float *factors);

/* The representations of all fitted entities, into parameters without state. */
void features_compose_all(const struct features *f, const struct params *p, struct params *out);

#endif
