#include "items.h"

#include <stdlib.h>

#include "base/error.h"
#include "base/memory.h"
#include "data/strmap.h"
#include "streams/table.h"

struct items {
	struct strmap *ids;
	struct buffer rows;      /* one after the other, TABs between fields, LF after each */
	size_t *start;           /* of the row of an item, by number */
	size_t starts;           /* room */
	struct span *columns;
	struct buffer header;
	size_t n_columns;
};

static void take_header(struct items *items, struct table *t)
{
	struct span field, rest;
	items->n_columns = table_width(t);
	buffer_add_span(&items->header, table_header(t));
	items->columns = memory_new(items->n_columns, sizeof *items->columns);
	rest = (struct span){items->header.data, items->header.n};
	for (size_t c = 0; c < items->n_columns && span_next(&rest, '\t', &field); c++)
		items->columns[c] = field;
}

static bool take_rows(struct items *items, struct table *t, size_t item, const char *path,
	struct failure *why)
{
	char shown[QUOTED_SIZE];
	while (table_next(t)) {
		struct span id = table_field(t, item);
		uint32_t known = strmap_count(items->ids);
		if (strmap_add(items->ids, id) != known)
			return failure_set(why, STATUS_DATA, "%s:%llu: the item is there already: %s", shown_file(path),
					   (unsigned long long)table_line(t), quoted(id.at, id.n, shown));
		items->start = memory_grow(items->start, &items->starts, (size_t)known + 1, sizeof *items->start);
		items->start[known] = items->rows.n;
		buffer_add_span(&items->rows, table_row(t));
		buffer_add_byte(&items->rows, '\n');
	}
	return !has_failed(why);
}

struct items *items_read(const char *path, struct failure *why)
{
	struct items *items = memory_zero(1, sizeof *items);
	char *files[] = {(char *)(uintptr_t)path};
	struct table *t = table_open_or(files, 1, &(struct table_format){0}, why);
	size_t item = t ? table_column(t, column_called("item")) : SIZE_MAX;
	items->ids = strmap_new();
	bool good = item != SIZE_MAX;
	if (good) {
		take_header(items, t);
		good = take_rows(items, t, item, path, why);
	}
	if (t)
		good = table_close(t) && good;
	if (good)
		return items;
	items_free(items);
	return NULL;
}

const struct span *items_columns(const struct items *items, size_t *n)
{
	*n = items->n_columns;
	return items->columns;
}

bool items_find(const struct items *items, struct span item, struct span *fields)
{
	uint32_t i = strmap_find(items->ids, item);
	if (i == STRMAP_NONE)
		return false;
	const char *from = items->rows.data + items->start[i];
	const char *end = memchr(from, '\n', items->rows.n - items->start[i]);
	struct span field, rest = {from, (size_t)(end - from)};
	for (size_t c = 0; c < items->n_columns && span_next(&rest, '\t', &field); c++)
		fields[c] = field;
	return true;
}

void items_free(struct items *items)
{
	if (!items)
		return;
	strmap_free(items->ids);
	buffer_free(&items->rows);
	buffer_free(&items->header);
	free(items->columns);
	free(items->start);
	free(items);
}
