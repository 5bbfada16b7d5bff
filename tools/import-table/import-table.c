/* import-table - turns delimited text of any kind into a clean TSV table.
 *
 * In:   CSV, `;`, `|`, `::`, blanks, TABs; quoted or not; UTF-8, UTF-16, Latin-1 or any other
 *       encoding; with a header or without; plain or .gz, any number of files of one kind.
 * Out:  the columns of the input, under the names that --map gives; points in time in ms.
 *
 *	import-table --map user=userId,item=movieId,time=rating ratings.csv > ratings.tsv
 *
 * What the options do not say is guessed from the first 64 kB and said, with the command that
 * guesses nothing. JSON is import-logs' affair.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/quote.h"
#include "rows.h"
#include "frame/column-options.h"
#include "frame/run.h"

static const struct option_row OPTIONS[] = {
	OPTION_LIST("map", "NAME=COLUMN,...", maps,
		.help = "write the input's COLUMN as NAME, or the first of A|B that is not empty, or the ratio A/B; "
			"may be repeated; #2 is the second column"),
	OPTION_LIST("set", "NAME=TEXT", sets,
		.help = "add a column NAME with this text in every row; may be repeated; @FILENAME is the "
			"name of the file"),
	OPTION_LIST("date", "COLUMN=FORMAT", dates,
		.help = "read COLUMN as points in time by FORMAT (%Y-%m-%d %H:%M, or ms, s, us, iso) and write "
			"ms since 1970; none leaves it as it is; may be repeated"),
	VALUE_ROW(value),
	WHERE_ROW(wheres),
	OPTION_TEXT("select", "A,B,...", select, .help = "write these columns alone, in this order"),
	OPTION_FLAG("dry-run", dry_run, .help = "write ten rows, and say what was seen and the command "
		"that guesses nothing"),
	OPTION_FLAG("explicit", explicit, .requires = "encoding,separator,quoting,line-end,header|no-header",
		.help = "guess nothing"),
	COMMON_OUTPUT_FILE,
	COMMON_ABOUT,
	OPTION_GROUP("Rows"),
	OPTION_TEXT("split-list", "COLUMN", split_list, .excludes = "wide",
		.help = "write a row for each element of the list in COLUMN"),
	OPTION_TEXT("list-separator", "SEPARATOR", list_separator, .requires = "split-list",
		.help = "what separates the elements: tab, blanks, :: or one byte"),
	OPTION_FLAG("sections", sections, .excludes = "header,wide",
		.help = "lines `NAME:` are no rows, but the column `section` of those after them"),
	OPTION_FLAG("wide", wide,
		.help = "the text is a matrix: write row, column, value for each value that is not empty or NA"),
	OPTION_FLAG("trailing-separator", trailing,
		.help = "a separator ends the rows, but not the header: drop their empty last field"),
	OPTION_TEXT("number", "A,B,...", number, .help = "a row is bad when these columns are not numbers"),
	OPTION_CHOICE("decimal", "MARK", decimal, DECIMALS, .fallback = ".",
		.help = "decimal mark of the columns of --number, which are written with a point"),
	OPTION_GROUP("Text"),
	OPTION_TEXT("encoding", "NAME", encoding,
		.help = "utf-8, utf-16le, utf-16be, latin-1, cp1251, cp1252 or another of iconv(3)"),
	OPTION_TEXT("separator", "SEPARATOR", separator,
		.help = "what separates the fields: tab, blanks, :: or one byte"),
	OPTION_CHOICE("quoting", "KIND", quoting, DELIMITED_QUOTINGS, .fallback = "rfc4180",
		.help = "quotes within quotes are doubled, or come after a backslash, or quotes are text"),
	OPTION_CHOICE("line-end", "KIND", line_end, LINE_ENDS, .fallback = "lf",
		.help = "what ends a line; any is LF or CR LF"),
	OPTION_TEXT("header", "A,B,...", header, .excludes = "no-header",
		.help = "the first line has these names (* is any names): other ones are an error"),
	OPTION_FLAG("no-header", common.no_header, .requires = "columns",
		.help = "the first line is a row"),
	OPTION_TEXT("columns", "A,B,...", common.columns,
		.help = "names of the input columns, instead of the header's"),
	OPTION_GROUP("Errors"),
	OPTION_CHOICE("on-error", "HOW", common.on_error, "fail|skip", .fallback = "fail",
		.help = "on a bad row: stop, or count it, report it and continue"),
	COMMON_MAX_ERRORS,
	OPTION_CHOICE("on-control", "HOW", common.on_control, "space|fail", .fallback = "space",
		.help = "on a TAB or line end inside a value: replace it by a space and count it, or "
			"reject the row"),
	OPTION_OUTPUT("rejects", "FILE", common.rejects,
		.help = "write the raw lines of rejected rows to FILE, in UTF-8"),
	COMMON_LINE_BUFFERED, COMMON_PROGRESS,
	OPTION_END
};

enum { DRY_ROWS = 10, MARK_BYTES = 4 };

struct import {
	const struct options *o;
	char **files;
	int count;
	struct settings settings;
	struct plan plan;
	struct writer w;
	struct span *own_cells;
	struct input *in, **opened;   /* opened: those that were looked at ahead */
	const char *sampled;          /* the file that was looked at */
	struct span start;            /* the first bytes of the file, until its rows are read */
	struct buffer filename;       /* without folders */
	struct buffer first_names;    /* the first file's header, where it may be any */
	struct encoding *encoding;
	struct delimited *rows;
};

