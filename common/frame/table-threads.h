/* table-threads.h - the rows of a table, read by several threads.
 *
 * The tool reads its table as with one thread, and offers the rest of the open file after
 * each row or block:
 *
 *	while (step(&state, table)) // table_next_block, table_next
 *		table_threads_run(threads);
 *
 * Each thread steps through parts (table.h), blocks of the file that are tables of their own, with
 * a state of its own; and what came of a part is added to the whole in the file's order. So everything
 * is as with one thread: output, counts, which row is the first bad one, what is said of it.
 */
#ifndef RECPIPE_FRAME_TABLE_THREADS_H
#define RECPIPE_FRAME_TABLE_THREADS_H

#include "streams/table.h"

struct table_work {
	/* Once for each slot, before all: the part whose rows will be in it. */
	void (*begin)(void *context, size_t slot, struct table *part);
	/* Steps through the rows of the part to the end. Runs beside others. */
	void (*work)(void *context, size_t slot);
	/* Adds what came of it to the whole. The calling thread; in the file's order. The table has
	 * counted the part's rows, and rejected those that the part has. */
	void (*give)(void *context, size_t slot);
	/* Once for each slot, after all. */
	void (*end)(void *context, size_t slot);
};

struct table_threads;

/* NULL with one thread. The others wait until table_threads_run. */
struct table_threads *table_threads_open(struct table *t, size_t threads, const struct table_work *work,
					 void *context);

/* How many slots there are, numbered from 0, with so many threads. */
size_t table_threads_slots(size_t threads);

/* The rest of the open file, where it can be read in parts and its current block has been; cheap
 * where not. NULL is allowed. */
void table_threads_run(struct table_threads *p);

/* NULL is allowed. */
void table_threads_close(struct table_threads *p);

#endif
