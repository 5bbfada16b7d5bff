#include "import.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/quote.h"
#include "domain/event.h"
#include "frame/column-options.h"
#include "streams/columns.h"

/* The columns of the events stream in order, and where they are by default. */
static const struct event_column EVENTS[] = {
	{{"message", 7}, COLUMN_TEXT, .path = ".message"},
	{{"timestamp", 9}, COLUMN_TIMESTAMP, .path = ".timestamp"},
	{{"user", 4}, COLUMN_TEXT, .path = ".user"},
	{{"track", 5}, COLUMN_TEXT, .path = ".track"},
	{{"time", 4}, COLUMN_NUMBER, .path = ".time"},
	{{"latency", 7}, COLUMN_NUMBER, .path = ".latency"},
	{{"recommendation", 14}, COLUMN_TEXT, .path = ".recommendation"},
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

/* After the constant that the text begins with, a number or "text" without escapes, as no path does;
 * NULL when it begins with none. */
static const char *after_constant(const char *text, struct span *constant)
{
	double number;
	bool string = *text == '"';
	*constant = (struct span){text + string, strcspn(text + string, string ? "\"\\" : "/")};
	if (string)
		for (size_t i = 0; i < constant->n; i++)
			if ((unsigned char)constant->at[i] < ' ')
				return NULL;
	const char *rest = constant->at + constant->n;
	if (string)
		return *rest == '"' ? rest + 1 : NULL;
	bool digit = *text >= '0' && *text <= '9';
	return digit && number_double(constant->at, constant->n, &number) == NUMBER_OK ? rest : NULL;
}

bool is_whole(const char *text)
{
	return text[0] == '.' && (text[1] == '\0' || text[1] == '/' ||
				  (text[1] == '|' && text[2] && strchr(".$\"", text[2])));
}

/* Of the path $PATH the object around the last list, of $$PATH that around the list before; NULL, and
 * *path unchanged, of others. */
static struct each_list *list_around(struct import *m, const char **path)
{
	size_t dollars = strspn(*path, "$");
	if (!dollars || dollars > m->n_lists)
		return NULL;
	*path += dollars;
	return &m->lists_of[m->n_lists - dollars];
}

/* After the path or constant that the text begins with; NULL when it begins with neither. Paths of the
 * object around a list are wanted from the first one on. */
static const char *after_path(struct import *m, const char *text)
{
	struct span constant;
	const char *rest = after_constant(text, &constant);
	if (rest)
		return rest;
	if (is_whole(text)) {
		if (!m->o->each && !m->n_lists)
			return NULL;
		if (!m->plain) {
			m->plain = true;
			m->wrapper = json_new();
			json_slot(m->wrapper, json_key(m->wrapper, 0, (struct span){"", 0}));
		}
		return text + 1;
	}
	struct json_reader *r = json_new();
	struct each_list *around = list_around(m, &text);
	bool ok = json_path(r, text, &rest) >= 0;
	if (ok && around)
		json_slot(around->reader, (size_t)json_path(around->reader, text, &rest));
	json_free(r);
	return ok ? rest : NULL;
}

/* The same for paths with bars between them. */
static const char *after_term(struct import *m, const char *text)
{
	const char *rest = after_path(m, text);
	while (rest && *rest == '|')
		rest = after_path(m, rest + 1);
	return rest;
}

/* Is it a path, or a ratio of two? `ratio` says which. */
static bool good_path(struct import *m, const char *text, bool *ratio)
{
	const char *rest = after_term(m, text);
	*ratio = rest && *rest == '/';
	if (*ratio)
		rest = after_term(m, rest + 1);
	return rest && *rest == '\0';
}

/* --map COLUMN=PATH */
static void map_column(struct import *m, const char *text, size_t number)
{
	const char *equals = strchr(text, '=');
	struct span name = {text, equals ? (size_t)(equals - text) : 0};
	bool ratio, arms = span_equal(name, span_of("experiments"));
	if (!equals || !columns_name_is_good(name))
		usage_error("--map: not COLUMN=PATH: '%s'", text);
	if (!good_path(m, equals + 1, &ratio) || (arms && *after_path(m, equals + 1)) ||
	    (arms && (equals[1] != '.' || is_whole(equals + 1))))
		usage_error("--map: not a path: '%s' (as in .user.id, .tracks[0], .\"a key\"%s)%s",
			    equals + 1, arms ? "" : ", .played/.duration",
			    !arms && is_whole(equals + 1) ? "; with --each it is the element" : "");
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
	column->mapped = true;
	if (ratio && (column->kind == COLUMN_TIMESTAMP || column == m->columns + COLUMN_MESSAGE))
		usage_error("--map: column '%.*s' cannot be a ratio: '%s'", (int)name.n, text,
			    equals + 1);
	if (ratio)
		column->kind = COLUMN_RATIO;
}

/* Takes the path of a list, up to its [], off the text; false where it has no good one. */
static bool take_list(struct import *m, const char **text)
{
	for (const char *end = *text; m->n_lists < EACH_LISTS && (end = strstr(end, "[]")); end += 2) {
		char *path = memory_text(*text, (size_t)(end - *text));
		struct json_reader *r = json_new();
		const char *rest;
		long place = json_path(r, path, &rest);
		bool good = place >= 0 && *rest == '\0';
		free(path);
		if (!good) { /* those brackets are in a key's quotes */
			json_free(r);
			continue;
		}
		m->lists_of[m->n_lists++] = (struct each_list){.reader = r, .slot = json_slot(r, (size_t)place)};
		*text = end + 2;
		return true;
	}
	return false;
}

/* --each: `.`, or a path to a list, `.items[]`, and to lists in its elements, `.days[].items[]`. */
static void take_each(struct import *m, const char *text)
{
	if (strcmp(text, ".") == 0 || strcmp(text, ".[]") == 0)
		return;
	const char *rest = text;
	while (*rest && take_list(m, &rest))
		m->lists_of[m->n_lists - 1].end = (size_t)(rest - text);
	if (*rest || rest == text)
		usage_error("--each: neither '.' nor a path to a list: '%s' (as in .items[])", text);
	m->each = text;
}

/* Does an option of the list name the column that the text begins with? */
static bool names_column(const struct option_list *list, const char *text)
{
	size_t n = (size_t)(strchrnul(text, '=') - text);
	bool named = false;
	for (size_t i = 0; i < list->n; i++)
		named |= strncmp(list->values[i], text, n + 1) == 0;
	return named;
}

/* --set NAME=TEXT */
static void set_column(struct import *m, const char *given)
{
	struct span name, text;
	char shown[QUOTED_SIZE];
	set_take(given, &name, &text);
	struct event_column *column = find_column(m, name);
	if (names_column(&m->o->maps, given) ||
	    (column && (column->text || column >= m->columns + EVENT_COLUMNS)))
		usage_error("--set: there already is a column %s", quoted(name.at, name.n, shown));
	if (!column)
		column = add_column(m, (struct event_column){.name = name});
	column->text = text.at;
	column->path = "";
}

/* --date COLUMN=FORMAT */
static void date_column(struct import *m, const char *given)
{
	struct span name;
	struct date_form form;
	char shown[QUOTED_SIZE];
	date_take(given, &name, &form, NULL);
	struct event_column *column = find_column(m, name);
	if (!column)
		usage_error("--date: there is no column %s", quoted(name.at, name.n, shown));
	if (column->kind == COLUMN_DATE)
		usage_error("option '--date': column %s occurs twice", quoted(name.at, name.n, shown));
	if (column->kind == COLUMN_RATIO || column == m->columns + COLUMN_MESSAGE)
		usage_error("--date: column %s cannot be a date", quoted(name.at, name.n, shown));
	if (column->kind == COLUMN_TIMESTAMP && option_given("timestamp-unit"))
		usage_error("--date of timestamp cannot be combined with --timestamp-unit");
	column->form = form;
	column->kind = COLUMN_DATE;
}

/* A text with bytes that can be read after it. */
static char *padded_text(struct span text)
{
	char *copy = memory_zero(text.n + JSON_PAD, 1);
	memcpy(copy, text.at, text.n);
	return copy;
}

/* --value 'COLUMN: KIND=NUMBER ...' */
static void value_column(struct import *m, const char *given)
{
	struct span name = {"value", 5};
	char shown[QUOTED_SIZE];
	m->kinds_text = padded_text(span_of(given));
	value_take(&m->kinds, (struct span){m->kinds_text, strlen(given)});
	const struct event_column *of = find_column(m, m->kinds.column);
	if (!of || of->kind == COLUMN_RATIO)
		usage_error("--value: there is no column of words %s",
			    quoted(m->kinds.column.at, m->kinds.column.n, shown));
	if (find_column(m, name))
		usage_error("--value: there already is a column \"value\"");
	add_column(m, (struct event_column){.name = name, .path = ""});
}

/* What the preset says and no option of the column. */
static void take_preset(struct import *m, enum preset_kind kind)
{
	for (size_t i = 0; i < m->preset.n; i++) {
		const char *text = m->preset.lines[i].text;
		bool other = names_column(&m->o->maps, text) || names_column(&m->o->sets, text);
		if (m->preset.lines[i].kind != kind)
			continue;
		if (kind == PRESET_MAP && !other)
			map_column(m, text, 0);
		else if (kind == PRESET_DATE && !other && !names_column(&m->o->dates, text) &&
			 !option_given("timestamp-unit"))
			date_column(m, text);
		else if (kind == PRESET_EACH && !m->o->each)
			take_each(m, text);
	}
}

void columns_of_options(struct import *m)
{
	if (m->o->preset)
		preset_read(&m->preset, m->o->preset);
	if (m->o->each)
		take_each(m, m->o->each);
	take_preset(m, PRESET_EACH);
	m->experiments = ".experiments";
	for (size_t c = 0; c < EVENT_COLUMNS; c++)
		add_column(m, EVENTS[c]);
	take_preset(m, PRESET_MAP);
	for (size_t i = 0; i < m->o->maps.n; i++)
		map_column(m, m->o->maps.values[i], i);
	for (size_t i = 0; i < m->o->sets.n; i++)
		set_column(m, m->o->sets.values[i]);
	for (size_t i = 0; i < m->o->dates.n; i++)
		date_column(m, m->o->dates.values[i]);
	take_preset(m, PRESET_DATE);
	if (m->o->value)
		value_column(m, m->o->value);
	if (m->o->durations) {
		struct event_column *time = find_column(m, span_of("time"));
		if (time->kind != COLUMN_NUMBER)
			usage_error("--durations: column 'time' cannot be a ratio or a date");
		time->kind = COLUMN_SHARE;
	}
	for (size_t i = 0; i < m->o->experiments.n; i++) {
		struct span name = span_of(m->o->experiments.values[i]);
		if (!columns_name_is_good(name))
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

static size_t add_extra(struct import *m, struct extra extra)
{
	m->extras = memory_grow(m->extras, &m->extras_capacity, m->n_extras + 1, sizeof *m->extras);
	m->extras[m->n_extras] = extra;
	return EXTRA_BASE + m->n_extras++;
}

/* The number of the value that the path or constant is of, which has been checked; `*rest`: after it. */
static size_t path_slot(struct import *m, const char *path, const char **rest)
{
	struct span constant;
	const char *after = after_constant(path, &constant);
	if (after) {
		*rest = after;
		char *text = padded_text(constant);
		return add_extra(m, (struct extra){.kind = EXTRA_TEXT, .text = text, .n = constant.n});
	}
	if (is_whole(path)) {
		*rest = path + 1;
		return add_extra(m, (struct extra){.kind = EXTRA_WHOLE});
	}
	if (*path != '$')
		return json_slot(m->reader, (size_t)json_path(m->reader, path, rest));
	struct each_list *around = list_around(m, &path);
	size_t slot = json_slot(around->reader, (size_t)json_path(around->reader, path, rest));
	return add_extra(m, (struct extra){.kind = EXTRA_OUTER, .slot = slot,
					   .other = (size_t)(around - m->lists_of)});
}

static size_t term_slot(struct import *m, const char *text, const char **rest)
{
	size_t slot = path_slot(m, text, rest);
	while (**rest == '|') {
		size_t other = path_slot(m, *rest + 1, rest);
		slot = add_extra(m, (struct extra){.kind = EXTRA_FIRST, .slot = slot, .other = other});
	}
	return slot;
}

/* That of a column without a path: a constant, or --value. */
static size_t made_slot(struct import *m, const struct event_column *column)
{
	if (!column->text)
		return add_extra(m, (struct extra){.kind = EXTRA_KIND,
						   .slot = find_column(m, m->kinds.column)->slot});
	struct span text = span_of(column->text);
	if (set_is_filename(text))
		return add_extra(m, (struct extra){.kind = EXTRA_FILE});
	return add_extra(m, (struct extra){.kind = EXTRA_TEXT, .text = padded_text(text), .n = text.n});
}

struct json_value *columns_values(const struct import *m)
{
	return memory_zero(m->n_read + m->n_extras, sizeof *m->all);
}

/* Now that the reader's values are counted, the further ones come after them. */
static void number_extras(struct import *m)
{
	m->n_read = json_slots(m->reader);
	size_t more = m->n_read - EXTRA_BASE;
	for (size_t c = 0; c < m->n_columns; c++) {
		struct event_column *column = &m->columns[c];
		column->slot += column->slot >= EXTRA_BASE ? more : 0;
		column->under += column->under >= EXTRA_BASE ? more : 0;
	}
	for (size_t i = 0; i < m->n_extras; i++) {
		struct extra *extra = &m->extras[i];
		extra->slot += extra->slot >= EXTRA_BASE ? more : 0;
		extra->other += extra->other >= EXTRA_BASE ? more : 0;
	}
	m->all = columns_values(m);
}

/* What write_event copies. */
static struct column_copy copy_of(const struct import *m, const struct event_column *column)
{
	struct column_copy copy = {.value = (uint32_t)(column->slot * sizeof *m->all)};
	if (column->kind == COLUMN_TEXT)
		copy.kinds = 1 << JSON_NULL | 1 << JSON_NUMBER | 1 << JSON_STRING;
	else if (column->kind == COLUMN_NUMBER)
		copy.kinds = 1 << JSON_NULL | 1 << JSON_NUMBER;
	return copy;
}

static void set_copies(struct import *m)
{
	m->copies = memory_new(m->n_columns, sizeof *m->copies);
	m->copies_plain = memory_new(m->n_columns, sizeof *m->copies_plain);
	for (size_t c = 0; c < m->n_columns; c++) {
		m->copies[c] = m->copies_plain[c] = copy_of(m, &m->columns[c]);
		if (m->columns[c].kind == COLUMN_TIMESTAMP && m->o->timestamp_unit == TIME_MS) {
			m->copies_plain[c].kinds = 1 << JSON_NUMBER;
			m->plain_slot = m->columns[c].slot;
			m->plain_times = true;
		}
	}
}

void set_columns(struct import *m)
{
	for (size_t c = 0; c < m->n_columns; c++) {
		struct event_column *column = &m->columns[c];
		const char *rest;
		if (!column->path)
			continue; /* an experiment: set by add_arm */
		if (!*column->path) {
			column->slot = made_slot(m, column);
			continue;
		}
		column->slot = term_slot(m, column->path, &rest);
		if (column->kind == COLUMN_RATIO)
			column->under = term_slot(m, rest + 1, &rest);
	}
	struct event_column *time = find_column(m, span_of("time"));
	if (time->kind == COLUMN_SHARE)
		time->under = find_column(m, span_of("track"))->slot;
	number_extras(m);
	set_copies(m);
	found_start(m);
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

void set_base(struct import *m, const char *path)
{
	set_filename(&m->base, path);
	m->base_n = m->base.n;
	memset(buffer_room(&m->base, JSON_PAD), 0, JSON_PAD);
}

void columns_free_all(struct import *m)
{
	for (size_t c = 0; c < m->n_columns; c++)
		if (!m->columns[c].path)
			free((char *)(uintptr_t)m->columns[c].name.at);
	for (size_t i = 0; i < m->n_extras; i++)
		free(m->extras[i].text);
	free(m->columns);
	free(m->extras);
	free(m->all);
	free(m->copies);
	free(m->copies_plain);
	durations_free(m->durations);
	preset_free(&m->preset);
	kinds_free(&m->kinds);
	free(m->kinds_text);
	buffer_free(&m->base);
}
