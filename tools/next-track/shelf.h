/* shelf.h - what can be offered to anybody: the catalog, the popular list, artists. */
#ifndef NEXT_TRACK_SHELF_H
#define NEXT_TRACK_SHELF_H

#include "base/buffer.h"
#include "base/random.h"
#include "data/strmap.h"
#include "domain/catalog.h"
#include "list.h"

/* Zeroed, it is empty. */
struct shelf {
	struct catalog *catalog;  /* of --items; NULL: draws come from `pool` */
	struct strmap *pool;          /* items, numbered in the catalog's order */
	struct list popular;
	struct buffer popular_text;   /* what `popular` points into */
	uint64_t *artist_start;
	uint32_t *artist_item;
};

/* Reads the catalog and makes the index of its artists; exit 3 when it offers nothing. */
void shelf_read_items(struct shelf *s, struct table *t, const char *path);
/* The popular list, after the catalog; says how many of it the catalog does not offer. */
void shelf_read_popular(struct shelf *s, struct table *t);

/* Puts something in place of what was there; both take what they are given. */
void shelf_put_pool(struct shelf *s, struct strmap *pool);
void shelf_put_popular(struct shelf *s, struct buffer *text);

/* Is there something to draw? */
bool shelf_has_stock(const struct shelf *s);

/* May the item be offered? Where no catalog was given, anything may. */
bool shelf_can_offer(const struct shelf *s, struct span item);

/* Draws an item: any alike but `played`, and that one too when there is no other; returns
 * the chance that it had. The shelf has stock. */
double shelf_draw(const struct shelf *s, struct span played, struct random *r, struct span *item);

/* How many other items by the artist of `played` can be offered. */
uint32_t shelf_others_by_artist(const struct shelf *s, struct span played);

/* Draws one of them, any alike; there is one. */
struct span shelf_draw_by_artist(const struct shelf *s, struct span played, struct random *r);

void shelf_free(struct shelf *s);

#endif
