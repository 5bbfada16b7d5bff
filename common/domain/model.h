/* model.h - model rows: kind id bias f0 ... f(k-1).
 *
 * Kinds in file order: meta, item_feature, item, user_feature, user. A meta
 * row's id is `name=value`, zeros after it. A score is
 * dot(user factors, item factors) + user bias + item bias.
 */
#ifndef RECPIPE_DOMAIN_MODEL_H
#define RECPIPE_DOMAIN_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#include "data/strmap.h"
#include "streams/output.h"
#include "streams/table.h"

enum model_kind {
	MODEL_META, MODEL_ITEM_FEATURE, MODEL_ITEM, MODEL_USER_FEATURE, MODEL_USER,
	MODEL_KINDS
};

extern const char *const MODEL_KIND_NAMES[MODEL_KINDS];

/* ids, biases and factor rows of one kind, in file order. Factor rows start at
 * 64-byte boundaries, `stride` floats apart (kernel_padded(factors)), padded
 * with zeros. */
struct model_side {
	struct strmap *ids;
	uint32_t n;
	float *bias;
	float *factors;
	uint32_t capacity;
};

struct model {
	uint32_t factors;
	uint32_t stride;
	struct model_side side[MODEL_KINDS]; /* META: ids only */
};

/* A model read row by row: for what must not hold all users in memory. */
struct model_reader;

struct model_row {
	enum model_kind kind;
	struct span id;       /* valid until the next model_next (of a packed model: as long as the table) */
	float bias;
	const float *factors; /* kernel_padded(factors) floats, aligned, zeros at the end */
};

/* Finds the columns kind, id, bias, f0, f1, ...: exit 3 when one is missing (NULL when the
 * table has a failure: table_open_or). The table stays the caller's. */
struct model_reader *model_open(struct table *t);

/* As model_open, for a caller who reads all rows, each when its turn comes: the rows of a packed
 * model are checked as they are read, and their checksum after the last one, so that what is made
 * of them is good only when model_next has said that there are no more. model_open checks them all
 * before the first. */
struct model_reader *model_open_unchecked(struct table *t);

/* Are the columns there? For a caller who opens the output before the model is read; a failure as
 * in model_open. */
void model_find_columns(const struct table *t);

uint32_t model_reader_factors(const struct model_reader *r);

/* Where the table is a packed model: the rows as they lie in the file, valid as long as the
 * table. Otherwise NULL. */
struct packed_model;
const struct packed_model *model_reader_packed(const struct model_reader *r);

/* Steps to the next good row; false at the end. Errors as in model_read. */
bool model_next(struct model_reader *r, struct model_row *row);
void model_close(struct model_reader *r);

/* Adds a copy of the row to a side that may be zeroed; `stride` is that of the
 * model. The ids of a reader's rows are never double, so neither are these. */
void model_side_add(struct model_side *side, const struct model_row *row, uint32_t stride);
void model_side_free(struct model_side *side);

/* Reads a whole model. Duplicate ids of a kind, kinds out of order, unknown
 * kinds, malformed numbers: exit 3. */
struct model *model_read(struct table *t);
void model_free(struct model *m);

/* Writing, row by row, in the order of the kinds. */
void model_write_header(struct output *out, uint32_t factors);
void model_write_meta(struct output *out, uint32_t factors, const char *name, const char *value);
void model_write_row(struct output *out, enum model_kind kind, struct span id,
		     float bias, const float *factors, uint32_t n);

#endif
