/* hints.h - what a file that is no good looks like, and the command that cures it.
 *
 * For messages alone: nothing is read in another way because of a hint. All of them are
 * constant texts that stand after `; `, NULL where nothing is known.
 */
#ifndef RECPIPE_STREAMS_HINTS_H
#define RECPIPE_STREAMS_HINTS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/span.h"

/* A table is expected here: TSV, CSV, or a side file of either. */
enum hint_kind { HINT_TSV, HINT_CSV, HINT_SIDE, HINT_SIDE_CSV, HINT_KINDS };

/* Lines that end in CR alone; a header that comes again. */
extern const char HINT_CR[], HINT_AGAIN[];

/* A CR inside a line, not at its end? */
bool hint_has_cr(struct span line);

/* The first bytes of a file that is no text: archives, Parquet, UTF-16 and the like. */
const char *hint_binary(struct span start);

/* The same, and what of it a reader must know. */
struct hint_cure {
	const char *what;      /* NULL: it looks like text */
	bool takes_compressed; /* the cure that is named does, and nothing is to be unpacked first */
	bool utf16;
};
struct hint_cure hint_cure(struct span start);

/* A line that has fewer fields than it should: JSON, other separators, CR. */
const char *hint_line(struct span line, enum hint_kind kind);

/* A header (its raw line) without the column that is looked for: the same, and a header
 * that is a row. */
const char *hint_header(struct span line, enum hint_kind kind);

/* The first line of a file that is no JSON object: an array, a table, an object over
 * several lines. */
const char *hint_json(struct span line);

/* Is it a word, such as a kind of event, where a number was expected? What stands for a
 * missing value (NA, null) does not count. */
bool hint_is_word(struct span text);

#endif
