/* catalog.h - items.tsv: what can be offered at all.
 *
 * Columns: item, and where they are there title, artist, available and blocked
 * (0 or 1, yes or no, true or false; empty: available, not blocked).
 */
#ifndef RECPIPE_DOMAIN_CATALOG_H
#define RECPIPE_DOMAIN_CATALOG_H

#include <stdbool.h>
#include <stdint.h>

#include "data/strmap.h"
#include "streams/table.h"

struct catalog {
	struct strmap *ids;    /* every item of the file, numbered in its order */
	uint32_t *offered;     /* numbers of those that are available and not blocked */
	uint32_t n_offered;
	bool *is_offered;      /* by number */
	struct strmap *artists;
	uint32_t *artist;      /* by number; STRMAP_NONE: has none */
	bool has_artists;      /* the file has such a column */
};

/* Reads and closes the table. An item that occurs twice is bad data (exit 3). `item`
 * is the column of ids. */
struct catalog *catalog_read(struct table *t, struct column item);
void catalog_free(struct catalog *c);

#endif
