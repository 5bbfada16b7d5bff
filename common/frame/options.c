/* The command line, parsed by the table of options. */
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
#include "frame/option-table.h"
#include "frame/outputs.h"
#include "frame/run.h"
#include "streams/columns.h"
#include "streams/input.h"
#include "streams/packed.h"

/* What program_start remembers: which options were given, and in what order. */
static struct option_state seen;

const struct option_row *option_row_called(const struct option_row *rows, const char *name)
{
	for (const struct option_row *row = rows; row && row->name; row++)
		if (row->kind != OPTION_GROUP && strcmp(row->name, name) == 0)
			return row;
	return NULL;
}

static unsigned given_when(const char *name)
{
	const struct option_row *row = option_row_called(seen.rows, name);
	return row ? seen.when[row - seen.rows] : 0;
}

int option_command(void)
{
	return seen.command;
}

bool option_applies(const struct program *p, const struct option_row *row, int command)
{
	const char *name = p->commands ? p->commands[command].name : "";
	size_t n = strlen(name);
	for (const char *at = row->of; at && *at; at += strcspn(at, ",")) {
		at += *at == ',';
		if (strcspn(at, ",") == n && memcmp(at, name, n) == 0)
			return true;
	}
	return !row->of;
}

bool option_given(const char *name)
{
	return given_when(name) > 0;
}

struct column option_column(const char *option, const char *name)
{
	const struct option_row *row = option_row_called(seen.rows, option);
	const char *by = row && seen.renamed[row - seen.rows] ? "rename" : option;
	return (struct column){name, option_given(option) ? by : NULL};
}

const struct option_list *option_values(const char *name)
{
	const struct option_row *row = option_row_called(seen.rows, name);
	return row ? (const struct option_list *)((const char *)seen.values + row->at) : NULL;
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

bool option_has_range(const struct option_row *row)
{
	return (row->low < 0 || row->low > 0 || row->high < 0 || row->high > 0) &&
		!(isinf(row->low) && isinf(row->high));
}

const char *option_range(const struct option_row *row, char out[NUMBER_RANGE_SIZE])
{
	return row->kind == OPTION_DURATION ? duration_range(row->low, row->high, out)
		: number_range(row->low, row->high, out);
}

static void check_range(const struct option_row *row, const char *value, double number)
{
	if (!option_has_range(row) || (number >= row->low && number <= row->high))
		return;
	char range[NUMBER_RANGE_SIZE], problem[128];
	option_range(row, range);
	if (number > row->high && row->high >= NUMBER_VAST) /* which the range does not tell */
		snprintf(range, sizeof range, "at most %.15g", row->high);
	snprintf(problem, sizeof problem, "must be %s", range);
	bad_value(row, value, problem);
}

static void check_number(const struct option_row *row, const char *value, enum number_state state)
{
	if (state != NUMBER_OK)
		bad_value(row, value, number_problem(state));
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
	case OPTION_TEXT: {
		char problem[COLUMNS_PROBLEM];
		if (strcmp(row->name, "columns") == 0 && columns_list_problem(value, problem))
			bad_value(row, value, problem);
		*(const char **)at = value;
		break;
	}
	case OPTION_COLUMN:
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
		int index = choice_index(row->choices, (struct span){value, n});
		if (index < 0) {
			char problem[256];
			snprintf(problem, sizeof problem, "must be one of %s", row->choices);
			bad_value(row, value, problem);
		}
		*(int *)at = index;
		break;
	}
	case OPTION_MODE: {
		int index = value ? choice_index(row->choices, (struct span){value, n}) : -1;
		if (value && index < 0) {
			char problem[256];
			snprintf(problem, sizeof problem, "must be one of %s", row->choices);
			bad_value(row, value, problem);
		}
		*(int *)at = index + 2;
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
	case OPTION_GROUP:
	case OPTION_RENAME:
		break;
	}
}

/* Has a flag the same place? --progress and --no-progress: the first one rules. */
static bool is_shared(const struct option_row *rows, size_t n, const struct option_row *row)
{
	for (size_t i = 0; i < n; i++)
		if (rows[i].kind == OPTION_FLAG && rows[i].at == row->at)
			return true;
	return false;
}

