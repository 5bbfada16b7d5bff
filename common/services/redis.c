#include "services/redis.h"

#include <errno.h>
#include <math.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>

#include "base/clock.h"
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
			usage_error("option '--%s': no port after the bracket: %s", option, shown);
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
	t.name = t.path ? memory_format("%s", t.path) : memory_format("%s:%d", t.host, t.port);
	return t;
}

void redis_target_free(struct redis_target *t)
{
	free(t->host);
	free(t->path);
	free(t->name);
	free(t->user);
	free(t->password);
	*t = (struct redis_target){0};
}

/* ---- the connection ---- */

static void set_problem(struct redis *r, const char *what, const char *why)
{
	snprintf(r->problem, sizeof r->problem, "%s %s: %s", what, r->target->name, why);
}

void redis_disconnect(struct redis *r)
{
	if (r->context)
		redisFree(r->context);
	r->context = NULL;
	r->out.n = r->sent = 0;
	free(r->in);
	r->in = NULL;
}

void redis_free(struct redis *r)
{
	redis_disconnect(r);
	buffer_free(&r->out);
}

/* The connection is of no use any more; what is lost is not only the reply asked for. */
static void lose(struct redis *r, const char *why)
{
	set_problem(r, "lost", why);
	redis_disconnect(r);
}

static void add_length(struct buffer *b, char mark, size_t n)
{
	buffer_add_byte(b, mark);
	b->n += number_write_u64(n, buffer_room(b, NUMBER_SIZE));
	buffer_add(b, "\r\n", 2);
}

void redis_format_command(struct buffer *b, size_t words)
{
	add_length(b, '*', words);
}

void redis_format_word(struct buffer *b, const char *bytes, size_t n)
{
	add_length(b, '$', n);
	buffer_add(b, bytes, n);
	buffer_add(b, "\r\n", 2);
}

void redis_append(struct redis *r, int words, const char **word, const size_t *length)
{
	if (!r->context)
		return;
	redis_format_command(&r->out, (size_t)words);
	for (int i = 0; i < words; i++)
		redis_format_word(&r->out, word[i], length[i]);
}

void redis_append_bytes(struct redis *r, const char *bytes, size_t n)
{
	if (r->context)
		buffer_add(&r->out, bytes, n);
}

enum { READ_BYTES = 64 << 10 };

/* Feeds the parser of replies with what has come. 1: something, 0: nothing yet, -1: lost. */
static int receive(struct redis *r)
{
	if (!r->in)
		r->in = memory_new(READ_BYTES, 1);
	ssize_t n = recv(r->context->fd, r->in, READ_BYTES, MSG_DONTWAIT);
	if (n > 0 && redisReaderFeed(r->context->reader, r->in, (size_t)n) == REDIS_OK)
		return 1;
	if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
		return 0;
	lose(r, n > 0 ? "out of memory" : n == 0 ? "Server closed the connection" : strerror(errno));
	return -1;
}

/* Waits until the socket is ready for `events`, or readable. False: too late, lost. */
static bool wait_for(struct redis *r, short events, double until)
{
	for (;;) {
		double left = until - clock_wall();
		if (!(left > 0)) {
			r->late = true;
			lose(r, "no answer in time");
			return false;
		}
		struct pollfd p = {.fd = r->context->fd, .events = (short)(events | POLLIN)};
		struct timespec t = {(time_t)left, (long)((left - floor(left)) * 1e9)};
		int n = ppoll(&p, 1, &t, NULL);
		if (n > 0)
			return true;
		if (n < 0 && errno != EINTR) {
			lose(r, strerror(errno));
			return false;
		}
	}
}

static double patience_until(const struct redis *r)
{
	return r->due_s > 0 ? r->due_s : clock_wall() + r->target->timeout_s;
}

/* No SIGPIPE: a closed socket is an error here, not the end of the program. */
bool redis_send(struct redis *r)
{
	double until = 0;
	if (!r->context)
		return false;
	while (r->sent < r->out.n) {
		ssize_t n = send(r->context->fd, r->out.data + r->sent, r->out.n - r->sent,
				 MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n > 0) {
			r->sent += (size_t)n;
			until = 0;
			continue;
		}
		if (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR) {
			lose(r, strerror(errno));
			return false;
		}
		until = until > 0 ? until : patience_until(r);
		/* The server may wait for its replies to be read before it reads on. */
		if (!wait_for(r, POLLOUT, until) || receive(r) < 0)
			return false;
	}
	r->out.n = r->sent = 0;
	return true;
}

