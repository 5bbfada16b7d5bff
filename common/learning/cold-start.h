/* cold-start.h - users or items that training never saw, made of their features.
 *
 * Their vector is the sum of weight * vector over the features that the model knows, made
 * as train-mf makes it for those it saw: where the model's meta rows say normalize=yes the
 * weights are divided by the sum of their sizes, and where its loss is one of cosines the
 * sum is brought to the length 1.
 */
#ifndef RECPIPE_LEARNING_COLD_START_H
#define RECPIPE_LEARNING_COLD_START_H

#include "domain/model.h"
#include "streams/table.h"

struct cold;

/* A file of side features; takes the table, finds the columns, reads nothing yet. `kind` is MODEL_ITEM or
 * MODEL_USER. */
struct cold *cold_open(struct table *t, enum model_kind kind, struct column entity);

/* Reads the file. */
void cold_read(struct cold *c);

/* To be shown every row of the model, a file called `model`: exit 3 at a bad meta row
 * (learning/fitting.h). NULL is allowed. */
void cold_see(struct cold *c, const struct model_row *row, uint32_t stride, const char *model);

/* The same for a model that was read, from a file of that name. */
void cold_see_model(struct cold *c, const struct model *m, const char *model);

/* After the rows of its kind: steps through the entities that were not among
 * them, by id; those without a known feature are left out. The row is valid until
 * the next call. */
bool cold_next(struct cold *c, struct model_row *row);

/* How many were left out. */
uint64_t cold_left_out(const struct cold *c);

void cold_free(struct cold *c);

#endif
