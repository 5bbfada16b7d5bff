/* stream.h - --memory: a half-step in which the side that stays passes by and is not kept. */
#ifndef RECPIPE_FOLD_IN_STREAM_H
#define RECPIPE_FOLD_IN_STREAM_H

#include "folding.h"

/* Reads the model's meta rows and writes the header; the number of rows that stay is not known. */
void stream_begin(struct folding *f, struct output *out);

/* Solves for all users of the data (factor_rows, bias and known become theirs), as many at a time as
 * --memory has room for: each time the model is read once. Row after row of what stays is
 * added to the equations of those who have it, in the order in which solving a user alone adds
 * them, so the bytes are the same. Returns how many rows have an item that the model lacks. */
uint64_t stream_fold(struct folding *f);

#endif
