/* catalogue.h - the items that may be offered (item title artist available blocked ..).
 *
 * Only `item` must be there. `available` (1 unless told) and `blocked` (0) are
 * 0 or 1, or empty for the default; an item that is available and not blocked
 * is offered. `artist` groups items; empty means that none is known. Items keep
 * the order of the file.
 */
#ifndef RECPIPE_DOMAIN_CATALOGUE_H
#define RECPIPE_DOMAIN_CATALOGUE_H

#include <stdbool.h>
#include <stdint.h>

#include "data/strmap.h"

enum { CATALOGUE_NONE = STRMAP_NONE };

struct catalogue {
	struct strmap *ids;      /* every item of the file: number = its row */
	struct strmap *artists;
	uint32_t *artist;        /* of item i, or CATALOGUE_NONE */
	bool *is_offered;        /* of item i */
	size_t artist_capacity, offered_capacity;
	uint32_t *offered;       /* the items that are offered */
	uint32_t offered_count;
	uint32_t *artist_start;  /* artists + 1: offered items of artist a are */
	uint32_t *artist_items;  /*   artist_items[artist_start[a] .. artist_start[a + 1]] */
};

struct catalogue *catalogue_new(void);

/* Adds an item; `artist` may be empty. False when it is there already. */
bool catalogue_add(struct catalogue *c, struct span item, struct span artist, bool offered);

/* Call once behind the last item: fills `offered` and the lists of artists. */
void catalogue_seal(struct catalogue *c);

/* Reads and seals a file. `item` names the id's column (NULL: "item"). Exit 3:
 * an item that is empty or double, a flag that is neither 0 nor 1; exit 2 when
 * a named column is missing. */
struct catalogue *catalogue_read(const char *path, const char *item);

/* Number of an item, or CATALOGUE_NONE. */
uint32_t catalogue_find(const struct catalogue *c, struct span item);

static inline struct span catalogue_item(const struct catalogue *c, uint32_t number)
{
	return strmap_key(c->ids, number);
}

static inline uint32_t catalogue_count(const struct catalogue *c)
{
	return strmap_count(c->ids);
}

/* NULL is allowed. */
void catalogue_free(struct catalogue *c);

#endif
