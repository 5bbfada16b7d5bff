/* column-options.h - options that make columns, as import-logs and import-table have them.
 *
 * The option's text stays in use. What is wrong with it is a usage error.
 */
#ifndef RECPIPE_FRAME_COLUMN_OPTIONS_H
#define RECPIPE_FRAME_COLUMN_OPTIONS_H

#include <stdbool.h>

#include "base/buffer.h"
#include "base/span.h"

/* --set NAME=TEXT: a column that is the same in every row. */
void set_take(const char *given, struct span *name, struct span *text);

/* Is that text @FILENAME, and not to be written as it is? */
bool set_is_filename(struct span text);

/* What it stands for: the file's name without folders, TABs and line ends in it as blanks; `-` for
 * standard input, whose path may be NULL. Replaces what is in the buffer. */
void set_filename(struct buffer *b, const char *path);

#endif
