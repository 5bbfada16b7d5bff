#include "services/redis.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/number.h"
#include "frame/options.h"
#include "streams/input.h"

/* ---- targets ---- */

static char *read_password(const char *file)
{
	struct input *in = input_open(file);
	struct span line;
	if (!input_line(in, &line) || line.n == 0)
		die(STATUS_FAILED, "%s: no password in it", file);
	if (line.at[line.n - 1] == '\r')
		line.n--;
	char *password = memory_text(line.at, line.n);
	input_close(in);
	return password;
}

static int parse_int(const char *text, size_t n, int64_t high, const char *url, const char *option)
{
	int64_t value;
	char shown[QUOTED_SIZE];
	if (number_i64(text, n, &value) != NUMBER_OK || value < 0 || value > high)
		usage_error("option '--%s': a bad port or database: %s", option,
			    quoted(url, strlen(url), shown));
	return (int)value;
}

struct redis_target redis_target_parse(const char *url, const char *option,
				       const char *password_file, double timeout_s)
{
	struct redis_target t = {.port = 6379, .timeout_s = timeout_s};
	char shown[QUOTED_SIZE];
	quoted(url, strlen(url), shown);
	bool unix_socket = strncmp(url, "unix://", 7) == 0;
	if (!unix_socket && strncmp(url, "redis://", 8) != 0)
		usage_error("option '--%s': not redis://HOST[:PORT][/DATABASE] or unix://PATH: %s",
			    option, shown);
	const char *rest = url + (unix_socket ? 7 : 8), *at = strchr(rest, '@');
	if (at) {
		if (memchr(rest, ':', (size_t)(at - rest)))
			usage_error("option '--%s': no password in the URL, others could see it; "
				    "set REDISCLI_AUTH or use --password-file", option);
		if (at > rest)
			t.user = memory_text(rest, (size_t)(at - rest));
		rest = at + 1;
	}
	if (unix_socket) {
		const char *query = strstr(rest, "?db=");
		size_t n = query ? (size_t)(query - rest) : strlen(rest);
		if (n == 0)
			usage_error("option '--%s': the socket has no path: %s", option, shown);
		t.path = memory_text(rest, n);
		if (query)
			t.database = parse_int(query + 4, strlen(query + 4), 1000000, url, option);
	} else {
		const char *slash = strchr(rest, '/');
		size_t n = slash ? (size_t)(slash - rest) : strlen(rest);
		bool bracket = n > 0 && rest[0] == '['; /* an IPv6 address has colons */
		const char *close = bracket ? memchr(rest, ']', n) : NULL;
		if (bracket && !close)
			usage_error("option '--%s': a bracket is not closed: %s", option, shown);
		const char *from = close ? close : rest;
		const char *colon = memchr(from, ':', n - (size_t)(from - rest));
		size_t host = colon ? (size_t)(colon - rest) : n;
		if (colon)
			t.port = parse_int(colon + 1, n - host - 1, 65535, url, option);
		if (bracket && close + 1 != rest + host)
			usage_error("option '--%s': no port behind the bracket: %s", option, shown);
		if (host <= (bracket ? 2 : 0))
			usage_error("option '--%s': no host: %s", option, shown);
		t.host = bracket ? memory_text(rest + 1, host - 2) : memory_text(rest, host);
		if (slash && slash[1])
			t.database = parse_int(slash + 1, strlen(slash + 1), 1000000, url, option);
	}
	const char *environment = getenv("REDISCLI_AUTH");
	if (password_file)
		t.password = read_password(password_file);
	else if (environment && *environment)
		t.password = memory_text(environment, strlen(environment));
	if (t.user && !t.password)
		usage_error("option '--%s': the user %s needs a password: set REDISCLI_AUTH or use "
			    "--password-file", option, t.user);
	return t;
}

const char *redis_name(const struct redis_target *t)
{
	static char name[300];
	if (t->path)
		snprintf(name, sizeof name, "%s", t->path);
	else
		snprintf(name, sizeof name, "%s:%d", t->host, t->port);
	return name;
}

/* ---- SIGPIPE: a closed socket is an error here, not the end of the program ---- */

struct guard {
	sigset_t before;
	bool pending;
};

static void guard_begin(struct guard *g)
{
	sigset_t pipe, pending;
	sigemptyset(&pipe);
	sigaddset(&pipe, SIGPIPE);
	g->pending = sigpending(&pending) == 0 && sigismember(&pending, SIGPIPE) == 1;
	pthread_sigmask(SIG_BLOCK, &pipe, &g->before);
}

static void guard_end(const struct guard *g, bool failed)
{
	int error = errno;
	if (failed && !g->pending) {
		sigset_t pipe;
		const struct timespec now = {0, 0};
		sigemptyset(&pipe);
		sigaddset(&pipe, SIGPIPE);
		while (sigtimedwait(&pipe, NULL, &now) < 0 && errno == EINTR)
			;
	}
	pthread_sigmask(SIG_SETMASK, &g->before, NULL);
	errno = error;
}

