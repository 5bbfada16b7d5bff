/* catalog-sampler.h - what can be offered to anybody: the catalog, the popular list, artists. */
#ifndef RECPIPE_NEXT_TRACK_CATALOG_SAMPLER_H
#define RECPIPE_NEXT_TRACK_CATALOG_SAMPLER_H

#include "base/buffer.h"
#include "base/random.h"
#include "data/strmap.h"
#include "domain/catalog.h"
#include "list.h"

/* Zeroed, it is empty. */
struct catalog_sampler {
	struct catalog *catalog;  /* of --items; NULL: draws come from `pool` */
	struct strmap *pool;          /* items, numbered in the catalog's order */
	struct list popular;
	struct buffer popular_text;   /* what `popular` points into */
	uint64_t *artist_start;
	uint32_t *artist_item;
};

/* Reads the catalog and makes the index of its artists; exit 3 when it offers nothing. */
void sampler_read_items(struct catalog_sampler *s, struct table *t, const char *path);
/* The popular list, after the catalog; says how many of it the catalog does not offer. */
void sampler_read_popular(struct catalog_sampler *s, struct table *t);

/* Puts something in place of what was there; both take what they are given. */
void sampler_put_pool(struct catalog_sampler *s, struct strmap *pool);
void sampler_put_popular(struct catalog_sampler *s, struct buffer *text);

/* Is there something to draw? */
bool sampler_has_stock(const struct catalog_sampler *s);

/* May the item be offered? Where no catalog was given, anything may. */
bool sampler_can_offer(const struct catalog_sampler *s, struct span item);

/* The same of every item of a map, by number: a new array, the caller's; `never` are not. */
bool *sampler_offers(const struct catalog_sampler *s, const struct strmap *items, uint32_t *never);

/* Draws an item: any alike but `played`, and that one too when there is no other; returns
 * the chance that it had. There is stock. */
double sampler_draw(const struct catalog_sampler *s, struct span played, struct random *r, struct span *item);

/* The chance that sampler_draw had to draw the item. */
double sampler_chance(const struct catalog_sampler *s, struct span played, struct span item);

/* The same of sampler_draw_by_artist. */
double sampler_chance_by_artist(const struct catalog_sampler *s, struct span played, struct span item);

/* How many other items by the artist of `played` can be offered. */
uint32_t sampler_others_by_artist(const struct catalog_sampler *s, struct span played);

/* Draws one of them, any alike; there is one. */
struct span sampler_draw_by_artist(const struct catalog_sampler *s, struct span played, struct random *r);

void sampler_free(struct catalog_sampler *s);

#endif
