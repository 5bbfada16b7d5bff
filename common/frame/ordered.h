/* ordered.h - the pieces of a stream, worked on by several threads, passed on in order.
 *
 * A piece goes through three steps: it is taken from the stream, worked on, and given on. Only
 * the work runs beside other work; pieces are taken one after the other, and given by the calling
 * thread alone, in the order in which they were taken. So what comes out does not depend on
 * the number of threads, and a piece at which the program ends is the first of those that are bad.
 * Memory is bounded: a piece is in one of a few slots from when it is taken until it has been given.
 */
#ifndef RECPIPE_FRAME_ORDERED_H
#define RECPIPE_FRAME_ORDERED_H

#include <stdbool.h>
#include <stddef.h>

#include "frame/pool.h"

struct ordered_steps {
	bool (*take)(void *context, size_t slot); /* false: no piece comes any more */
	void (*work)(void *context, size_t slot);
	void (*give)(void *context, size_t slot);
};

/* How many slots there are with so many threads: they are numbered from 0. */
size_t ordered_slots(size_t threads);

/* Returns when the last piece has been given. */
void ordered_run(struct pool *pool, const struct ordered_steps *steps, void *context);

#endif
