#include "frame/options.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/number.h"
#include "frame/outputs.h"
#include "frame/run.h"
#include "streams/output.h"

#ifndef RECPIPE_VERSION
#define RECPIPE_VERSION "0.0.0"
#endif

/* What program_start remembers: which options were given, and in what order. */
static struct {
	const struct option_row *rows;
	size_t n;
	unsigned *when; /* when[i]: 0 never, else the number of its last occurrence */
} seen;

static const struct option_row *row_called(const char *name)
{
	for (size_t i = 0; i < seen.n; i++)
		if (strcmp(seen.rows[i].name, name) == 0)
			return &seen.rows[i];
	return NULL;
}

static unsigned given_when(const char *name)
{
	const struct option_row *row = row_called(name);
	return row ? seen.when[row - seen.rows] : 0;
}

bool option_given(const char *name)
{
	return given_when(name) > 0;
}

struct column option_column(const char *option, const char *name)
{
	return (struct column){name, option_given(option) ? option : NULL};
}

bool option_switched(const char *on, const char *off, bool otherwise)
{
	unsigned yes = given_when(on), no = given_when(off);
	return yes > no ? true : no > yes ? false : otherwise;
}

void usage_error(const char *format, ...)
{
	va_list args;
	char hint[128];
	snprintf(hint, sizeof hint, "Try '%s --help' for more information.\n", program_name);
	va_start(args, format);
	tell_hint(hint, format, args);
	va_end(args);
	exit(STATUS_USAGE);
}

/* ---- values ---- */

_Noreturn static void bad_value(const struct option_row *row, const char *value, const char *problem)
{
	char shown[QUOTED_SIZE];
	usage_error("option '--%s': %s: %s", row->name, problem,
		    quoted(value, strlen(value), shown));
}

static bool has_range(const struct option_row *row)
{
	return (row->low < 0 || row->low > 0 || row->high < 0 || row->high > 0) &&
		!(isinf(row->low) && isinf(row->high));
}

static void check_range(const struct option_row *row, const char *value, double number)
{
	if (!has_range(row) || (number >= row->low && number <= row->high))
		return;
	char range[NUMBER_RANGE_SIZE], problem[128];
	snprintf(problem, sizeof problem, "must be %s", number_range(row->low, row->high, range));
	bad_value(row, value, problem);
}

static void check_number(const struct option_row *row, const char *value, enum number_state state)
{
	if (state != NUMBER_OK)
		bad_value(row, value, number_problem(state));
}

/* Index of `word` among "a|b|c", or -1. */
static int choice_index(const char *choices, const char *word)
{
	size_t n = strlen(word);
	int index = 0;
	for (const char *at = choices;; index++) {
		size_t length = strcspn(at, "|");
		if (length == n && memcmp(at, word, n) == 0)
			return index;
		if (at[length] == '\0')
			return -1;
		at += length + 1;
	}
}

/* Parses `value` into the row's place in the options struct. */
static void set_value(const struct option_row *row, const char *value, void *options)
{
	char *at = (char *)options + row->at;
	size_t n = value ? strlen(value) : 0;
	if (value && n == 0)
		bad_value(row, value, "must not be empty");
	switch (row->kind) {
	case OPTION_FLAG:
		*(bool *)at = true;
		break;
	case OPTION_NO_FLAG:
		*(bool *)at = false;
		break;
	case OPTION_TEXT:
	case OPTION_FILE:
	case OPTION_OUTPUT:
	case OPTION_STATE:
		*(const char **)at = value;
		break;
	case OPTION_INT:
		check_number(row, value, number_i64(value, n, (int64_t *)at));
		check_range(row, value, (double)*(int64_t *)at);
		break;
	case OPTION_SEED:
		check_number(row, value, number_u64(value, n, (uint64_t *)at));
		break;
	case OPTION_SIZE:
		check_number(row, value, number_size(value, n, (uint64_t *)at));
		check_range(row, value, (double)*(uint64_t *)at);
		break;
	case OPTION_REAL:
		check_number(row, value, number_double(value, n, (double *)at));
		check_range(row, value, *(double *)at);
		break;
	case OPTION_DURATION:
		check_number(row, value, number_duration(value, n, (double *)at));
		check_range(row, value, *(double *)at);
		break;
	case OPTION_CHOICE: {
		int index = choice_index(row->choices, value);
		if (index < 0) {
			char problem[256];
			snprintf(problem, sizeof problem, "must be one of %s", row->choices);
			bad_value(row, value, problem);
		}
		*(int *)at = index;
		break;
	}
	case OPTION_LIMIT:
		check_number(row, value, number_limit(value, n, (struct number_limit *)at));
		break;
	case OPTION_LIST: {
		struct option_list *list = (struct option_list *)at;
		list->values = memory_resize(list->values, list->n + 1, sizeof *list->values);
		list->values[list->n++] = value;
		break;
	}
	case OPTION_HELP:
	case OPTION_VERSION:
	case OPTION_ALIAS:
		break;
	}
}

