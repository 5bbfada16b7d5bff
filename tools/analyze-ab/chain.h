/* chain.h - sessions of one user that run at once: which event belongs to which.
 *
 * An event belongs to the session that recommended its track. Where a user's events, one after
 * the other, do not follow their recommendations, but do when they are dealt to several sessions,
 * there were several: that is no loss of events.
 */
#ifndef RECPIPE_ANALYZE_AB_CHAIN_H
#define RECPIPE_ANALYZE_AB_CHAIN_H

#include <stddef.h>
#include <stdint.h>

#include "events.h"

struct chains {
	uint32_t *event;                    /* the caller's list: a user's events in their order */
	size_t n, capacity;
	uint32_t *place;                    /* of each: the place of its session, below the count */
	uint32_t *before, *after;           /* the event that recommended it, and that it recommended */
	uint32_t *table, *next;             /* open recommendations by hash, the latest first */
	size_t table_size;                  /* slots of this user, a power of two */
};

/* Makes room for so many events in chains->event. */
void chains_room(struct chains *c, size_t n);

/* Deals the events of the list to sessions. Returns how many places they take (a place is
 * free again after a `last`): 1 when they follow one another, or when dealing them would
 * not explain three quarters of the breaks, of which there are `breaks` (c->place is not
 * filled then). A first event whose session was broken off goes on with that session, as a
 * break. */
size_t chains_deal(struct chains *c, const struct events *e, size_t breaks);

void chains_free(struct chains *c);

#endif
