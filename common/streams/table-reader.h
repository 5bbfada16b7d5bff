/* table-reader.h - what the files of table.h share of a table: the file that is open, its block,
 * the row that is current.
 */
#ifndef RECPIPE_STREAMS_TABLE_READER_H
#define RECPIPE_STREAMS_TABLE_READER_H

#include "base/buffer.h"
#include "streams/columns.h"
#include "streams/csv-rows.h"
#include "streams/input.h"
#include "streams/regular.h"
#include "streams/rejects.h"
#include "streams/table.h"

/* A file's text comes in blocks of whole lines. The offsets of all separators
 * of a block are found at once; a row is then `width` consecutive offsets. A
 * block is regular when every row has exactly that many, and no row is blank,
 * has a NUL or ends in CR; only irregular blocks are checked row by row. */
struct table {
	struct table_format format;
	char **files;
	int file_count, file;        /* how many, which one is open */
	struct input *in;
	struct csv *csv;
	struct rejects rejects;
	struct columns columns;
	size_t width;                /* how many columns */
	const char *wants[3];        /* table_wants */
	struct first_line first_line; /* the header line as rows are, or without one the names of
	                               * --columns unless that is one word: no row is like it */

	const char *at;              /* the block */
	size_t n;
	uint32_t *ends;
	size_t n_ends, ends_capacity;
	bool regular;
	const uint64_t *csv_lines;   /* line numbers of the block's rows, or NULL: one line after the other */
	uint64_t block_line;         /* the line before the block's first one */
	size_t block_rows;           /* rows of the block stepped over so far */
	size_t next_end;             /* index of the next row's first end */
	size_t next_at;              /* offset of the next row */

	size_t row_at, row_last;     /* offsets: row begins, row ends */
	const uint32_t *row_ends;
	uint64_t row_line, rows, lines_in_block, replaced;
	bool ended, timed;           /* timed: table_time has read a time */
	bool part;                   /* of table_part_new */
	enum time_unit unit;
	int64_t newest;              /* in ms */
	char **own_files;            /* a side file's one-element array, */
	struct side_table side;      /* and what is known of it */
	struct failure *failure;     /* NULL: what fails ends the program */
	struct input_room room;      /* of table_part_new: the block; */
	uint64_t bytes;              /* of the file, so far */
};

/* Finds the separators of the block and whether it is regular. */
void table_index_block(struct table *t);

/* Steps to the row after the last one that was read; no row comes any more. */
void table_stop(struct table *t);

/* A hint (or NULL) to use import-logs with the maps of the columns that are wanted, in `text`. */
const char *table_hint_maps(const struct table *t, const char *hint, struct buffer *text);

#endif
