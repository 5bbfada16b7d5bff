/* guard.h - a process that ends this one's children when it could not do so itself.
 *
 * kill -9 leaves nobody to end the trials' process groups: children die with their
 * parent when they ask the kernel for it, grandchildren do not. The guard is told of
 * each group through a pipe and ends those that are left when the pipe is closed.
 */
#ifndef TUNE_GUARD_H
#define TUNE_GUARD_H

#include <sys/types.h>

/* Starts the guard; before any child of ours. */
void guard_start(void);

/* A group that has begun (said by its leader before it runs anything) or ended. */
void guard_add(pid_t group);
void guard_remove(pid_t group);

/* No more groups: the guard ends what is left, and is waited for. */
void guard_stop(void);

#endif
