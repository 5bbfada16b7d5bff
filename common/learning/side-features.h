/* side-features.h - files of side information: user feature [weight], item feature [weight].
 *
 * Without a column weight every weight is 1. The same feature twice for one entity and
 * empty ids are bad data (exit 3). Nothing depends on the order of the rows.
 */
#ifndef RECPIPE_LEARNING_SIDE_FEATURES_H
#define RECPIPE_LEARNING_SIDE_FEATURES_H

#include <stddef.h>

#include "data/csr.h"
#include "data/strmap.h"
#include "streams/table.h"

/* A file whose columns are found and whose rows are not read yet. Without a table: none. */
struct side_file {
	struct table *table;
	size_t entity, feature;
	long weight;          /* -1: no such column */
};

/* Finds the columns of the table, which is the file's from now on. That of the ids is the one that
 * an option named, when the file has it, otherwise the one called `own` ("user" or "item"): a file
 * of features keeps its column whatever the interactions call theirs. */
struct side_file side_features_open(struct table *t, struct column entity, const char *own);

/* What a file says: entities and features are numbered by the bytes of their ids, and row
 * e holds the features of entity e, ascending, with their weights. */
struct side_features {
	struct strmap *entities, *features;
	struct csr rows;
};

/* Reads the rows and closes the file. */
struct side_features side_features_read(struct side_file *file);

/* What is NULL in it now was taken over by the caller. */
void side_features_free(struct side_features *s);

/* What the weights of one entity are divided by where they are normalized: the sum of
 * their absolute values. */
double side_features_size(const float *weight, size_t n);

#endif
