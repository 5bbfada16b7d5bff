/* quote.h - text from outside, made harmless for the place where it goes: a terminal,
 * gnuplot, sh, a page. One function for each, and no other way there.
 *
 * Better than to quote is not to need it: a value that awk or sh can take from the
 * environment, or gnuplot from a data file, is never put into a program's text.
 *
 * What is no UTF-8 (RFC 3629) is taken byte by byte.
 */
#ifndef RECPIPE_BASE_QUOTE_H
#define RECPIPE_BASE_QUOTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"

/* The first character of `n` > 0 bytes into `point`; returns its length, 1 to 4, or 0
 * when no UTF-8 begins here. */
size_t utf8_character(const char *bytes, size_t n, uint32_t *point);

enum { QUOTE_UNIT = 12 };

/* How a terminal may have the first character of `n` > 0 bytes, written to `out` (no
 * NUL; `*length` bytes of it): as it is, or as \t \n \r, \x1b (a control byte, a byte
 * that is no UTF-8), \u202e or \U000e0001 (a character that steers the display, or is
 * not to be seen: C1 controls, bidirectional controls, line separators, zero-width and
 * other format characters, noncharacters). Returns how many bytes it took. */
size_t quote_unit(const char *bytes, size_t n, char out[QUOTE_UNIT], size_t *length);

/* All of it like that. Text without such characters stays as it is, so that twice is
 * the same as once. */
void quote_terminal(struct buffer *b, const char *text, size_t n);

/* One line of a gnuplot data block ($text << EOD ... EOD), `=` before it, so that no text
 * ends the block; gnuplot has it as $text[i][2:*]. As a terminal may have it, and cut
 * after 44 bytes (gnuplot keeps no more of the label of a tic). `tic`: it will be the
 * label of a tic, where gnuplot knows %. Enhanced text must be off. */
void quote_gnuplot(struct buffer *b, const char *text, size_t n, bool tic);

/* A word for sh, always in single quotes. */
void quote_sh(struct buffer *b, const char *text, size_t n);

/* Is it a word for sh as it is: only letters, digits and - _ . + , : / @ %, and some? */
bool sh_is_word(const char *text, size_t n);

/* The same as quote_sh, without the quotes where it is a word as it is. */
void quote_sh_word(struct buffer *b, const char *text, size_t n);

/* Text or the value of an attribute (in either quotes) of HTML and SVG. What a page
 * cannot hold or must not obey becomes U+FFFD: bytes that are no UTF-8, control
 * characters but TAB, LF and CR, bidirectional controls that reach beyond their
 * character, line separators, noncharacters. CR is &#13;: raw it would be read as LF. */
void quote_html(struct buffer *b, const char *text, size_t n);

/* A string of JavaScript and of JSON, its quotes with it, which may stand within
 * <script>. The same becomes U+FFFD. */
void quote_js(struct buffer *b, const char *text, size_t n);

#endif
