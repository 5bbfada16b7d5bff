/* options.h - one table of options per tool: parser, --help, man page and
 * completion come from it, and a default is written in it alone.
 *
 *	struct options { struct common common; double above; const char *user; };
 *	static const struct option_row TABLE[] = {
 *		{"above", 0, OPTION_REAL, "X", offsetof(struct options, above),
 *		 "0.5", -INFINITY, INFINITY, NULL, "keep rows strictly above X"},
 *		COMMON_INPUT(struct options, common),
 *		COMMON_OUTPUT(struct options, common),
 *		COMMON_LOG(struct options, common),
 *		OPTION_END
 *	};
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
};

#define OPTION_END {NULL, 0, OPTION_FLAG, NULL, 0, NULL, 0, 0, NULL, NULL}

/* What most tools share. */
struct common {
	bool csv, no_header, line_buffered, quiet, verbose, progress;
	const char *columns, *rejects, *output;
	int on_error;   /* 0 fail, 1 skip */
	struct number_limit max_errors;
	int on_control; /* 0 space, 1 fail */
	int64_t threads;
	uint64_t seed;
};

#define COMMON_AT(s, m, f) (offsetof(s, m) + offsetof(struct common, f))
#define COMMON_MAX_ERRORS(s, m) \
	{"max-errors", 0, OPTION_LIMIT, "N|SHARE%", COMMON_AT(s, m, max_errors), NULL, 0, 0, NULL, \
	 "with --on-error=skip: fail (3) at more than N bad rows, or at the end when more than " \
	 "SHARE of all rows were bad; it always fails when no row is good"}
#define COMMON_INPUT(s, m) \
	{"csv", 0, OPTION_FLAG, NULL, COMMON_AT(s, m, csv), NULL, 0, 0, NULL, \
	 "read comma-separated values (RFC 4180) instead of TSV"}, \
	{"no-header", 0, OPTION_FLAG, NULL, COMMON_AT(s, m, no_header), NULL, 0, 0, NULL, \
	 "the main streams have no header line; needs --columns"}, \
	{"columns", 0, OPTION_TEXT, "A,B,..", COMMON_AT(s, m, columns), NULL, 0, 0, NULL, \
	 "names of the input columns, in place of the header's"}, \
	{"on-error", 0, OPTION_CHOICE, "HOW", COMMON_AT(s, m, on_error), "fail", 0, 0, "fail|skip", \
	 "at a bad row: stop, or count it, say so and go on"}, \
	COMMON_MAX_ERRORS(s, m), \
	{"on-control", 0, OPTION_CHOICE, "HOW", COMMON_AT(s, m, on_control), "space", 0, 0, "space|fail", \
	 "at a TAB or line end inside a CSV value: make it a space and count it, or stop"}, \
	{"rejects", 0, OPTION_OUTPUT, "FILE", COMMON_AT(s, m, rejects), NULL, 0, 0, NULL, \
	 "keep the raw lines of rejected rows in FILE"}
#define COMMON_OUTPUT(s, m) \
	{"output", 'o', OPTION_OUTPUT, "FILE", COMMON_AT(s, m, output), NULL, 0, 0, NULL, \
	 "write to FILE, whole or not at all, instead of standard output"}, \
	{"line-buffered", 0, OPTION_FLAG, NULL, COMMON_AT(s, m, line_buffered), NULL, 0, 0, NULL, \
	 "flush after each row"}
#define COMMON_THREADS(s, m) \
	{"threads", 'j', OPTION_INT, "N", COMMON_AT(s, m, threads), "1", 1, 1024, NULL, \
	 "work on N threads; the output does not depend on it"}
#define COMMON_SEED(s, m) \
	{"seed", 's', OPTION_SEED, "N", COMMON_AT(s, m, seed), "0", 0, 0, NULL, \
	 "seed of everything random"}
#define COMMON_LOG(s, m) \
	{"progress", 0, OPTION_FLAG, NULL, COMMON_AT(s, m, progress), NULL, 0, 0, NULL, \
	 "show progress even when standard error is no terminal"}, \
	{"no-progress", 0, OPTION_NO_FLAG, NULL, COMMON_AT(s, m, progress), NULL, 0, 0, NULL, \
	 "show no progress"}, \
	{"quiet", 'q', OPTION_FLAG, NULL, COMMON_AT(s, m, quiet), NULL, 0, 0, NULL, \
	 "say nothing but errors"}, \
	{"verbose", 'v', OPTION_FLAG, NULL, COMMON_AT(s, m, verbose), NULL, 0, 0, NULL, \
	 "end with a line that says what was read, written and spent"}, \
	{"help", 'h', OPTION_HELP, NULL, 0, NULL, 0, 0, NULL, "show this help and exit"}, \
	{"version", 'V', OPTION_VERSION, NULL, 0, NULL, 0, 0, NULL, "show the version and exit"}

/* What the timestamps of the input are: an int at `at` (enum time_unit). */
#define TIMESTAMP_UNIT_ROW(at, fallback) \
	{"timestamp-unit", 0, OPTION_CHOICE, "UNIT", at, fallback, 0, 0, TIME_UNITS, \
	 "what the input's timestamps are: counts of this unit since 1970, or dates as in " \
	 "2024-03-10 and 2024-03-10T15:12:01Z (iso)"}

/* What a tool says of itself. */
struct program {
	const char *name;
	const char *usage;       /* "[OPTION].. [FILE].." */
	const char *summary;     /* one sentence */
	const char *reads;       /* columns read, one paragraph */
	const char *writes;      /* columns written */
	const char *examples[2]; /* two command lines */
	const struct option_row *options;
	size_t options_size;     /* sizeof (struct options) */
	bool command;            /* options end at the first operand: a command of its own */
	/* Does it write to standard output with these options? NULL: when there is an option
	 * --output and it is not given. */
	bool (*writes_stdout)(const void *options);
};

/* Parses the command line into the tool's zeroed options struct, sets the
 * program's name and log level, and returns the index of the first operand in
 * argv (getopt has moved them to the end). A mistake exits with 2, naming the
 * option and the value; --help and --version print and exit with 0. With
 * RECPIPE_DUMP_OPTIONS=man|bash|table in the environment the option table is
 * printed as a manual's section, as completion words or as TSV instead.
 * Standard input, output and error that are closed are filled with what fails
 * on use, so that no other file takes their numbers. */
int program_start(const struct program *program, int argc, char **argv, void *options);

/* Was the option on the command line? */
bool option_given(const char *name);

/* The column that the option `--option` names; `name` is its value, which is a default
 * when the option is not on the command line. */
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
