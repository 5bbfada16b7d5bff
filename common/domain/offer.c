#include "domain/offer.h"

#include <stdlib.h>

#include "base/memory.h"

static struct table *open_excluded(const struct offer_files *f, const char *path, bool *timed)
{
	struct side_table side = f->exclude_side;
	side.path = path;
	struct table *t = table_open_side(&side);
	table_column(t, f->columns.user);
	table_column(t, f->columns.item);
	table_optional_column(t, f->columns.split);
	*timed |= table_optional_column(t, f->columns.timestamp) >= 0;
	return t;
}

struct offer offer_open(const struct offer_files *f)
{
	struct offer o = {.exclude_tables = memory_new(f->exclude_n, sizeof(struct table *))};
	for (size_t i = 0; i < f->exclude_n; i++)
		o.exclude_tables[i] = open_excluded(f, f->exclude[i], &o.exclude_timed);
	if (f->users.path) {
		o.users_table = table_open_side(&f->users);
		o.user_column = table_column(o.users_table, f->columns.user);
	}
	if (f->candidates.path) {
		o.candidates_table = table_open_side(&f->candidates);
		o.candidate_column = table_column(o.candidates_table, f->columns.item);
	}
	if (f->items.path) {
		o.items_table = table_open_side(&f->items);
		table_column(o.items_table, f->columns.item);
	}
	return o;
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

void offer_read(struct offer *o, const struct offer_files *f)
{
	if (f->exclude_n) {
		o->excluded = exclude_new();
		for (size_t i = 0; i < f->exclude_n; i++) {
			exclude_read(o->excluded, o->exclude_tables[i], &f->columns, f->exclude_splits,
				     f->exclude_window_ms >= 0);
			table_close(o->exclude_tables[i]);
		}
		exclude_finish(o->excluded, f->exclude_window_ms);
	}
	free(o->exclude_tables);
	o->exclude_tables = NULL;
	if (o->users_table)
		o->users = read_ids(o->users_table, o->user_column);
	if (o->candidates_table)
		o->candidates = read_ids(o->candidates_table, o->candidate_column);
	if (o->items_table)
		o->catalog = catalog_read(o->items_table, f->columns.item);
}

bool offer_has_item(const struct offer *o, struct span id)
{
	if (o->catalog) {
		uint32_t number = strmap_find(o->catalog->ids, id);
		if (number == STRMAP_NONE || !o->catalog->is_offered[number])
			return false;
	}
	return !o->candidates || strmap_find(o->candidates, id) != STRMAP_NONE;
}

void offer_free(struct offer *o)
{
	exclude_free(o->excluded);
	if (o->users)
		strmap_free(o->users);
	if (o->candidates)
		strmap_free(o->candidates);
	catalog_free(o->catalog);
	*o = (struct offer){0};
}
