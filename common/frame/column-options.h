/* column-options.h - options that make columns or choose rows by them, as import-logs, import-table
 * and filter-interactions have them.
 *
 * The option's text stays in use. What is wrong with it is a usage error.
 */
#ifndef RECPIPE_FRAME_COLUMN_OPTIONS_H
#define RECPIPE_FRAME_COLUMN_OPTIONS_H

#include <stdbool.h>

#include "base/buffer.h"
#include "base/date-format.h"
#include "base/span.h"
#include "data/condition.h"
#include "data/kinds.h"
#include "frame/options.h"

/* --set NAME=TEXT: a column that is the same in every row. */
void set_take(const char *given, struct span *name, struct span *text);

/* Is that text @FILENAME, and not to be written as it is? */
bool set_is_filename(struct span text);

/* What it stands for: the file's name without folders, TABs and line ends in it as blanks; `-` for
 * standard input, whose path may be NULL. Replaces what is in the buffer. */
void set_filename(struct buffer *b, const char *path);

/* --date COLUMN=FORMAT. `none` is set by the format of that name, which with NULL is not one. */
void date_take(const char *given, struct span *name, struct date_form *form, bool *none);

#define VALUE_ROW(member) \
	OPTION_TEXT("value", "COLUMN: KIND=NUMBER ...", member, \
		.help = "add a column `value` with the NUMBER of the KIND that is in COLUMN; * is any other")
void value_take(struct kinds *kinds, struct span text);

#define WHERE_ROW(member) \
	OPTION_LIST("where", "COLUMN=TEXT", member, \
		.help = "keep rows whose COLUMN is TEXT, or one of TEXT|TEXT, or with != none of them; may be " \
			"repeated")
/* As many conditions as were given, to be freed with wheres_free. */
struct condition *wheres_take(const struct option_list *given);
void wheres_free(struct condition *wheres, size_t n);

#endif
