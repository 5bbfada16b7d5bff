/* csv-text.h - the rows of CSV as text: for the unit test and the fuzz entry, which compare them. Include it in
 * one file of a program only.
 */
#ifndef RECPIPE_TESTS_CSV_TEXT_H
#define RECPIPE_TESTS_CSV_TEXT_H

#include <string.h>

#include "base/buffer.h"
#include "streams/csv-rows.h"

/* The next rows as `line: TSV`, or `line! problem: raw` where it is no CSV; of a part, which begins after line
 * `before`. False at the end. */
static bool add_rows(struct csv *csv, uint64_t before, struct buffer *out)
{
	struct csv_rows rows;
	struct span raw;
	uint64_t line;
	if (csv_block(csv, &rows)) {
		const char *at = rows.text.at, *end = at + rows.text.n;
		for (size_t row = 0; at < end; row++) {
			const char *lf = memchr(at, '\n', (size_t)(end - at));
			line = before + (rows.each ? rows.each[row] : rows.first + row);
			buffer_format(out, "%d: ", (int)line);
			buffer_add(out, at, (size_t)(lf - at) + 1);
			at = lf + 1;
		}
		return true;
	}
	const char *problem = csv_problem(csv, &line, &raw);
	if (!problem)
		return false;
	buffer_format(out, "%d! %s: ", (int)(before + line), problem);
	buffer_add_span(out, raw);
	buffer_add_byte(out, '\n');
	return true;
}

#endif
