/* packing.h - rows of a table, as they are written, into a packed file (packed.h).
 *
 * For an output: the text that goes to it is taken apart again, so that a file holds exactly
 * what the TSV would say: a number that would not be printed again as it was is refused.
 * Rows go to the file as they come; ids, and where lists begin, are held until the end.
 */
#ifndef RECPIPE_STREAMS_PACKING_H
#define RECPIPE_STREAMS_PACKING_H

#include "base/buffer.h"
#include "base/failure.h"
#include "streams/packed.h"

struct packing;

/* Bytes for the file are added to `out`, which the caller empties when it likes, and which outlives
 * it; `name` is that of the file, for messages. */
struct packing *packing_open(enum packed_kind kind, struct buffer *out, const char *name,
			     struct failure *failure);

/* For lists: scores are kept in double precision, which takes 16 bytes a row in place of 8. Before the
 * first bytes. */
void packing_use_doubles(struct packing *p);

/* The next bytes of the table, header first. False when the failure has a reason to: a row that
 * is not one, ranks that are not 1, 2, 3, ..., a key that comes again. */
bool packing_add(struct packing *p, struct span text);

/* A row of a model (its kind as a number: PACKED_SIDE_NAMES) in place of its text, with the same file as
 * the result: nothing is formatted and read again. Whole rows came before it. */
bool packing_add_model_row(struct packing *p, uint32_t side, struct span id, float bias, const float *factors,
			   uint32_t n);

/* A section of the writer's own. */
struct packing_section {
	const char *name;        /* at most 15 bytes */
	size_t size;             /* of an element */
	uint64_t count;
	const void *bytes;
};

/* Puts `n` sections after the others, with packing_end; they stay the caller's until then. */
void packing_also(struct packing *p, const struct packing_section *sections, size_t n);

/* The rest of the file. */
bool packing_end(struct packing *p);

void packing_free(struct packing *p);

#endif
