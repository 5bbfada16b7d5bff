/* tally.h - a user's events added up into rows of a state. */
#ifndef RECPIPE_ANALYZE_AB_TALLY_H
#define RECPIPE_ANALYZE_AB_TALLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"
#include "events.h"
#include "state.h"
#include "streams/output.h"

/* How events become states. */
struct state_rules {
	bool open;                          /* events after a user's final `last` count too */
	bool triggered;                     /* users without a triggered event are left out */
	bool daily;                         /* rows for each day */
	bool scopes;                        /* rows for the arms of users in several */
	bool chained;                       /* sessions of a user may overlap */
	bool exposed;                       /* rows of a user's events from the first arm on, too */
	bool header;                        /* of the parts */
	uint64_t memory;                    /* bytes of events; the rest goes to a temporary file */
	struct output *sessions;            /* every closed session is written there, or NULL */
};

struct tally *tally_new(const struct events *e);
void tally_free(struct tally *t);

/* An empty state whose experiments are those of the events (it owns their names and arms
 * from now on) and whose values are sums and measures. */
struct state *state_begin(struct events *e, bool daily);

/* Adds the rows of one user's events from..to, which are sorted. */
void tally_user(struct state *s, const struct events *e, size_t from, size_t to, struct span id,
		uint32_t number, const struct state_rules *rules, struct tally *t);

#endif
