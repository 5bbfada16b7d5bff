/* import-logs - turns JSON-lines service logs into the events stream.
 *
 * In:   one JSON object a line, or arrays of objects, plain or .gz, any number of files.
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
#include "base/error.h"
#include "base/memory.h"
#include "base/number.h"
#include "domain/event.h"
#include "streams/columns.h"
#include "streams/hints.h"
#include "streams/input.h"
#include "streams/json-split.h"
#include "import.h"
#include "streams/output.h"
#include "streams/rejects.h"
#include "frame/column-options.h"
#include "frame/options.h"
#include "frame/run.h"

static const struct option_row OPTIONS[] = {
	OPTION_LIST("experiment", "NAME", experiments,
		.help = "write a column for this experiment; may be repeated; default: the experiments of "
			"the first event"),
	OPTION_CHOICE("other-experiments", "HOW", other_experiments, "fail|skip", .fallback = "fail",
		.excludes = "experiment",
		.help = "where a later event has an experiment that the first does not have: call it bad input, or "
			"leave that experiment out"),
	OPTION_TEXT("preset", "NAME", preset,
		.help = "begin with the maps of a known log: spotify, listenbrainz, lastfm, botify"),
	OPTION_TEXT("each", "PATH[]", each,
		.help = "the elements of the list at PATH (.items[]), or of lists in its elements "
			"(.days[].items[]), are the events, and $PATH is a path of the object around it, $$PATH "
			"of the one around the list before; with . the values, on any number of lines; . in "
			"--map is an element that is a plain value"),
	OPTION_LIST("map", "COLUMN=PATH", maps,
		.help = "read the column from PATH (.payload.id, .tracks[0]), from the first of several "
			"(.a|.b), or a ratio (.a/.b); may be repeated; a new name adds a column, experiments "
			"names the object of arms"),
	OPTION_LIST("set", "NAME=TEXT", sets,
		.help = "write TEXT as column NAME in every row; may be repeated; @FILENAME is the name of the "
			"file"),
	OPTION_LIST("date", "COLUMN=FORMAT", dates,
		.help = "read COLUMN as points in time by FORMAT (%Y-%m-%d %H:%M, or ms, s, us, iso) and write "
			"ms since 1970; may be repeated"),
	VALUE_ROW(value),
	OPTION_FILE("durations", "FILE", durations, .side = true,
		.help = "make the time the share listened to: divide it by the duration of the track in "
			"FILE (columns track and duration, in the same unit)"),
	OPTION_CHOICE("message", "KIND", message, "next|last|all", .fallback = "all",
		.help = "keep events whose message is KIND"),
	TIMESTAMP_UNIT_ROW(timestamp_unit, "ms"),
	OPTION_FLAG("no-header", common.no_header, .help = "write no header line"),
	COMMON_OUTPUT, COMMON_THREADS, COMMON_LOG,
	OPTION_GROUP("Bad lines"),
	OPTION_CHOICE("on-error", "HOW", common.on_error, "fail|skip", .fallback = "fail",
		.help = "on a bad line: stop, or count it, report it and continue"),
	COMMON_MAX_ERRORS,
	OPTION_CHOICE("on-control", "HOW", common.on_control, "space|fail", .fallback = "space",
		.help = "on a TAB or line end inside a value: replace it by a space and count it, or "
			"reject the line"),
	OPTION_OUTPUT("rejects", "FILE", common.rejects,
		.help = "write rejected lines to FILE unchanged"),

	OPTION_GROUP("Side files"),
	COMMON_RENAME, COMMON_SIDES,
	OPTION_END
};

static bool wanted(struct import *m)
{
	static const char *const WORD[] = {"next", "last"};
	const struct json_value *v = &m->values[m->columns[COLUMN_MESSAGE].slot];
	return v->kind == JSON_STRING &&
		span_equal(value_text(m, v), span_of(WORD[m->o->message]));
}

/* The columns from the first good event; false when this is not one. */
static bool first_event(struct import *m)
{
	char text[QUOTED_SIZE], message[2 * QUOTED_SIZE];
	if (!json_read(m->reader, m->raw)) {
		bad_json(m, m->reader);
		return false;
	}
	struct json_value arms = json_values(m->reader)[m->arms_slot], key, value;
	start_reader(m, false);
	size_t before = m->n_columns;
	struct span rest = arms.kind == JSON_OBJECT ? arms.raw : (struct span){"", 0};
	while (json_member(&rest, &key, &value)) {
		struct span name = value_text(m, &key);
		size_t separators = 0;
		if (key.escaped) /* with its TABs, to be seen */
			json_text(&key, m->scratch.data, &separators);
		const char *problem = separators || !columns_name_is_good(name) ? "not a valid column name"
			: find_column(m, name) || event_column_is_fixed(name)
			? "an experiment may not have the name of an events column" : NULL;
		if (problem) {
			snprintf(message, sizeof message, "byte %zu: %s: %s",
				 (size_t)(key.raw.at - m->raw.at) + 1, problem,
				 quoted(key.raw.at, key.raw.n, text));
			for (; m->n_columns > before; m->n_columns--)
				free((char *)(uintptr_t)m->columns[m->n_columns - 1].name.at);
			start_reader(m, true);
			bad_event(m, message);
			return false;
		}
		add_arm(m, name);
	}
	if (m->o->other_experiments == OTHERS_FAIL)
		close_arms(m);
	set_columns(m);
	return true;
}

