/* idset.h - has this id been seen before? For streams whose ids are too many
 * to keep: an id costs 16 bytes, and at most twice that with the spare room.
 *
 * What is kept is a 128-bit fingerprint. Two different ids are taken for one
 * with probability n^2 / 2^129: 10^-21 for a billion ids.
 */
#ifndef RECPIPE_DATA_IDSET_H
#define RECPIPE_DATA_IDSET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"

struct idset_mark {
	uint64_t high, low;
};

/* A zeroed struct is an empty set. */
struct idset {
	struct idset_mark *slots; /* both words 0: free */
	size_t n, capacity;       /* capacity is 0 or a power of two */
};

/* Puts the id in; true when it was not there yet. */
bool idset_add(struct idset *set, struct span id);

void idset_free(struct idset *set);

#endif