static void set_defaults(const struct option_row *rows, size_t n, void *options)
{
	for (size_t i = 0; i < n; i++) {
		if (rows[i].kind == OPTION_ALIAS || rows[i].kind == OPTION_GROUP)
			continue;
		if (rows[i].kind == OPTION_NO_FLAG && !is_shared(rows, n, &rows[i]))
			*(bool *)((char *)options + rows[i].at) = true;
		if (rows[i].fallback)
			set_value(&rows[i], rows[i].fallback, options);
	}
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
		if (seen.rows[i].kind == OPTION_ALIAS || seen.rows[i].kind == OPTION_GROUP)
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
	if (n < sizeof name && least <= 1 + n / 3)
		usage_error("unknown option: %s; did you mean '--%s'?", shown, seen.rows[best].name);
	usage_error("unknown option: %s", shown);
}

/* The first word of a command line is neither an option nor a command of the program: since
 * an option is required, it can only be a mistyped command. */
_Noreturn static void unknown_command(const char *word)
{
	char shown[QUOTED_SIZE];
	struct buffer all = {0};
	size_t n = strlen(word), best = 0, least = SIZE_MAX;
	const struct program_command *commands = seen.program->commands;
	for (size_t c = 1; commands[c].name; c++) {
		size_t d = span_distance(span_of(word), span_of(commands[c].name));
		if (d < least) {
			least = d;
			best = c;
		}
		buffer_format(&all, "%s%s", c > 1 ? ", " : "", commands[c].name);
	}
	quoted(word, n, shown);
	if (least <= 1 + n / 3)
		usage_error("unknown command: %s; did you mean '%s'?", shown, commands[best].name);
	usage_error("unknown command: %s; there are %s; options stand before what a trial runs",
		    shown, buffer_text(&all));
}

/* Is there an option that every command line must have? */
static bool option_is_required(const struct option_row *row)
{
	while (row->name && !(row->required && !row->unless && !row->of))
		row++;
	return row->name != NULL;
}

enum { LONG = 1000 }; /* getopt's answer for the long option of row i is LONG + i */

/* getopt's answers '?' and ':' in our words. */
_Noreturn static void refuse(int answer, char **argv)
{
	if (optopt >= LONG) {
		const char *name = seen.rows[optopt - LONG].name;
		if (answer == ':')
			usage_error("option '--%s' requires a value", name);
		usage_error("option '--%s' takes no value", name);
	}
	if (optopt && answer == ':')
		usage_error("option '-%c' requires a value", optopt);
	if (optopt)
		usage_error("unknown option: \"-%c\"", isprint(optopt) ? optopt : '?');
	unknown_option(argv[optind - 1]);
}

/* The table in getopt's terms; the caller frees the result and `letters`. */
static struct option *getopt_names(struct buffer *letters)
{
	struct option *names = memory_zero(seen.n + 1, sizeof *names);
	size_t n = 0;
	for (size_t i = 0; i < seen.n; i++) {
		const struct option_row *row = &seen.rows[i];
		if (row->kind == OPTION_GROUP)
			continue;
		const struct option_row *meant =
			row->kind == OPTION_ALIAS ? option_row_called(seen.rows, row->fallback) : row;
		names[n++] = (struct option){.name = row->name, .val = LONG + (int)(meant - seen.rows),
			.has_arg = row->kind == OPTION_HELP || row->kind == OPTION_MODE ? optional_argument :
				row->argument ? required_argument : no_argument};
		if (row->letter)
			buffer_format(letters, "%c%s", row->letter, row->argument ? ":" : "");
	}
	return names;
}

static const struct option_row *row_answered(int answer)
{
	if (answer >= LONG)
		return &seen.rows[answer - LONG];
	const struct option_row *row = seen.rows;
	while (row->letter != answer)
		row++;
	return row;
}

