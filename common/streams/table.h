/* table.h - TSV (or CSV at the door) read as rows of named columns.
 *
 * Several files are one stream; their headers must be the same. BOM and CRLF
 * are accepted and removed. A NUL, a blank line, a wrong number of fields, the
 * header once more are bad data: fatal (exit 3) unless
 * `skip_bad`, which counts them and keeps the raw lines in `rejects`, as far as
 * `max_errors` allows and some row is good (streams/rejects.h). Header
 * problems are always fatal. An empty input (no header) is bad data; a header
 * alone is an empty table. Messages: `tool: file:line: column 'x': problem: "value"`.
 */
#ifndef RECPIPE_STREAMS_TABLE_H
#define RECPIPE_STREAMS_TABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/date.h"
#include "base/failure.h"
#include "base/number.h"
#include "base/span.h"
#include "streams/column.h"
#include "streams/side.h"

struct table;

struct table_format {
	bool csv;             /* read CSV (RFC 4180, strict) instead of TSV */
	bool no_header;       /* no header lines; `columns` names the columns */
	const char *columns;  /* "a,b,c": names instead of the header's, or NULL */
	bool skip_bad;        /* --on-error=skip */
	bool control_fails;   /* --on-control=fail: TAB, LF in a CSV value is an error */
	struct number_limit max_errors; /* with skip_bad: so many bad rows are too many */
	const char *rejects;  /* file for raw rejected lines, or NULL */
};

/* Opens every file, reads the first header and compares those of the others (of a
 * pipe when it is its turn). `files` may be empty: standard input. The array and its
 * strings must outlive the table. */
struct table *table_open(char **files, int count, const struct table_format *format);

/* The same for a caller who wants to know (NULL: ends the program): NULL when it fails. What
 * fails later is in `failure`, too: then table_next has come to the end, and nothing is
 * printed, ever. */
struct table *table_open_or(char **files, int count, const struct table_format *format,
			    struct failure *failure);

/* Where a table that was opened so says what failed; NULL: what fails ends the program. */
struct failure *table_failure(const struct table *t);

/* A side file with a header, errors fatal. */
struct table *table_open_side(const struct side_table *side);

/* The same, with nothing known but its name. */
struct table *table_open_file(const char *path);

size_t table_width(const struct table *t);
struct span table_column_name(const struct table *t, size_t column);

/* The header as TSV without LF. */
struct span table_header(const struct table *t);

/* Index of the column. When there is none of the name, or more than one: lists the
 * header, suggests the nearest name and exits: 2 when an option named it, 3 when the
 * name is a default (with a failure: SIZE_MAX). Columns that nobody asks for may lack a name or share one. */
size_t table_column(const struct table *t, struct column wanted);

/* The names of all columns that will be asked for, up to 3: in table_column's message the command that
 * turns JSON into a table makes them. They must stay until then; NULL stands for no column. */
void table_wants(struct table *t, const char *a, const char *b, const char *c);

/* Index of the column of that name, -1 when there is none; exit 3 when there are several. */
long table_find_column(const struct table *t, const char *name);

/* For a column that may be absent, unless an option named it: -1 when it is, or when
 * nobody wants it (no name). */
long table_optional_column(const struct table *t, struct column wanted);

/* Steps to the next good row; false at the end of the last file. Ends the program (exit
 * 3) there when rows were skipped and none was good, or more were bad than may be. */
bool table_next(struct table *t);

/* Is there a row that was read already? Otherwise table_next and
 * table_next_block read from the file first, and may have to wait. */
bool table_has_rows(const struct table *t);

/* A field of the current row; valid until the next table_next. */
struct span table_field(const struct table *t, size_t column);

/* The current row as TSV, without LF (and CR). */
struct span table_row(const struct table *t);

/* Says that the current row's value in `column` is bad: `problem` as in "not a
 * number". Exits 3, or with skip_bad counts and keeps the row and returns: then
 * go on with the next row. */
void table_reject(struct table *t, size_t column, const char *problem);

/* The same, with a hint how that might be cured (or NULL) after the value. */
void table_reject_with(struct table *t, size_t column, const char *problem, const char *hint);

/* From now on each bad row that is skipped is told (rejects.h), when it is its turn: before a later
 * row is current. */
void table_hear_rejects(struct table *t, void (*hear)(void *listener, const char *what, struct span raw),
			void *listener);

