#include "import.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "domain/event.h"

/* The columns of the events stream in order, and where they are by default. */
static const struct event_column EVENTS[] = {
	{{"message", 7}, COLUMN_TEXT, ".message", 0, 0},
	{{"timestamp", 9}, COLUMN_TIMESTAMP, ".timestamp", 0, 0},
	{{"user", 4}, COLUMN_TEXT, ".user", 0, 0},
	{{"track", 5}, COLUMN_TEXT, ".track", 0, 0},
	{{"time", 4}, COLUMN_NUMBER, ".time", 0, 0},
	{{"latency", 7}, COLUMN_NUMBER, ".latency", 0, 0},
	{{"recommendation", 14}, COLUMN_TEXT, ".recommendation", 0, 0},
};
_Static_assert(sizeof EVENTS / sizeof *EVENTS == EVENT_COLUMNS, "all of them");

const char UNKNOWN_EXPERIMENT[] = "an experiment that the first event does not have";

struct event_column *find_column(struct import *m, struct span name)
{
	for (size_t c = 0; c < m->n_columns; c++)
		if (span_equal(m->columns[c].name, name))
			return &m->columns[c];
	return NULL;
}

static struct event_column *add_column(struct import *m, struct event_column column)
{
	m->columns = memory_grow(m->columns, &m->columns_capacity, m->n_columns + 1,
				 sizeof *m->columns);
	m->columns[m->n_columns] = column;
	return &m->columns[m->n_columns++];
}

bool good_name(struct span name)
{
	for (size_t i = 0; i < name.n; i++)
		if (memchr("\t\n\r", name.at[i], 3))
			return false;
	return name.n > 0;
}

/* After the path that the text begins with; NULL when it begins with no path. Those of the object
 * around a list are wanted from the first one on. */
static const char *after_path(const struct import *m, const char *text)
{
	struct json_reader *r = json_new();
	const char *rest;
	bool outer = *text == '$' && m->has_list;
	bool ok = json_path(r, text + outer, &rest) >= 0;
	if (ok && outer)
		json_slot(m->outer, (size_t)json_path(m->outer, text + 1, &rest));
	json_free(r);
	return ok ? rest : NULL;
}

/* Is it a path, or a ratio of two? `ratio` says which. */
static bool good_path(const struct import *m, const char *text, bool *ratio)
{
	const char *rest = after_path(m, text);
	*ratio = rest && *rest == '/';
	if (*ratio)
		rest = after_path(m, rest + 1);
	return rest && *rest == '\0';
}

/* --map COLUMN=PATH */
static void map_column(struct import *m, const char *text, size_t number)
{
	const char *equals = strchr(text, '=');
	struct span name = {text, equals ? (size_t)(equals - text) : 0};
	bool ratio, arms = span_equal(name, span_of("experiments"));
	if (!equals || !good_name(name))
		usage_error("--map: not COLUMN=PATH: '%s'", text);
	if (!good_path(m, equals + 1, &ratio) || (arms && (ratio || equals[1] == '$')))
		usage_error("--map: not a path: '%s' (as in .user.id, .tracks[0], .\"a key\"%s)",
			    equals + 1, arms ? "" : ", .played/.duration");
	for (size_t i = 0; i < number; i++) {
		const char *other = m->o->maps.values[i];
		if (strncmp(other, text, name.n + 1) == 0)
			usage_error("--map: column '%.*s' is mapped twice", (int)name.n, text);
	}
	if (arms) {
		m->experiments = equals + 1;
		return;
	}
	struct event_column *column = find_column(m, name);
	if (!column)
		column = add_column(m, (struct event_column){.name = name});
	column->path = equals + 1;
	if (ratio && (column->kind == COLUMN_TIMESTAMP || column == m->columns + COLUMN_MESSAGE))
		usage_error("--map: column '%.*s' cannot be a ratio: '%s'", (int)name.n, text,
			    equals + 1);
	if (ratio)
		column->kind = COLUMN_RATIO;
}

