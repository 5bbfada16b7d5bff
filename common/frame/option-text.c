/* What the table of options says to people: --help, the manual's OPTIONS, and the table as
 * TSV for completions and checks. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/number.h"
#include "frame/option-table.h"
#include "frame/run.h"
#include "streams/output.h"

#ifndef RECPIPE_VERSION
#define RECPIPE_VERSION "0.0.0"
#endif

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

/* The first heading of a table, or its end. */
static const struct option_row *first_group(const struct option_row *row)
{
	while (row->name && row->kind != OPTION_GROUP)
		row++;
	return row;
}

void option_columns_text(struct buffer *b, const struct option_row *rows)
{
	const char *comma = "";
	for (const struct option_row *row = rows; row->name; row++) {
		if (row->kind != OPTION_COLUMN)
			continue;
		buffer_format(b, "%s%s", comma, row->name);
		comma = ", ";
	}
}

/* As in --rename user=uid, with the table's own columns. */
static void add_rename(struct buffer *b, const struct option_row *rows)
{
	const struct option_row *first = rows;
	while (first->name && first->kind != OPTION_COLUMN)
		first++;
	if (option_row_called(rows, "user") && option_row_called(rows, "user")->kind == OPTION_COLUMN)
		first = option_row_called(rows, "user");
	struct buffer sides = {0};
	option_sides_text(&sides, rows);
	if (first->name) {
		buffer_format(b, ", as in --rename %s=%s; may be repeated; COLUMN is one of ", first->name,
			      strcmp(first->name, "user") == 0 ? "uid" : "other");
		option_columns_text(b, rows);
	}
	if (sides.n)
		buffer_format(b, "%s OPTION.COLUMN of the file of --OPTION, one of %s%s",
			      first->name ? ", or" : ", which is", buffer_text(&sides),
			      first->name ? "" : "; may be repeated");
	buffer_free(&sides);
}

/* The help text with its choices, range, default and rules. */
static char *row_help(const struct program *p, const struct option_row *row)
{
	struct buffer b = {0};
	buffer_add_text(&b, row->help);
	if (row->kind == OPTION_RENAME)
		add_rename(&b, p->options);
	if (row->kind == OPTION_HELP && first_group(p->options)->name)
		buffer_add_text(&b, "; --help=all shows all options");
	char range[NUMBER_RANGE_SIZE];
	bool told = !row->choices || row->kind == OPTION_MODE ||
		    strcmp(row->choices, row->argument ? row->argument : "") == 0;
	if (!told)
		buffer_format(&b, "; one of %s", row->choices);
	else if (row->argument && option_has_range(row))
		buffer_format(&b, "; %s", option_range(row, range));
	if (row->kind == OPTION_LIST && !strstr(row->help, "repeated"))
		buffer_add_text(&b, "; may be repeated");
	option_rules_text(&b, row);
	if (row->fallback)
		buffer_format(&b, " (default %s)", row->fallback);
	return buffer_text(&b);
}

_Noreturn static void print_out(struct buffer *b)
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

/* Rows of headings that have no row for the command are not shown. */
static bool group_applies(const struct program *p, const struct option_row *group, int command)
{
	for (const struct option_row *row = group + 1; row->name && row->kind != OPTION_GROUP; row++)
		if (row->kind != OPTION_ALIAS && option_applies(p, row, command))
			return true;
	return false;
}

static void add_help_row(struct buffer *b, const struct program *p, const struct option_row *row)
{
	enum { INDENT = 28 };
	char left[128], letter[8] = "    ";
	if (row->letter)
		snprintf(letter, sizeof letter, "-%c, ", row->letter);
	int n = snprintf(left, sizeof left, "  %s--%s%s%s", letter, row->name,
			 row->argument ? " " : "", row->argument ? row->argument : "");
	if (row->kind == OPTION_MODE)
		n += snprintf(left + n, sizeof left - (size_t)n, "[=%s]", row->choices);
	buffer_add(b, left, (size_t)n);
	if (n + 2 > INDENT) {
		buffer_add_byte(b, '\n');
		n = 0;
	}
	buffer_format(b, "%*s", INDENT - n, "");
	char *help = row_help(p, row);
	add_wrapped(b, INDENT, INDENT, help);
	free(help);
}

/* A program's command has few options of its own: it shows them all. */
static void add_help_rows(struct buffer *b, const struct program *p, int command, bool all)
{
	const struct option_row *row = p->options, *end = first_group(row);
	struct buffer more = {0};
	buffer_add_text(b, "\nOptions:\n");
	for (; row->name; row++) {
		if (row->kind == OPTION_ALIAS || !option_applies(p, row, command))
			continue;
		if (row->kind == OPTION_GROUP) {
			if (!group_applies(p, row, command))
				continue;
			if (all || command)
				buffer_format(b, "\n%s:\n", row->help);
			else
				buffer_format(&more, "%s %s", more.n ? ";" : "", row->help);
		} else if (all || command || row < end) {
			add_help_row(b, p, row);
		}
	}
	if (more.n) {
		buffer_add_byte(b, '\n');
		char *line = memory_format("%s --help=all shows more:%s.", p->name, buffer_text(&more));
		add_wrapped(b, 0, 0, line);
		free(line);
	}
	buffer_free(&more);
}