/* ---- a file that differs from what was said ---- */

static _Noreturn void differs(const struct import *m, const char *what, const char *is, const char *option,
			      struct span said)
{
	bool first = strcmp(m->w.file, m->sampled) == 0;
	if (m->settings.guessed && !option_given(option) && first)
		die(STATUS_DATA, "%s: %s %s, and it looks like %.*s: --%s says which", m->w.file, what, is,
		    (int)said.n, said.at, option);
	if (m->settings.guessed && !option_given(option))
		die(STATUS_DATA, "%s: %s %s, and %s was read as %.*s: import each of them alone", m->w.file, what, is,
		    m->sampled, (int)said.n, said.at);
	die(STATUS_DATA, "%s: %s %s, and --%s says %.*s", m->w.file, what, is, option, (int)said.n, said.at);
}

static void check_encoding(const struct import *m)
{
	const char *said = encoding_name(m->encoding), *marked = encoding_marked(m->start), *why;
	bool either = marked && strcasecmp(said, "utf-16") == 0 && strcmp(marked, "utf-8") != 0;
	if (marked && !either && strcmp(marked, said) != 0)
		differs(m, "the byte order mark is of", marked, "encoding", span_of(said));
	bool bytes = strcmp(said, "latin-1") == 0 || strncmp(said, "cp125", 5) == 0;
	const char *guess = encoding_guess(m->start, false, &why);
	if (bytes && strcmp(guess, "utf-8") == 0 && !utf8_is_ascii(m->start))
		differs(m, "the text is", guess, "encoding", span_of(said));
}

static void check_line_end(const struct import *m, const struct delimited_row *row)
{
	struct span said = choice_word(LINE_ENDS, m->settings.line_end);
	int wanted = m->settings.line_end;
	if (wanted == LINE_CR && memchr(row->raw.at, '\n', row->raw.n))
		differs(m, "the lines end in", "LF", "line-end", said);
	if (wanted != LINE_CR && memchr(row->raw.at, '\r', row->raw.n))
		differs(m, "the lines end in", "CR", "line-end", said);
	if (m->settings.guessed && !option_given("line-end"))
		return; /* LF and CR LF may both occur */
	if (wanted == LINE_LF && row->cr)
		differs(m, "the lines end in", "CR LF", "line-end", said);
	if (wanted == LINE_CRLF && !row->cr && row->ended)
		differs(m, "the lines end in", "LF", "line-end", said);
}

/* ---- the header ---- */

/* The header's names, TABs between them. */
static void names_of_row(struct buffer *names, const struct delimited_row *row)
{
	for (size_t i = 0; i < row->n; i++) {
		if (i)
			buffer_add_byte(names, '\t');
		columns_add_text(names, row->fields[i]);
	}
}

/* Are these the names that are expected: --header's, or of a further file those of the first?
 * A first column without a name may have none at all (R). `names` becomes those expected then. */
static bool is_expected(struct import *m, struct buffer *names, bool first)
{
	const struct settings *s = &m->settings;
	struct span have = {names->data, names->n};
	if (s->any_header && first)
		buffer_add_span(&m->first_names, have);
	const struct buffer *wanted = s->any_header ? &m->first_names : &s->expected;
	struct span want = {wanted->data, wanted->n};
	if (span_equal(want, have))
		return true;
	if (want.n == 0 || *want.at != '\t' || !span_equal((struct span){want.at + 1, want.n - 1}, have))
		return false;
	names->n = 0;
	buffer_add_span(names, want);
	return true;
}

/* Takes the header of the open file into `names`. */
static void take_header(struct import *m, const struct delimited_row *row, struct buffer *names)
{
	const char *file = m->w.file;
	char shown[QUOTED_SIZE];
	if (row->problem)
		die(STATUS_DATA, "%s:1: the header: %s", file, row->problem);
	if (row->raw.n == 0)
		die(STATUS_DATA, "%s:1: the header is a blank line", file);
	names_of_row(names, row);
	bool first = m->w.header.n == 0;
	m->w.header.n = 0;
	buffer_add_span(&m->w.header, row->raw);
	if (is_expected(m, names, first))
		return;
	if (!first && (m->settings.any_header || (m->settings.guessed && !m->o->header)))
		die(STATUS_DATA, "%s:1: the header differs from that of %s", file, shown_file(m->files[0]));
	die(STATUS_DATA, "%s:1: the header differs from --header: %s", file,
	    quoted(row->raw.at, row->raw.n, shown));
}

