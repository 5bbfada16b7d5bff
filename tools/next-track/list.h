/* list.h - a list to pick from, best first. */
#ifndef RECPIPE_NEXT_TRACK_LIST_H
#define RECPIPE_NEXT_TRACK_LIST_H

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"

/* A zeroed struct is an empty list. The ids lie elsewhere. */
struct list {
	uint32_t n, capacity;
	struct span *items;
	double *scores;          /* nan where they are not known */
	bool *allowed;           /* when `checked`: the catalog was asked before, once */
	bool checked;
};

void list_clear(struct list *l);
void list_add(struct list *l, struct span item, double score, bool allowed);

/* The items of a text with TABs between them, in place of what was there. The text stays
 * where it is as long as the list is used. */
void list_split(struct list *l, const char *text, size_t n);

void list_free(struct list *l);

/* A list that is being filled with the neighbors of a track, best first. */
struct filling {
	struct list *list;
	bool all;                /* whatever their weights */
	uint32_t left;           /* else: offered ones that are still wanted, before the last one */
};

/* In place of what was in the list: neighbors with weights above 0, up to the one after the `most`th that
 * may be offered (as the track itself may be among them), or all where that is 0. */
struct filling filling_begin(struct list *l, uint32_t most);

/* Adds a neighbor; false: no more are wanted. */
static inline bool filling_add(struct filling *f, struct span item, float weight, bool offered)
{
	if (!f->all && !(weight > 0))
		return false;
	list_add(f->list, item, (double)weight, offered);
	return f->all || !offered || f->left-- > 0;
}

#endif
