/* folds.h - windows of time for validation and test, one after the other (a rolling origin).
 *
 * N folds have N + 1 windows, the last of which ends with the newest row. Fold k is trained on what
 * is before window k - 1, has that one for validation and window k for its test; what is later is
 * left out. A window is after its first edge, and up to its last one.
 */
#ifndef RECPIPE_BUILD_DATASET_FOLDS_H
#define RECPIPE_BUILD_DATASET_FOLDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "streams/output.h"

enum { FOLDS_MAX = 100 };

struct folds {
	uint64_t n, k;             /* how many, and which one; 0: none */
	double share, length_ms;   /* of a window: either */
	int64_t edge[FOLDS_MAX + 2]; /* in ms: windows j = 0 ... n are from edge j to edge j + 1 */
};

/* --fold K/N and --window; NULL: no fold. A usage error names the option. */
struct folds folds_parse(const char *fold, const char *window);

/* All times: each(source, see, context) gives them to `see`, some at a time, the same every time. */
struct times {
	void (*each)(void *source, void (*see)(void *context, const int64_t *time, size_t n), void *context);
	void *source;
	uint64_t n;
	int64_t oldest, newest;
};

/* Finds the edges; exit 3 when too many rows have the same time. `newest`: where windows in time
 * end. */
void folds_find(struct folds *f, const struct times *times, int64_t newest);

/* The edges of all folds as a table. */
void folds_write(const struct folds *f, struct output *out);

#endif
