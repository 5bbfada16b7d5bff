/* option-table.h - what the files of the option table share, for nobody else: options.c
 * parses, option-rules.c knows which options go together, option-text.c writes --help,
 * the manual's section and the table.
 */
#ifndef RECPIPE_FRAME_OPTION_TABLE_H
#define RECPIPE_FRAME_OPTION_TABLE_H

#include "base/buffer.h"
#include "base/number.h"
#include "frame/options.h"

/* What the command line said. */
struct option_state {
	const struct program *program;
	const struct option_row *rows;
	size_t n;
	unsigned *when;      /* when[i]: 0 never, else the number of its last occurrence */
	bool *renamed;       /* renamed[i]: the column was named by --rename, not by its option */
	const void *values;  /* the tool's options struct */
	int command;         /* index of the program's command; 0: the one without a name */
	int operands;
};

/* The row of a long name, or NULL. Headings have no name. */
const struct option_row *option_row_called(const struct option_row *rows, const char *name);

/* Has the row bounds for its number? */
bool option_has_range(const struct option_row *row);

/* Its bounds in words: "1 to 1024", "1s to 3650d"; returns `out`. */
const char *option_range(const struct option_row *row, char out[NUMBER_RANGE_SIZE]);

/* Is the row for this command of the program? */
bool option_applies(const struct program *p, const struct option_row *row, int command);

/* Appends the names of the OPTION_COLUMN rows: "user, item". */
void option_columns_text(struct buffer *b, const struct option_row *rows);

/* Appends the names of the options of side files: "items, users". */
void option_sides_text(struct buffer *b, const struct option_row *rows);

/* --rename OPTION.COLUMN=NAME, a value that has a `=` with text around it: false when it is not of a
 * side file (frame/sides.h). */
bool side_rename_take(const struct option_row *rows, const char *value);

/* Exit 2 when options about side files name none, or one that is not there. */
void option_sides_check(const struct option_state *state);

/* The values of the OPTION_LIST row of that name; NULL when the table has none. */
const struct option_list *option_values(const char *name);

/* Exit 2 when options are together that cannot be, or one is not there that must be. */
void option_rules_check(const struct option_state *state);

/* Appends what the row's rules say: "; requires --merge". */
void option_rules_text(struct buffer *b, const struct option_row *row);

/* Exit 0, or 3 after a line for each mistake that is in the table itself. */
_Noreturn void option_table_check(const struct program *p);

_Noreturn void option_print_help(const struct program *p, int command, bool all);
_Noreturn void option_print_version(const struct program *p);

/* For those who make manuals and completions from the table: RECPIPE_DUMP_OPTIONS. */
_Noreturn void option_dump(const struct program *p, const char *how);

#endif
