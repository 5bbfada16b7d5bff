/* marks.h - where the bytes that give a delimited text its shape are. */
#ifndef RECPIPE_STREAMS_MARKS_H
#define RECPIPE_STREAMS_MARKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { MARKS = 5 };

/* What a text has anywhere. */
struct marks_seen {
	bool mark[MARKS]; /* each of the bytes looked for */
	bool nul, high;   /* a zero, a byte of 0x80 or more */
	bool tab, cr;
};

/* Writes the offset of every byte of `text` that is one of `bytes` (of which some may be the
 * same) in order to `to`, which has room for n + 64 elements; returns how many there are.
 * At least 64 bytes after the text can be read. */
size_t marks_find(const char *text, size_t n, const char bytes[MARKS], uint32_t *to,
		  struct marks_seen *seen);

#endif