static void set_defaults(const struct option_row *rows, size_t n, void *options)
{
	for (size_t i = 0; i < n; i++) {
		if (rows[i].kind == OPTION_ALIAS)
			continue;
		bool shared = false; /* --progress and --no-progress: the first one rules */
		for (size_t j = 0; j < n; j++)
			shared |= rows[j].kind == OPTION_FLAG && rows[j].at == rows[i].at;
		if (rows[i].kind == OPTION_NO_FLAG && !shared)
			*(bool *)((char *)options + rows[i].at) = true;
		if (rows[i].fallback)
			set_value(&rows[i], rows[i].fallback, options);
	}
}

/* ---- what the table says to people ---- */

/* Appends words, broken at 79 columns, the following lines indented. */
static void add_wrapped(struct buffer *b, size_t column, size_t indent, const char *text)
{
	while (*text) {
		size_t word = strcspn(text, " ");
		if (column > indent && column + 1 + word > 79) {
			buffer_format(b, "\n%*s", (int)indent, "");
			column = indent;
		} else if (column > indent) {
			buffer_add_byte(b, ' ');
			column++;
		}
		buffer_add(b, text, word);
		column += word;
		text += word;
		text += strspn(text, " ");
	}
	buffer_add_byte(b, '\n');
}

/* The help text with its choices, range and default. */
static char *row_help(const struct option_row *row)
{
	struct buffer b = {0};
	buffer_add_text(&b, row->help);
	char range[NUMBER_RANGE_SIZE];
	if (row->choices && strcmp(row->choices, row->argument ? row->argument : "") != 0)
		buffer_format(&b, "; one of %s", row->choices);
	else if (row->argument && has_range(row))
		buffer_format(&b, "; %s", number_range(row->low, row->high, range));
	if (row->kind == OPTION_LIST && !strstr(row->help, "repeated"))
		buffer_add_text(&b, "; may be repeated");
	if (row->fallback)
		buffer_format(&b, " (default %s)", row->fallback);
	return buffer_text(&b);
}

static void print_out(struct buffer *b)
{
	struct output *out = output_open(NULL, false);
	output_bytes(out, b->data, b->n);
	output_close(out);
	exit(finish(STATUS_DONE));
}

static void add_paragraph(struct buffer *b, const char *title, const char *text)
{
	if (!text)
		return;
	buffer_format(b, "%-9s", title);
	add_wrapped(b, 9, 9, text);
}

_Noreturn static void print_help(const struct program *p)
{
	enum { INDENT = 28 };
	struct buffer b = {0};
	buffer_format(&b, "Usage: %s %s\n", p->name, p->usage);
	add_wrapped(&b, 0, 0, p->summary);
	buffer_add_text(&b, "\nOptions:\n");
	for (const struct option_row *row = p->options; row->name; row++) {
		if (row->kind == OPTION_ALIAS)
			continue;
		char left[128], letter[8] = "    ";
		if (row->letter)
			snprintf(letter, sizeof letter, "-%c, ", row->letter);
		int n = snprintf(left, sizeof left, "  %s--%s%s%s", letter, row->name,
				 row->argument ? " " : "", row->argument ? row->argument : "");
		buffer_add(&b, left, (size_t)n);
		if (n + 2 > INDENT) {
			buffer_add_byte(&b, '\n');
			n = 0;
		}
		buffer_format(&b, "%*s", INDENT - n, "");
		char *help = row_help(row);
		add_wrapped(&b, INDENT, INDENT, help);
		free(help);
	}
	buffer_add_byte(&b, '\n');
	add_paragraph(&b, "Reads:", p->reads);
	add_paragraph(&b, "Writes:", p->writes);
	buffer_add_text(&b, "\nExamples:\n");
	for (size_t i = 0; i < sizeof p->examples / sizeof *p->examples; i++)
		if (p->examples[i])
			buffer_format(&b, "  %s\n", p->examples[i]);
	buffer_add_text(&b, "\nExit status: 0 done, 1 the run failed, 2 wrong usage, 3 bad input data,\n"
			"4 a service is unavailable.\n");
	print_out(&b);
	exit(STATUS_FAILED);
}

