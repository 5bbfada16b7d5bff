#include "domain/catalog.h"

#include <stdlib.h>

#include "base/memory.h"

/* 1 yes, 0 no, -1 neither; nothing is `otherwise`. */
static int yes_or_no(struct span text, int otherwise)
{
	static const char *const YES[] = {"1", "yes", "true"}, *const NO[] = {"0", "no", "false"};
	if (text.n == 0)
		return otherwise;
	for (size_t i = 0; i < 3; i++) {
		if (span_equal(text, span_of(YES[i])))
			return 1;
		if (span_equal(text, span_of(NO[i])))
			return 0;
	}
	return -1;
}

/* A yes-or-no column of the current row; false when the row was rejected. */
static bool flag(struct table *t, long column, int otherwise, bool *value)
{
	int answer = column < 0 ? otherwise : yes_or_no(table_field(t, (size_t)column), otherwise);
	*value = answer == 1;
	if (answer < 0)
		table_reject(t, (size_t)column, "not 0 or 1");
	return answer >= 0;
}

struct catalog *catalog_read(struct table *t, struct column item)
{
	size_t id = table_column(t, item);
	long artist = table_find_column(t, "artist");
	long available = table_find_column(t, "available"), blocked = table_find_column(t, "blocked");
	struct catalog *c = memory_zero(1, sizeof *c);
	size_t capacity[3] = {0};
	c->ids = strmap_new();
	c->artists = strmap_new();
	c->has_artists = artist >= 0;
	while (table_next(t)) {
		bool can, must_not;
		if (table_field(t, id).n == 0) {
			table_reject(t, id, "an empty id");
			continue;
		}
		if (!flag(t, available, 1, &can) || !flag(t, blocked, 0, &must_not))
			continue;
		uint32_t n = strmap_count(c->ids);
		if (strmap_add(c->ids, table_field(t, id)) != n) {
			table_reject(t, id, "a duplicate item");
			continue;
		}
		c->artist = memory_grow(c->artist, &capacity[0], (size_t)n + 1, sizeof *c->artist);
		c->is_offered = memory_grow(c->is_offered, &capacity[1], (size_t)n + 1,
					    sizeof *c->is_offered);
		struct span by = artist < 0 ? (struct span){NULL, 0} : table_field(t, (size_t)artist);
		c->artist[n] = by.n ? strmap_add(c->artists, by) : STRMAP_NONE;
		c->is_offered[n] = can && !must_not;
		if (c->is_offered[n]) {
			c->offered = memory_grow(c->offered, &capacity[2], (size_t)c->n_offered + 1,
						 sizeof *c->offered);
			c->offered[c->n_offered++] = n;
		}
	}
	table_close(t);
	return c;
}

void catalog_free(struct catalog *c)
{
	if (!c)
		return;
	strmap_free(c->ids);
	strmap_free(c->artists);
	free(c->offered);
	free(c->is_offered);
	free(c->artist);
	free(c);
}
