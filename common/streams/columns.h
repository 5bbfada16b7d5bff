/* columns.h - the names of a table's columns.
 *
 * A column without a name, or several of one name, do no harm as long as nobody asks for
 * them: tables that other programs wrote have such.
 */
#ifndef RECPIPE_STREAMS_COLUMNS_H
#define RECPIPE_STREAMS_COLUMNS_H

#include <stdbool.h>

#include "base/buffer.h"
#include "base/failure.h"
#include "base/span.h"
#include "streams/column.h"

struct columns {
	struct buffer text;   /* the names, TABs between them */
	struct span *names;   /* into text */
	size_t n;             /* 0: not taken yet */
	struct failure *failure; /* NULL: what is bad ends the program, with the status named */
};

/* How many names a header line has. */
size_t columns_count(struct span line);

/* Calls that column otherwise. */
void columns_rename(struct columns *c, size_t column, struct span name);

/* Can it stand in a header: is there something, without TABs and line ends? */
bool columns_name_is_good(struct span name);

/* Adds text from elsewhere as a name or a field: its TABs and line ends are blanks. */
void columns_add_text(struct buffer *b, struct span text);

/* The names of a header line. A NUL in it is bad data (3) of `where`. */
bool columns_take(struct columns *c, struct span line, const char *where);

/* What is wrong with a list a,b,c, or NULL: an empty name, or one that occurs twice; the text
 * is in `problem`. */
enum { COLUMNS_PROBLEM = QUOTED_SIZE + 64 };
const char *columns_list_problem(const char *list, char problem[COLUMNS_PROBLEM]);

/* The names of a list a,b,c without a problem (2). `where` is the list's own name, in
 * messages. */
bool columns_take_list(struct columns *c, const char *list, const char *where);

/* The column called `name`, -1 when there is none; 3, naming `file`, when several
 * are called so, which --columns may cure where the table has it (`renamable`). */
long columns_find(const struct columns *c, const char *name, const char *file, bool renamable);

/* The same; when there is none, or more than one: lists the names, suggests the nearest,
 * adds the `hint` (or NULL): 2 when an option named it, 3 when it is a default. SIZE_MAX
 * then, with a failure. */
size_t columns_require(const struct columns *c, struct column wanted, const char *file,
		       bool renamable, const char *hint);

void columns_free(struct columns *c);

#endif
