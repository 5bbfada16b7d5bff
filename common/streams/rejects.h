/* rejects.h - what happens to bad rows: --on-error, --rejects, --max-errors.
 *
 * A bad row ends the program (exit 3; with a failure it is that one), or is counted and its
 * raw bytes kept. Where bad rows are counted, too many of them end it too: more than a
 * number at once, more than a share at the end of the input, and always when no row was
 * good.
 */
#ifndef RECPIPE_STREAMS_REJECTS_H
#define RECPIPE_STREAMS_REJECTS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/failure.h"
#include "base/number.h"
#include "base/span.h"

struct output;

/* Told of each bad row that is counted: what is wrong with it, and its raw bytes. */
typedef void rejects_hear(void *listener, const char *what, struct span raw);

/* A zeroed one ends the program at the first bad row. */
struct rejects {
	bool skip;                  /* count bad rows instead of ending */
	struct number_limit limit;
	struct output *file;        /* where raw rows are kept, or NULL */
	uint64_t n;                 /* bad rows so far */
	struct failure *failure;    /* NULL: the program ends */
	bool keeps;                 /* rejects_keep was called: */
	struct buffer kept;         /* the bad rows, for rejects_pass */
	rejects_hear *hear;         /* NULL: nobody answers bad rows */
	void *listener;
};

/* `path` NULL: raw rows are not kept. */
void rejects_open(struct rejects *r, bool skip, const struct number_limit *limit, const char *path);

/* One bad row of `file` at `line`: `what` says what is wrong with it. Returns only when
 * rows are skipped and the limit is not passed (with a failure: false otherwise); the
 * first one is shown, unless there is a failure or a listener: who has one speaks for himself. */
bool rejects_row(struct rejects *r, const char *file, uint64_t line, const char *what,
		 struct span raw);

/* The same for element number `element`, from 1, of an array that is there; 0: none. `what` goes on after it:
 * `, byte 3: not a number`. */
bool rejects_element(struct rejects *r, const char *file, uint64_t line, uint64_t element, const char *what,
		     struct span raw);

/* At the end of the input, `rows` (good and bad ones) in all: exit 3 when every one of them was bad
 * (unless a listener was told of each), or more than the share that the limit allows (with a failure:
 * false). Call it before what was made of the rows is published. */
bool rejects_judge(struct rejects *r, uint64_t rows);

/* For a thread that works on a part of the input: bad rows are kept here, and nothing is said, written
 * or ended. Lines and elements are counted from the part's own first ones. */
void rejects_keep(struct rejects *r, bool skip);

/* In the order of the parts: the rows that `part` has kept are bad rows of `file`, whose part begins
 * after so many lines and elements; as rejects_element, and `part` is empty then. */
bool rejects_pass(struct rejects *r, struct rejects *part, const char *file, uint64_t lines,
		  uint64_t elements);

/* Finishes the file of raw rows. */
void rejects_close(struct rejects *r);

#endif
