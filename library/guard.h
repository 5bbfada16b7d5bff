/* guard.h - where die() goes in a library: back to the call that the program made.
 *
 * Whatever fails for a reason of the input or of a file returns through its functions
 * (base/failure.h). What is left to die is memory that is out. Then the call ends where
 * it began, with that failure; what the object held stays as it was, and is freed by its
 * close. Only an object that is being opened loses what it had so far.
 */
#ifndef RECPIPE_LIBRARY_GUARD_H
#define RECPIPE_LIBRARY_GUARD_H

#include <setjmp.h>
#include <stddef.h>

#include "base/failure.h"

struct guard {
	sigjmp_buf back;
	struct failure *failure;
};

/* The call that this thread is in; NULL: none. */
extern _Thread_local struct guard *guard_now;

/* In a function of the API: `if (GUARD(&guard, &failure, false)) what may die;`, followed by
 * guard_end. False a second time, when it died. `mask`: signals may be held meanwhile. */
#define GUARD(guard, to, mask) \
	((guard)->failure = (to), guard_now = (guard), sigsetjmp((guard)->back, (mask)) == 0)

static inline void guard_end(void)
{
	guard_now = NULL;
}

#endif
