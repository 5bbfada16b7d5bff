/* redis.h - a connection to Redis that says what went wrong, over hiredis.
 *
 * Nothing here dies by itself but redis_target_parse: callers decide whether a
 * lost server is the end or a reason to answer from elsewhere. SIGPIPE is held
 * back while a socket is written to.
 */
#ifndef RECPIPE_SERVICES_REDIS_H
#define RECPIPE_SERVICES_REDIS_H

#include <hiredis/hiredis.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct redis_target {
	char *host;       /* NULL: a unix socket */
	int port;
	char *path;       /* the unix socket */
	char *user;       /* of an ACL, or NULL */
	char *password;   /* or NULL */
	int database;
	double timeout_s; /* of connecting and of each reply */
};

/* redis://[USER@]HOST[:PORT][/DATABASE] or unix://[USER@]PATH[?db=DATABASE]. A
 * password in the URL is a usage error: it comes from the environment variable
 * REDISCLI_AUTH or, when not NULL, the first line of `password_file`. */
struct redis_target redis_target_parse(const char *url, const char *option,
				       const char *password_file, double timeout_s);

struct redis {
	const struct redis_target *target;
	redisContext *context; /* NULL: not connected */
	char problem[600];     /* what went wrong last */
	bool refused;          /* ... and it was a refusal that another try will not mend */
};

/* Connects, authenticates and selects the database; false: see `problem`. */
bool redis_connect(struct redis *r);
void redis_disconnect(struct redis *r);

/* Another patience for the replies of this connection; false: see `problem`. */
bool redis_set_timeout(struct redis *r, double timeout_s);

/* Queues a command; the words may hold any bytes. */
void redis_append(struct redis *r, int words, const char **word, const size_t *length);

/* Sends what is queued, and waits for no reply; false: the connection is lost. */
bool redis_send(struct redis *r);

/* Sends what is queued and takes the next reply, which the caller frees with
 * freeReplyObject; NULL: the connection is lost, see `problem`. */
redisReply *redis_reply(struct redis *r);

/* One command and its reply, by words that end in NULL. */
redisReply *redis_command(struct redis *r, const char *const *words);
#define REDIS(r, ...) redis_command(r, (const char *const[]){__VA_ARGS__, NULL})

/* Does this error reply mean that the service is not ready now (loading, busy,
 * no master), so that another try may do? */
bool redis_is_transient(const char *error);

/* host:port or the socket's path, for messages. */
const char *redis_name(const struct redis_target *target);

#endif
