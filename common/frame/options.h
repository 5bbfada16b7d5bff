/* options.h - one table of options per tool: parser, --help, man page and
 * completion come from it, and a default is written in it alone.
 *
 *	struct options { struct common common; double above; bool core; };
 *	static const struct option_row OPTIONS[] = {
 *		OPTION_REAL("above", "X", above, .letter = 'a', .fallback = "0.5",
 *			.help = "keep rows strictly above X"),
 *		OPTION_FLAG("core", core, .help = "repeat until nothing changes"),
 *		COMMON_INPUT, COMMON_OUTPUT, COMMON_LOG,
 *		OPTION_END
 *	};
 *
 * Rows before the first OPTION_GROUP("...") are what --help shows; --help=all and the manual
 * show all, under these headings. A table without headings is shown whole.
 *
 * A row is the macro of its kind: the long name, what --help calls the value, the member
 * of `struct options` that takes the value, and by name what else is known. The struct of
 * a tool has this name, and its member `common` serves the rows that most tools share. A
 * member whose type is not that of the kind does not compile.
 */
#ifndef RECPIPE_FRAME_OPTIONS_H
#define RECPIPE_FRAME_OPTIONS_H

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/date.h"
#include "base/number.h"
#include "streams/column.h"

enum option_kind {
	OPTION_FLAG,     /* bool: true when given */
	OPTION_NO_FLAG,  /* bool: false when given (its default is true) */
	OPTION_TEXT,     /* const char *, not empty */
	OPTION_FILE,     /* const char *, not empty: a file to read, or a folder */
	OPTION_INT,      /* int64_t */
	OPTION_SEED,     /* uint64_t, the whole range */
	OPTION_SIZE,     /* uint64_t, K M G */
	OPTION_REAL,     /* double */
	OPTION_DURATION, /* double, seconds */
	OPTION_CHOICE,   /* int: index of the word in `choices` ("fail|skip") */
	OPTION_LIST,     /* struct option_list: may be repeated */
	OPTION_HELP,
	OPTION_VERSION,
	OPTION_LIMIT,    /* struct number_limit: "100" or "5%" */
	OPTION_OUTPUT,   /* const char *, not empty: a file that is written whole at the end */
	OPTION_STATE,    /* the same: a file that is written while the tool runs (outputs.h) */
	OPTION_ALIAS,    /* an old name, not documented: `fallback` is the option it stands for */
	OPTION_GROUP,    /* no option: a heading, `help`, of the rows that follow */
	OPTION_COLUMN,   /* const char *, not empty: what the input calls the column of this name */
	OPTION_MODE,     /* int: 0 not given, 1 given without a word, 2 + index of the word in `choices` */
	OPTION_RENAME,   /* COLUMN=NAME, for the OPTION_COLUMN rows of the table, and OPTION.COLUMN=NAME
			  * for its side files; may be repeated */
};

struct option_list {
	const char **values;
	size_t n;
};

struct option_row {
	const char *name;       /* long name without dashes */
	char letter;            /* 0: none */
	enum option_kind kind;
	const char *argument;   /* what --help calls the value; NULL for flags */
	size_t at;              /* offsetof in the tool's options struct */
	const char *fallback;   /* the default as text; NULL: none (0, NULL, false) */
	double low, high;       /* inclusive range of numbers; both 0: any */
	const char *choices;    /* "fail|skip" */
	const char *help;       /* one sentence, lower case, no full stop */

	/* Rules, checked when all is parsed; --help and the manual tell them. Terms are other
	 * options: "pre" (it is given), "test=welch/bootstrap" (its value, or default, is one of
	 * these), "shards!=1" (is not this one), "FILE" (there are operands). */
	const char *requires;    /* "a,b|c": a, and b or c */
	const char *excludes;    /* "a,b": neither */
	bool required;           /* must be given, */
	const char *unless;      /* "a|b": if none of these holds */
	const char *required_by; /* "format=svg": must be given when one of these holds */
	const char *of;          /* "best,top": for these commands of the program; NULL: for all */
	bool side;               /* its files are side files: tables with a header (frame/sides.h) */
};

#define OPTION_GROUP(title) {.name = "", .kind = OPTION_GROUP, .help = title}
#define OPTION_END {.name = NULL}

