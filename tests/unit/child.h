/* child.h - code that ends the program, run in a process of its own. */
#ifndef RECPIPE_TESTS_CHILD_H
#define RECPIPE_TESTS_CHILD_H

#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

/* Calls f(arg) in a child whose standard error goes to the file `errors`; returns the status
 * that it exits with, 0 when f comes back, and -1 when a signal ended it. */
static inline int child_status(void (*f)(void *), void *arg, const char *errors)
{
	fflush(stdout);
	pid_t child = fork();
	if (child == 0) {
		if (!freopen(errors, "w", stderr))
			abort();
		f(arg);
		_exit(0);
	}
	int status;
	if (child < 0 || waitpid(child, &status, 0) != child)
		abort();
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

#endif