redisReply *redis_reply(struct redis *r)
{
	double until = 0;
	if (!r->context)
		return NULL;
	for (;;) {
		void *reply = NULL;
		if (redisGetReplyFromReader(r->context, &reply) != REDIS_OK) {
			lose(r, r->context->errstr);
			return NULL;
		}
		if (reply)
			return reply;
		if (r->sent < r->out.n && !redis_send(r))
			return NULL;
		int got = receive(r);
		if (got < 0)
			return NULL;
		if (got > 0)
			continue;
		until = until > 0 ? until : patience_until(r);
		if (!wait_for(r, POLLIN, until))
			return NULL;
	}
}

void redis_queue(struct redis *r, const char *const *words)
{
	const char *word[16];
	size_t length[16];
	int n = 0;
	for (; n < 16 && words[n]; n++) {
		word[n] = words[n];
		length[n] = strlen(words[n]);
	}
	redis_append(r, n, word, length);
}

redisReply *redis_command(struct redis *r, const char *const *words)
{
	redis_queue(r, words);
	return redis_reply(r);
}

bool redis_is_transient(const char *error)
{
	static const char *const WORDS[] = {"LOADING", "BUSY", "MASTERDOWN", "TRYAGAIN",
		"CLUSTERDOWN", "NOREPLICAS", "UNKILLABLE", "ERR max number of clients reached"};
	for (size_t i = 0; i < sizeof WORDS / sizeof *WORDS; i++)
		if (strncmp(error, WORDS[i], strlen(WORDS[i])) == 0)
			return true;
	return false;
}

bool redis_is_pairs(const redisReply *reply)
{
	bool good = reply->type == REDIS_REPLY_ARRAY && reply->elements % 2 == 0;
	for (size_t i = 0; good && i < reply->elements; i++)
		good = reply->element[i]->type == REDIS_REPLY_STRING;
	return good;
}

redisReply *redis_good_reply(struct redis *r, const char *what)
{
	redisReply *reply = redis_reply(r);
	r->refused = false;
	if (!reply || reply->type != REDIS_REPLY_ERROR)
		return reply;
	r->refused = !redis_is_transient(reply->str);
	snprintf(r->problem, sizeof r->problem, "%s: %s: %.400s", r->target->name, what, reply->str);
	freeReplyObject(reply);
	return NULL;
}

/* A step of connecting: anything but a good reply ends the attempt. */
static bool agreed(struct redis *r, redisReply *reply)
{
	if (!reply)
		return false;
	bool good = reply->type != REDIS_REPLY_ERROR;
	if (!good) {
		r->refused = !redis_is_transient(reply->str);
		snprintf(r->problem, sizeof r->problem, "%s: %s", r->target->name, reply->str);
	}
	freeReplyObject(reply);
	if (!good)
		redis_disconnect(r);
	return good;
}

static bool open_socket(struct redis *r)
{
	const struct redis_target *t = r->target;
	struct timeval timeout = {(time_t)t->timeout_s,
		(suseconds_t)((t->timeout_s - floor(t->timeout_s)) * 1e6)};
	errno = 0;
	redisContext *c = t->path ? redisConnectUnixWithTimeout(t->path, timeout)
		: redisConnectWithTimeout(t->host, t->port, timeout);
	if (c && !c->err) {
		c->reader->maxbuf = 0; /* keeps its buffer from one big reply to the next */
		r->context = c;
		return true;
	}
	bool late = c && c->err == REDIS_ERR_IO && (errno == EAGAIN || errno == EINPROGRESS);
	set_problem(r, "cannot reach", !c ? "out of memory" : late ? "no answer in time" : c->errstr);
	if (c)
		redisFree(c);
	return false;
}

bool redis_connect(struct redis *r)
{
	const struct redis_target *t = r->target;
	redis_disconnect(r);
	r->refused = r->late = false;
	r->due_s = 0;
	if (!open_socket(r))
		return false;
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