_Noreturn static void print_version(const struct program *p)
{
	struct buffer b = {0};
	buffer_format(&b, "%s (recpipe) %s\n", p->name, RECPIPE_VERSION);
	buffer_add_text(&b, "License GPLv3+: GNU GPL version 3 or later.\n"
			"This is free software: you may change and redistribute it.\n"
			"There is no warranty, to the extent permitted by law.\n");
	print_out(&b);
	exit(STATUS_FAILED);
}

/* Text for roff: dashes as they are typed, no line that looks like a request. */
static void add_roff(struct buffer *b, const char *text)
{
	for (const char *at = text; *at; at++) {
		if ((at == text) && (*at == '.' || *at == '\''))
			buffer_add_text(b, "\\&");
		if (*at == '-')
			buffer_add_text(b, "\\-");
		else if (*at == '\\')
			buffer_add_text(b, "\\e");
		else
			buffer_add_byte(b, *at);
	}
}

static void add_man_row(struct buffer *b, const struct option_row *row)
{
	buffer_add_text(b, ".TP\n");
	if (row->letter)
		buffer_format(b, "\\fB\\-%c\\fR, ", row->letter);
	buffer_add_text(b, "\\fB\\-\\-");
	add_roff(b, row->name);
	buffer_add_text(b, "\\fR");
	if (row->argument) {
		buffer_add_text(b, " \\fI");
		add_roff(b, row->argument);
		buffer_add_text(b, "\\fR");
	}
	buffer_add_byte(b, '\n');
	char *help = row_help(row);
	struct buffer line = {0};
	buffer_add_byte(&line, (char)toupper((unsigned char)help[0]));
	buffer_add_text(&line, help + 1);
	buffer_add_text(&line, ".");
	add_roff(b, buffer_text(&line));
	buffer_add_byte(b, '\n');
	buffer_free(&line);
	free(help);
}

static void add_table_row(struct buffer *b, const struct option_row *row)
{
	static const char *const KIND[] = {
		"flag", "no-flag", "text", "file", "int", "seed", "size", "real", "duration",
		"choice", "list", "help", "version", "limit", "output", "state", "alias",
	};
	char letter[2] = {row->letter, '\0'};
	buffer_format(b, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", row->name, letter, KIND[row->kind],
		      row->argument ? row->argument : "", row->fallback ? row->fallback : "",
		      row->choices ? row->choices : "", row->help);
}

static bool is_path(const struct option_row *row)
{
	return row->kind == OPTION_FILE || row->kind == OPTION_OUTPUT || row->kind == OPTION_STATE;
}

/* For those who make manuals and completions from the table. */
static void dump_options(const struct program *p, const char *how)
{
	struct buffer b = {0};
	bool table = strcmp(how, "table") == 0, bash = strcmp(how, "bash") == 0;
	if (!table && !bash && strcmp(how, "man") != 0)
		usage_error("RECPIPE_DUMP_OPTIONS must be man, bash or table");
	if (table)
		buffer_add_text(&b, "name\tletter\tkind\targument\tdefault\tchoices\thelp\n");
	for (const struct option_row *row = p->options; row->name; row++) {
		if (row->kind == OPTION_ALIAS)
			continue;
		if (table)
			add_table_row(&b, row);
		else if (bash)
			buffer_format(&b, "--%s%s%s%s\n", row->name, row->argument ? "=" : "",
				      is_path(row) ? "FILE" : "",
				      row->choices ? row->choices : "");
		else
			add_man_row(&b, row);
	}
	print_out(&b);
}

/* ---- parsing ---- */

/* A closed 0, 1 or 2 would be given to the next file that is opened. */
static void fill_closed_files(void)
{
	for (int file = 0; file <= 2; file++) {
		if (fcntl(file, F_GETFD) >= 0)
			continue;
		int got = open("/dev/null", file == STDIN_FILENO ? O_WRONLY : O_RDONLY);
		if (got >= 0 && got != file) {
			int moved = dup2(got, file);
			close(got);
			got = moved;
		}
		if (got < 0)
			die_errno(STATUS_FAILED, "cannot open /dev/null");
	}
}

