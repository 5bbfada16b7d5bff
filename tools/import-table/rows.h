/* rows.h - rows of the input checked and written as the plan says. */
#ifndef RECPIPE_IMPORT_TABLE_ROWS_H
#define RECPIPE_IMPORT_TABLE_ROWS_H

#include "plan.h"
#include "streams/output.h"
#include "streams/rejects.h"

struct writer {
	const struct options *o;
	const struct settings *s;
	const struct plan *p;
	struct output *out;
	struct rejects rejects;
	const char *file;            /* as people know it */
	struct span base;            /* its name as set_filename has it */
	struct buffer header;        /* the raw header line */
	struct buffer section;       /* the section that was begun */
	struct span *cells;
	const struct delimited_row *row;
	uint64_t absent;             /* cells of a matrix with NA in place of a value */
	uint64_t empty;              /* rows whose list has no element */
	uint64_t rows, lines, filtered, replaced; /* rows: those in; lines: those out */
	struct buffer names;         /* of the columns, TABs between them: a matrix's */
};

/* One row of the file. */
void writer_row(struct writer *w, const struct delimited_row *row);

#endif
