#include "catalog-sampler.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "data/csr.h"

/* Items by artist: those of artist a are artist_item[artist_start[a] ... artist_start[a + 1]]. */
static void index_artists(struct catalog_sampler *s)
{
	const struct catalog *c = s->catalog;
	uint32_t artists = strmap_count(c->artists);
	s->artist_start = csr_new(artists);
	s->artist_item = memory_new((size_t)c->n_offered + 1, sizeof *s->artist_item);
	for (uint32_t i = 0; i < c->n_offered; i++)
		if (c->artist[c->offered[i]] != STRMAP_NONE)
			csr_count(s->artist_start, c->artist[c->offered[i]]);
	csr_sum(s->artist_start, artists);
	for (uint32_t i = 0; i < c->n_offered; i++) {
		uint32_t artist = c->artist[c->offered[i]];
		if (artist != STRMAP_NONE)
			s->artist_item[csr_place(s->artist_start, artist)] = c->offered[i];
	}
}

void sampler_read_items(struct catalog_sampler *s, struct table *t, const char *path)
{
	s->catalog = catalog_read(t, column_called("item"));
	if (s->catalog->n_offered == 0)
		die(STATUS_DATA, "%s: no item in it may be recommended", path);
	index_artists(s);
}

void sampler_read_popular(struct catalog_sampler *s, struct table *t)
{
	struct buffer text = {0};
	size_t item = table_column(t, column_called("item"));
	uint32_t n = 0, never = 0;
	while (table_next(t)) {
		struct span id = table_field(t, item);
		if (id.n == 0)
			table_reject(t, item, "an empty id");
		if (text.n)
			buffer_add_byte(&text, '\t');
		buffer_add_span(&text, id);
		n++;
		never += !sampler_can_offer(s, id);
	}
	table_close(t);
	if (never)
		warn("%u of the %u popular items are never recommended: --items does not offer them", never, n);
	sampler_put_popular(s, &text);
}

void sampler_put_pool(struct catalog_sampler *s, struct strmap *pool)
{
	strmap_free(s->pool);
	s->pool = pool;
}

void sampler_put_popular(struct catalog_sampler *s, struct buffer *text)
{
	buffer_free(&s->popular_text);
	s->popular_text = *text;
	*text = (struct buffer){0};
	list_split(&s->popular, s->popular_text.data, s->popular_text.n);
}

bool sampler_has_stock(const struct catalog_sampler *s)
{
	return s->catalog || (s->pool && strmap_count(s->pool) > 0);
}

bool sampler_can_offer(const struct catalog_sampler *s, struct span item)
{
	if (!s->catalog)
		return true;
	uint32_t n = strmap_find(s->catalog->ids, item);
	return n != STRMAP_NONE && s->catalog->is_offered[n];
}

bool *sampler_offers(const struct catalog_sampler *s, const struct strmap *items, uint32_t *never)
{
	uint32_t n = strmap_count(items);
	bool *offered = memory_new(n, sizeof *offered);
	*never = 0;
	for (uint32_t i = 0; i < n; i++) {
		offered[i] = sampler_can_offer(s, strmap_key(items, i));
		*never += !offered[i];
	}
	return offered;
}

/* Is the item one of those that are drawn from? */
static bool is_in_stock(const struct catalog_sampler *s, struct span item)
{
	return s->catalog ? sampler_can_offer(s, item) : strmap_find(s->pool, item) != STRMAP_NONE;
}

double sampler_draw(const struct catalog_sampler *s, struct span played, struct random *r, struct span *item)
{
	const struct catalog *c = s->catalog;
	uint32_t n = c ? c->n_offered : strmap_count(s->pool);
	/* Drawing again is fair, and 100 times the one played of two comes never. */
	for (int attempt = 0; attempt < 100; attempt++) {
		uint32_t i = random_below(r, n);
		*item = c ? strmap_key(c->ids, c->offered[i]) : strmap_key(s->pool, i);
		if (n == 1 || !span_equal(*item, played))
			break;
	}
	return 1.0 / (n - (n > 1 && is_in_stock(s, played)));
}

double sampler_chance(const struct catalog_sampler *s, struct span played, struct span item)
{
	uint32_t n = s->catalog ? s->catalog->n_offered : strmap_count(s->pool);
	if (!is_in_stock(s, item) || (n > 1 && span_equal(item, played)))
		return 0;
	return 1.0 / (n - (n > 1 && is_in_stock(s, played)));
}

static uint32_t items_of(const struct catalog_sampler *s, uint32_t artist)
{
	return (uint32_t)(s->artist_start[artist + 1] - s->artist_start[artist]);
}

uint32_t sampler_others_by_artist(const struct catalog_sampler *s, struct span played)
{
	uint32_t track = s->catalog ? strmap_find(s->catalog->ids, played) : STRMAP_NONE;
	uint32_t artist = track == STRMAP_NONE ? STRMAP_NONE : s->catalog->artist[track];
	if (artist == STRMAP_NONE)
		return 0;
	return items_of(s, artist) - s->catalog->is_offered[track];
}

struct span sampler_draw_by_artist(const struct catalog_sampler *s, struct span played, struct random *r)
{
	uint32_t track = strmap_find(s->catalog->ids, played), artist = s->catalog->artist[track];
	uint32_t n = items_of(s, artist), i;
	do
		i = s->artist_item[s->artist_start[artist] + random_below(r, n)];
	while (i == track);
	return strmap_key(s->catalog->ids, i);
}

double sampler_chance_by_artist(const struct catalog_sampler *s, struct span played, struct span item)
{
	uint32_t others = sampler_others_by_artist(s, played);
	if (others == 0 || span_equal(item, played) || !sampler_can_offer(s, item))
		return 0;
	uint32_t own = s->catalog->artist[strmap_find(s->catalog->ids, played)];
	return s->catalog->artist[strmap_find(s->catalog->ids, item)] == own ? 1.0 / others : 0;
}

void sampler_free(struct catalog_sampler *s)
{
	catalog_free(s->catalog);
	strmap_free(s->pool);
	list_free(&s->popular);
	buffer_free(&s->popular_text);
	free(s->artist_start);
	free(s->artist_item);
	*s = (struct catalog_sampler){0};
}