_Noreturn static void unknown_option(const char *word)
{
	char name[128], shown[QUOTED_SIZE];
	const char *start = word + strspn(word, "-");
	size_t n = strcspn(start, "=");
	snprintf(name, sizeof name, "%.*s", (int)(n < 100 ? n : 100), start);
	size_t matches = 0, best = 0, least = SIZE_MAX;
	for (size_t i = 0; i < seen.n; i++) {
		if (seen.rows[i].kind == OPTION_ALIAS)
			continue;
		matches += n > 0 && strncmp(seen.rows[i].name, name, n) == 0;
		size_t d = span_distance(span_of(name), span_of(seen.rows[i].name));
		if (d < least) {
			least = d;
			best = i;
		}
	}
	quoted(word, (size_t)(start - word) + n, shown);
	if (matches > 1)
		usage_error("ambiguous option: %s", shown);
	if (least <= 1 + n / 3)
		usage_error("unknown option: %s; did you mean '--%s'?", shown, seen.rows[best].name);
	usage_error("unknown option: %s", shown);
}

/* getopt's answers '?' and ':' in our words. */
_Noreturn static void refuse(int answer, char **argv)
{
	enum { LONG = 1000 };
	if (optopt >= LONG) {
		const char *name = seen.rows[optopt - LONG].name;
		if (answer == ':')
			usage_error("option '--%s' needs a value", name);
		usage_error("option '--%s' takes no value", name);
	}
	if (optopt && answer == ':')
		usage_error("option '-%c' needs a value", optopt);
	if (optopt)
		usage_error("unknown option: \"-%c\"", isprint(optopt) ? optopt : '?');
	unknown_option(argv[optind - 1]);
}

int program_start(const struct program *program, int argc, char **argv, void *options)
{
	enum { LONG = 1000 };
	program_name = program->name;
	run_begin();
	fill_closed_files();
	seen.rows = program->options;
	for (seen.n = 0; seen.rows[seen.n].name;)
		seen.n++;
	seen.when = memory_zero(seen.n + 1, sizeof *seen.when);
	const char *dump = getenv("RECPIPE_DUMP_OPTIONS");
	if (dump && *dump)
		dump_options(program, dump);

	struct option *names = memory_zero(seen.n + 1, sizeof *names);
	struct buffer letters = {0};
	buffer_add_text(&letters, program->command ? "+:" : ":");
	for (size_t i = 0; i < seen.n; i++) {
		const struct option_row *row = &seen.rows[i];
		const struct option_row *meant =
			row->kind == OPTION_ALIAS ? row_called(row->fallback) : row;
		names[i] = (struct option){.name = row->name, .val = LONG + (int)(meant - seen.rows),
			.has_arg = row->argument ? required_argument : no_argument};
		if (row->letter)
			buffer_format(&letters, "%c%s", row->letter, row->argument ? ":" : "");
	}
	memset(options, 0, program->options_size);
	set_defaults(seen.rows, seen.n, options);

	opterr = 0;
	unsigned order = 0;
	const char *spec = buffer_text(&letters);
	for (int answer; (answer = getopt_long(argc, argv, spec, names, NULL)) != -1;) {
		if (answer == '?' || answer == ':')
			refuse(answer, argv);
		size_t i = (size_t)answer - LONG;
		if (answer < LONG)
			for (i = 0; seen.rows[i].letter != answer;)
				i++;
		const struct option_row *row = &seen.rows[i];
		if (row->kind == OPTION_HELP)
			print_help(program);
		if (row->kind == OPTION_VERSION)
			print_version(program);
		if (row->kind == OPTION_LIST && seen.when[i] == 0)
			*(struct option_list *)((char *)options + row->at) =
				(struct option_list){0}; /* what is given replaces the default */
		set_value(row, optarg, options);
		seen.when[i] = ++order;
	}
	if (option_given("quiet"))
		log_level = LOG_QUIET;
	else if (option_given("verbose"))
		log_level = LOG_VERBOSE;
	if (option_given("no-header") && row_called("columns") && !option_given("columns"))
		usage_error("--no-header needs --columns to name the columns");
	const struct option_row *on_error = row_called("on-error");
	if (option_given("max-errors") && *(int *)((char *)options + on_error->at) == 0)
		usage_error("--max-errors requires --on-error=skip");
	outputs_check(program, options, argv + optind, argc - optind);
	free(names);
	buffer_free(&letters);
	return optind;
}
