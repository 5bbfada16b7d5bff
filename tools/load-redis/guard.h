/* guard.h - a process that outlives a load that is killed (-9), and takes away what it has
 * staged.
 *
 * It is there while the users' own keys get their --ttl, before they are published: what
 * would be left then would not go for long. It waits for this process to end; whether the
 * generation was published all the same, the server knows.
 */
#ifndef RECPIPE_LOAD_REDIS_GUARD_H
#define RECPIPE_LOAD_REDIS_GUARD_H

#include "load.h"

/* Starts it; when that fails it is reported, and there is no guard. */
void guard_start(struct load *l);

/* Lets it go: nothing is left that it would have to take away. */
void guard_end(struct load *l);

#endif
