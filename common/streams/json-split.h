/* json-split.h - the values of a JSON text of any size one by one, in the memory of one: the
 * elements of an array, or values one after another, on as many lines as they like.
 *
 * Only where a value begins and ends is looked at, by quotes and brackets; what it is, is
 * for json_read to check. A value is handed out on one line, as json_read wants it: line
 * ends outside strings are blanks.
 */
#ifndef RECPIPE_STREAMS_JSON_SPLIT_H
#define RECPIPE_STREAMS_JSON_SPLIT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"

struct input;

/* The first byte of a text that is no blank, line end or byte order mark, of which nothing was
 * given out; 0 where there is none in its first 4 kB. */
char json_first_byte(struct input *in);

/* Splits the rest of the input, which stays the caller's: it is an array when it begins like
 * one. */
struct json_split *json_split_open(struct input *in);
void json_split_close(struct json_split *s); /* NULL is allowed */

/* The next value, valid until the next call, with JSON_PAD bytes and an LF after it. False at
 * the end, and where no further one can be told from what is around it. */
bool json_split_next(struct json_split *s, struct span *value);

/* Why json_split_next came to its end, with the text there; NULL: it is the end. */
const char *json_split_problem(const struct json_split *s, struct span *where);

bool json_split_is_array(const struct json_split *s);

/* Where the last value began, or where the problem is: its line, from 1. */
uint64_t json_split_line(const struct json_split *s);

/* The number of the last value, from 1. */
uint64_t json_split_count(const struct json_split *s);

#endif
