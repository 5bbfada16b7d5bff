/* regular.h - are all rows of a block as they should be, so that none need be looked at?
 *
 * One load a row shows the byte before its end (a CR?), the end itself (an LF?), and how
 * the next row begins (as the header does, when files were joined by cat?).
 */
#ifndef RECPIPE_STREAMS_REGULAR_H
#define RECPIPE_STREAMS_REGULAR_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/span.h"

/* The line that no row may be like, with its LF; zeroed: there is none. */
struct first_line {
	struct buffer text;
	uint64_t word, mask; /* its first six bytes, and which bits of them count */
};

void first_line_take(struct first_line *first, struct span line);

/* `lines` rows of `width` fields in the `n` bytes from `text` on: `ends` are the offsets of
 * their TABs and LFs, lines * width of them. False when a field's end is out of place, a
 * row is blank, ends in CR, or is the first line. Eight bytes after the text, and one in
 * front of it, must be readable. */
bool regular_rows(const char *text, size_t n, const uint32_t *ends, size_t lines, size_t width,
		  const struct first_line *first);

#endif
