/* side.h - a side file as the command line describes it: its name, whether it is CSV, what its
 * columns are called.
 *
 * Who knows the command line (frame/sides.h: option_side) makes it; who reads the file need not
 * know of options.
 */
#ifndef RECPIPE_STREAMS_SIDE_H
#define RECPIPE_STREAMS_SIDE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/span.h"
#include "streams/input.h"

/* The column that the file of that option calls `name` is called `column`. */
struct side_rename {
	const char *option;
	struct span column;
	const char *name;
};

struct side_table {
	const char *path;           /* NULL: there is none */
	const char *option;         /* without dashes; NULL: no option named it */
	const char *columns;        /* "a,b,c": names instead of the header's, or NULL */
	bool csv;                   /* CSV, whatever its name */
	const struct side_rename *renames; /* those of all options */
	size_t n;
};

/* A file of TSV with its own names, or of CSV by its name. */
static inline struct side_table side_called(const char *path)
{
	return (struct side_table){.path = path};
}

/* Is it CSV: because that was said, or its name ends in .csv, or that and .gz, .zst or .xz,
 * and its first line has no TAB? Nothing is taken from `in`. */
bool side_is_csv(const struct side_table *side, struct input *in);

#endif
