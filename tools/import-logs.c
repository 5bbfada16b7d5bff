/* import-logs - turns JSON-lines service logs into the events stream.
 *
 * In:   one JSON object a line, plain or .gz, any number of files.
 * Out:  message timestamp user track time latency recommendation, further
 *       columns named by --map, one column per experiment.
 *
 *	import-logs replica1.json.gz replica2.json.gz > events.tsv
 *
 * It neither sorts nor judges the events: see filter-interactions(1) for what
 * counts as positive and analyze-ab(1) for the sessions.
 */
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/date.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/number.h"
#include "domain/event.h"
#include "streams/hints.h"
#include "streams/input.h"
#include "streams/json.h"
#include "streams/output.h"
#include "streams/rejects.h"
#include "frame/options.h"
#include "frame/run.h"

enum { MESSAGE_NEXT, MESSAGE_LAST, MESSAGE_ALL };

struct options {
	struct option_list experiments, maps;
	int message, timestamp_unit;
	struct common common;
};

static const struct option_row OPTIONS[] = {
	OPTION_LIST("experiment", "NAME", experiments,
		.help = "write a column for this experiment; may be repeated; default: the experiments of "
			"the first event"),
	OPTION_LIST("map", "COLUMN=PATH", maps,
		.help = "read the column from PATH (.payload.id, .tracks[0]) or a ratio (.a/.b); may be "
			"repeated; a new name adds a column, experiments names the object of arms"),
	OPTION_CHOICE("message", "KIND", message, "next|last|all", .fallback = "all",
		.help = "keep events whose message is KIND"),
	TIMESTAMP_UNIT_ROW(timestamp_unit, "ms"),
	OPTION_FLAG("no-header", common.no_header, .help = "write no header line"),
	OPTION_CHOICE("on-error", "HOW", common.on_error, "fail|skip", .fallback = "fail",
		.help = "on a bad line: stop, or count it, report it and continue"),
	COMMON_MAX_ERRORS,
	OPTION_CHOICE("on-control", "HOW", common.on_control, "space|fail", .fallback = "space",
		.help = "on a TAB or line end inside a value: replace it by a space and count it, or "
			"reject the line"),
	OPTION_OUTPUT("rejects", "FILE", common.rejects,
		.help = "write rejected lines to FILE unchanged"),
	COMMON_OUTPUT, COMMON_LOG,
	OPTION_END
};

/* What a column takes and how. */
enum column_kind { COLUMN_TEXT, COLUMN_NUMBER, COLUMN_TIMESTAMP, COLUMN_RATIO };

struct event_column {
	struct span name;
	enum column_kind kind;
	const char *path;       /* `.a` or `.a/.b` */
	size_t slot, under;     /* under: the divisor's */
};

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
enum { EVENT_COLUMNS = sizeof EVENTS / sizeof *EVENTS, COLUMN_MESSAGE = 0 };

struct import {
	const struct options *o;
	struct json_reader *reader;
	struct event_column *columns;
	size_t n_columns, columns_capacity;
	const char *experiments; /* path of the object of arms */
	bool ready;              /* the columns are known, the header is written */
	size_t arms_slot;        /* until then: the object of arms */
	struct output *out;
	struct rejects rejects;
	struct buffer scratch;

	const char *file;        /* as people know it */
	uint64_t line;
	struct span raw;         /* the line */
	uint64_t lines, written, filtered, replaced;
	size_t longest_time;     /* of the timestamps' texts; shorter ones are not read ... */
	int64_t newest;          /* ... for the newest time, in ms */
};

/* ---- columns ---- */

static struct event_column *find_column(struct import *m, struct span name)
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

/* Can it stand in a header? */
static bool good_name(struct span name)
{
	for (size_t i = 0; i < name.n; i++)
		if (memchr("\t\n\r", name.at[i], 3))
			return false;
	return name.n > 0;
}

