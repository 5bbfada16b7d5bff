/* runs.h - events that do not fit in memory: sorted runs in a temporary file, read again
 * together, user by user.
 */
#ifndef RECPIPE_ANALYZE_AB_RUNS_H
#define RECPIPE_ANALYZE_AB_RUNS_H

#include <stdbool.h>

#include "base/buffer.h"
#include "data/strmap.h"
#include "events.h"

struct runs;

/* Of events with these measures. */
struct runs *runs_new(const struct events *e);
void runs_free(struct runs *r);

/* Writes the events, by the bytes of their users and then as they came, and forgets them. */
void runs_add(struct runs *r, struct events *e, const struct strmap *users);

/* The next user in the order of bytes: the id, and all events of all runs in the order in
 * which they came, from place 0 of e on. False after the last. No run is added then. */
bool runs_next(struct runs *r, struct events *e, struct buffer *id);

#endif