/* What the reader has read of the line, or the element of a list. */
static inline void take_event(struct import *m, bool good)
{
	m->lines++;
	if (!good) {
		bad_json(m, m->reader);
		return;
	}
	m->values = json_values(m->reader);
	if (m->n_extras && !take_extras(m))
		return;
	if (m->found.looking)
		found_look(m);
	if (m->o->message == MESSAGE_ALL || wanted(m))
		write_event(m);
	else
		m->filtered++;
}

static void read_event(struct import *m)
{
	if (m->ready || first_event(m))
		take_event(m, json_read(m->reader, m->raw));
	else
		m->lines++;
}

/* The event where a column takes it whole: an object is read as any other, and has no value; of a plain value
 * all keys are missing. */
static void read_whole(struct import *m)
{
	static const char NOTHING[3 + JSON_PAD] = "{}\n";
	struct span value = m->raw;
	m->wrapped.n = 0;
	buffer_add(&m->wrapped, "{\"\":", 4);
	buffer_add(&m->wrapped, value.at, value.n);
	buffer_add(&m->wrapped, "}", 1);
	size_t n = m->wrapped.n;
	buffer_add_byte(&m->wrapped, '\n');
	memset(buffer_room(&m->wrapped, JSON_PAD), 0, JSON_PAD);
	bool good = json_read(m->wrapper, (struct span){m->wrapped.data, n});
	m->whole = good ? json_values(m->wrapper)[0] : (struct json_value){0};
	if (!good || m->whole.kind == JSON_OBJECT) {
		read_event(m); /* which says what is wrong */
		return;
	}
	m->raw = (struct span){NOTHING, 2};
	good = m->ready || first_event(m);
	if (good)
		good = json_read(m->reader, m->raw);
	m->raw = value;
	take_event(m, good);
}

/* An element of a list, or a value. */
static void read_element(struct import *m)
{
	if (m->plain)
		read_whole(m);
	else
		read_event(m);
}

void read_block(struct import *m, struct span block)
{
	const char *at = block.at, *end = block.at + block.n;
	if (m->ready)
		json_look_over(m->reader, block);
	if (m->line == 0 && block.n >= 3 && memcmp(at, "\xef\xbb\xbf", 3) == 0)
		at += 3;
	/* A file of nothing but the mark has no line. */
	while (at < end && !(m->line == 0 && at != block.at && end - at == 1)) {
		struct span line = {at, (size_t)(end - at)};
		bool good;
		m->line++;
		if (m->ready) {
			line = m->raw = json_next(m->reader, line, &good);
			take_event(m, good);
		} else {
			line.n = (size_t)((const char *)memchr(at, '\n', line.n) - at);
			m->raw = line;
			read_event(m);
		}
		at = line.at + line.n + 1;
	}
	json_look_over(m->reader, (struct span){"", 0});
}

static void read_lines(struct import *m, struct input *in)
{
	struct span block;
	m->line = 0;
	while (input_block(in, &block)) {
		read_block(m, block);
		threads_read(m);
		progress_step(input_bytes(in), input_size(in), "bytes");
	}
}

