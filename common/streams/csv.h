/* csv.h - CSV (RFC 4180, strict) turned into blocks of TSV lines, by libcsv.
 *
 * A TAB, LF or CR LF inside a value becomes a space (counted), or is an error.
 * Blanks are kept. A blank line is handed on as a blank line, for the table to
 * complain about.
 */
#ifndef RECPIPE_STREAMS_CSV_H
#define RECPIPE_STREAMS_CSV_H

#include <stdbool.h>
#include <stdint.h>

#include "streams/input.h"

struct csv;

/* Reads CSV from `in`, which stays the caller's. */
struct csv *csv_open(struct input *in, bool control_fails);

/* The next rows as TSV; row i of it began on line lines[i] of the file. Valid
 * until the next call. False at the end, and where the text is no CSV: then
 * csv_problem says what is wrong (NULL at the end). */
bool csv_block(struct csv *csv, struct span *block, const uint64_t **lines);

/* What is wrong, on line `*line`, with the raw text there; the next csv_block
 * goes on after it. NULL: nothing is. */
const char *csv_problem(struct csv *csv, uint64_t *line, struct span *raw);

/* The raw text of the first line, as far as it is kept for messages. */
struct span csv_first_line(const struct csv *csv);

/* How many TABs and line ends became spaces. */
uint64_t csv_replaced(const struct csv *csv);

void csv_close(struct csv *csv);

#endif