/* The names of the columns: of --columns, of the header, or c1, c2 ... */
static void name_columns(const struct import *m, struct buffer *names)
{
	const char *list = m->o->common.columns;
	if (!list && m->settings.header)
		return;
	size_t width = m->settings.sniffed.width, fields = columns_count((struct span){names->data, names->n});
	if (list) {
		names->n = 0;
		names_of_list(names, list);
		size_t n = columns_count((struct span){names->data, names->n});
		if (m->settings.header && n != fields)
			die(STATUS_DATA, "%s:1: --columns names %zu columns, the header has %zu", m->w.file, n, fields);
		if (m->settings.guessed && n != width)
			die(STATUS_DATA, "%s: --columns names %zu columns, most lines have %zu", m->w.file, n, width);
		return;
	}
	for (size_t c = 1; c <= width; c++)
		buffer_format(names, "%sc%zu", c > 1 ? "\t" : "", c);
}

/* ---- files ---- */

static void write_header(const struct import *m)
{
	for (size_t i = 0; i < m->plan.n_outs; i++) {
		if (i)
			output_tab(m->w.out);
		output_span(m->w.out, m->plan.outs[i].name);
	}
	output_end_row(m->w.out);
	output_flush(m->w.out);
}

static void report_command(const char *hint, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
static void report_command(const char *hint, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	tell_hint(hint, format, args);
	va_end(args);
}

/* The command that guesses nothing, on a line of its own. */
static void report(const struct import *m)
{
	struct buffer command = {0}, shown = {0};
	if (!m->settings.guessed || log_level == LOG_QUIET)
		return;
	settings_report(&m->settings, m->sampled);
	plan_command(&m->plan, m->o, &m->settings, m->files, m->count, &command);
	quote_terminal(&shown, command.data, command.n); /* names of files are not ours */
	buffer_add_text(&shown, "\n");
	report_command(buffer_text(&shown), "the same without guesses, for a script:");
	buffer_free(&command);
	buffer_free(&shown);
}

/* After the first line of the first file: what is written, and where to. */
static void begin(struct import *m, struct buffer *names)
{
	name_columns(m, names);
	plan_make(&m->plan, m->o, &m->settings, (struct span){names->data, names->n}, m->w.file);
	size_t cells = m->plan.width + 4;
	m->own_cells = memory_zero(cells, sizeof *m->own_cells);
	m->w.cells = m->own_cells;
	buffer_add(&m->w.names, names->data, names->n);
	rejects_open(&m->w.rejects, m->o->common.on_error == 1, &m->o->common.max_errors, m->o->common.rejects);
	m->w.out = output_open(m->o->common.output, m->o->common.line_buffered);
	report(m);
	write_header(m);
}

/* Guesses from the first bytes of a file. */
static void take_sample(struct import *m, struct input *in)
{
	struct span start = input_start(in, m->o->explicit ? MARK_BYTES : SNIFF_BYTES);
	bool whole = start.n < SNIFF_BYTES;
	struct span sample = {start.at, whole ? start.n : SNIFF_BYTES};
	m->sampled = input_name(in);
	settings_take(&m->settings, m->o, sample, whole, m->sampled);
}

static bool is_header_alone(const struct settings *s)
{
	return s->guessed && s->header && s->sniffed.rows <= 1;
}

/* The first file may be a header alone, which tells nothing of what the columns hold: then the
 * first one with rows is looked at, if it has a header, too. */
static void take_settings(struct import *m)
{
	take_sample(m, m->in);
	for (int i = 1; i < m->count && is_header_alone(&m->settings); i++) {
		m->opened[i] = input_open_encoded(m->files[i]);
		settings_free(&m->settings);
		take_sample(m, m->opened[i]);
	}
	if (m->settings.header && !is_header_alone(&m->settings))
		return;
	settings_free(&m->settings);
	take_sample(m, m->in);
}

static void open_file(struct import *m, int i)
{
	const char *path = i < m->count ? m->files[i] : NULL;
	m->in = m->opened[i] ? m->opened[i] : input_open_encoded(path);
	m->opened[i] = NULL;
	m->w.file = input_name(m->in);
	set_filename(&m->filename, path);
	m->w.base = (struct span){m->filename.data, m->filename.n};
	m->start = input_start(m->in, i == 0 && !m->o->explicit ? SNIFF_BYTES : MARK_BYTES);
	if (i == 0)
		take_settings(m);
	m->encoding = encoding_open(m->settings.encoding);
	check_encoding(m);
	m->rows = delimited_open(m->in, m->encoding, &m->settings.format);
	m->w.section.n = 0;
}

static void close_file(struct import *m)
{
	delimited_close(m->rows);
	encoding_close(m->encoding);
	input_close(m->in);
}

static bool is_enough(const struct import *m)
{
	return m->o->dry_run && m->w.lines >= DRY_ROWS;
}

static void read_file(struct import *m, int i)
{
	struct buffer names = {0};
	struct delimited_row row;
	open_file(m, i);
	bool any = delimited_next(m->rows, &row);
	if (any)
		check_line_end(m, &row);
	if (any && delimited_tells(row.raw)) {
		warn("%s: the first line, which tells the separator, is skipped", m->w.file);
		any = delimited_next(m->rows, &row);
	}
	if (m->settings.header && !any)
		die(STATUS_DATA, "%s: no header line: the input is empty", m->w.file);
	if (m->settings.header)
		take_header(m, &row, &names);
	if (i == 0)
		begin(m, &names);
	if (m->settings.header)
		any = delimited_next(m->rows, &row);
	for (uint64_t n = 0; any && !is_enough(m); any = delimited_next(m->rows, &row)) {
		if (m->settings.trailing && row.n == m->plan.width + 1 && row.fields[row.n - 1].n == 0)
			row.n--;
		writer_row(&m->w, &row);
		if ((++n & 1023) == 0)
			progress_step(input_bytes(m->in), input_size(m->in), "bytes");
	}
	close_file(m);
	buffer_free(&names);
}

/* A file without a byte; a compressed one that has none is small. */
static bool is_empty(const char *path)
{
	enum { SMALL = 512 };
	struct stat st;
	if (strcmp(path, "-") == 0 || stat(path, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size > SMALL)
		return false;
	if (st.st_size == 0)
		return true;
	struct input *in = input_open_encoded(path);
	bool empty = input_start(in, 1).n == 0;
	input_close(in);
	return empty;
}

/* Of several files those without a byte are left out, unless none has any: how many stay. */
static int leave_out_empty(char **files, int count)
{
	int kept = 0, empty = 0;
	for (int i = 0; i < count; i++)
		empty += is_empty(files[i]);
	if (empty == 0 || empty == count)
		return count;
	for (int i = 0; i < count; i++) {
		if (is_empty(files[i]))
			warn("%s is empty, without a header: left out", shown_file(files[i]));
		else
			files[kept++] = files[i];
	}
	tell("%d of %d files are empty, and left out", empty, count);
	return kept;
}

static int run(const struct options *o, char **files, int count)
{
	count = leave_out_empty(files, count);
	struct import m = {.o = o, .files = files, .count = count};
	m.w = (struct writer){.o = o, .s = &m.settings, .p = &m.plan};
	m.opened = memory_zero((size_t)count + 1, sizeof(struct input *));
	input_try(files + 1, count - 1, NULL);
	read_file(&m, 0);
	for (int i = 1; i < count && !is_enough(&m); i++)
		read_file(&m, i);
	struct writer *w = &m.w;
	rejects_judge(&w->rejects, w->rows);
	if (w->replaced)
		tell("%llu TABs or line ends inside values became spaces", (unsigned long long)w->replaced);
	if (w->absent)
		warn("cells of the matrix that are NA, no rows: %llu", (unsigned long long)w->absent);
	if (w->empty && !o->dry_run)
		warn("%llu of %llu rows have an empty list and are left out", (unsigned long long)w->empty,
		     (unsigned long long)w->rows);
	rejects_close(&w->rejects);
	output_close(w->out);
	if (o->wide || o->split_list)
		run_report(w->rows, w->lines, w->rejects.n);
	else
		run_report_filter(w->rows, w->lines, w->filtered, w->rejects.n);
	plan_free(&m.plan);
	settings_free(&m.settings);
	buffer_free(&m.filename);
	buffer_free(&m.first_names);
	buffer_free(&w->header);
	buffer_free(&w->section);
	buffer_free(&w->names);
	free(m.own_cells);
	for (int i = 0; i < count; i++)
		input_close(m.opened[i]);
	free(m.opened);
	return STATUS_DONE;
}

static const struct program PROGRAM = {
	.name = "import-table",
	.usage = "[OPTION]... [FILE]...",
	.summary = "Turn delimited text of any kind into a clean TSV table.",
	.reads = "delimited text: any separator, quoting, encoding and line ends",
	.writes = "the columns of the input, renamed by --map; further ones of --set and --value; points "
		  "in time in ms",
	.examples = {
		"import-table --dry-run ratings.csv",
		"import-table --map user=userId,item=movieId,time=rating ratings.csv > ratings.tsv",
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
