/* input.h - files read in blocks of whole lines; gzip, zstd, xz (decompress.h), and packed files,
 * which are read as the tables that they hold, are recognized by their first bytes.
 *
 * A block is a stretch of bytes ending in LF (one is supplied when the last
 * line has none). Read errors and bad compressed data end the program (exit 1 for the
 * system, 3 for the data), naming the file; so do files whose first bytes say that they are
 * no text (zip, bzip2, Parquet, UTF-16 ...), naming the command that unpacks them. A line longer than
 * INPUT_LINE_MAX is bad data.
 */
#ifndef RECPIPE_STREAMS_INPUT_H
#define RECPIPE_STREAMS_INPUT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/failure.h"
#include "base/span.h"

enum { INPUT_LINE_MAX = 64 << 20 };

struct input;

/* Opens `path` (NULL or "-" is standard input; of a terminal there a line is said). Dies with exit 1
 * when it cannot. */
struct input *input_open(const char *path);

/* The same for a caller who wants to know: NULL when it cannot be opened. What fails
 * later is in `failure`, too, and then input_block and input_line have come to the end. */
struct input *input_open_or(const char *path, struct failure *failure);

/* The same as input_open for text of any encoding: UTF-16 is let in, and its bytes come as they
 * are, by input_piece alone. */
struct input *input_open_encoded(const char *path);

/* From now on f(context) is called when a signal has ended a wait for input; where it
 * returns, the wait goes on. */
void input_on_interrupt(void (*f)(void *context), void *context);

/* Files opened from now on are decompressed by up to so many threads (ahead.h); the bytes and the
 * errors do not depend on it. Without a call: 1, that of the caller. */
void input_threads(size_t threads);

/* These paths (kept; the same pointers) will be opened one after the other: with threads, the next ones
 * that are compressed are opened and decompressed while the one before is read. What is wrong with
 * one is told when it is its turn. A count below 1 is ignored. */
void input_expect(char **paths, int count);

/* Can these be opened? Dies with exit 1 at the first that cannot (with a failure: returns
 * false), so that a typo in the last name is found before the work begins. A pipe is only
 * looked at: opening and closing it would end whoever writes to it. A count below 1 is ignored. */
bool input_try(char **paths, int count, struct failure *failure);

/* The next block of whole lines, valid until the next call; false at the end. */
bool input_block(struct input *in, struct span *block);

/* The same into memory of the caller's (at first zeroed), where it stays until that is given to the
 * next call: for threads that each have their own. Not two calls at once. What fails is not told
 * here: the block that fails is the end, and the other functions, called after it, tell. */
struct input_room {
	char *data;
	size_t capacity;
};
bool input_take_block(struct input *in, struct input_room *room, struct span *block);

/* The same, and what comes of a block is what `cut` makes of it: so many of its bytes, the others are in
 * the next one. 0: false, and nothing is taken. */
bool input_take_cut(struct input *in, struct input_room *room, size_t (*cut)(struct span text),
		    struct span *block);
void input_room_free(struct input_room *room);

/* For tests: files that are opened from now on are read in blocks of about so many bytes. */
void input_use_blocks(size_t bytes);

/* The next line without its LF (a CR before it is left in place), valid until
 * the next call; false at the end. Do not mix with input_block. */
bool input_line(struct input *in, struct span *line);

/* The next bytes as they come, not cut at lines, valid until the next call; false at the end.
 * Do not mix with the others. */
bool input_piece(struct input *in, struct span *piece);

/* Gives the last `n` bytes of the last piece back: they come once more. */
void input_give_back(struct input *in, size_t n);

/* The next bytes into memory of the caller's, as input_take_block has it, and as many of them as `cut`
 * says: it gets more and more, up to some blocks, until that is not 0. False: nothing is taken. */
bool input_take_piece(struct input *in, struct input_room *room,
		      size_t (*cut)(void *context, struct span text), void *context, struct span *piece);

/* The next bytes, which stay to be given out: at least `n` (a few hundred kB at most) where there are so
 * many. What was given out before is not valid any more. */
struct span input_start(struct input *in, size_t n);

/* Reads what is left of a compressed file and forgets it, for a caller who has what he needs: one that was
 * cut off is an error also then. Of a plain file nothing is read. */
void input_skip(struct input *in);

/* As people know it: the path, or "(standard input)". */
const char *input_name(const struct input *in);

/* Number of the line input_line gave last, from 1. */
uint64_t input_line_number(const struct input *in);

/* Bytes taken from the file so far (compressed ones of a file that is), and the
 * file's size, 0 when it is not known: for progress. */
uint64_t input_bytes(const struct input *in);
uint64_t input_size(const struct input *in);

/* The packed file (streams/packed.h) that this is, as long as nothing but the header of its text was
 * given out: for a reader who knows its kind, and then reads no text any more. NULL: none. It is
 * the input's. */
struct packed;
struct packed *input_packed(struct input *in);

/* Closes the file and frees everything; false when the failure has a reason to. NULL is
 * allowed. */
bool input_close(struct input *in);

#endif
