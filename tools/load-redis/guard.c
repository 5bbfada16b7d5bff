#include "guard.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "discard.h"

/* Nothing of the load's is held open but the way to it, and standard error. */
static void close_others(int keep)
{
	long most = sysconf(_SC_OPEN_MAX);
	for (int file = 0; file < (most > 0 && most < 4096 ? (int)most : 4096); file++)
		if (file != STDERR_FILENO && file != keep)
			close(file);
}

/* The other side has ended without a word: it was killed. */
_Noreturn static void watch_over(struct load *l, int way)
{
	enum { TRIES = 5 };
	char word;
	ssize_t n;
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	close_others(way);
	do
		n = recv(way, &word, 1, 0);
	while (n < 0 && errno == EINTR);
	if (n > 0)
		_exit(STATUS_DONE);
	l->guard = 0;
	for (int i = 0; i < TRIES; i++) {
		l->redis.context = NULL; /* its socket is closed */
		l->redis.out.n = l->redis.sent = 0;
		l->began = l->committing = true;
		discard(l);
		if (l->redis.context)
			_exit(STATUS_DONE);
		clock_sleep(1);
	}
	_exit(STATUS_UNAVAILABLE);
}

void guard_start(struct load *l)
{
	int way[2] = {-1, -1};
	if (l->guard)
		return;
	pid_t child = socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, way) == 0 ? fork() : -1;
	if (child == 0)
		watch_over(l, way[1]);
	if (child < 0) {
		warn("cannot start the process that cleans up if this one is killed: %s", strerror(errno));
		close(way[0]);
	}
	close(way[1]);
	l->guard = child > 0 ? child : 0;
	l->guard_way = way[0];
}

void guard_end(struct load *l)
{
	if (!l->guard)
		return;
	ssize_t sent = send(l->guard_way, "", 1, MSG_NOSIGNAL);
	(void)sent; /* it has ended by itself, then */
	close(l->guard_way);
	while (waitpid(l->guard, NULL, 0) < 0 && errno == EINTR)
		;
	l->guard = 0;
}
