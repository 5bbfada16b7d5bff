/* redis.h - a connection to Redis that says what went wrong.
 *
 * hiredis connects and parses replies; sending, receiving and patience are here,
 * so that a deadline holds for a whole exchange and a closed socket raises no
 * SIGPIPE. Nothing dies by itself but redis_target_parse: callers decide whether a
 * lost server is the end or a reason to answer from elsewhere. A connection is used
 * by one thread at a time; several may share a target.
 */
#ifndef RECPIPE_SERVICES_REDIS_H
#define RECPIPE_SERVICES_REDIS_H

#include <hiredis/hiredis.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"

struct redis_target {
	char *host;       /* NULL: a unix socket */
	int port;
	char *path;       /* the unix socket */
	char *name;       /* host:port or the path, for messages */
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
void redis_target_free(struct redis_target *target);

/* Zeroed except for `target`, it is not connected. */
struct redis {
	const struct redis_target *target;
	redisContext *context; /* NULL: not connected */
	double due_s;          /* clock_wall() at which patience ends, 0: timeout_s for each reply */
	char problem[600];     /* what went wrong last */
	bool refused;          /* ... and it was a refusal that retrying will not fix */
	bool late;             /* ... and it was patience that ended */
	struct buffer out;     /* commands, the first `sent` bytes of which are on their way */
	size_t sent;
	char *in;              /* room for what comes */
};

/* Connects, authenticates and selects the database; false: see `problem`. Ends `due_s`. */
bool redis_connect(struct redis *r);
void redis_disconnect(struct redis *r);

/* Disconnects and frees what the struct holds; the target is the caller's. */
void redis_free(struct redis *r);

/* Queues a command; the words may hold any bytes. Nothing when not connected. */
void redis_append(struct redis *r, int words, const char **word, const size_t *length);

/* The form of commands on the wire: how many words, then each of them. */
void redis_format_command(struct buffer *b, size_t words);
void redis_format_word(struct buffer *b, const char *bytes, size_t n);

/* Queues commands in that form. */
void redis_append_bytes(struct redis *r, const char *bytes, size_t n);

/* Sends what is queued, and waits for no reply; false: the connection is lost. */
bool redis_send(struct redis *r);

/* Sends what is queued and takes the next reply, which the caller frees with
 * freeReplyObject; NULL: the connection is lost, see `problem`. */
redisReply *redis_reply(struct redis *r);

/* The next reply when it is no error. NULL: `problem` says why, beginning with `what` (a
 * command) where the server refused it, and `refused` whether for good. The connection
 * is lost only when there is no context any more. */
redisReply *redis_good_reply(struct redis *r, const char *what);

/* Queues a command by words that end in NULL; and with its reply. */
void redis_queue(struct redis *r, const char *const *words);
redisReply *redis_command(struct redis *r, const char *const *words);
#define REDIS(r, ...) redis_command(r, (const char *const[]){__VA_ARGS__, NULL})

/* Does this error reply mean that the service is not ready now (loading, busy,
 * no master), so that another try may do? */
bool redis_is_transient(const char *error);

/* Is the reply names and values, as that of HGETALL: an array of strings, two by two? */
bool redis_is_pairs(const redisReply *reply);

#endif
