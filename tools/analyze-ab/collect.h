/* collect.h - states of events, in any order or grouped by user. */
#ifndef RECPIPE_ANALYZE_AB_COLLECT_H
#define RECPIPE_ANALYZE_AB_COLLECT_H

#include "events.h"
#include "state.h"
#include "streams/output.h"
#include "streams/table.h"
#include "tally.h"

/* Reads all events in any order; those beyond rules->memory wait in a temporary file. */
struct state *state_of_events(struct table *t, const struct event_columns *columns,
			      const struct state_rules *rules);

/* The same from rows grouped by user, in the byte order of users; anything else ends
 * with exit 3. Memory holds one user's events and the states. With `parts` the states
 * are written there and forgotten. */
struct state *state_of_groups(struct table *t, const struct event_columns *columns,
			      const struct state_rules *rules, struct output *parts);

#endif
