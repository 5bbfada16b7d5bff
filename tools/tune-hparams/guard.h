/* guard.h - a process that ends this one's children when it could not do so itself.
 *
 * kill -9 leaves nobody to end the trials' process groups: children die with their
 * parent when they ask the kernel for it, grandchildren do not. The guard is told of
 * each group through a socket and ends those that are left when the socket is closed.
 * A guard that is killed is replaced by another one.
 */
#ifndef RECPIPE_TUNE_HPARAMS_GUARD_H
#define RECPIPE_TUNE_HPARAMS_GUARD_H

#include <sys/types.h>

/* Starts the guard; before any child of ours. */
void guard_start(void);

/* A group that has begun (said by its leader, too, before it runs anything) or ended. */
void guard_add(pid_t group);
void guard_remove(pid_t group);

/* Was the guard killed? Then another one gets the groups there are. To be asked
 * after a child has ended. */
void guard_check(void);

/* No more groups: the guard ends what is left, and is waited for. */
void guard_stop(void);

#endif