/* --rename user=uid is --user uid. Returns the row of the column. */
static const struct option_row *rename_column(const struct option_row *rename, const char *value,
					      void *options)
{
	size_t n = strcspn(value, "=");
	if (n == 0 || value[n] == '\0' || value[n + 1] == '\0')
		bad_value(rename, value, "not COLUMN=NAME");
	for (size_t i = 0; i < seen.n; i++) {
		const struct option_row *row = &seen.rows[i];
		if (row->kind != OPTION_COLUMN || strlen(row->name) != n || memcmp(row->name, value, n) != 0)
			continue;
		*(const char **)((char *)options + row->at) = value + n + 1;
		seen.renamed[i] = true;
		return row;
	}
	if (side_rename_take(seen.rows, value))
		return rename;
	struct buffer problem = {0}, sides = {0};
	buffer_add_text(&problem, "no such COLUMN, there are");
	size_t empty = problem.n;
	buffer_add_byte(&problem, ' ');
	option_columns_text(&problem, seen.rows);
	option_sides_text(&sides, seen.rows);
	if (sides.n)
		buffer_format(&problem, "%sOPTION.COLUMN of %s", problem.n > empty + 1 ? ", and " : "",
			      buffer_text(&sides));
	bad_value(rename, value, buffer_text(&problem));
}

/* Takes one option into its place. */
static void take(const struct option_row *row, const char *value, void *options)
{
	static unsigned order;
	unsigned *when = &seen.when[row - seen.rows];
	if (row->kind == OPTION_HELP) {
		if (value && strcmp(value, "all") != 0)
			bad_value(row, value, "must be all");
		option_print_help(seen.program, seen.command, value != NULL);
	}
	if (row->kind == OPTION_VERSION)
		option_print_version(seen.program);
	if (row->kind == OPTION_LIST && *when == 0)
		*(struct option_list *)((char *)options + row->at) =
			(struct option_list){0}; /* what is given replaces the default */
	if (row->kind == OPTION_RENAME)
		seen.when[rename_column(row, value, options) - seen.rows] = ++order;
	else
		set_value(row, value, options);
	if (row->kind == OPTION_COLUMN)
		seen.renamed[row - seen.rows] = false;
	*when = ++order;
}

/* Is the first operand a command of the program? After `--` it never is. */
static bool take_command(int argc, char **argv)
{
	const struct program_command *commands = seen.program->commands;
	if (!commands || seen.command || optind >= argc || strcmp(argv[optind - 1], "--") == 0)
		return false;
	for (int c = 1; commands[c].name; c++)
		if (strcmp(argv[optind], commands[c].name) == 0)
			seen.command = c;
	optind += seen.command > 0;
	return seen.command > 0;
}

static void parse(int argc, char **argv, void *options)
{
	struct buffer letters = {0};
	buffer_add_text(&letters, seen.program->command ? "+:" : ":");
	struct option *names = getopt_names(&letters);
	const char *spec = buffer_text(&letters);
	opterr = 0;
	do {
		for (int answer; (answer = getopt_long(argc, argv, spec, names, NULL)) != -1;) {
			if (answer == '?' || answer == ':')
				refuse(answer, argv);
			take(row_answered(answer), optarg, options);
		}
	} while (take_command(argc, argv));
	free(names);
	buffer_free(&letters);
}

/* Compressed input is decompressed by as many threads as the tool works with. */
static void use_threads(const void *options)
{
	const struct option_row *row = option_row_called(seen.rows, "threads");
	if (row && row->kind == OPTION_INT)
		input_threads((size_t)*(const int64_t *)(const void *)((const char *)options + row->at));
}

int program_start(const struct program *program, int argc, char **argv, void *options)
{
	program_name = program->name;
	run_begin();
	packed_use_maps();
	fill_closed_files();
	seen = (struct option_state){.program = program, .rows = program->options, .values = options};
	while (seen.rows[seen.n].name)
		seen.n++;
	seen.when = memory_zero(seen.n + 1, sizeof *seen.when);
	seen.renamed = memory_zero(seen.n + 1, sizeof *seen.renamed);
	const char *dump = getenv("RECPIPE_DUMP_OPTIONS");
	if (dump && *dump)
		option_dump(program, dump);
	memset(options, 0, program->options_size);
	set_defaults(seen.rows, seen.n, options);
	parse(argc, argv, options);
	seen.operands = argc - optind;
	if (option_given("quiet"))
		log_level = LOG_QUIET;
	else if (option_given("verbose"))
		log_level = LOG_VERBOSE;
	use_threads(options);
	if (program->commands && !seen.command && optind == 1 && argc > 1 && option_is_required(seen.rows))
		unknown_command(argv[1]);
	outputs_check(program, options, argv + optind, argc - optind);
	option_rules_check(&seen);
	option_sides_check(&seen);
	return optind;
}
