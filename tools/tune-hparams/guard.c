#include "guard.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "base/memory.h"

/* A message: a group that has begun, or minus one that has ended. */
static int pipe_in = -1;
static pid_t guard = -1;

/* Keeps the list until nobody can write to the pipe any more. */
static void keep_list(int pipe_out)
{
	pid_t *group = NULL, message;
	size_t n = 0, capacity = 0;
	for (;;) {
		ssize_t got = read(pipe_out, &message, sizeof message);
		if (got < 0 && errno == EINTR)
			continue;
		if (got != (ssize_t)sizeof message)
			break;
		if (message > 0) {
			group = memory_grow(group, &capacity, n + 1, sizeof *group);
			group[n++] = message;
			continue;
		}
		for (size_t i = 0; i < n; i++)
			if (group[i] == -message)
				group[i--] = group[--n];
	}
	for (size_t i = 0; i < n; i++)
		kill(-group[i], SIGKILL);
}

void guard_start(void)
{
	int ends[2];
	if (pipe2(ends, O_CLOEXEC) != 0)
		die_errno(STATUS_FAILED, "cannot make a pipe");
	guard = fork();
	if (guard < 0)
		die_errno(STATUS_FAILED, "cannot start a process");
	if (guard == 0) {
		/* Away from the terminal's signals, and from every file: an open study
		 * would keep its lock, an open pipe its reader. */
		setsid();
		if (dup2(ends[0], 0) < 0)
			_exit(1);
		close_range(1, ~0u, 0);
		keep_list(0);
		_exit(0);
	}
	close(ends[0]);
	pipe_in = ends[1];
}

static void send(pid_t message)
{
	while (write(pipe_in, &message, sizeof message) < 0 && errno == EINTR)
		; /* a guard that somebody has killed guards nothing: no reason to stop */
}

void guard_add(pid_t group)
{
	send(group);
}

void guard_remove(pid_t group)
{
	send(-group);
}

void guard_stop(void)
{
	if (guard <= 0)
		return;
	close(pipe_in);
	while (waitpid(guard, NULL, 0) < 0 && errno == EINTR)
		;
	guard = -1;
}
