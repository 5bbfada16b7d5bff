/* sides.h - the files beside the model that say who is answered, and with what. */
#ifndef RECPIPE_EXPORT_TOPK_SIDES_H
#define RECPIPE_EXPORT_TOPK_SIDES_H

#include "domain/offer.h"
#include "learning/cold-start.h"
#include "options.h"

struct sides {
	struct offer offer;            /* --exclude, --users, --items, --candidates */
	struct offer_files files;      /* ... and what they are */
	struct cold *cold_users, *cold_items; /* NULL: not given */
	uint64_t not_offered;          /* items that sides_offer has turned down */
};

/* Opens all and finds their columns, before the first is read. `splits`: of --exclude files
 * that have a split column. */
struct sides sides_open(const struct options *o, unsigned splits);

/* Reads and closes them. */
void sides_read(struct sides *s);

/* May the item be offered at all? Counts those that may not. */
bool sides_offer(struct sides *s, struct span id);

void sides_free(struct sides *s);

#endif
