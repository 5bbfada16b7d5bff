/* The values of a table's fields, and messages about bad ones. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "base/error.h"
#include "streams/hints.h"
#include "streams/table.h"
#include "streams/table-reader.h"

long table_optional_column(const struct table *t, struct column wanted)
{
	if (!wanted.name)
		return -1;
	return wanted.option ? (long)table_column(t, wanted) : table_find_column(t, wanted.name);
}

void table_fail(const struct table *t, const char *format, ...)
{
	char text[1024];
	va_list args;
	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	die(STATUS_DATA, "%s:%llu: %s", table_file(t), (unsigned long long)table_line(t), text);
}

void table_reject(struct table *t, size_t column, const char *problem)
{
	table_reject_with(t, column, problem, NULL);
}

/* No number: the header's own name, or in the first row a word, tell more. */
static void reject_number(struct table *t, size_t column, enum number_state state)
{
	struct span field = table_field(t, column);
	const char *hint = NULL;
	if (span_equal(field, table_column_name(t, column))) {
		hint = HINT_AGAIN;
	} else if (table_line(t) <= 2 && hint_is_word(field)) {
		hint = "words? filter-interactions --where COLUMN=WORD keeps rows by them";
	}
	table_reject_with(t, column, number_problem(state), hint);
}

#define TABLE_NUMBER(kind, type) \
	bool table_##kind(struct table *t, size_t column, type *value) \
	{ \
		struct span field = table_field(t, column); \
		enum number_state state = number_##kind(field.at, field.n, value); \
		if (state != NUMBER_OK) \
			reject_number(t, column, state); \
		return state == NUMBER_OK; \
	}

TABLE_NUMBER(double, double)
TABLE_NUMBER(float, float)
TABLE_NUMBER(i64, int64_t)
TABLE_NUMBER(u64, uint64_t)

bool table_try_time(struct table *t, size_t column, enum time_unit unit, int64_t *ms)
{
	struct span field = table_field(t, column);
	if (time_read(field.at, field.n, unit, ms) != NUMBER_OK)
		return false;
	table_saw_time(t, unit, *ms);
	return true;
}

void table_saw_time(struct table *t, enum time_unit unit, int64_t ms)
{
	if (!t->timed || ms > t->newest)
		t->newest = ms;
	t->timed = true;
	t->unit = unit;
}

bool table_time(struct table *t, size_t column, enum time_unit unit, int64_t *ms)
{
	struct span field = table_field(t, column);
	enum number_state state = time_read(field.at, field.n, unit, ms);
	if (state == NUMBER_OK) {
		table_saw_time(t, unit, *ms);
		return true;
	}
	table_reject_with(t, column, time_problem(state, unit), time_hint(unit, field.at, field.n));
	return false;
}

void table_wants(struct table *t, const char *a, const char *b, const char *c)
{
	t->wants[0] = a;
	t->wants[1] = b;
	t->wants[2] = c;
}

/* Is it a key in a path, and a word for sh, as it is? */
static bool is_plain(const char *name)
{
	size_t n = 0;
	while ((name[n] >= 'a' && name[n] <= 'z') || (name[n] >= 'A' && name[n] <= 'Z') || name[n] == '_')
		n++;
	return n > 0 && !name[n];
}

const char *table_hint_maps(const struct table *t, const char *hint, struct buffer *text)
{
	if (!hint || !strstr(hint, "import-logs"))
		return hint;
	buffer_add_text(text, hint);
	for (size_t i = 0; i < sizeof t->wants / sizeof *t->wants; i++)
		if (t->wants[i] && is_plain(t->wants[i]))
			buffer_format(text, " --map %s=.%s", t->wants[i], t->wants[i]);
	return buffer_text(text);
}
