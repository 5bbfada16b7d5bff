/* sessions.h - what whole sessions would have earned.
 */
#ifndef RECPIPE_EVALUATE_POLICY_SESSIONS_H
#define RECPIPE_EVALUATE_POLICY_SESSIONS_H

#include "estimate.h"
#include "log.h"

/* Adds the sessions of a log that is sorted by session, whose rows have their policy's probability in
 * `target`; only the first `horizon` steps of each count (0: all). Weights are products, no more than
 * `clip` each. Sets the value of snipw and the users' influence on it. */
void sessions_add(struct evidence *e, const struct log *log, uint64_t horizon, double clip);

#endif