/* Where the member is, when it has the type; else an error at compile time. */
#define OPTION_AT(member, type) \
	_Generic(&((struct options *)0)->member, type *: offsetof(struct options, member))

#define OPTION_TYPE_INT int64_t
#define OPTION_TYPE_REAL double
#define OPTION_TYPE_CHOICE int

/* One row of each kind: option is the long name, shown the name of the value in --help.
 * What follows the member are the row's other fields by name, .help always. */
#define OPTION_FLAG(option, member, ...) \
	{.name = option, .kind = OPTION_FLAG, .at = OPTION_AT(member, bool), __VA_ARGS__}
#define OPTION_NO_FLAG(option, member, ...) \
	{.name = option, .kind = OPTION_NO_FLAG, .at = OPTION_AT(member, bool), __VA_ARGS__}
#define OPTION_MODE(option, member, words, ...) \
	{.name = option, .kind = OPTION_MODE, .at = OPTION_AT(member, int), .choices = words, __VA_ARGS__}
#define OPTION_VALUE(of, type, option, shown, member, ...) \
	{.name = option, .kind = of, .argument = shown, .at = OPTION_AT(member, type), __VA_ARGS__}
#define OPTION_TEXT(option, shown, member, ...) \
	OPTION_VALUE(OPTION_TEXT, const char *, option, shown, member, __VA_ARGS__)
#define OPTION_COLUMN(option, member, ...) \
	OPTION_VALUE(OPTION_COLUMN, const char *, option, "COLUMN", member, __VA_ARGS__)
#define OPTION_FILE(option, shown, member, ...) \
	OPTION_VALUE(OPTION_FILE, const char *, option, shown, member, __VA_ARGS__)
#define OPTION_OUTPUT(option, shown, member, ...) \
	OPTION_VALUE(OPTION_OUTPUT, const char *, option, shown, member, __VA_ARGS__)
#define OPTION_STATE(option, shown, member, ...) \
	OPTION_VALUE(OPTION_STATE, const char *, option, shown, member, __VA_ARGS__)
#define OPTION_INT(option, shown, member, ...) \
	OPTION_VALUE(OPTION_INT, int64_t, option, shown, member, __VA_ARGS__)
#define OPTION_SEED(option, shown, member, ...) \
	OPTION_VALUE(OPTION_SEED, uint64_t, option, shown, member, __VA_ARGS__)
#define OPTION_SIZE(option, shown, member, ...) \
	OPTION_VALUE(OPTION_SIZE, uint64_t, option, shown, member, __VA_ARGS__)
#define OPTION_REAL(option, shown, member, ...) \
	OPTION_VALUE(OPTION_REAL, double, option, shown, member, __VA_ARGS__)
#define OPTION_DURATION(option, shown, member, ...) \
	OPTION_VALUE(OPTION_DURATION, double, option, shown, member, __VA_ARGS__)
#define OPTION_LIMIT(option, shown, member, ...) \
	OPTION_VALUE(OPTION_LIMIT, struct number_limit, option, shown, member, __VA_ARGS__)
#define OPTION_LIST(option, shown, member, ...) \
	OPTION_VALUE(OPTION_LIST, struct option_list, option, shown, member, __VA_ARGS__)
#define OPTION_CHOICE(option, shown, member, words, ...) \
	OPTION_VALUE(OPTION_CHOICE, int, option, shown, member, .choices = words, __VA_ARGS__)
/* An old name of the option `meant`; shown as in its row, NULL for a flag. */
#define OPTION_ALIAS(option, shown, meant) \
	{.name = option, .kind = OPTION_ALIAS, .argument = shown, .fallback = meant}

/* What most tools share. */
struct common {
	bool csv, no_header, line_buffered, packed, quiet, verbose, progress;
	const char *columns, *rejects, *output;
	int on_error;   /* 0 fail, 1 skip */
	struct option_list side_columns, side_csv;
	struct number_limit max_errors;
	int on_control; /* 0 space, 1 fail */
	int64_t threads;
	uint64_t seed;
	int counters;   /* given: how they are written; run.h has them */
};

