/* The guard of tune-hparams' trials: one that was killed, or reads no more, takes nothing
 * with it and holds nothing up; the next one knows the groups there are, and ends them when
 * the tool has gone. */
#include <stdio.h>

#include "unit.h"

#include "../../tools/tune-hparams/guard.c"

/* A process that waits, leader of a group. */
static pid_t start_group(void)
{
	pid_t pid = fork();
	if (pid == 0) {
		setpgid(0, 0);
		for (;;)
			pause();
	}
	setpgid(pid, pid);
	guard_add(pid);
	return pid;
}

static bool was_killed(pid_t pid)
{
	int status;
	return waitpid(pid, &status, 0) == pid && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
}

static bool lives(pid_t pid)
{
	return waitpid(pid, NULL, WNOHANG) == 0;
}

/* Until the guard has ended; it is still there to be waited for. */
static void wait_for_end(void)
{
	siginfo_t about;
	CHECK(waitid(P_PID, (id_t)guard, &about, WEXITED | WNOWAIT) == 0);
}

int main(void)
{
	program_name = "test-guard";
	log_level = LOG_QUIET;
	alarm(10); /* where it would hang */
	guard_start();
	pid_t first = start_group(), ended = start_group(), killed = guard;
	guard_remove(ended);

	kill(guard, SIGKILL);
	wait_for_end();
	pid_t second = start_group(); /* not by SIGPIPE */
	guard_check();
	CHECK(guard != killed && lives(guard) && lives(first) && lives(second));

	kill(guard, SIGSTOP);
	for (pid_t group = 100000000; group < 100002000; group++) {
		guard_add(group); /* there are none of these numbers */
		guard_remove(group);
	}
	wait_for_end();
	killed = guard;
	guard_check();
	CHECK(guard != killed && lives(guard) && groups.n == 2);

	kill(guard, SIGSTOP); /* has to go on for its work */
	guard_stop();
	CHECK(was_killed(first) && was_killed(second) && lives(ended));
	kill(ended, SIGKILL);
	CHECK(was_killed(ended));
	return unit_finish();
}