/* The field as a number; false when it was rejected (skip this row then). */
bool table_double(struct table *t, size_t column, double *value);
bool table_float(struct table *t, size_t column, float *value);
bool table_i64(struct table *t, size_t column, int64_t *value);
bool table_u64(struct table *t, size_t column, uint64_t *value);

/* The field as a point in time, in milliseconds since 1970. When the newest of them makes
 * another unit likely, table_close says so. */
bool table_time(struct table *t, size_t column, enum time_unit unit, int64_t *ms);

/* The same for a column that nobody asked for: a value that is no time rejects nothing. */
bool table_try_time(struct table *t, size_t column, enum time_unit unit, int64_t *ms);

/* Counts a time toward the newest one. */
void table_saw_time(struct table *t, enum time_unit unit, int64_t ms);

/* Dies (exit 3) with file and line of the current row in front of the message. */
_Noreturn void table_fail(const struct table *t, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* File and line of the current row, for messages of your own. */
const char *table_file(const struct table *t);
uint64_t table_line(const struct table *t);

/* Data rows so far: good ones and rejected ones. */
uint64_t table_rows(const struct table *t);
uint64_t table_rejected(const struct table *t);

/* The packed file (streams/packed.h) that the whole table is, no row of it read yet: for a reader
 * who knows its kind, and then calls table_took_rows in place of table_next. Otherwise NULL. It is
 * the table's. */
struct packed;
struct packed *table_packed(const struct table *t);
void table_took_rows(struct table *t, uint64_t rows);

/* Bytes read and in all (0: unknown), for progress. */
uint64_t table_bytes(const struct table *t);
uint64_t table_size(const struct table *t);

/* For a caller who needs no more rows: the open file is read to its end if it is compressed, since one that
 * was cut off must not pass for whole. No row comes any more. */
void table_skip(struct table *t);

/* Closes, and finishes the rejects file. False when the failure has a reason to. */
bool table_close(struct table *t);

/* The fast way for filters: the next block of well-formed rows. `row_count`
 * rows lie one after another from `at`; end of field f of row r is
 * at + ends[r * width + f] (TAB, or LF for the last one; a CR may stand before
 * it). False when the next row needs table_next (a malformed line) or at
 * the end: call table_next then; if that is false too, it is the end. */
struct table_block {
	const char *at;
	const uint32_t *ends;
	size_t row_count, width;
};
bool table_next_block(struct table *t, struct table_block *block);

/* A look ahead: the rows after the current one that were read already, as far as they
 * are well-formed, without stepping to them. Row 0 begins at at + `first`, the others
 * after the end of the row before. False: none are at hand (that does not mean the end). */
bool table_peek(const struct table *t, struct table_block *block, size_t *first);

/* Steps over `n` (at least 1) rows of the look ahead: the last of them is the current one. */
void table_take(struct table *t, size_t n);

/* After a block: makes row `r` of it the current one, for table_reject. */
void table_block_row(struct table *t, size_t r);

/* Parts, for threads that read a table together: frame/table-threads.h does it. A part is a table
 * that has the rows of one block, which any thread may step through as usual, but for table_fail,
 * table_close and times that warn. What it counts and rejects is the table's after table_part_join,
 * which is to be called in the order in which the blocks were taken.
 * Of those below, table_part_index alone may run beside others. */
struct table *table_part_new(const struct table *t);
void table_part_free(struct table *part);

/* Can the rest of the open file be taken in parts? Its first rows were stepped through. */
bool table_has_parts(const struct table *t);

/* Takes the next block; false at the end of the open file, and where table_next has to go on: to say what
 * is wrong, or with a row of CSV that has more lines than a block. */
bool table_part_take(struct table *part, struct table *t);

/* Then, before the part's first table_next or table_next_block. */
void table_part_index(struct table *part);
void table_part_join(struct table *t, struct table *part);

/* The next good rows, for readers that hold fields of many rows: how many there are, a block or
 * one row; 0 at the end. Their fields are valid until the next call. Row 0 is the current one;
 * where there are more, table_block_row makes each of them current. */
static inline size_t table_next_rows(struct table *t)
{
	struct table_block block;
	if (!table_next_block(t, &block))
		return table_next(t);
	table_block_row(t, 0);
	return block.row_count;
}

#endif
