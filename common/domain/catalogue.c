#include "domain/catalogue.h"

#include "base/memory.h"
#include "streams/table.h"

struct catalogue *catalogue_new(void)
{
	struct catalogue *c = memory_zero(1, sizeof *c);
	c->ids = strmap_new();
	c->artists = strmap_new();
	return c;
}

bool catalogue_add(struct catalogue *c, struct span item, struct span artist, bool offered)
{
	uint32_t n = catalogue_count(c);
	if (strmap_add(c->ids, item) != n)
		return false;
	c->artist = memory_grow(c->artist, &c->artist_capacity, (size_t)n + 1, sizeof *c->artist);
	c->is_offered = memory_grow(c->is_offered, &c->offered_capacity, (size_t)n + 1,
				    sizeof *c->is_offered);
	c->artist[n] = artist.n ? strmap_add(c->artists, artist) : CATALOGUE_NONE;
	c->is_offered[n] = offered;
	return true;
}

void catalogue_seal(struct catalogue *c)
{
	uint32_t n = catalogue_count(c), artists = strmap_count(c->artists);
	c->offered = memory_new(n, sizeof *c->offered);
	c->artist_items = memory_new(n, sizeof *c->artist_items);
	c->artist_start = memory_zero((size_t)artists + 2, sizeof *c->artist_start);
	uint32_t *start = c->artist_start;
	for (uint32_t i = 0; i < n; i++) {
		if (!c->is_offered[i])
			continue;
		c->offered[c->offered_count++] = i;
		if (c->artist[i] != CATALOGUE_NONE)
			start[c->artist[i] + 2]++;
	}
	/* Shifted by one place, so that filling the lists moves the starts right. */
	for (uint32_t a = 0; a < artists; a++)
		start[a + 2] += start[a + 1];
	for (uint32_t i = 0; i < n; i++)
		if (c->is_offered[i] && c->artist[i] != CATALOGUE_NONE)
			c->artist_items[start[c->artist[i] + 1]++] = i;
}

/* A flag of the current row. */
static bool flag(struct table *t, long column, bool otherwise)
{
	if (column < 0)
		return otherwise;
	struct span field = table_field(t, (size_t)column);
	if (field.n == 0)
		return otherwise;
	if (field.n != 1 || (field.at[0] != '0' && field.at[0] != '1'))
		table_reject(t, (size_t)column, "neither 0 nor 1");
	return field.at[0] == '1';
}

struct catalogue *catalogue_read(const char *path, const char *item)
{
	struct table *t = table_open_file(path);
	struct catalogue *c = catalogue_new();
	size_t id = table_column(t, item ? item : "item", item ? "item" : NULL);
	long artist = table_find_column(t, "artist");
	long available = table_find_column(t, "available"), blocked = table_find_column(t, "blocked");
	while (table_next(t)) {
		struct span key = table_field(t, id);
		if (key.n == 0)
			table_reject(t, id, "an empty id");
		struct span by = artist < 0 ? span_of("") : table_field(t, (size_t)artist);
		bool offered = flag(t, available, true);
		offered &= !flag(t, blocked, false);
		if (!catalogue_add(c, key, by, offered))
			table_reject(t, id, "an item that is there already");
	}
	table_close(t);
	catalogue_seal(c);
	return c;
}

uint32_t catalogue_find(const struct catalogue *c, struct span item)
{
	return strmap_find(c->ids, item);
}

void catalogue_free(struct catalogue *c)
{
	if (!c)
		return;
	strmap_free(c->ids);
	strmap_free(c->artists);
	free(c->artist);
	free(c->is_offered);
	free(c->offered);
	free(c->artist_start);
	free(c->artist_items);
	free(c);
}
