#include "process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"

_Noreturn static void become(char **command, int in, int out)
{
	sigset_t none;
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	setpgid(0, 0); /* what a terminal sends goes to the front alone, and it is killed with its children */
	if (dup2(in, STDIN_FILENO) >= 0 && dup2(out, STDOUT_FILENO) >= 0)
		execvp(command[0], command);
	tell("cannot run %s: %s", command[0], strerror(errno));
	_exit(errno == ENOENT ? 127 : 126);
}

static void close_pipe(const int ends[2])
{
	close(ends[0]);
	close(ends[1]);
}

struct process process_start(char **command)
{
	const struct process none = {.id = 0, .in = -1, .out = -1};
	int in[2], out[2];
	if (pipe2(in, O_CLOEXEC) != 0)
		return none;
	if (pipe2(out, O_CLOEXEC) != 0) {
		close_pipe(in);
		return none;
	}
	struct process p = {.id = fork(), .in = in[1], .out = out[0]};
	if (p.id == 0)
		become(command, in[0], out[1]);
	if (p.id < 0) {
		close_pipe(in);
		close_pipe(out);
		return none;
	}
	setpgid(p.id, p.id); /* here too: who of the two comes first is open */
	close(in[0]);
	close(out[1]);
	fcntl(p.in, F_SETFL, O_NONBLOCK);
	fcntl(p.out, F_SETFL, O_NONBLOCK);
	return p;
}

void process_kill(pid_t id)
{
	if (kill(-id, SIGKILL) != 0)
		kill(id, SIGKILL);
}
