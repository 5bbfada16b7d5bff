#include "sides.h"

#include <stdlib.h>

#include "base/error.h"
#include "base/memory.h"

static struct table *open_excluded(const struct options *o, const char *path, bool *timed)
{
	struct table *t = table_open_file(path);
	table_column(t, option_column("user", o->user));
	table_column(t, option_column("item", o->item));
	table_optional_column(t, option_column("split", o->split));
	table_optional_column(t, option_column("timestamp", o->timestamp));
	*timed |= table_find_column(t, o->timestamp) >= 0;
	return t;
}

struct sides sides_open(const struct options *o)
{
	struct sides s = {.exclude_tables = memory_new(o->exclude.n, sizeof *s.exclude_tables)};
	bool timed = false;
	for (size_t i = 0; i < o->exclude.n; i++)
		s.exclude_tables[i] = open_excluded(o, o->exclude.values[i], &timed);
	if (option_given("exclude-window") && !timed)
		usage_error("--exclude-window: no --exclude file has a column '%s'", o->timestamp);
	if (o->users) {
		s.users_table = table_open_file(o->users);
		s.user_column = table_column(s.users_table, option_column("user", o->user));
	}
	if (o->candidates) {
		s.candidates_table = table_open_file(o->candidates);
		s.candidate_column = table_column(s.candidates_table, option_column("item", o->item));
	}
	if (o->items) {
		s.items_table = table_open_file(o->items);
		table_column(s.items_table, option_column("item", o->item));
	}
	if (o->item_features)
		s.cold_items = cold_open(o->item_features, MODEL_ITEM, option_column("item", o->item));
	if (o->user_features)
		s.cold_users = cold_open(o->user_features, MODEL_USER, option_column("user", o->user));
	return s;
}

static void read_excluded(struct sides *s, const struct options *o, unsigned splits)
{
	const struct exclude_columns columns = {
		.user = option_column("user", o->user), .item = option_column("item", o->item),
		.split = option_column("split", o->split),
		.timestamp = option_column("timestamp", o->timestamp),
		.unit = (enum time_unit)o->timestamp_unit,
	};
	bool window = option_given("exclude-window");
	s->excluded = exclude_new();
	for (size_t i = 0; i < o->exclude.n; i++) {
		exclude_read(s->excluded, s->exclude_tables[i], &columns, splits, window);
		table_close(s->exclude_tables[i]);
	}
	exclude_finish(s->excluded, window ? (int64_t)(o->exclude_window * 1000) : 0);
}

/* The ids of a column. */
static struct strmap *read_ids(struct table *t, size_t column)
{
	struct strmap *ids = strmap_new();
	while (table_next(t))
		strmap_add(ids, table_field(t, column));
	table_close(t);
	return ids;
}

void sides_read(struct sides *s, const struct options *o, unsigned splits)
{
	if (o->exclude.n)
		read_excluded(s, o, splits);
	if (s->users_table)
		s->users = read_ids(s->users_table, s->user_column);
	if (s->candidates_table)
		s->candidates = read_ids(s->candidates_table, s->candidate_column);
	if (s->items_table)
		s->catalog = catalog_read(s->items_table, option_column("item", o->item));
	if (s->cold_items)
		cold_read(s->cold_items);
	if (s->cold_users)
		cold_read(s->cold_users);
	free(s->exclude_tables);
}

bool sides_offer(struct sides *s, struct span id)
{
	bool offered = true;
	if (s->catalog) {
		uint32_t number = strmap_find(s->catalog->ids, id);
		offered = number != STRMAP_NONE && s->catalog->is_offered[number];
	}
	if (s->candidates)
		offered &= strmap_find(s->candidates, id) != STRMAP_NONE;
	s->not_offered += !offered;
	return offered;
}

void sides_free(struct sides *s)
{
	exclude_free(s->excluded);
	if (s->users)
		strmap_free(s->users);
	if (s->candidates)
		strmap_free(s->candidates);
	catalog_free(s->catalog);
	cold_free(s->cold_items);
	cold_free(s->cold_users);
}
