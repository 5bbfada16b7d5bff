/* csv-rows.h - CSV (RFC 4180, strict) turned into blocks of TSV lines. Lines that are simple are read here,
 * all others by libcsv.
 *
 * A TAB, LF or CR LF inside a value becomes a space (counted), or is an error.
 * Blanks are kept. A blank line is handed on as a blank line, for the table to
 * complain about. A byte order mark is no text.
 */
#ifndef RECPIPE_STREAMS_CSV_ROWS_H
#define RECPIPE_STREAMS_CSV_ROWS_H

#include <stdbool.h>
#include <stdint.h>

#include "streams/input.h"

struct csv;

/* Reads CSV from `in`, which stays the caller's. */
struct csv *csv_open(struct input *in, bool control_fails);

/* Rows as TSV, CSV_PAD readable bytes around them. Row i began on line each[i] of the file; where
 * `each` is NULL, on line first + i. */
enum { CSV_PAD = 64 };
struct csv_rows {
	struct span text;
	uint64_t first;
	const uint64_t *each;
};

/* The next rows, valid until the next call. False at the end, and where the text is no CSV: then
 * csv_problem says what is wrong (NULL at the end). */
bool csv_block(struct csv *csv, struct csv_rows *rows);

/* What is wrong, on line `*line`, with the raw text there; the next csv_block
 * goes on after it. NULL: nothing is. */
const char *csv_problem(struct csv *csv, uint64_t *line, struct span *raw);

/* The raw text of the first line, as far as it is kept for messages. */
struct span csv_first_line(const struct csv *csv);

/* How many TABs and line ends became spaces. */
uint64_t csv_replaced(const struct csv *csv);

/* How many lines of the file were read. */
uint64_t csv_line(const struct csv *csv);

void csv_close(struct csv *csv);

/* ---- parts, for threads ---- */

/* Where in a text of whole lines that begins with a row its last row ends, by quotes alone: what
 * csv_block would say of the text is the same when it is read in two. 0: nowhere. Lines with a quote
 * that must not be there are rows, as csv_block has it. */
size_t csv_cut(struct span text);

/* Has everything that was read of the input been handed out, so that the next row begins there? */
bool csv_is_idle(const struct csv *csv);

/* CSV that has no input but what csv_part_use gives: a text that csv_cut has cut, after `line` lines,
 * which must stay. What was replaced is counted from there. */
struct csv *csv_part_open(bool control_fails);
void csv_part_use(struct csv *part, struct span text, uint64_t line);

/* So many lines of the file, with so many spaces, were read as parts. */
void csv_took(struct csv *csv, uint64_t lines, uint64_t replaced);

#endif
