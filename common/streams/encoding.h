/* encoding.h - text of other encodings made UTF-8.
 *
 * UTF-16, Latin-1 and the Windows code pages 1251 and 1252 are read by tables of this program's
 * own, in every build and fast; all others by iconv(3), as far as the system has them.
 */
#ifndef RECPIPE_STREAMS_ENCODING_H
#define RECPIPE_STREAMS_ENCODING_H

#include <stdbool.h>

#include "base/buffer.h"
#include "base/span.h"

struct encoding;

/* The encoding of that name (utf-8, UTF8, latin-1, iso-8859-1, cp1251, windows-1251, koi8-r ...);
 * NULL when there is none of it. */
struct encoding *encoding_open(const char *name);

/* Its name: the usual one where it is known to this program, or as it was given. */
const char *encoding_name(const struct encoding *e);

/* Adds `from` as UTF-8 to `to` and returns how many bytes of it were taken: what may be the
 * beginning of a character stays for the next time, unless this is the `end`. A byte that is
 * not of the encoding becomes ENCODING_BAD, which stands in no text that is right. Of UTF-8
 * the bytes are copied as they are: utf8_is_valid tells. */
#define ENCODING_BAD '\xff'
size_t encoding_convert(struct encoding *e, struct span from, bool end, struct buffer *to);

void encoding_close(struct encoding *e);

/* Is it all UTF-8 (RFC 3629)? */
bool utf8_is_valid(struct span text);

/* Is it all ASCII? */
bool utf8_is_ascii(struct span text);

/* What the first bytes of a text speak for: a byte order mark, the zeros of UTF-16, UTF-8, and
 * else by their high bytes Windows-1251 (words of them), Windows-1252 or Latin-1 (single ones).
 * `whole`: nothing comes after them. `why` is set to a constant text. */
const char *encoding_guess(struct span sample, bool whole, const char **why);

/* The encoding that a byte order mark at the front tells of, or NULL. */
const char *encoding_marked(struct span start);

#endif