#define COMMON_MAX_ERRORS \
	OPTION_LIMIT("max-errors", "N|SHARE%", common.max_errors, .requires = "on-error=skip", \
		.help = "fail (3) after more than N bad rows, or at the end if more than SHARE of all " \
			"rows were bad; always fail if no row is good")
#define COMMON_LAYOUT \
	OPTION_FLAG("csv", common.csv, \
		.help = "read comma-separated values (RFC 4180) instead of TSV"), \
	OPTION_FLAG("no-header", common.no_header, \
		.help = "the main streams have no header line", .requires = "columns"), \
	OPTION_TEXT("columns", "A,B,...", common.columns, \
		.help = "names of the input columns, instead of the header's")
#define COMMON_ON_CONTROL \
	OPTION_CHOICE("on-control", "HOW", common.on_control, "space|fail", .fallback = "space", \
		.help = "on a TAB or line end inside a CSV value: replace it by a space, or stop")
#define COMMON_INPUT COMMON_LAYOUT, COMMON_BAD_ROWS
#define COMMON_BAD_ROWS \
	OPTION_CHOICE("on-error", "HOW", common.on_error, "fail|skip", .fallback = "fail", \
		.help = "on a bad row: stop, or count it, report it and continue"), \
	COMMON_MAX_ERRORS, \
	COMMON_ON_CONTROL, \
	OPTION_OUTPUT("rejects", "FILE", common.rejects, \
		.help = "write the raw lines of rejected rows to FILE")
/* For a table with side files: what they are, and what their columns are called; the second macro
 * takes the rows' rules as well. */
#define COMMON_SIDES COMMON_SIDES_RULES(.requires = NULL)
#define COMMON_SIDES_RULES(...) \
	OPTION_LIST("side-columns", "OPTION=A,B,...", common.side_columns, __VA_ARGS__, \
		.help = "names of the columns of the file of --OPTION, instead of its header's"), \
	OPTION_LIST("side-csv", "OPTION", common.side_csv, __VA_ARGS__, \
		.help = "read the file of --OPTION as CSV, as one whose name ends in .csv is read")
/* For a table with OPTION_COLUMN rows or side files. */
#define COMMON_RENAME COMMON_RENAME_RULES(.requires = NULL)
#define COMMON_RENAME_RULES(...) \
	{.name = "rename", .kind = OPTION_RENAME, .argument = "COLUMN=NAME", __VA_ARGS__, \
		.help = "use the input's column NAME as COLUMN"}
#define COMMON_OUTPUT_FILE COMMON_OUTPUT_RULES(.requires = NULL)
#define COMMON_OUTPUT_RULES(...) \
	OPTION_OUTPUT("output", "FILE", common.output, .letter = 'o', __VA_ARGS__, \
		.help = "write to FILE instead of standard output, completely or not at all; "\
			"compressed where its name ends in .gz or .zst")
/* For a tool that writes a model, neighbors or lists; `not` are further options that exclude it. */
#define COMMON_PACKED(not) \
	OPTION_FLAG("packed", common.packed, .excludes = "no-header,line-buffered" not, \
		.help = "write a packed file, which the tools that read such rows take in place of TSV")
#define COMMON_LINE_BUFFERED \
	OPTION_FLAG("line-buffered", common.line_buffered, .help = "flush after each row")
#define COMMON_OUTPUT COMMON_OUTPUT_FILE, COMMON_LINE_BUFFERED
#define COMMON_THREADS \
	OPTION_INT("threads", "N", common.threads, .letter = 'j', .fallback = "1", .low = 1, .high = 1024, \
		.help = "number of threads; the output does not depend on it")
#define COMMON_SEED \
	OPTION_SEED("seed", "N", common.seed, .letter = 's', .fallback = "0", \
		.help = "seed of all random choices")
/* Of a tool that has no rows to count. */
#define COMMON_PROGRESS_ALONE \
	OPTION_FLAG("progress", common.progress, \
		.help = "show progress even if standard error is not a terminal"), \
	OPTION_NO_FLAG("no-progress", common.progress, .help = "show no progress")
#define COMMON_PROGRESS \
	COMMON_PROGRESS_ALONE, \
	OPTION_CHOICE("counters", "hadoop", common.counters, "hadoop", \
		.help = "end with lines on standard error that Hadoop Streaming counts: rows read, written " \
			"and rejected; every 10 seconds, a line of status")
