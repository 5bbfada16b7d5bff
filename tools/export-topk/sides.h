/* sides.h - the files beside the model that say who is answered, and with what. */
#ifndef RECPIPE_EXPORT_TOPK_SIDES_H
#define RECPIPE_EXPORT_TOPK_SIDES_H

#include "data/strmap.h"
#include "streams/table.h"
#include "domain/catalog.h"
#include "domain/exclude.h"
#include "cold-start.h"
#include "options.h"

/* What the files hold, each NULL when it was not given. */
struct sides {
	struct exclude *excluded;
	struct strmap *users;          /* of --users */
	struct strmap *candidates;     /* the items of --candidates */
	struct catalog *catalog;       /* of --items */
	struct cold *cold_users, *cold_items;
	uint64_t not_offered;          /* items that sides_offer has turned down */

	struct table **exclude_tables, *users_table, *items_table, *candidates_table;
	size_t user_column, candidate_column;
};

/* Opens all and finds their columns, before the first is read. */
struct sides sides_open(const struct options *o);

/* Reads and closes them. `splits`: of --exclude files that have a split column. */
void sides_read(struct sides *s, const struct options *o, unsigned splits);

/* May the item be offered at all? Counts those that may not. */
bool sides_offer(struct sides *s, struct span id);

void sides_free(struct sides *s);

#endif
