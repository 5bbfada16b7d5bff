/* Preloaded: each look at the monotonic clock finds it CLOCK_STEP seconds later than the
 * last, so that what a program does every ten seconds is seen at once. */
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

int clock_gettime(clockid_t clock, struct timespec *t)
{
	static long looks;
	int status = (int)syscall(SYS_clock_gettime, clock, t);
	const char *step = getenv("CLOCK_STEP");
	if (clock == CLOCK_MONOTONIC && step)
		t->tv_sec += __atomic_add_fetch(&looks, 1, __ATOMIC_RELAXED) * strtol(step, NULL, 10);
	return status;
}
