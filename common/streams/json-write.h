/* json-write.h - values as JSON text (RFC 8259) that reads back to the same bytes. */
#ifndef RECPIPE_STREAMS_JSON_WRITE_H
#define RECPIPE_STREAMS_JSON_WRITE_H

#include "base/buffer.h"
#include "base/span.h"

/* Adds a string. Quotes, backslashes and control bytes are escaped; a byte 0xNN that is not
 * part of UTF-8 becomes \udcNN, half of a surrogate pair, which no UTF-8 text has (PEP 383).
 * json_text makes the same bytes of it, except for TAB, LF, CR, and so does Python's
 * .encode(errors="surrogateescape"). Different bytes are different strings. */
void json_write_string(struct buffer *b, struct span text);

/* Adds an id: null when it is empty, a number when it is a whole one as JSON and every
 * reader of JSON have it, that is without leading zeros or a sign +, not -0, and below 2^53
 * without its sign; otherwise a string. So a reader that keeps numbers as doubles gets the
 * same ids: 1.0, 007 and 1E400 are strings. */
void json_write_id(struct buffer *b, struct span id);

/* Adds a number that number_double has read: as it is when JSON's grammar has it so (0.50),
 * otherwise the shortest text of the same double (+1, .5, 007); null when it is empty. */
void json_write_number(struct buffer *b, struct span text);

#endif
