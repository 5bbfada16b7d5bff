/* sorted-runs.h - rows that do not fit in memory: sorted runs in a temporary file (spool.h), merged.
 *
 * A run is a sequence of parts in the byte order of their keys: a key, and so many rows, whose bytes are
 * the caller's. Merged, the parts come by key, those of one key in the order of their runs. What fails ends
 * the program with exit 1.
 */
#ifndef RECPIPE_STREAMS_SORTED_RUNS_H
#define RECPIPE_STREAMS_SORTED_RUNS_H

#include <stdbool.h>

#include "base/span.h"
#include "streams/spool.h"

struct sorted_runs;

/* None yet; they are written `buffer` bytes at a time. */
struct sorted_runs *sorted_runs_new(size_t buffer);

/* NULL is allowed. */
void sorted_runs_free(struct sorted_runs *r);

size_t sorted_runs_count(const struct sorted_runs *r);

/* ---- writing ---- */

/* The parts that come are of a new run. */
void sorted_runs_begin(struct sorted_runs *r);

/* The next part: its rows are to be put into the spool that is returned. */
struct spool *sorted_runs_put(struct sorted_runs *r, struct span key, uint32_t rows);

/* ---- reading; nothing is written any more ---- */

/* All parts as they were written: until nothing is left, sorted_runs_pass_key and so many rows. The reader
 * is the caller's to free. */
void sorted_runs_read(const struct sorted_runs *r, struct spool_reader *reader, size_t buffer);
uint32_t sorted_runs_pass_key(struct spool_reader *reader);

/* Merges from the beginning, each run read `buffer` bytes at a time. Once. */
void sorted_runs_merge(struct sorted_runs *r, size_t buffer);

/* The key of the next part, valid until that has been taken and this is called again; false at the end. */
bool sorted_runs_key(struct sorted_runs *r, struct span *key);

/* Takes the part whose key that is: how many rows it has, and the reader, from which they must all be taken
 * before the next key. */
struct spool_reader *sorted_runs_take(struct sorted_runs *r, uint32_t *rows);

#endif
