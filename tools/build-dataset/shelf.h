/* shelf.h - pieces of pairs, in memory or in a temporary file, in the order they were put there. */
#ifndef RECPIPE_BUILD_DATASET_SHELF_H
#define RECPIPE_BUILD_DATASET_SHELF_H

#include <stdbool.h>

#include "pairs.h"

struct shelf;

struct shelf *shelf_new(bool in_memory);

/* NULL is allowed. */
void shelf_free(struct shelf *s);

/* Takes the piece over. */
void shelf_put(struct shelf *s, struct pairs *piece);

/* The next piece, the caller's, the first one after shelf_put. False at the end. `item_id` as in the
 * pieces that were put. */
bool shelf_next(struct shelf *s, struct span *item_id, struct pairs *piece);

#endif
