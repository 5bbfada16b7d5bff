#include "guard.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "base/memory.h"
#include "frame/run.h"

/* A message: a group that has begun, or minus one that has ended. */
static int to_guard = -1;
static pid_t guard = -1;

struct list {
	pid_t *group;
	size_t n, capacity;
};

/* What a guard has to know; a replacement gets all of it. */
static struct list groups;

static void take_message(struct list *list, pid_t message)
{
	size_t n = 0;
	for (size_t i = 0; i < list->n; i++)
		if (list->group[i] != message && list->group[i] != -message)
			list->group[n++] = list->group[i];
	list->n = n;
	if (message < 0)
		return;
	list->group = memory_grow(list->group, &list->capacity, n + 1, sizeof *list->group);
	list->group[list->n++] = message;
}

/* Keeps the list until nobody can write to the socket any more. */
static void keep_list(int socket)
{
	struct list list = {0};
	for (;;) {
		pid_t message;
		ssize_t got = read(socket, &message, sizeof message);
		if (got < 0 && errno == EINTR)
			continue;
		if (got != (ssize_t)sizeof message)
			break;
		take_message(&list, message);
	}
	for (size_t i = 0; i < list.n; i++)
		kill(-list.group[i], SIGKILL);
}

/* A guard that is gone, or has stopped to read, must not take this process with it: the
 * first is found by guard_check, and so is the second once it is ended. */
static void send_message(pid_t message)
{
	ssize_t n;
	do
		n = send(to_guard, &message, sizeof message, MSG_NOSIGNAL | MSG_DONTWAIT);
	while (n < 0 && errno == EINTR);
	if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == ENOBUFS))
		kill(guard, SIGKILL);
}

void guard_start(void)
{
	int ends[2];
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
		die_errno(STATUS_FAILED, "cannot make a socket");
	guard = fork();
	if (guard < 0)
		die_errno(STATUS_FAILED, "cannot start a process");
	if (guard == 0) {
		/* Away from the terminal's signals, and from every file: an open study
		 * would keep its lock, an open pipe its reader. */
		setsid();
		signal(SIGINT, SIG_DFL); /* one that takes another's place has our handlers */
		signal(SIGTERM, SIG_DFL);
		signal(SIGCHLD, SIG_DFL);
		if (dup2(ends[0], 0) < 0)
			_exit(1);
		syscall(SYS_close_range, 1u, ~0u, 0u); /* not every C library has a function for it */
		keep_list(0);
		_exit(0);
	}
	close(ends[0]);
	to_guard = ends[1];
}

void guard_add(pid_t group)
{
	take_message(&groups, group);
	send_message(group);
}

void guard_remove(pid_t group)
{
	take_message(&groups, -group);
	send_message(-group);
}

void guard_check(void)
{
	int status;
	if (guard <= 0 || waitpid(guard, &status, WNOHANG) != guard)
		return;
	progress_clear();
	if (WIFSIGNALED(status))
		warn("the guard process was killed by signal %d (%s); another one is started",
		     WTERMSIG(status), strsignal(WTERMSIG(status)));
	else
		warn("the guard process ended with status %d; another one is started", WEXITSTATUS(status));
	close(to_guard);
	guard_start();
	for (size_t i = 0; i < groups.n; i++)
		send_message(groups.group[i]);
}

void guard_stop(void)
{
	if (guard <= 0)
		return;
	close(to_guard);
	kill(guard, SIGCONT); /* it has work to do */
	while (waitpid(guard, NULL, 0) < 0 && errno == EINTR)
		;
	guard = -1;
}
