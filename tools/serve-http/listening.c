#include "listening.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/number.h"
#include "base/span.h"
#include "frame/options.h"

enum { FIRST_PASSED = 3 };

static uint64_t number_in(const char *name)
{
	uint64_t n = 0;
	const char *text = getenv(name);
	return text && number_u64(text, strlen(text), &n) == NUMBER_OK ? n : 0;
}

bool listening_is_passed(void)
{
	return number_in("LISTEN_PID") == (uint64_t)getpid() && number_in("LISTEN_FDS") > 0;
}

static void check_passed(const struct listening *l)
{
	int listens = 0;
	socklen_t n = sizeof listens;
	if (getsockopt(l->socket, SOL_SOCKET, SO_ACCEPTCONN, &listens, &n) != 0)
		die_errno(STATUS_FAILED, "what was passed to listen at is no socket");
	if (!listens)
		usage_error("LISTEN_FDS: the socket that was passed does not listen (Accept=no is needed)");
}

static void name_it(struct listening *l)
{
	struct sockaddr_storage address;
	socklen_t n = sizeof address;
	char host[NI_MAXHOST], port[NI_MAXSERV];
	if (getsockname(l->socket, (struct sockaddr *)&address, &n) != 0)
		die_errno(STATUS_FAILED, "what was passed to listen at is no socket");
	if (address.ss_family == AF_UNIX) {
		const struct sockaddr_un *u = (const struct sockaddr_un *)&address;
		snprintf(l->name, sizeof l->name, "unix:%.*s", (int)(n - offsetof(struct sockaddr_un, sun_path)),
			 u->sun_path);
	} else if (getnameinfo((struct sockaddr *)&address, n, host, sizeof host, port, sizeof port,
			       NI_NUMERICHOST | NI_NUMERICSERV) == 0) {
		snprintf(l->name, sizeof l->name, address.ss_family == AF_INET6 ? "http://[%.200s]:%.20s"
			 : "http://%.200s:%.20s", host, port);
	}
}

static const char *own_path; /* of the unix socket that is ours to remove */

void listening_leave(void)
{
	if (own_path)
		unlink(own_path);
	own_path = NULL;
}

/* One that is left of a killed process goes; one that somebody listens at stays. */
static void remove_left(const char *path, const struct sockaddr_un *address)
{
	struct stat about;
	if (lstat(path, &about) != 0 || !S_ISSOCK(about.st_mode))
		return;
	int probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0); /* its queue may be full */
	bool left = probe >= 0 && connect(probe, (const struct sockaddr *)address, sizeof *address) != 0 &&
		errno == ECONNREFUSED;
	if (probe >= 0)
		close(probe);
	if (left)
		unlink(path);
}

/* The path of a unix socket, or NULL: it is another address. */
static const char *unix_path(const char *address)
{
	const size_t room = sizeof ((struct sockaddr_un *)0)->sun_path;
	if (strncmp(address, "unix:", 5) != 0)
		return NULL;
	if (!address[5] || strlen(address + 5) >= room)
		usage_error("option '--listen': not a path of 1 to %zu bytes after unix:", room - 1);
	return address + 5;
}

/* The colon before the port. */
static const char *port_colon(const char *address)
{
	char shown[QUOTED_SIZE];
	const char *colon = strrchr(address, ':');
	uint64_t port;
	if (!colon || number_u64(colon + 1, strlen(colon + 1), &port) != NUMBER_OK || port > 65535)
		usage_error("option '--listen': not HOST:PORT, :PORT, [IPV6]:PORT or unix:PATH: %s",
			    quoted(address, strlen(address), shown));
	return colon;
}

void listening_check(const char *address)
{
	if (!unix_path(address))
		port_colon(address);
}

static void open_unix(struct listening *l, const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	memcpy(address.sun_path, path, strlen(path) + 1);
	remove_left(path, &address);
	l->socket = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (l->socket < 0 || bind(l->socket, (struct sockaddr *)&address, sizeof address) != 0)
		die_errno(STATUS_FAILED, "cannot listen at %s", shown_file(path));
	own_path = path;
	if (atexit(listening_leave) != 0)
		die(STATUS_FAILED, "%s could not be removed at the end", shown_file(path));
}

/* False, and errno: it cannot be had. */
static bool bind_one(struct listening *l, const struct addrinfo *a)
{
	const int one = 1;
	l->socket = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (l->socket < 0)
		return false;
	if (setsockopt(l->socket, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) == 0 &&
	    bind(l->socket, a->ai_addr, a->ai_addrlen) == 0)
		return true;
	int why = errno;
	close(l->socket);
	errno = why;
	return false;
}

/* The first address of that family that can be had. */
static bool bind_any(struct listening *l, const char *address, const char *host, const char *port, int family)
{
	struct addrinfo *found = NULL, *a, hints = {.ai_flags = AI_PASSIVE | AI_NUMERICSERV,
		.ai_family = family, .ai_socktype = SOCK_STREAM};
	int problem = getaddrinfo(host, port, &hints, &found);
	if (problem)
		die(STATUS_FAILED, "cannot listen at %s: %s", shown_file(address), gai_strerror(problem));
	for (a = found; a && !bind_one(l, a);)
		a = a->ai_next;
	int why = errno;
	freeaddrinfo(found);
	errno = why;
	return a != NULL;
}

/* Every address is that of IPv6, which takes IPv4, too; or that of IPv4 where the kernel has no IPv6. */
static void open_address(struct listening *l, const char *address)
{
	const char *colon = port_colon(address);
	bool brackets = address[0] == '[' && colon > address + 1 && colon[-1] == ']';
	char *host = memory_text(address + brackets, (size_t)(colon - address) - 2 * brackets);
	bool good = *host ? bind_any(l, address, host, colon + 1, AF_UNSPEC)
		: bind_any(l, address, NULL, colon + 1, AF_INET6) ||
		(errno == EAFNOSUPPORT && bind_any(l, address, NULL, colon + 1, AF_INET));
	if (!good)
		die_errno(STATUS_FAILED, "cannot listen at %s", shown_file(address));
	free(host);
}

struct listening listening_open(const char *address, int backlog)
{
	struct listening l = {.socket = FIRST_PASSED};
	if (!address && number_in("LISTEN_FDS") != 1)
		usage_error("LISTEN_FDS: one socket, and no more, is listened at");
	if (address && unix_path(address))
		open_unix(&l, unix_path(address));
	else if (address)
		open_address(&l, address);
	if (address && listen(l.socket, backlog) != 0)
		die_errno(STATUS_FAILED, "cannot listen at %s", shown_file(address));
	if (fcntl(l.socket, F_SETFD, FD_CLOEXEC) != 0 || fcntl(l.socket, F_SETFL, O_NONBLOCK) != 0)
		die_errno(STATUS_FAILED, "cannot listen at what was passed");
	check_passed(&l);
	name_it(&l);
	unsetenv("LISTEN_PID"); /* not for the workers */
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_FDNAMES");
	return l;
}

void listening_notify(const char *state)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	if (!path || strlen(path) < 2 || strlen(path) >= sizeof address.sun_path)
		return;
	memcpy(address.sun_path, path, strlen(path) + 1);
	if (path[0] == '@')
		address.sun_path[0] = '\0';
	int to = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (to < 0)
		return;
	if (sendto(to, state, strlen(state), MSG_NOSIGNAL, (struct sockaddr *)&address,
		   (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path))) < 0)
		note("systemd was not told %s: %s", state, strerror(errno));
	close(to);
}