static void read_value(struct import *m, size_t list, uint64_t number, struct span value);

/* The element of the list, as a line. */
static struct span element_line(struct each_list *of, const struct json_value *element)
{
	struct buffer *line = &of->element;
	bool string = element->kind == JSON_STRING; /* its quotes are not in `raw` */
	line->n = 0;
	buffer_add(line, element->raw.at - string, element->raw.n + 2 * string);
	size_t n = line->n;
	buffer_add_byte(line, '\n');
	memset(buffer_room(line, JSON_PAD), 0, JSON_PAD);
	return (struct span){line->data, n};
}

/* The elements of list `which`. */
static void read_elements(struct import *m, size_t which, struct span list)
{
	struct each_list *of = &m->lists_of[which];
	struct json_value element;
	if (m->threads && which == 0 && list.n > LIST_LONG) {
		struct json_split *s = json_split_open_list(list, LIST_LONG);
		read_values(m, s, which + 1);
		json_split_close(s);
		return;
	}
	for (uint64_t number = 1; json_element(&list, &element); number++)
		read_value(m, which + 1, number, element_line(of, &element));
}

void count_list(struct import *m, size_t which, struct span object, bool has_list)
{
	if (has_list && which + 1 < m->n_lists)
		return;
	if (m->objects++ == 0)
		found_see(m, object);
	m->lists += has_list;
}

/* The elements of the list in the value: events, or with another list to come, objects that have it. */
static void read_list(struct import *m, size_t which, struct span value)
{
	struct each_list *of = &m->lists_of[which];
	m->raw = value;
	m->depth = which;
	bool good = json_read(of->reader, value);
	struct json_value list = good ? json_values(of->reader)[of->slot] : (struct json_value){0};
	if (!good || (list.kind != JSON_ARRAY && list.kind != JSON_NULL && list.kind != JSON_ABSENT)) {
		m->lines++;
		if (good)
			bad_event(m, "--each: not a list");
		else
			bad_json(m, of->reader);
	}
	if (good)
		count_list(m, which, value, list.kind != JSON_ABSENT);
	if (list.kind == JSON_ARRAY)
		read_elements(m, which, list.raw);
}

/* Value `number` of the file, or with `list` above 0 of the list before that one: an event, or with a list to
 * come, what that is in. */
static void read_value(struct import *m, size_t list, uint64_t number, struct span value)
{
	m->raw = value;
	m->depth = list;
	m->element = m->n_lists && list == 0 ? 0 : number;
	if (list > 0)
		m->lists_of[list - 1].number = number;
	if (list < m->n_lists)
		read_list(m, list, value);
	else
		read_element(m);
}

/* The next value; false at the end. */
static bool read_next(struct import *m, struct json_split *s, size_t list)
{
	struct span value;
	if (list == 0 && read_long_list(m, s))
		return true;
	if (!json_split_next(s, &value))
		return false;
	m->line = list ? m->line : json_split_line(s);
	read_value(m, list, json_split_count(s), value);
	return true;
}

void read_part(struct import *m, struct json_split *part, size_t list)
{
	bool good;
	if (list < m->n_lists || m->plain) {
		while (read_next(m, part, list))
			;
		return;
	}
	m->depth = list;
	json_look_over(m->reader, json_part_text(part));
	while (json_split_read(part, m->reader, &m->raw, &good)) {
		m->line = list ? m->line : json_split_line(part);
		m->element = json_split_count(part);
		take_event(m, good);
	}
	json_look_over(m->reader, (struct span){"", 0});
}

void read_values(struct import *m, struct json_split *s, size_t list)
{
	while (read_next(m, s, list)) {
		threads_read_parts(m, s, list);
		progress_step(input_bytes(m->in), input_size(m->in), "bytes");
	}
}

static const char LONG_CURE[] = "; with --each it may be longer where the list begins in its first 64 kB, "
	"after all that $ takes from around it";