#define COMMON_ABOUT \
	OPTION_FLAG("quiet", common.quiet, .letter = 'q', .help = "print only errors"), \
	OPTION_FLAG("verbose", common.verbose, .letter = 'v', \
		.help = "end with a summary of rows, time and memory"), \
	{.name = "help", .letter = 'h', .kind = OPTION_HELP, .help = "show this help and exit"}, \
	{.name = "version", .letter = 'V', .kind = OPTION_VERSION, .help = "show the version and exit"}
#define COMMON_LOG COMMON_PROGRESS, COMMON_ABOUT

/* Of the option --kernel, where the instructions round differently, and where they do not. */
#define KERNEL_HELP \
	"vector instructions to use; portable gives the same bytes on every machine"
#define KERNEL_HELP_EXACT \
	"vector instructions to use; the output does not depend on them"

/* What the timestamps of the input are: an int (enum time_unit). TIMESTAMP_UNIT_RULES takes
 * the row's rules as well. */
#define TIMESTAMP_UNIT_ROW(member, unit) TIMESTAMP_UNIT_RULES(member, unit, .requires = NULL)
#define TIMESTAMP_UNIT_RULES(member, unit, ...) \
	OPTION_CHOICE("timestamp-unit", "UNIT", member, TIME_UNITS, .fallback = unit, __VA_ARGS__, \
		.help = "unit of the input's timestamps: counts since 1970, or dates as in " \
			"2024-03-10 and 2024-03-10T15:12:01Z (iso)")

/* A command of a program that has several: `tune-hparams best`. */
struct program_command {
	const char *name;    /* NULL ends the list */
	const char *usage;   /* "--study FILE [OPTION]..." */
	const char *summary; /* one sentence, lower case, no full stop */
};

/* What a tool says of itself. */
struct program {
	const char *name;
	const char *usage;       /* "[OPTION]... [FILE]..." */
	const char *summary;     /* one sentence */
	const char *reads;       /* columns read, one paragraph */
	const char *writes;      /* columns written */
	const char *examples[2]; /* two command lines */
	const struct option_row *options;
	size_t options_size;     /* sizeof (struct options) */
	bool service;            /* asks a server: it may exit with 4 */
	bool command;            /* options end at the first operand: a command of its own */
	/* The program's own commands: the first is meant when there is none of these words,
	 * which may stand before the options or after. NULL: there are none. */
	const struct program_command *commands;
	/* Does it write to standard output with these options? NULL: when there is an option
	 * --output and it is not given. */
	bool (*writes_stdout)(const void *options);
};

/* Parses the command line into the tool's zeroed options struct, sets the
 * program's name and log level, and returns the index of the first operand in
 * argv (getopt has moved them to the end). A mistake exits with 2, naming the
 * option and the value; --help and --version print and exit with 0. With
 * RECPIPE_DUMP_OPTIONS=man|table|commands in the environment the option table is
 * printed as a manual's section, as completion words or as TSV instead; with
 * check it is searched for mistakes of its own.
 * Standard input, output and error that are closed are filled with what fails
 * on use, so that no other file takes their numbers. */
int program_start(const struct program *program, int argc, char **argv, void *options);

/* The command that was named, as an index into program->commands. */
int option_command(void);

/* Was the option on the command line? */
bool option_given(const char *name);

/* The column that the option `--option` (or --rename) names; `name` is its value, which is
 * a default when neither is on the command line. */
struct column option_column(const char *option, const char *name);

/* A pair of switches: true when `on` was the last one given, false when `off`
 * was, `otherwise` when neither was. */
bool option_switched(const char *on, const char *off, bool otherwise);

/* Exit 2: `tool: message`, then `Try 'tool --help' for more information.` */
_Noreturn void usage_error(const char *format, ...)
	__attribute__((format(printf, 1, 2)));

/* The common options as a table format. */
#define COMMON_FORMAT(c) ((struct table_format){ \
	.csv = (c)->csv, .no_header = (c)->no_header, .columns = (c)->columns, \
	.skip_bad = (c)->on_error == 1, .control_fails = (c)->on_control == 1, \
	.max_errors = (c)->max_errors, .rejects = (c)->rejects})

#endif