static void add_commands(struct buffer *b, const struct program *p)
{
	buffer_format(b, "\nCommands (%s COMMAND --help shows the options of each):\n", p->name);
	for (const struct program_command *c = p->commands + 1; c->name; c++) {
		buffer_format(b, "  %-26s", c->name);
		add_wrapped(b, 28, 28, c->summary);
	}
}

_Noreturn void option_print_help(const struct program *p, int command, bool all)
{
	struct buffer b = {0};
	const struct program_command *own = command ? &p->commands[command] : NULL;
	if (own) {
		buffer_format(&b, "Usage: %s %s %s\n", p->name, own->name, own->usage);
		char *summary = memory_format("%c%s.", toupper((unsigned char)own->summary[0]),
					      own->summary + 1);
		add_wrapped(&b, 0, 0, summary);
		free(summary);
	} else {
		buffer_format(&b, "Usage: %s %s\n", p->name, p->usage);
		add_wrapped(&b, 0, 0, p->summary);
		if (p->commands)
			add_commands(&b, p);
	}
	add_help_rows(&b, p, command, all);
	buffer_add_byte(&b, '\n');
	if (!own) {
		add_paragraph(&b, "Reads:", p->reads);
		add_paragraph(&b, "Writes:", p->writes);
		buffer_add_text(&b, "\nExamples:\n");
		for (size_t i = 0; i < sizeof p->examples / sizeof *p->examples; i++)
			if (p->examples[i])
				buffer_format(&b, "  %s\n", p->examples[i]);
		buffer_add_byte(&b, '\n');
	}
	buffer_format(&b, "Exit status: 0 success, 1 run-time error, 2 usage error, 3 bad input data%s.\n",
		      p->service ? ",\n4 a service is unavailable" : "");
	print_out(&b);
}

_Noreturn void option_print_version(const struct program *p)
{
	struct buffer b = {0};
	buffer_format(&b, "%s (recpipe) %s\n", p->name, RECPIPE_VERSION);
	buffer_add_text(&b, "License GPLv3+: GNU GPL version 3 or later.\n"
			"This is free software: you may change and redistribute it.\n"
			"There is no warranty, to the extent permitted by law.\n");
	print_out(&b);
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

/* Does the help begin with a value of some option, or a command, as in "warp: draw"? Such a
 * word keeps its small letter. */
static bool begins_with_value(const struct program *p, const char *help)
{
	size_t n = strspn(help, "abcdefghijklmnopqrstuvwxyz0123456789-");
	if (help[n] != ':' && help[n] != ',')
		return false;
	for (const struct option_row *row = p->options; row->name; row++)
		if (row->choices && choice_index(row->choices, (struct span){help, n}) >= 0)
			return true;
	for (const struct program_command *c = p->commands; c && c->name; c++)
		if (strlen(c->name) == n && memcmp(c->name, help, n) == 0)
			return true;
	return false;
}

static void add_man_row(struct buffer *b, const struct program *p, const struct option_row *row)
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
	if (row->kind == OPTION_MODE) {
		buffer_add_text(b, "[=\\fI");
		add_roff(b, row->choices);
		buffer_add_text(b, "\\fR]");
	}
	buffer_add_byte(b, '\n');
	char *help = row_help(p, row);
	struct buffer line = {0};
	bool others = row->of && !option_applies(p, row, 0); /* than the command without a name */
	for (const char *at = row->of; others && *at; at++)
		buffer_format(&line, *at == ',' ? "%c " : "%c", *at);
	if (others)
		buffer_add_text(&line, ": ");
	bool as_is = others || begins_with_value(p, help);
	buffer_add_byte(&line, as_is ? help[0] : (char)toupper((unsigned char)help[0]));
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
		"choice", "list", "help", "version", "limit", "output", "state", "alias", "group", "text",
		"mode", "list",
	};
	char letter[2] = {row->letter, '\0'};
	buffer_format(b, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", row->name, letter, KIND[row->kind],
		      row->argument ? row->argument : "", row->fallback ? row->fallback : "",
		      row->choices ? row->choices : "", row->help, row->side ? "side" : "");
}

_Noreturn void option_dump(const struct program *p, const char *how)
{
	struct buffer b = {0};
	bool table = strcmp(how, "table") == 0;
	if (strcmp(how, "check") == 0)
		option_table_check(p);
	if (strcmp(how, "commands") == 0) {
		for (const struct program_command *c = p->commands; c && (++c)->name;)
			buffer_format(&b, "%s\n", c->name);
		print_out(&b);
	}
	if (!table && strcmp(how, "man") != 0)
		usage_error("RECPIPE_DUMP_OPTIONS must be man, table, commands or check");
	if (table)
		buffer_add_text(&b, "name\tletter\tkind\targument\tdefault\tchoices\thelp\tside\n");
	for (const struct option_row *row = p->options; row->name; row++) {
		if (row->kind == OPTION_ALIAS || (row->kind == OPTION_GROUP && table))
			continue;
		if (row->kind == OPTION_GROUP) {
			buffer_add_text(&b, ".SS ");
			add_roff(&b, row->help);
			buffer_add_byte(&b, '\n');
		} else if (table) {
			add_table_row(&b, row);
		} else {
			add_man_row(&b, p, row);
		}
	}
	print_out(&b);
}
