/* session.h - one listener in front of the player: the course's model.
 *
 * A session has a taste: the vector e of one of the listener's interests. Its first
 * track is one of the tracks nearest to e and is heard whole. Of every track r that
 * is recommended then, the listener hears
 *
 *	time = sigmoid((<E[r], e> - bias) * sharpness) * discount^(plays of the artist)
 *
 * in hundredths (0 when the session has played r before), and is disappointed with
 * probability 1 - time; so many disappointments as the budget allows end the session.
 */
#ifndef RECPIPE_SIMULATE_SESSIONS_SESSION_H
#define RECPIPE_SIMULATE_SESSIONS_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/random.h"
#include "world.h"

/* What all listeners have in common. */
struct behavior {
	int64_t budget;          /* disappointments that end a session */
	int64_t most_steps;      /* requests that end it even so */
	double artist_discount;
};

struct session {
	const struct world *world;
	const struct behavior *behavior;
	uint32_t user, interest; /* interest: the track whose vector is the taste */
	struct random random;
	uint32_t track;          /* played last, and how much of it was heard */
	double time;
	double total_time;
	int64_t budget;          /* what is left of it */
	uint32_t *played;        /* all tracks so far */
	size_t plays, played_capacity;
};

/* Plays the first track. The world and the behavior must outlive the session. */
void session_begin(struct session *e, const struct world *w, const struct behavior *h,
		   struct random random, uint32_t user, uint32_t interest);

/* Plays a recommended track. */
void session_hear(struct session *e, uint32_t track);

/* Is the session over, because the listener has had enough, or after --max-steps? */
bool session_is_over(const struct session *e);
bool session_has_no_budget(const struct session *e);

/* Rounded to hundredths as Python's round(x, 2) does: the double nearest to the
 * decimal that is nearest to x, the even one of two. For 0 <= x <= 1. */
double session_hundredths(double x);

void session_free(struct session *e);

#endif