/* Is it a path, or a ratio of two? `ratio` says which. */
static bool good_path(const char *text, bool *ratio)
{
	struct json_reader *r = json_new();
	const char *rest;
	bool ok = json_path(r, text, &rest) >= 0;
	*ratio = ok && *rest == '/';
	if (*ratio)
		ok = json_path(r, rest + 1, &rest) >= 0;
	json_free(r);
	return ok && *rest == '\0';
}

/* --map COLUMN=PATH */
static void map_column(struct import *m, const char *text, size_t number)
{
	const char *equals = strchr(text, '=');
	struct span name = {text, equals ? (size_t)(equals - text) : 0};
	bool ratio, arms = span_equal(name, span_of("experiments"));
	if (!equals || !good_name(name))
		usage_error("--map: not COLUMN=PATH: '%s'", text);
	if (!good_path(equals + 1, &ratio) || (arms && ratio))
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

static void take_options(struct import *m)
{
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

static long path_place(struct import *m, const char *path, const char **rest)
{
	return json_path(m->reader, path, rest);
}

/* Tells the reader where the columns are, and the header to the output. */
static void set_columns(struct import *m)
{
	for (size_t c = 0; c < m->n_columns; c++) {
		struct event_column *column = &m->columns[c];
		const char *rest;
		if (!column->path)
			continue; /* an experiment: set by add_arm */
		column->slot = json_slot(m->reader,
					 (size_t)path_place(m, column->path, &rest));
		if (column->kind == COLUMN_RATIO)
			column->under = json_slot(m->reader,
						  (size_t)path_place(m, rest + 1, &rest));
	}
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
	return (size_t)path_place(m, m->experiments, &rest);
}

static void add_arm(struct import *m, struct span name)
{
	struct event_column column = {.name = {memory_text(name.at, name.n), name.n}};
	column.slot = json_slot(m->reader, json_key(m->reader, arms_place(m), name));
	add_column(m, column);
}

/* Another reader, which looks at the object of arms alone or not at all. */
static void start_reader(struct import *m, bool look_at_arms)
{
	json_free(m->reader);
	m->reader = json_new();
	json_expect_object(m->reader, arms_place(m));
	if (look_at_arms)
		m->arms_slot = json_slot(m->reader, arms_place(m));
}

/* ---- bad lines ---- */

/* Exits, or with --on-error=skip counts the line and keeps it. */
static void bad_line(struct import *m, const char *what)
{
	rejects_row(&m->rejects, m->file, m->line, what, m->raw);
}

static const char UNKNOWN_EXPERIMENT[] = "an experiment that the first event does not have";

static void bad_json(struct import *m)
{
	char text[QUOTED_SIZE], message[3 * QUOTED_SIZE];
	struct span where;
	size_t offset;
	const char *problem = json_problem(m->reader, &offset, &where);
	const char *hint = problem == UNKNOWN_EXPERIMENT ? "name the wanted experiments with "
		"--experiment NAME (may be repeated)" : m->line == 1 ? hint_json(m->raw) : NULL;
	snprintf(message, sizeof message, "byte %zu: %s%s%s%s%s", offset + 1, problem,
		 where.n ? ": " : "", where.n ? quoted(where.at, where.n, text) : "",
		 hint ? "; " : "", hint ? hint : "");
	bad_line(m, message);
}

/* `hint`: how that might be cured, or NULL. */
static void bad_value(struct import *m, const struct event_column *column, const char *problem,
		      const struct json_value *v, const char *hint)
{
	char name[QUOTED_SIZE], text[QUOTED_SIZE], message[4 * QUOTED_SIZE];
	quoted(column->name.at, column->name.n, name);
	name[strlen(name) - 1] = '\0';
	snprintf(message, sizeof message, "byte %zu: column '%s': %s: %s%s%s",
		 (size_t)(v->raw.at - m->raw.at) + 1, name + 1, problem,
		 quoted(v->raw.at, v->raw.n, text), hint ? "; " : "", hint ? hint : "");
	bad_line(m, message);
}

/* ---- values ---- */

/* The value's text in the scratch buffer, without any change of its bytes but
 * the unescaping. */
static struct span value_text(struct import *m, const struct json_value *v)
{
	size_t ignored = 0;
	if (!v->escaped)
		return v->raw;
	m->scratch.n = 0;
	return (struct span){buffer_room(&m->scratch, v->raw.n + 1),
			     json_text(v, m->scratch.data, &ignored)};
}

static bool is_missing(const struct json_value *v)
{
	return v->kind == JSON_ABSENT || v->kind == JSON_NULL;
}

/* A number, or a string that is one. */
static enum number_state value_number(struct import *m, const struct json_value *v, double *x)
{
	if (v->kind != JSON_NUMBER && v->kind != JSON_STRING)
		return NUMBER_SYNTAX;
	struct span text = value_text(m, v);
	return number_double(text.at, text.n, x);
}

/* The value as a time in ms; false when it is not one (bad_line knows). */
static bool read_timestamp(struct import *m, const struct event_column *column,
			   const struct json_value *v, int64_t *ms)
{
	enum time_unit unit = (enum time_unit)m->o->timestamp_unit;
	struct span text = value_text(m, v);
	bool right = v->kind == JSON_STRING || (v->kind == JSON_NUMBER && unit != TIME_ISO);
	enum number_state state = right ? time_read(text.at, text.n, unit, ms) : NUMBER_SYNTAX;
	if (state == NUMBER_OK)
		return true;
	bad_value(m, column, time_problem(state, unit), v, time_hint(unit, text.at, text.n));
	return false;
}

/* Writes a timestamp, a number of milliseconds as it is; false when it was not one. */
static bool write_timestamp(struct import *m, const struct event_column *column,
			    const struct json_value *v)
{
	int64_t ms;
	if (!read_timestamp(m, column, v, &ms))
		return false;
	m->longest_time = v->raw.n;
	m->newest = ms > m->newest ? ms : m->newest;
	if (m->o->timestamp_unit == TIME_MS)
		output_span(m->out, value_text(m, v));
	else
		output_i64(m->out, ms);
	return true;
}

static bool write_ratio(struct import *m, const struct event_column *column,
			const struct json_value *over, const struct json_value *under)
{
	double a, b;
	if (is_missing(over) || is_missing(under))
		return true;
	enum number_state state = value_number(m, over, &a);
	if (state != NUMBER_OK) {
		bad_value(m, column, number_problem(state), over, NULL);
		return false;
	}
	state = value_number(m, under, &b);
	if (state != NUMBER_OK) {
		bad_value(m, column, number_problem(state), under, NULL);
		return false;
	}
	if (b == 0 || !isfinite(a / b)) {
		bad_value(m, column, b == 0 ? "a division by zero" : "a ratio out of range", under, NULL);
		return false;
	}
	output_double(m->out, a / b);
	return true;
}

/* Everything that is not copied as it is. False: the line was bad. */
static bool write_other(struct import *m, const struct event_column *column,
			const struct json_value *v, size_t *separators)
{
	if (column->kind == COLUMN_RATIO)
		return write_ratio(m, column, v, &json_values(m->reader)[column->under]);
	if (is_missing(v))
		return true;
	if (v->kind == JSON_OBJECT || v->kind == JSON_ARRAY) {
		bad_value(m, column, v->kind == JSON_OBJECT ? "an object, not a value"
			  : "an array, not a value", v, NULL);
		return false;
	}
	if (column->kind == COLUMN_TIMESTAMP)
		return write_timestamp(m, column, v);
	if (column->kind == COLUMN_NUMBER) {
		double ignored;
		enum number_state state = value_number(m, v, &ignored);
		if (state != NUMBER_OK) {
			bad_value(m, column, number_problem(state), v, NULL);
			return false;
		}
	}
	size_t before = *separators;
	m->out->n += json_text(v, output_room(m->out, v->raw.n), separators);
	if (*separators > before && m->o->common.on_control == 1) {
		bad_value(m, column, "a TAB or line end inside a value", v, NULL);
		return false;
	}
	return true;
}

/* ---- lines ---- */

/* The event as a row. Room for the whole row is made first, so that a line
 * found bad half way can be taken back. */
static void write_event(struct import *m)
{
	const struct json_value *values = json_values(m->reader);
	size_t room = m->n_columns * (NUMBER_SIZE + 1) + 32, separators = 0;
	for (size_t c = 0; c < m->n_columns; c++)
		room += values[m->columns[c].slot].raw.n;
	char *to = output_room(m->out, room);
	size_t start = m->out->n;
	bool plain_ms = m->o->timestamp_unit == TIME_MS;
	for (size_t c = 0; c < m->n_columns; c++) {
		const struct event_column *column = &m->columns[c];
		const struct json_value *v = &values[column->slot];
		bool number = v->kind == JSON_NUMBER;
		bool copy = column->kind == COLUMN_TEXT ? number || (v->kind == JSON_STRING && !v->escaped)
			: column->kind == COLUMN_NUMBER ? number
			: column->kind == COLUMN_TIMESTAMP && plain_ms && number &&
			  v->raw.n <= m->longest_time;
		if (copy && v->raw.n <= 32) {
			/* The line is readable that far after it, and so is the room. */
			memcpy(to, v->raw.at, 32);
			to += v->raw.n;
		} else if (copy) {
			memcpy(to, v->raw.at, v->raw.n);
			to += v->raw.n;
		} else {
			m->out->n = (size_t)(to - m->out->data);
			if (!write_other(m, column, v, &separators)) {
				m->out->n = start;
				return;
			}
			to = m->out->data + m->out->n;
		}
		*to++ = '\t';
	}
	m->out->n = (size_t)(to - m->out->data) - 1;
	output_end_row(m->out);
	m->replaced += separators;
	m->written++;
}

static bool wanted(struct import *m)
{
	static const char *const WORD[] = {"next", "last"};
	if (m->o->message == MESSAGE_ALL)
		return true;
	const struct json_value *v = &json_values(m->reader)[m->columns[COLUMN_MESSAGE].slot];
	return v->kind == JSON_STRING &&
		span_equal(value_text(m, v), span_of(WORD[m->o->message]));
}

/* The columns from the first good event; false when this is not one. */
static bool first_event(struct import *m)
{
	char text[QUOTED_SIZE], message[2 * QUOTED_SIZE];
	if (!json_read(m->reader, m->raw)) {
		bad_json(m);
		return false;
	}
	struct json_value arms = json_values(m->reader)[m->arms_slot], key, value;
	start_reader(m, false);
	size_t before = m->n_columns;
	struct span rest = arms.kind == JSON_OBJECT ? arms.raw : (struct span){"", 0};
	while (json_member(&rest, &key, &value)) {
		struct span name = value_text(m, &key);
		size_t separators = 0;
		if (key.escaped) /* with its TABs, for good_name to see */
			json_text(&key, m->scratch.data, &separators);
		const char *problem = separators || !good_name(name) ? "not a valid column name"
			: find_column(m, name) || event_column_is_fixed(name)
			? "an experiment may not have the name of an events column" : NULL;
		if (problem) {
			snprintf(message, sizeof message, "byte %zu: %s: %s",
				 (size_t)(key.raw.at - m->raw.at) + 1, problem,
				 quoted(key.raw.at, key.raw.n, text));
			for (; m->n_columns > before; m->n_columns--)
				free((char *)(uintptr_t)m->columns[m->n_columns - 1].name.at);
			start_reader(m, true);
			bad_line(m, message);
			return false;
		}
		add_arm(m, name);
	}
	json_close_keys(m->reader, arms_place(m), UNKNOWN_EXPERIMENT);
	set_columns(m);
	return true;
}

static void read_line(struct import *m)
{
	m->lines++;
	if (!m->ready && !first_event(m))
		return;
	if (!json_read(m->reader, m->raw))
		bad_json(m);
	else if (wanted(m))
		write_event(m);
	else
		m->filtered++;
}

static void read_file(struct import *m, struct input *in)
{
	struct span block;
	m->file = input_name(in);
	m->line = 0;
	while (input_block(in, &block)) {
		const char *at = block.at, *end = block.at + block.n;
		if (m->line == 0 && block.n >= 3 && memcmp(at, "\xef\xbb\xbf", 3) == 0)
			at += 3;
		/* A file of nothing but the mark has no line. */
		while (at < end && !(m->line == 0 && at != block.at && end - at == 1)) {
			const char *lf = memchr(at, '\n', (size_t)(end - at));
			m->raw = (struct span){at, (size_t)(lf - at)};
			m->line++;
			read_line(m);
			at = lf + 1;
		}
		progress_step(input_bytes(in), input_size(in), "bytes");
	}
}

static int run(const struct options *o, char **files, int count)
{
	struct import m = {.o = o};
	take_options(&m);
	struct input *in = input_open(count ? files[0] : NULL);
	input_try(files + 1, count - 1, NULL);
	rejects_open(&m.rejects, o->common.on_error == 1, &o->common.max_errors, o->common.rejects);
	m.out = output_open(o->common.output, o->common.line_buffered);
	start_reader(&m, o->experiments.n == 0);
	for (size_t i = 0; i < o->experiments.n; i++)
		add_arm(&m, span_of(o->experiments.values[i]));
	if (o->experiments.n)
		set_columns(&m);
	read_file(&m, in);
	input_close(in);
	for (int i = 1; i < count; i++) {
		in = input_open(files[i]);
		read_file(&m, in);
		input_close(in);
	}
	rejects_judge(&m.rejects, m.lines);
	if (m.lines == 0 && !o->common.no_header)
		die(STATUS_DATA, "%s: the input is empty", m.file);
	if (!m.ready) { /* no event at all */
		start_reader(&m, false);
		set_columns(&m);
	}
	time_warn_unit(m.newest, (enum time_unit)o->timestamp_unit, NULL);
	if (m.replaced)
		tell("%llu TABs or line ends inside JSON values became spaces",
		     (unsigned long long)m.replaced);
	rejects_close(&m.rejects);
	output_close(m.out);
	run_report_filter(m.lines, m.written, m.filtered, m.rejects.n);
	json_free(m.reader);
	for (size_t c = 0; c < m.n_columns; c++)
		if (!m.columns[c].path)
			free((char *)(uintptr_t)m.columns[c].name.at);
	free(m.columns);
	buffer_free(&m.scratch);
	return STATUS_DONE;
}

static const struct program PROGRAM = {
	.name = "import-logs",
	.usage = "[OPTION]... [FILE]...",
	.summary = "Turn JSON-lines service logs into the events stream.",
	.reads = "one JSON object a line: message, timestamp, user, track, time, latency, "
		 "recommendation, experiments {name: arm}, or what --map names in their place",
	.writes = "message timestamp user track time latency recommendation, further columns of "
		  "--map, one column per experiment",
	.examples = {
		"import-logs replica1.json.gz replica2.json.gz > events.tsv",
		"import-logs --map user=.uid --map time=.played_ms/.duration_ms < log.json > events.tsv",
	},
	.options = OPTIONS,
	.options_size = sizeof(struct options),
};

int main(int argc, char **argv)
{
	struct options options = {0};
	int first = program_start(&PROGRAM, argc, argv, &options);
	return finish(run(&options, argv + first, argc - first));
}
