/* packed-index.h - a packed model that holds the index of its items, so that a search begins without
 * reading them: what --packed=index writes (recpipe-formats(5), "packed files").
 *
 * Panels are the same for all kernels that multiply the same kind of words: floats, or pairs of
 * bfloat16. Which kind it is the file says; a kernel of the other kind makes its own from the rows.
 */
#ifndef RECPIPE_EXPORT_TOPK_PACKED_INDEX_H
#define RECPIPE_EXPORT_TOPK_PACKED_INDEX_H

#include "streams/output.h"
#include "streams/packed.h"
#include "streams/table.h"
#include "index.h"
#include "options.h"

/* Writes the model's rows, then the index. Returns the number of rows. */
uint64_t write_packed_index(const struct options *o, struct table *model, struct output *out);

/* The packed model that the table is, if it has an index and nothing is asked for that needs
 * another one: other items, or similar ones. Otherwise NULL. */
struct packed *packed_with_index(const struct options *o, const struct table *t);

/* Items of a packed model with an index. */
struct packed_index {
	struct packed_model model;
	uint32_t first, n;       /* the items' keys: first ... first + n - 1 */
	struct index *index;     /* the caller's, to be freed with index_free while the file is open */
};

/* Maps it for one of the kernels. What is wrong with the file ends the program (3): only what is
 * read now is looked at, which is not the rows and panels. */
struct packed_index packed_index_open(struct packed *p, enum tile_choice choice);

#endif
