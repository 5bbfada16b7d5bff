/* column.h - a column to be found: its name, and which option gave the name.
 *
 * Who knows the command line (frame/options.h: option_column) makes it; who reads tables
 * need not know where the name came from, and yet the right one is blamed.
 */
#ifndef RECPIPE_STREAMS_COLUMN_H
#define RECPIPE_STREAMS_COLUMN_H

struct column {
	const char *name;     /* NULL: nobody wants it */
	const char *option;   /* the option that named it, without dashes; when the column is
			       * missing the command line is wrong (exit 2). NULL: the name is a
			       * default, and the data are wrong (exit 3) */
};

/* The column of that name, which no option gave. */
static inline struct column column_called(const char *name)
{
	return (struct column){.name = name};
}

#endif
