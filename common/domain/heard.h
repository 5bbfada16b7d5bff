/* heard.h - which later event of a user tells what was heard of a recommendation.
 *
 * A recommendation waits for the user's next event in which its track was playing. Sessions of a user
 * that overlap are so told apart by their recommendations. One struct for one user
 * at a time: {.n = 0} before the first.
 */
#ifndef RECPIPE_DOMAIN_HEARD_H
#define RECPIPE_DOMAIN_HEARD_H

#include <stddef.h>
#include <stdint.h>

enum { HEARD_WAITING = 64 }; /* of more than these, the oldest is given up */

struct heard_waiting {
	struct {
		size_t row;          /* the caller's number */
		int64_t time_ms;
		uint32_t item, session;
	} at[HEARD_WAITING];         /* the oldest first */
	size_t n;
	uint32_t user;
};

/* Ids as numbers; STRMAP_NONE (data/strmap.h): nothing was playing, or recommended. Sessions that are not
 * known are all the same number. */
struct heard_event {
	int64_t time_ms;
	uint32_t user, session, playing, recommended;
};

/* Row number `row` is this event: the user's oldest row that recommended what was playing, in the same
 * session and no more than `wait_ms` ago; it waits no longer, and this one does. SIZE_MAX: none.
 * A user's events come one after the other, and their times do not go back. */
size_t heard_follow(struct heard_waiting *w, size_t row, const struct heard_event *event, int64_t wait_ms);

#endif
