/* heard.h - which later event of a user tells what was heard of a recommendation.
 *
 * A recommendation waits for the user's next event in which its track was playing. Sessions of a user
 * that overlap are so told apart by their recommendations. One struct for one user at a time.
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
};

/* Row number `row`, at `time_ms`, recommended the item. Sessions that are not known are all the same
 * number. */
void heard_wait(struct heard_waiting *w, size_t row, int64_t time_ms, uint32_t item, uint32_t session);

/* The oldest row that recommended what is now playing, in the same session and no more than `wait_ms`
 * ago; it waits no longer. SIZE_MAX: none. Times do not go back. */
size_t heard_take(struct heard_waiting *w, int64_t time_ms, uint32_t item, uint32_t session, int64_t wait_ms);

#endif
