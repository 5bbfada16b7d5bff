/* parts.h - how many pairs each item has: counts of some of the users, written as a table, added up.
 *
 * A part has a row for each item, in the byte order of the ids, and one more row, whose item is
 * empty: how many items and pairs these are, of how many users and rows, the newest time, of how
 * many parts they are the sum, and how they were counted. Parts that are added up are a part again.
 */
#ifndef RECPIPE_BUILD_DATASET_PARTS_H
#define RECPIPE_BUILD_DATASET_PARTS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"
#include "data/strmap.h"
#include "domain/parts.h"
#include "streams/output.h"
#include "streams/table.h"

struct part {
	struct strmap *items;
	uint64_t *pairs;        /* of each item's number */
	size_t capacity;
	uint64_t all_pairs, users, rows;
	struct part_ids ids;    /* of each of the parts */
	int64_t newest;         /* INT64_MIN: no time */
	char *settings;         /* NULL: no part yet */
};

void part_write_header(struct output *out);

/* Writes it; the items as they are in the map's order of bytes. */
void part_write(const struct part *p, struct output *out);

/* Reads all parts of the table and adds them up. What is no part, or not all of one, or of another
 * kind than the first, and the same part twice, is bad data, and so is another number of parts than
 * `wanted` (0: any). */
struct part *parts_read(struct table *t, uint64_t wanted);

/* NULL is allowed. */
void part_free(struct part *p);

#endif
