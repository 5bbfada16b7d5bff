/* json-marks.h - where numbers and strings of JSON may end: two bits for each byte of a text, which a
 * vector at a time makes, so that the end of a value is a shift and a count away.
 *
 * For the files of json.h alone.
 */
#ifndef RECPIPE_STREAMS_JSON_MARKS_H
#define RECPIPE_STREAMS_JSON_MARKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/span.h"

/* What the processor marks a text with. */
enum json_marks_kernel { JSON_MARKS_NONE, JSON_MARKS_AVX2, JSON_MARKS_AVX512 };
enum json_marks_kernel json_marks_best(void);

/* A zeroed one is of no text. */
struct json_marks {
	struct span text;
	enum json_marks_kernel kernel;
	/* Bit 0 is of the last address before the text, or its first one, that can be divided by 8. */
	uint64_t *no_digit;  /* bytes that are no digits, */
	uint64_t *special;   /* that do not simply belong to a string: quote, backslash, control, not ASCII */
	size_t capacity, special_capacity;
};

/* Marks the text, after which 64 bytes are readable, with instructions that there are; an empty one, and
 * JSON_MARKS_NONE, leave no marks. */
void json_marks_take(struct json_marks *m, struct span text, enum json_marks_kernel kernel);
void json_marks_free(struct json_marks *m);

/* Is it of the text? */
static inline bool json_marks_have(const struct json_marks *m, struct span line)
{
	uintptr_t from = (uintptr_t)line.at - (uintptr_t)m->text.at;
	return from < m->text.n && line.n < m->text.n - from;
}

/* Where the marks would be of the bytes from address 0 on, if all memory had some. */
static inline uintptr_t json_marks_base(const struct json_marks *m, const uint64_t *marks)
{
	return (uintptr_t)marks - (uintptr_t)m->text.at / 8;
}

/* The marks from the byte `at` of the text on, the first one lowest: of 57 bytes at least. */
static inline uint64_t json_marks_at(uintptr_t base, const char *at)
{
	uint64_t bits;
	memcpy(&bits, (const void *)(base + (uintptr_t)at / 8), sizeof bits);
	return bits >> (uintptr_t)at % 8;
}

#endif
