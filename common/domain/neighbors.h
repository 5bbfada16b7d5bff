/* neighbors.h - the stream `neighbors` (item neighbor weight [count]) in memory.
 *
 * Ids are numbered by the order of their bytes, so numbers break ties as ids do.
 */
#ifndef RECPIPE_DOMAIN_NEIGHBORS_H
#define RECPIPE_DOMAIN_NEIGHBORS_H

#include <stdint.h>

#include "data/strmap.h"
#include "streams/column.h"
#include "streams/table.h"

struct neighbor {
	uint32_t item;
	float weight;           /* finite; -0 is 0 */
};

/* item -> its neighbors, as they came: by falling weight, then by id. Those of item i are
 * at[start[i]] ... at[start[i + 1]]. */
struct neighbors {
	uint32_t items;         /* ids, those included that are only somebody's neighbor */
	struct strmap *ids;     /* number = rank in byte order */
	uint64_t *start;        /* items + 1 */
	struct neighbor *at;
};

static inline uint64_t neighbors_rows(const struct neighbors *n)
{
	return n->start[n->items];
}

/* Where the columns are: item, neighbor and weight. Ends the program when one is missing. */
struct neighbors_reader {
	struct table *table;
	size_t item, neighbor, weight;
};
struct neighbors_reader neighbors_open(struct table *t);

/* Reads the whole stream. Bad data: rows that are not sorted by item (byte order), then by
 * falling weight, then by neighbor; a neighbor that an item has twice; an empty id; a weight
 * that is not a finite number or too large for single precision. The order is that of the
 * weights as written, which a float may not tell apart. */
struct neighbors *neighbors_read(const struct neighbors_reader *r);

/* Keeps the neighbors for which keep[number] is true, in their order. */
void neighbors_keep(struct neighbors *n, const bool *keep);

void neighbors_free(struct neighbors *n);

#endif
