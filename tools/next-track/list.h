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

/* Neighbors, item and weight by turns, in place of what was there: up to the first that is not so. */
void list_split_weighted(struct list *l, const char *text, size_t n);
void list_free(struct list *l);

#endif
