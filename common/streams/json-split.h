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
#include "streams/input.h"

/* The first byte of a text that is no blank, line end or byte order mark, of which nothing was
 * given out; 0 where there is none in its first 4 kB. */
char json_first_byte(struct input *in);

/* Splits the rest of the input, which stays the caller's: it is an array when it begins like
 * one. */
struct json_split *json_split_open(struct input *in);

/* The elements of an array that json_read handed out; it stays the caller's. Parts of it are of about so many
 * bytes. */
struct json_split *json_split_open_list(struct span list, size_t part_bytes);
void json_split_close(struct json_split *s); /* NULL is allowed */

/* The next value, valid until the next call, with JSON_PAD bytes and an LF after it. False at
 * the end, and where no further one can be told from what is around it. */
bool json_split_next(struct json_split *s, struct span *value);

/* Why json_split_next came to its end, with the text there; NULL: it is the end. */
const char *json_split_problem(const struct json_split *s, struct span *where);
extern const char JSON_SPLIT_LONG[]; /* one of them: a value is too long */

bool json_split_is_array(const struct json_split *s);

/* Where the last value began, or where the problem is: its line, from 1. */
uint64_t json_split_line(const struct json_split *s);

/* The number of the last value, from 1. */
uint64_t json_split_count(const struct json_split *s);

static inline bool json_is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* ---- a list inside a value ---- */

/* Is the next value an object that goes on after its first n bytes, which have no backslash outside strings
 * and no line end in one? *start is then what there is of it, and after it, so many bytes at least; valid
 * until something is taken. */
bool json_split_is_long(struct json_split *s, size_t n, struct span *start);

/* Takes the first n bytes of the value, of which the last is the bracket that begins a list: until
 * json_split_leave, its elements are the values. */
void json_split_enter(struct json_split *s, size_t n);

/* After the last element: *rest is what follows the list in the value, in which so many brackets are open
 * there, as a line; valid until the next value. What comes then are the values after this one. False with
 * a problem. */
bool json_split_leave(struct json_split *s, size_t depth, struct span *rest);

/* ---- parts, for threads ---- */

/* The same and json_read; of a part the known objects of the text that the reader looks over are read where
 * they are. */
struct json_reader;
bool json_split_read(struct json_split *s, struct json_reader *r, struct span *value, bool *good);

/* Can the rest be taken in parts? A value was read. */
bool json_split_has_parts(const struct json_split *s);

/* A split that has no input but what json_split_take gives: values one after the other, in memory of its own.
 * json_split_close frees it. Its lines and values are counted from its own first ones. */
struct json_split *json_part_new(void);

/* Takes the next values into `part`; false where json_split_next has to go on: at the end, and where all
 * the next values are odd, or one is longer than some blocks. What is done with the part may run beside
 * others. */
bool json_split_take(struct json_split *s, struct json_split *part);

/* What the part has before its first value was read, for json_look_over. */
struct span json_part_text(const struct json_split *part);

/* How many lines come before those of the part that is next. */
uint64_t json_part_lines_before(const struct json_split *s);

/* In the order of the parts, each read to its end: what it has counted and its problem are the whole's. False
 * with a problem: nothing is to be taken any more. */
bool json_part_join(struct json_split *s, const struct json_split *part);

#endif