/* ---- the connection ---- */

static struct timeval timeval_of(double seconds)
{
	time_t whole = (time_t)seconds;
	return (struct timeval){whole, (suseconds_t)((seconds - (double)whole) * 1e6)};
}

static void set_problem(struct redis *r, const char *what)
{
	const redisContext *c = r->context;
	bool timeout = c && c->err == REDIS_ERR_IO && (errno == EAGAIN || errno == EWOULDBLOCK ||
						       errno == EINPROGRESS);
	const char *why = !c ? "out of memory" : timeout ? "no answer in time"
		: c->errstr[0] ? c->errstr : "closed";
	snprintf(r->problem, sizeof r->problem, "%s %s: %s", what, redis_name(r->target), why);
}

void redis_disconnect(struct redis *r)
{
	struct guard g;
	if (!r->context)
		return;
	guard_begin(&g);
	redisFree(r->context);
	guard_end(&g, true);
	r->context = NULL;
}

bool redis_set_timeout(struct redis *r, double timeout_s)
{
	if (redisSetTimeout(r->context, timeval_of(timeout_s)) == REDIS_OK)
		return true;
	set_problem(r, "cannot set up");
	return false;
}

void redis_append(struct redis *r, int words, const char **word, const size_t *length)
{
	if (r->context && redisAppendCommandArgv(r->context, words, word, length) != REDIS_OK)
		die(STATUS_FAILED, "out of memory");
}

bool redis_send(struct redis *r)
{
	struct guard g;
	int done = 0, result = REDIS_OK;
	if (!r->context)
		return false;
	guard_begin(&g);
	errno = 0;
	while (result == REDIS_OK && !done)
		result = redisBufferWrite(r->context, &done);
	guard_end(&g, result != REDIS_OK);
	if (result == REDIS_OK)
		return true;
	set_problem(r, "lost");
	redis_disconnect(r);
	return false;
}

redisReply *redis_reply(struct redis *r)
{
	void *reply = NULL;
	struct guard g;
	if (!r->context)
		return NULL;
	/* One that has come already needs no system call, and so no guard. */
	if (redisGetReplyFromReader(r->context, &reply) == REDIS_OK && reply)
		return reply;
	guard_begin(&g);
	errno = 0;
	int result = redisGetReply(r->context, &reply);
	guard_end(&g, result != REDIS_OK);
	if (result == REDIS_OK && reply)
		return reply;
	set_problem(r, "lost");
	redis_disconnect(r);
	return NULL;
}

redisReply *redis_command(struct redis *r, const char *const *words)
{
	const char *word[16];
	size_t length[16];
	int n = 0;
	for (; words[n] && n < 16; n++) {
		word[n] = words[n];
		length[n] = strlen(words[n]);
	}
	redis_append(r, n, word, length);
	return redis_reply(r);
}

bool redis_is_transient(const char *error)
{
	static const char *const WORDS[] = {"LOADING", "BUSY", "MASTERDOWN", "TRYAGAIN",
		"CLUSTERDOWN", "NOREPLICAS", "UNKILLABLE"};
	for (size_t i = 0; i < sizeof WORDS / sizeof *WORDS; i++)
		if (strncmp(error, WORDS[i], strlen(WORDS[i])) == 0)
			return true;
	return false;
}

/* A step of connecting: anything but a good reply ends the attempt. */
static bool agreed(struct redis *r, redisReply *reply)
{
	if (!reply)
		return false;
	bool good = reply->type != REDIS_REPLY_ERROR;
	if (!good) {
		r->refused = !redis_is_transient(reply->str);
		snprintf(r->problem, sizeof r->problem, "%s: %s", redis_name(r->target), reply->str);
	}
	freeReplyObject(reply);
	if (!good)
		redis_disconnect(r);
	return good;
}

bool redis_connect(struct redis *r)
{
	const struct redis_target *t = r->target;
	struct timeval timeout = timeval_of(t->timeout_s);
	redis_disconnect(r);
	r->refused = false;
	errno = 0;
	r->context = t->path ? redisConnectUnixWithTimeout(t->path, timeout)
		: redisConnectWithTimeout(t->host, t->port, timeout);
	if (!r->context || r->context->err) {
		set_problem(r, "cannot reach");
		redis_disconnect(r);
		return false;
	}
	if (redisSetTimeout(r->context, timeout) != REDIS_OK) {
		set_problem(r, "cannot set up");
		redis_disconnect(r);
		return false;
	}
	if (t->password && t->user && !agreed(r, REDIS(r, "AUTH", t->user, t->password)))
		return false;
	if (t->password && !t->user && !agreed(r, REDIS(r, "AUTH", t->password)))
		return false;
	char database[16];
	snprintf(database, sizeof database, "%d", t->database);
	if (t->database && !agreed(r, REDIS(r, "SELECT", database)))
		return false;
	return agreed(r, REDIS(r, "PING"));
}
