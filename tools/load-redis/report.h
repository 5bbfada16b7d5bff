/* report.h - what holds after a failure, in words: known from the server, or said not to
 * be known. */
#ifndef RECPIPE_LOAD_REDIS_REPORT_H
#define RECPIPE_LOAD_REDIS_REPORT_H

#include "generation.h"
#include "load.h"

/* What is live, which the server is asked for. */
void report_live(struct load *l, struct buffer *b);

/* How much of a delta is served. */
void report_delta(const struct load *l, struct buffer *b);

/* The number of lists of a generation whose users have keys of their own, before they
 * are counted. */
enum { LISTS_NOT_COUNTED = -1 };

/* A generation's name, quoted, and how many lists it has or what it lacks. `lists`: those
 * that are there. */
void report_generation(struct buffer *b, const struct generation *g, int64_t lists);

#endif
