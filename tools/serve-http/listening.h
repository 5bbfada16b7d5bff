/* listening.h - the socket that requests come to. */
#ifndef RECPIPE_SERVE_HTTP_LISTENING_H
#define RECPIPE_SERVE_HTTP_LISTENING_H

#include <stdbool.h>

struct listening {
	int socket;
	char name[256];          /* for messages: http://127.0.0.1:5001 */
};

/* Has whoever started us passed a socket (LISTEN_FDS of systemd)? */
bool listening_is_passed(void);

/* Ends with a usage error when `address` has none of the forms below. */
void listening_check(const char *address);

/* Listens at `address` (HOST:PORT, :PORT, [IPV6]:PORT, unix:PATH), or takes the socket that was passed
 * (NULL). Exit 1 or 2 when that cannot be. A unix socket that nobody listens at is replaced. */
struct listening listening_open(const char *address, int backlog);

/* Removes the unix socket that listening_open made, from when on another process may make its own there.
 * The end of the program does it otherwise. */
void listening_leave(void);

/* Tells systemd (NOTIFY_SOCKET), where it asks: "READY=1", ... */
void listening_notify(const char *state);

#endif