/* --each: `.`, or a path to a list, `.items[]`. */
static void take_each(struct import *m, const char *text)
{
	size_t n = strlen(text);
	if (strcmp(text, ".") == 0 || strcmp(text, ".[]") == 0)
		return;
	char *path = memory_text(text, n);
	const char *rest = NULL;
	m->outer = json_new();
	if (n > 2 && strcmp(text + n - 2, "[]") == 0)
		path[n - 2] = '\0';
	long place = n > 2 && path[n - 2] == '\0' ? json_path(m->outer, path, &rest) : -1;
	if (place < 0 || *rest)
		usage_error("--each: neither '.' nor a path to a list: '%s' (as in .items[])", text);
	free(path);
	m->has_list = true;
	m->list_slot = json_slot(m->outer, (size_t)place);
}

void columns_of_options(struct import *m)
{
	if (m->o->each)
		take_each(m, m->o->each);
	m->experiments = ".experiments";
	for (size_t c = 0; c < EVENT_COLUMNS; c++)
		add_column(m, EVENTS[c]);
	for (size_t i = 0; i < m->o->maps.n; i++)
		map_column(m, m->o->maps.values[i], i);
	for (size_t i = 0; i < m->o->experiments.n; i++) {
		struct span name = span_of(m->o->experiments.values[i]);
		if (!good_name(name))
			usage_error("--experiment: not a valid column name: '%s'", name.at);
		for (size_t k = 0; k < i; k++)
			if (span_equal(name, span_of(m->o->experiments.values[k])))
				usage_error("--experiment: '%s' is given twice", name.at);
		if (find_column(m, name))
			usage_error("--experiment: there already is a column '%s'", name.at);
		if (event_column_is_fixed(name))
			usage_error("--experiment=%s: an experiment may not have the name of an events column",
				    name.at);
	}
}

/* The number of the value that the path is of, which has been checked; `*rest`: after it. */
static size_t path_slot(struct import *m, const char *path, const char **rest)
{
	if (*path != '$')
		return json_slot(m->reader, (size_t)json_path(m->reader, path, rest));
	size_t slot = json_slot(m->outer, (size_t)json_path(m->outer, path + 1, rest));
	m->extras = memory_grow(m->extras, &m->extras_capacity, m->n_extras + 1, sizeof *m->extras);
	m->extras[m->n_extras] = (struct extra){slot};
	return EXTRA_BASE + m->n_extras++;
}

/* Now that the reader's values are counted, the further ones come after them. */
static void number_extras(struct import *m)
{
	m->n_read = json_slots(m->reader);
	for (size_t c = 0; c < m->n_columns; c++) {
		struct event_column *column = &m->columns[c];
		if (column->slot >= EXTRA_BASE)
			column->slot += m->n_read - EXTRA_BASE;
		if (column->under >= EXTRA_BASE)
			column->under += m->n_read - EXTRA_BASE;
	}
	m->all = memory_zero(m->n_read + m->n_extras, sizeof *m->all);
}

void set_columns(struct import *m)
{
	for (size_t c = 0; c < m->n_columns; c++) {
		struct event_column *column = &m->columns[c];
		const char *rest;
		if (!column->path)
			continue; /* an experiment: set by add_arm */
		column->slot = path_slot(m, column->path, &rest);
		if (column->kind == COLUMN_RATIO)
			column->under = path_slot(m, rest + 1, &rest);
	}
	number_extras(m);
	m->ready = true;
	if (m->o->common.no_header)
		return;
	for (size_t c = 0; c < m->n_columns; c++) {
		if (c > 0)
			output_tab(m->out);
		output_span(m->out, m->columns[c].name);
	}
	output_end_row(m->out);
	output_flush(m->out);
}

/* The object of arms. */
static size_t arms_place(struct import *m)
{
	const char *rest;
	return (size_t)json_path(m->reader, m->experiments, &rest);
}

void add_arm(struct import *m, struct span name)
{
	struct event_column column = {.name = {memory_text(name.at, name.n), name.n}};
	column.slot = json_slot(m->reader, json_key(m->reader, arms_place(m), name));
	add_column(m, column);
}

void start_reader(struct import *m, bool look_at_arms)
{
	json_free(m->reader);
	m->reader = json_new();
	json_expect_object(m->reader, arms_place(m));
	if (look_at_arms)
		m->arms_slot = json_slot(m->reader, arms_place(m));
}

void close_arms(struct import *m)
{
	json_close_keys(m->reader, arms_place(m), UNKNOWN_EXPERIMENT);
}
