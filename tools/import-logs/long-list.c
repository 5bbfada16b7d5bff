/* Lists of any length inside a value of the file. */
#include "import.h"

#include <stdio.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "base/quote.h"
#include "streams/json-split.h"

enum {
	LIST_EARLY = 1 << 16, /* the list begins within so many bytes, */
	LISTS_TRIED = 64,     /* and is one of the first lists there */
};

/* Tests make it small. */
static size_t long_bytes = LIST_LONG;

void long_lists_use(size_t bytes)
{
	long_bytes = bytes;
}

/* What a value begins with. */
struct start {
	struct buffer text;    /* as a line, to after the bracket of a list */
	bool string, escape;
	char open[LIST_EARLY]; /* the brackets that are open there */
	size_t depth;
};

/* One byte more. */
static void add(struct start *at, char c)
{
	bool escape = at->escape;
	at->escape = at->string && !escape && c == '\\';
	if (c == '"' && !escape)
		at->string = !at->string;
	buffer_add_byte(&at->text, c == '\n' && !at->string ? ' ' : c);
	if (at->string)
		return;
	if (c == '{' || c == '[')
		at->open[at->depth++] = c;
	else if ((c == '}' || c == ']') && at->depth > 0)
		at->depth--;
}

/* The object that this would be, were the list empty and all that is left of it; in the buffer's memory,
 * until the text changes. */
static struct span object_so_far(struct start *at)
{
	size_t n = at->text.n;
	for (size_t i = at->depth; i > 0; i--)
		buffer_add_byte(&at->text, at->open[i - 1] == '{' ? '}' : ']');
	struct span object = {at->text.data, at->text.n};
	buffer_add_byte(&at->text, '\n');
	memset(buffer_room(&at->text, JSON_PAD), 0, JSON_PAD);
	object.at = at->text.data;
	at->text.n = n;
	return object;
}

/* Is the list that has just begun the one, with all that is taken from around it before it? */
static bool is_list(const struct each_list *of, struct start *at, struct span *object)
{
	*object = object_so_far(at);
	if (!json_read(of->reader, *object))
		return false;
	const struct json_value *values = json_values(of->reader);
	for (size_t i = 0; i < json_slots(of->reader); i++)
		if (values[i].kind == JSON_ABSENT)
			return false;
	const struct json_value *list = &values[of->slot];
	return list->kind == JSON_ARRAY && list->raw.at == object->at + at->text.n - 1;
}

/* How many bytes of the value come before the list's first element; 0: it is not found. */
static size_t find_list(const struct each_list *of, struct span value, struct start *at,
			struct span *object)
{
	size_t tried = 0;
	for (size_t i = 0; i < value.n && i < LIST_EARLY && tried < LISTS_TRIED; i++) {
		add(at, value.at[i]);
		bool begins = value.at[i] == '[' && !at->string;
		tried += begins;
		if (begins && is_list(of, at, object))
			return i + 1;
	}
	return 0;
}

/* The rest of the value comes, which makes it whole but for the elements: it may be a bad row. */
static void check_around(struct import *m, struct json_split *s, struct start *at)
{
	char text[QUOTED_SIZE], message[3 * QUOTED_SIZE];
	struct json_reader *reader = m->lists_of[0].reader;
	struct span rest, where;
	if (!json_split_leave(s, at->depth - 1, &rest))
		return;
	buffer_add_byte(&at->text, ']');
	buffer_add(&at->text, rest.at, rest.n);
	at->depth = 0;
	m->raw = object_so_far(at);
	if (json_read(reader, m->raw))
		return;
	m->lines++;
	const char *problem = json_problem(reader, &(size_t){0}, &where);
	snprintf(message, sizeof message, "in the object around the list of --each: %s%s%s", problem,
		 where.n ? ": " : "", where.n ? quoted(where.at, where.n, text) : "");
	bad_event(m, message);
}

bool read_long_list(struct import *m, struct json_split *s)
{
	struct span start, object;
	if (m->out->by_line || m->n_lists == 0 || !json_split_is_long(s, long_bytes, &start))
		return false;
	struct start *at = memory_zero(1, sizeof *at);
	size_t n = find_list(&m->lists_of[0], start, at, &object);
	if (n > 0) {
		count_list(m, 0, object, true);
		json_split_enter(s, n);
		m->line = json_split_line(s);
		m->element = 0;
		(m->threads ? read_values : read_part)(m, s, 1);
		check_around(m, s, at);
	}
	buffer_free(&at->text);
	free(at);
	return n > 0;
}
