/* offer.h - whom lists are made for and what may be in them: the side files that the tools
 * which make lists share (--exclude, --users, --items, --candidates).
 */
#ifndef RECPIPE_DOMAIN_OFFER_H
#define RECPIPE_DOMAIN_OFFER_H

#include <stdbool.h>
#include <stdint.h>

#include "data/strmap.h"
#include "domain/catalog.h"
#include "domain/exclude.h"
#include "streams/table.h"

struct offer_files {
	const char *const *exclude;      /* files of user, item, [split], [timestamp], */
	struct side_table exclude_side;  /* and what is known of them, but for their names */
	size_t exclude_n;
	struct side_table users;         /* none: all users */
	struct side_table items, candidates; /* none: all items */
	struct exclude_columns columns;  /* user and item are those of all the files */
	unsigned exclude_splits;         /* mask: of exclude files with a split column */
	int64_t exclude_window_ms;       /* below 0: rows are never too old */
};

struct offer {
	struct exclude *excluded;        /* NULL: no exclude file */
	struct strmap *users;            /* NULL: all */
	struct strmap *candidates;       /* NULL: all */
	struct catalog *catalog;         /* NULL: none */
	bool exclude_timed;              /* an exclude file has timestamps */
	struct table **exclude_tables;   /* from offer_open to offer_read, as are these: */
	struct table *users_table, *candidates_table, *items_table;
	size_t user_column, candidate_column;
};

/* Opens the files and finds their columns; what is missing ends the program. */
struct offer offer_open(const struct offer_files *files);

/* Reads and closes them. `files` is the same as before. */
void offer_read(struct offer *o, const struct offer_files *files);

static inline bool offer_asks_user(const struct offer *o, struct span id)
{
	return !o->users || strmap_find(o->users, id) != STRMAP_NONE;
}

/* Do the files leave any item out? */
static inline bool offer_filters(const struct offer *o)
{
	return o->catalog || o->candidates;
}

/* May the item be in a list at all? */
bool offer_has_item(const struct offer *o, struct span id);

void offer_free(struct offer *o);

#endif
