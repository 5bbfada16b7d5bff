/* input-reader.h - what the files of input.h share of an input: the file that is open, and the text that was
 * read of it and not given out.
 */
#ifndef RECPIPE_STREAMS_INPUT_READER_H
#define RECPIPE_STREAMS_INPUT_READER_H

#include "streams/ahead.h"
#include "streams/decompress.h"
#include "streams/input.h"
#include "streams/packed.h"

enum {
	INPUT_BLOCK = 256 << 10, /* stays in the second-level cache */
	INPUT_PAD = 64,          /* readable on both sides, for vector loads */
};

struct input {
	int file;
	const char *name;
	char *odd_name;           /* what `name` is when it is not the path itself */
	bool looked, at_end;
	bool encoded;             /* UTF-16 is let in */
	struct decompressor *compressed;
	struct ahead *ahead;      /* has `compressed` then, and bytes are from here on its place */
	size_t threads;           /* that may be used yet; 1: none but the caller's */
	uint64_t decompressed;
	char *data;                 /* INPUT_PAD, then the text */
	size_t start, n, capacity;  /* text not given out yet: start ... n */
	uint64_t bytes, size, line;
	struct packed *packed;      /* what is read is its text */
	struct packed_text *text;
	struct failure failed;      /* what has failed, until it is the caller's turn to know: */
	struct failure *failure;    /* NULL: it ends the program */
};

static inline bool input_failed(const struct input *in)
{
	return has_failed(&in->failed);
}

/* Room for so many bytes and, at least, a block. */
void input_resize(struct input *in, size_t capacity);

/* The first bytes of a file that was just opened decide what it is; false when that or reading it fails. */
bool input_sniff(struct input *in);

/* Adds bytes after data[n]; false at the end. */
bool input_fill(struct input *in);

/* Lets threads decompress what is to come; where they cannot, it is done here, as before. */
void input_go_ahead(struct input *in, size_t threads);

/* Threads for the file that is read. */
size_t input_threads_left(void);

#endif
