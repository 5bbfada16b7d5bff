/* ahead.h - a compressed file that threads decompress ahead of whoever reads it.
 *
 * One thread decompresses what comes next. In a file that can be read at any place, others begin
 * where a later member of gzip or frame of zstd seems to begin: what they get is given out only if the
 * one before ends exactly there, so the bytes and what is wrong with them are those of one thread.
 * xz has its blocks decompressed by the library's own threads.
 *
 * Memory: AHEAD_BYTES for each thread, and what its decompressor needs.
 */
#ifndef RECPIPE_STREAMS_AHEAD_H
#define RECPIPE_STREAMS_AHEAD_H

#include "streams/decompress.h"

enum {
	AHEAD_BYTES = 16 << 20,  /* what a thread may be ahead by */
	AHEAD_PIECE = 256 << 10, /* of the file, at least, that a thread is to begin with */
};

struct ahead;

/* What is to come of a decompressor: `file` stands after the bytes that it has taken, and is kept open
 * for as long. At most `threads` of them, at least 1, which begin at members that are `piece` bytes
 * apart or more (AHEAD_PIECE; tests: fewer); `name` is kept. NULL when it cannot be done: the
 * decompressor is as it was. Otherwise it is freed with this. */
struct ahead *ahead_open(struct decompressor *d, int file, size_t threads, size_t piece, const char *name);

/* From now on at most so many threads, if they are more. */
void ahead_threads(struct ahead *a, size_t threads);

/* Up to `n` bytes, at least one but at the end; 0 then, and when something failed: it is in `failure`
 * as decompress_read would have it there. */
size_t ahead_read(struct ahead *a, char *to, size_t n, struct failure *failure);

/* About where in the file the bytes come from that ahead_read gave last. */
uint64_t ahead_place(const struct ahead *a);

/* Ends the threads and frees; NULL is allowed. */
void ahead_close(struct ahead *a);

#endif
