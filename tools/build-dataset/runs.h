/* runs.h - rows that do not fit in memory: sorted runs in a temporary file, merged to pieces.
 *
 * A run is the rows of some time of the input by user, in the byte order of the users' ids; a
 * user's rows keep their order. So the rows of a user are those of the first run, then those of
 * the next one: as they were read. Items are numbers of one map that stays in memory.
 */
#ifndef RECPIPE_BUILD_DATASET_RUNS_H
#define RECPIPE_BUILD_DATASET_RUNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "data/shardmap.h"
#include "pairs.h"

struct runs;

/* Of rows with these columns. */
struct runs *runs_new(bool weights, bool timestamps);

/* NULL is allowed. */
void runs_free(struct runs *r);

/* Writes the rows of `p`, whose users are numbers of the map, as a run. */
void runs_add(struct runs *r, const struct pairs *p, const struct shardmap *users);

/* The times of all rows, some at a time, before the merge (times, folds.h). `runs` is a struct runs. */
void runs_times(void *runs, void (*see)(void *context, const int64_t *time, size_t n), void *context);

/* Before the merge: the rank of each item's number, which stays the caller's, up to when rows are kept
 * (INT64_MAX: all), and the memory for buffers and pieces, about. */
void runs_merge(struct runs *r, const uint32_t *rank, int64_t until, uint64_t memory);

/* The rows of the next users, the caller's: users are ranks among them, items ranks of all; a user's
 * rows are in the order they were read. False at the end. */
bool runs_next(struct runs *r, struct pairs *piece);

#endif
