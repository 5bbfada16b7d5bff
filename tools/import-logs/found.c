#include "import.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/quote.h"

enum { KEYS_MAX = 12, KEYS_BYTES = 400, LIST_DEPTH = 4, PATH_BYTES = 200 };

void found_start(struct import *m)
{
	struct found *f = &m->found;
	f->lost = memory_zero(m->n_columns, sizeof *f->lost);
	for (size_t c = 0; c < m->n_columns; c++) {
		f->lost[c] = m->columns[c].mapped;
		f->n_lost += f->lost[c];
	}
	f->looking = true;
}

void found_copy(struct import *m, const struct import *whole)
{
	m->found = (struct found){.looking = whole->found.looking, .any = whole->found.any,
				  .n_lost = whole->found.n_lost};
	m->found.lost = memory_zero(m->n_columns, sizeof *m->found.lost);
	memcpy(m->found.lost, whole->found.lost, m->n_columns * sizeof *m->found.lost);
}

void found_free(struct import *m)
{
	free(m->found.lost);
	buffer_free(&m->found.keys);
	buffer_free(&m->found.list);
}

/* Is the key one that a path has without quotes, and a shell in single ones? */
static bool is_plain(struct span key)
{
	for (size_t i = 0; i < key.n; i++) {
		char c = key.at[i], low = (char)(c | 0x20);
		if (c != '_' && (low < 'a' || low > 'z') && (i == 0 || c < '0' || c > '9'))
			return false;
	}
	return key.n > 0;
}

/* The first path below the object, breadth after depth, that a list of objects is at; false: none. */
static bool find_list(struct buffer *path, struct span object, int depth)
{
	struct json_value key, value, element;
	while (json_member(&object, &key, &value)) {
		size_t before = path->n;
		if ((value.kind != JSON_ARRAY && value.kind != JSON_OBJECT) || !is_plain(key.raw) ||
		    before + key.raw.n > PATH_BYTES)
			continue;
		buffer_add_byte(path, '.');
		buffer_add(path, key.raw.at, key.raw.n);
		struct span rest = value.raw;
		if (value.kind == JSON_ARRAY && json_element(&rest, &element) && element.kind == JSON_OBJECT)
			return true;
		if (value.kind == JSON_OBJECT && depth < LIST_DEPTH && find_list(path, value.raw, depth + 1))
			return true;
		path->n = before;
	}
	return false;
}

void found_see(struct import *m, struct span object)
{
	struct found *f = &m->found;
	struct json_value key, value;
	while (object.n > 0 && json_is_space(*object.at)) {
		object.at++;
		object.n--;
	}
	if (object.n > 0 && *object.at != '{') /* a plain value, or a list */
		object.n = 0;
	struct span rest = object;
	size_t n = 0;
	f->keys.n = f->list.n = 0;
	while (json_member(&rest, &key, &value)) {
		if (n++)
			buffer_add(&f->keys, ", ", 2);
		if (n > KEYS_MAX || f->keys.n + key.raw.n > KEYS_BYTES) {
			buffer_add(&f->keys, "...", 3);
			break;
		}
		quote_terminal(&f->keys, key.raw.at, key.raw.n);
	}
	if (n == 0)
		buffer_add(&f->keys, "no keys", 7);
	buffer_add_byte(&f->keys, '\0');
	if (m->depth)
		buffer_add(&f->list, m->each, m->lists_of[m->depth - 1].end);
	if (!find_list(&f->list, object, 1)) {
		f->list.n = 0;
	} else {
		buffer_add_byte(&f->list, '[');
		buffer_add_byte(&f->list, ']');
		buffer_add_byte(&f->list, '\0');
	}
}

/* Does the column take a value of the event, and not a constant? */
static bool leads_there(const struct import *m, const struct event_column *column)
{
	if (column->path && *column->path != '.' && *column->path != '$')
		return *column->path && column->mapped; /* a constant is there, but not of the event */
	return m->values[column->slot].kind != JSON_ABSENT &&
	       (column->kind != COLUMN_RATIO || m->values[column->under].kind != JSON_ABSENT);
}

void found_look(struct import *m)
{
	struct found *f = &m->found;
	if (!f->any && !f->seen)
		found_see(m, m->raw);
	f->seen = true;
	for (size_t c = 0; c < m->n_columns; c++) {
		const struct event_column *column = &m->columns[c];
		if ((f->any && !f->lost[c]) || !leads_there(m, column))
			continue;
		f->any |= !column->path || *column->path == '.' || *column->path == '$';
		f->n_lost -= f->lost[c];
		f->lost[c] = false;
	}
	f->looking = !f->any || f->n_lost;
}

void found_add(struct import *whole, const struct import *m)
{
	struct found *to = &whole->found;
	const struct found *f = &m->found;
	if (!to->seen && f->seen) {
		to->seen = true;
		to->keys.n = to->list.n = 0;
		buffer_add(&to->keys, f->keys.data, f->keys.n);
		buffer_add(&to->list, f->list.data, f->list.n);
	}
	to->any |= f->any;
	for (size_t c = 0; to->n_lost && c < m->n_columns; c++)
		if (to->lost[c] && !f->lost[c]) {
			to->lost[c] = false;
			to->n_lost--;
		}
}

void found_judge(const struct import *m)
{
	const struct found *f = &m->found;
	unsigned long long rows = m->lines - m->rejects.n;
	const char *cure = f->list.n ? f->list.data : NULL;
	if (m->lists == 0 && m->objects > 0)
		die(STATUS_DATA, "--each %s led to no list (values read: %llu); the first object has %s%s%s%s",
		    m->o->each ? m->o->each : "of the preset", (unsigned long long)m->objects, f->keys.data,
		    cure ? "; a list of objects is at --each '" : "", cure ? cure : "", cure ? "'" : "");
	for (size_t c = 0; m->ready && rows && f->n_lost && c < m->n_columns; c++) {
		bool outer = m->columns[c].path && *m->columns[c].path == '$'; /* those keys are not the event's */
		if (f->lost[c])
			tell("column '%.*s': %s led to nothing in all rows (%llu)%s%s",
			     (int)m->columns[c].name.n, m->columns[c].name.at, m->columns[c].path, rows,
			     outer ? "" : "; the first object has ", outer ? "" : f->keys.data);
	}
	if (m->ready && rows && !f->any)
		die(STATUS_DATA, "all columns are empty in all rows (%llu); the first object has %s; %s%s%s", rows,
		    f->keys.data, cure ? "a list of objects is at --each '"
		    : "name the paths by --map COLUMN=PATH", cure ? cure : "", cure ? "'" : "");
}
