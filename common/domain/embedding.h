/* embedding.h - the vectors of one kind of a model, and what is known of them. */
#ifndef RECPIPE_DOMAIN_EMBEDDING_H
#define RECPIPE_DOMAIN_EMBEDDING_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "domain/model.h"
#include "streams/table.h"

/* `n` rows of `width` floats, `stride` floats apart, padded with zeros, aligned. */
struct embedding {
	struct strmap *ids;
	uint32_t n, width, stride;
	float *rows;
	uint64_t rows_in_model; /* of the kind: more than n after sampling */
	uint64_t others;        /* rows of other kinds, but for meta rows */
};

struct embedding_options {
	enum model_kind kind;
	bool bias;       /* the bias as one more component, the last */
	bool unit;       /* vectors scaled to length 1 (zeros stay) */
	uint64_t sample; /* at most so many rows, by the hash of (seed, id); 0: all */
	uint64_t seed;
};

/* Reads the rest of a model. Exit 3 for what is no model. */
struct embedding *embedding_read(struct model_reader *reader, const struct embedding_options *how);

/* Exit 3 when there is no row of the kind; tells of rows that --kind and --sample leave out. */
void embedding_check(const struct embedding *e, enum model_kind kind);

static inline const float *embedding_row(const struct embedding *e, uint32_t i)
{
	return e->rows + (size_t)i * e->stride;
}

void embedding_free(struct embedding *e);

/* A side table by id: every column but the id's. */
struct metadata {
	struct strmap *ids;
	size_t columns;
	char **names;
	struct buffer text;
	size_t *ends; /* of field c of row r: ends[r * columns + c]; they lie end to end */
	size_t ends_capacity;
};

/* Reads and closes the table. An id that occurs twice is bad data (exit 3). A CR
 * in a field becomes a space. */
struct metadata *metadata_read(struct table *t, size_t id_column);

/* Number of the column called `name`, or -1. */
long metadata_column(const struct metadata *m, const char *name);

/* A field of an id; empty when the id is not there. */
struct span metadata_field(const struct metadata *m, struct span id, size_t column);

void metadata_free(struct metadata *m);

#endif
