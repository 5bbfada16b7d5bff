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

static inline bool json_is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* ---- parts of an array, for threads ---- */

/* Elements one after the other, with the comma before each. */
struct json_part {
	struct input_room room;
	struct span text;
	uint32_t *ends;       /* where the commas are, that after the last element included */
	size_t n, capacity;   /* how many */
	uint64_t n_lines;     /* line ends up to the last comma */
	uint64_t line, count; /* json_split_line and json_split_count before it */
	uint64_t *lines;      /* how many lines after that each element begins */
	size_t lines_capacity, next;
};

/* Can the rest be taken in parts? Its first element was read, and it is an array. */
bool json_split_has_parts(const struct json_split *s);

/* Takes the next elements into `part` (at first zeroed); false where json_split_next has to go on: at the
 * end, and with an element that is not in brackets, is odd or is longer than a block. Of those below,
 * json_part_open and json_part_next may run beside others. */
bool json_split_take(struct json_split *s, struct json_part *part);

/* Each element becomes a line in the part's text, which begins at part->text.at; with JSON_PAD bytes after
 * the last one. */
struct span json_part_open(struct json_part *part);

/* The next element, up to its LF, and what comes after it; where it begins, and its number. */
bool json_part_next(struct json_part *part, struct span *rest, uint64_t *line, uint64_t *count);
void json_part_free(struct json_part *part);

/* input_take_piece's cut: the text, which begins after an element, up to the comma after the last one of
 * which that can be told. */
size_t json_part_cut(void *part, struct span text);

#endif