/* A file whose events are not lines: an array, or with --each values of any form. */
static void read_text(struct import *m, struct input *in)
{
	struct json_split *s = json_split_open(in);
	struct span where;
	char text[QUOTED_SIZE];
	m->arrays |= json_split_is_array(s);
	read_values(m, s, 0);
	m->arrays |= m->n_lists && json_split_count(s) > 0;
	const char *problem = json_split_problem(s, &where);
	if (problem)
		die(STATUS_DATA, "%s:%llu: after element %llu: %s%s%s%s", m->file,
		    (unsigned long long)json_split_line(s), (unsigned long long)json_split_count(s), problem,
		    where.n ? ": " : "", where.n ? quoted(where.at, where.n, text) : "",
		    problem == JSON_SPLIT_LONG && m->n_lists > 0 ? LONG_CURE : "");
	json_split_close(s);
}

static void read_file(struct import *m, struct input *in, const char *path)
{
	set_base(m, path);
	m->in = in;
	m->file = input_name(in);
	m->element = 0;
	if (m->o->each || m->n_lists || json_first_byte(in) == '[')
		read_text(m, in);
	else
		read_lines(m, in);
}

/* What was not as it should be, with the numbers of events. */
static void tell_counts(const struct import *m)
{
	time_warn_unit(newest_time(m), (enum time_unit)m->o->timestamp_unit, NULL);
	if (m->objects > m->lists)
		warn("%llu of %llu objects have no list at %s and so no events",
		     (unsigned long long)(m->objects - m->lists), (unsigned long long)m->objects,
		     m->o->each ? m->o->each : "the path of the preset");
	if (m->replaced)
		tell("%llu TABs or line ends inside JSON values became spaces",
		     (unsigned long long)m->replaced);
	if (m->without)
		tell("%llu events have no share: the duration of their track is not known",
		     (unsigned long long)m->without);
	if (m->large > m->shares / 2)
		tell("%llu of %llu shares are above %d: are times and durations in the same unit?",
		     (unsigned long long)m->large, (unsigned long long)m->shares, SHARE_LARGE);
}

static int run(const struct options *o, char **files, int count)
{
	struct import m = {.o = o};
	columns_of_options(&m);
	if (o->durations)
		m.durations = durations_read(o->durations);
	struct input *in = input_open(count ? files[0] : NULL);
	input_try(files + 1, count - 1, NULL);
	input_expect(files + 1, count - 1);
	rejects_open(&m.rejects, o->common.on_error == 1, &o->common.max_errors, o->common.rejects);
	m.out = output_open(o->common.output, o->common.line_buffered);
	if (!m.out->by_line)
		m.threads = threads_open(&m, (size_t)o->common.threads);
	start_reader(&m, o->experiments.n == 0);
	for (size_t i = 0; i < o->experiments.n; i++)
		add_arm(&m, span_of(o->experiments.values[i]));
	if (o->experiments.n)
		set_columns(&m);
	read_file(&m, in, count ? files[0] : NULL);
	input_close(in);
	for (int i = 1; i < count; i++) {
		in = input_open(files[i]);
		read_file(&m, in, files[i]);
		input_close(in);
	}
	threads_close(m.threads);
	rejects_judge(&m.rejects, m.lines);
	if (m.lines || !o->common.no_header)
		found_judge(&m);
	if (m.lines == 0 && !m.arrays && !o->common.no_header)
		die(STATUS_DATA, "%s: the input is empty", m.file);
	if (!m.ready) { /* no event at all */
		start_reader(&m, false);
		set_columns(&m);
	}
	tell_counts(&m);
	rejects_close(&m.rejects);
	output_close(m.out);
	run_report_filter(m.lines, m.written, m.filtered, m.rejects.n);
	json_free(m.reader);
	for (size_t i = 0; i < m.n_lists; i++) {
		json_free(m.lists_of[i].reader);
		buffer_free(&m.lists_of[i].element);
	}
	json_free(m.wrapper);
	buffer_free(&m.wrapped);
	found_free(&m);
	columns_free_all(&m);
	buffer_free(&m.scratch);
	return STATUS_DONE;
}

static const struct program PROGRAM = {
	.name = "import-logs",
	.usage = "[OPTION]... [FILE]...",
	.summary = "Turn JSON-lines service logs into the events stream.",
	.reads = "one JSON object a line, or an array of objects: message, timestamp, user, track, time, "
		 "latency, recommendation, experiments {name: arm}, or what --map names in their place",
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
