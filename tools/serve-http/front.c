#include "front.h"

#include <errno.h>
#include <microhttpd.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/number.h"
#include "framing.h"
#include "streams/json-write.h"

/* Of a body that is too long so much is read, and thrown away, for the client to see the answer. */
enum { DISCARD_BODIES = 16, KEPT_BUFFER = 4096 };
static const double LOOK_S = 1;

enum visit_state { VISIT_IDLE, VISIT_HEADERS, VISIT_BODY, VISIT_WAITING, VISIT_ANSWERED };

/* A connection, and its request. */
struct visit {
	struct front *front;
	struct MHD_Connection *connection;
	struct visit *before, *after; /* by `since` */
	double since;            /* when it, or its request, began, or a worker or the front had answered */
	bool shut;
	enum visit_state state;
	double begun;            /* the request; clock_wall() */
	struct buffer uri, body, answer, allowed;
	size_t body_size;        /* what came of it, kept or not */
	struct routes *routes;   /* that the target is of; NULL: none was found */
	struct target target;
	int refused;             /* the status of an answer without a worker; 0: none so far */
	const char *why;
	unsigned status;
	bool is_text;            /* the answer is no JSON */
	bool last;               /* the connection ends with the answer */
};

struct front {
	const struct options *o;
	struct front_sources *sources;
	struct MHD_Daemon *daemon;
	int file;
	struct visit *first, *last;
	size_t n;
	uint64_t answers;
	double looked;           /* when it was last looked for who has left */
	bool draining, ended;
	struct buffer row, problem; /* scratch */
	struct span *fields;
};

/* ---- connections ---- */

static void unlink_visit(struct front *f, struct visit *v)
{
	*(v->before ? &v->before->after : &f->first) = v->after;
	*(v->after ? &v->after->before : &f->last) = v->before;
}

static void link_visit(struct front *f, struct visit *v)
{
	v->since = clock_wall();
	v->before = f->last;
	v->after = NULL;
	*(f->last ? &f->last->after : &f->first) = v;
	f->last = v;
}

/* --timeout counts from now on. */
static void begin_again(struct front *f, struct visit *v)
{
	unlink_visit(f, v);
	link_visit(f, v);
}

static void keep_small(struct buffer *b)
{
	b->n = 0;
	if (b->capacity > KEPT_BUFFER)
		buffer_free(b);
}

static void free_visit(struct visit *v)
{
	buffer_free(&v->uri);
	buffer_free(&v->body);
	buffer_free(&v->answer);
	buffer_free(&v->allowed);
	buffer_free(&v->target.text);
	routes_release(v->routes);
	free(v);
}

static void on_connection(void *front, struct MHD_Connection *connection, void **context,
			  enum MHD_ConnectionNotificationCode what)
{
	struct front *f = front;
	struct visit *v = *context;
	if (what == MHD_CONNECTION_NOTIFY_STARTED) {
		v = *context = memory_zero(1, sizeof *v);
		v->front = f;
		v->connection = connection;
		link_visit(f, v);
		f->n++;
		return;
	}
	unlink_visit(f, v);
	f->n--;
	free_visit(v);
	*context = NULL;
}

static void shut(struct visit *v)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(v->connection,
		MHD_CONNECTION_INFO_CONNECTION_FD);
	if (info && !v->shut)
		shutdown(info->connect_fd, SHUT_RDWR);
	v->shut = true;
}

/* The first line of a request has come. */
static void *on_uri(void *front, const char *uri, struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection,
		MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	struct visit *v = info->socket_context;
	begin_again(front, v);
	v->state = VISIT_HEADERS;
	v->uri.n = v->body.n = v->answer.n = v->allowed.n = v->body_size = 0;
	v->refused = 0;
	v->is_text = v->last = false;
	v->target.route = NULL;
	buffer_add_text(&v->uri, uri);
	return v;
}

/* Escapes are undone by routes.c. */
static size_t no_unescape(void *front, struct MHD_Connection *connection, char *text)
{
	(void)front;
	(void)connection;
	return strlen(text);
}

static void on_completed(void *front, struct MHD_Connection *connection, void **context,
			 enum MHD_RequestTerminationCode how)
{
	struct front *f = front;
	struct visit *v = *context;
	(void)connection;
	(void)how;
	if (!v)
		return;
	struct span route = v->target.route ? v->target.route->path : span_of("other");
	f->answers += v->state == VISIT_ANSWERED;
	if (v->state == VISIT_ANSWERED)
		metrics_add_request(f->sources->metrics, route, v->status, clock_wall() - v->begun);
	routes_release(v->routes);
	v->routes = NULL;
	v->target.route = NULL;
	v->state = VISIT_IDLE;
	keep_small(&v->body);
	keep_small(&v->answer);
	keep_small(&v->uri);
	begin_again(f, v);
	if (f->draining)
		shut(v);
}

/* ---- answers ---- */

static enum MHD_Result give(struct visit *v)
{
	struct MHD_Response *r = MHD_create_response_from_buffer(v->answer.n, v->answer.data,
		MHD_RESPMEM_MUST_COPY);
	if (!r)
		return MHD_NO;
	MHD_add_response_header(r, MHD_HTTP_HEADER_CONTENT_TYPE, v->is_text ? "text/plain; version=0.0.4"
				: "application/json");
	if (v->status == MHD_HTTP_SERVICE_UNAVAILABLE)
		MHD_add_response_header(r, MHD_HTTP_HEADER_RETRY_AFTER, "1");
	if (v->status == MHD_HTTP_UNAUTHORIZED)
		MHD_add_response_header(r, MHD_HTTP_HEADER_WWW_AUTHENTICATE, "Bearer");
	if (v->status == MHD_HTTP_METHOD_NOT_ALLOWED)
		MHD_add_response_header(r, MHD_HTTP_HEADER_ALLOW, buffer_text(&v->allowed));
	if (v->front->draining || v->last)
		MHD_add_response_header(r, MHD_HTTP_HEADER_CONNECTION, "close");
	enum MHD_Result done = MHD_queue_response(v->connection, v->status, r);
	MHD_destroy_response(r);
	return done;
}

static void set_error(struct visit *v, unsigned status, const char *why)
{
	v->state = VISIT_ANSWERED;
	v->status = status;
	v->is_text = false;
	v->answer.n = 0;
	buffer_add_text(&v->answer, "{\"error\": ");
	json_write_string(&v->answer, span_of(why));
	buffer_add_text(&v->answer, "}\n");
}

static const char *words_of(int status)
{
	return status == MHD_HTTP_NOT_FOUND ? "no such path" : status == MHD_HTTP_METHOD_NOT_ALLOWED
		? "the path has other methods" : "bad escapes in the path, or a control character";
}

static struct span field_called(const struct front *f, const char *name, const struct span *fields, size_t n)
{
	size_t columns;
	const struct span *names = workers_columns(f->sources->workers, &columns);
	for (size_t c = 0; c < columns && c < n; c++)
		if (span_equal(names[c], span_of(name)))
			return fields[c];
	return (struct span){"", 0};
}

/* A worker's answer: what its status says, or the object of the route. */
static void take_answer(struct front *f, struct visit *v, const struct span *fields, size_t n)
{
	struct span status = field_called(f, "status", fields, n), reason = field_called(f, "reason", fields, n);
	metrics_add_answer(f->sources->metrics, fields, workers_current(f->sources->workers),
			   workers_life(f->sources->workers, workers_current(f->sources->workers)));
	f->problem.n = 0;
	buffer_add_span(&f->problem, reason);
	if (span_equal(status, span_of("bad"))) {
		set_error(v, MHD_HTTP_BAD_REQUEST, buffer_text(&f->problem));
	} else if (span_equal(status, span_of("none"))) {
		bool later = span_equal(reason, span_of("redis")) || span_equal(reason, span_of("stale"));
		set_error(v, later ? MHD_HTTP_SERVICE_UNAVAILABLE : MHD_HTTP_NOT_FOUND, buffer_text(&f->problem));
	} else if (routes_add_object(&v->target, fields, n, &v->answer)) {
		v->status = MHD_HTTP_OK;
	} else {
		set_error(v, MHD_HTTP_BAD_GATEWAY, "the answer of the worker is not what the route says");
	}
}

void front_answered(void *caller, void *request, enum outcome outcome, const struct span *fields, size_t n)
{
	struct front *f = *(struct front **)caller;
	struct visit *v = request;
	begin_again(f, v);
	v->state = VISIT_ANSWERED;
	if (outcome == OUTCOME_ANSWER)
		take_answer(f, v, fields, n);
	else
		set_error(v, MHD_HTTP_SERVICE_UNAVAILABLE, outcome == OUTCOME_LATE ? "no answer in time"
			  : "the worker has ended");
	MHD_resume_connection(v->connection);
}

/* ---- requests that are answered here ---- */

static struct metrics_now now(const struct front *f)
{
	const struct workers *w = f->sources->workers;
	return (struct metrics_now){.workers = (size_t)f->o->workers, .ready = workers_ready(w),
		.waiting = workers_waiting(w), .replaced = workers_replaced(w), .connections = f->n};
}

static void answer_status(struct front *f, struct visit *v)
{
	struct metrics_now n = now(f);
	buffer_format(&v->answer, "{\"status\": \"alive\", \"message\": \"recpipe serves recommendations\", "
		      "\"version\": \"%s\", \"workers\": %zu, \"ready\": %zu, \"generation\": ", RECPIPE_VERSION,
		      n.workers, n.ready);
	json_write_string(&v->answer, metrics_generation(f->sources->metrics));
	buffer_add_text(&v->answer, "}\n");
}

static void answer_ready(struct front *f, struct visit *v)
{
	struct metrics_now n = now(f);
	if (f->draining || n.ready < n.workers)
		set_error(v, MHD_HTTP_SERVICE_UNAVAILABLE, f->draining ? "stopping" : "a worker is not ready");
	else
		buffer_add_text(&v->answer, "{\"status\": \"ready\"}\n");
}

static void answer_item(struct front *f, struct visit *v)
{
	const struct items *items = f->sources->items;
	size_t n = 0;
	if (v->routes != f->sources->routes) { /* its columns are those of the catalog before */
		set_error(v, MHD_HTTP_SERVICE_UNAVAILABLE, "the catalog was replaced meanwhile");
		return;
	}
	if (items)
		items_columns(items, &n);
	f->fields = memory_resize(f->fields, n + 1, sizeof *f->fields);
	if (!items || !items_find(items, v->target.names[0], f->fields))
		set_error(v, MHD_HTTP_NOT_FOUND, items ? "no such item" : "there is no catalog: --items");
	else if (!routes_add_object(&v->target, f->fields, n, &v->answer))
		set_error(v, MHD_HTTP_BAD_GATEWAY, "the catalog's row is not what the route says");
}

static void answer_here(struct front *f, struct visit *v)
{
	struct metrics_now n = now(f);
	v->state = VISIT_ANSWERED;
	v->status = MHD_HTTP_OK;
	switch (v->target.route->kind) {
	case ROUTE_STATUS:
		answer_status(f, v);
		break;
	case ROUTE_READY:
		answer_ready(f, v);
		break;
	case ROUTE_METRICS:
		v->is_text = true;
		metrics_add_text(&v->answer, f->sources->metrics, &n);
		break;
	case ROUTE_ITEM:
		answer_item(f, v);
		break;
	default:
		buffer_add_text(&v->answer, "{\"status\": \"ok\"}\n");
	}
}

/* ---- requests ---- */

static void refuse(struct visit *v, int status, const char *why)
{
	v->refused = status;
	v->why = why;
}

static bool may_ask(const struct front *f, const struct visit *v)
{
	enum route_kind kind = v->target.route ? v->target.route->kind : ROUTE_WORKER;
	return !f->sources->tokens || kind == ROUTE_HEALTH || kind == ROUTE_READY ||
		tokens_allow(f->sources->tokens, MHD_lookup_connection_value(v->connection, MHD_HEADER_KIND,
									     MHD_HTTP_HEADER_AUTHORIZATION));
}

/* Does the client wait for an answer before it sends the body? */
static bool expects(const struct visit *v)
{
	return MHD_lookup_connection_value(v->connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_EXPECT) != NULL;
}

/* Not a request that a proxy may have seen otherwise: the answer then ends the connection. */
static bool is_clear(struct visit *v, const char *method, const char *url, const char *version)
{
	unsigned status;
	const char *why = framing_problem(v->connection, method, version, &status);
	if (!why && !framing_is_first_line(method, (struct span){v->uri.data, v->uri.n}, url, version)) {
		status = MHD_HTTP_BAD_REQUEST;
		why = "a blank too many, or a control character, in the first line";
	}
	if (why)
		set_error(v, status, why);
	v->last = why != NULL;
	return !why;
}

/* Its headers have come. */
static enum MHD_Result begin(struct front *f, struct visit *v, const char *method)
{
	routes_release(v->routes);
	v->routes = f->sources->routes;
	v->routes->used++;
	int status = routes_find(v->routes, span_of(method), (struct span){v->uri.data, v->uri.n}, &v->target,
		&v->allowed);
	if (!may_ask(f, v))
		refuse(v, MHD_HTTP_UNAUTHORIZED, "a bearer token is required");
	else if (status)
		refuse(v, status, words_of(status));
	const char *length = MHD_lookup_connection_value(v->connection, MHD_HEADER_KIND,
		MHD_HTTP_HEADER_CONTENT_LENGTH);
	uint64_t n = 0;
	bool is_number = !length || number_u64(length, strlen(length), &n) == NUMBER_OK;
	if (is_number && n <= f->o->body_most)
		return MHD_YES;
	if (is_number && n / DISCARD_BODIES <= f->o->body_most && !expects(v)) {
		refuse(v, MHD_HTTP_CONTENT_TOO_LARGE, "the body is larger than --max-body");
		return MHD_YES;
	}
	set_error(v, MHD_HTTP_CONTENT_TOO_LARGE, "the body is larger than --max-body");
	return give(v);
}

static enum MHD_Result take_body(struct front *f, struct visit *v, const char *data, size_t *size)
{
	v->body_size += *size;
	if (v->body_size > f->o->body_most)
		refuse(v, MHD_HTTP_CONTENT_TOO_LARGE, "the body is larger than --max-body");
	else if (!v->refused)
		buffer_add(&v->body, data, *size);
	*size = 0;
	return v->body_size / DISCARD_BODIES <= f->o->body_most ? MHD_YES : MHD_NO;
}

static enum MHD_Result ask_worker(struct front *f, struct visit *v)
{
	struct span key;
	f->row.n = 0;
	int status = routes_add_row(v->routes, &v->target, (struct span){v->body.data, v->body.n}, &f->row, &key,
		&f->problem);
	if (status) {
		set_error(v, (unsigned)status, buffer_text(&f->problem));
		return give(v);
	}
	if (!workers_send(f->sources->workers, key, (struct span){f->row.data, f->row.n}, v)) {
		set_error(v, MHD_HTTP_SERVICE_UNAVAILABLE, "too many requests wait, or the worker is not ready");
		return give(v);
	}
	v->state = VISIT_WAITING;
	MHD_suspend_connection(v->connection);
	return MHD_YES;
}

static enum MHD_Result on_request(void *front, struct MHD_Connection *connection, const char *url,
	const char *method,
				  const char *version, const char *data, size_t *size, void **context)
{
	struct front *f = front;
	struct visit *v = *context;
	(void)connection;
	if (v->state == VISIT_HEADERS) {
		v->begun = clock_wall();
		v->state = VISIT_BODY;
		return is_clear(v, method, url, version) ? begin(f, v, method) : give(v);
	}
	if (v->state == VISIT_ANSWERED)
		return give(v);
	if (v->state != VISIT_BODY)
		return MHD_YES;
	if (*size)
		return take_body(f, v, data, size);
	if (f->ended)
		refuse(v, MHD_HTTP_SERVICE_UNAVAILABLE, "stopping");
	if (v->refused) {
		set_error(v, (unsigned)v->refused, v->why);
		return give(v);
	}
	if (v->target.route->kind == ROUTE_WORKER)
		return ask_worker(f, v);
	answer_here(f, v);
	return give(v);
}

/* ---- for the loop ---- */

struct front *front_open(const struct options *o, int socket, struct front_sources *sources)
{
	struct front *f = memory_zero(1, sizeof *f);
	f->o = o;
	f->sources = sources;
	unsigned timeout = o->timeout_s < 1 ? 1 : (unsigned)o->timeout_s + 1;
	f->daemon = MHD_start_daemon(MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, on_request, f,
		MHD_OPTION_LISTEN_SOCKET, socket,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)o->header_most,
		MHD_OPTION_CONNECTION_LIMIT, (unsigned)o->connections,
		MHD_OPTION_CONNECTION_TIMEOUT, timeout,
		MHD_OPTION_NOTIFY_COMPLETED, on_completed, f,
		MHD_OPTION_NOTIFY_CONNECTION, on_connection, f,
		MHD_OPTION_URI_LOG_CALLBACK, on_uri, f,
		MHD_OPTION_UNESCAPE_CALLBACK, no_unescape, f,
		MHD_OPTION_END);
	const union MHD_DaemonInfo *info = f->daemon ? MHD_get_daemon_info(f->daemon,
		MHD_DAEMON_INFO_EPOLL_FD) : NULL;
	if (!info)
		die(STATUS_FAILED, "libmicrohttpd cannot serve at the socket");
	f->file = info->epoll_fd;
	return f;
}

int front_file(const struct front *f)
{
	return f->file;
}

int front_patience_ms(struct front *f)
{
	MHD_UNSIGNED_LONG_LONG ms;
	if (MHD_get_timeout(f->daemon, &ms) != MHD_YES)
		return -1;
	return ms < 1000 ? (int)ms : 1000;
}

void front_run(struct front *f)
{
	MHD_run(f->daemon);
}

/* The library does not see an end that comes together with bytes: it would wait for the rest of the request
 * of a client who has left. */
static bool has_left(const struct visit *v)
{
	char byte;
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(v->connection,
		MHD_CONNECTION_INFO_CONNECTION_FD);
	ssize_t n = info ? recv(info->connect_fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) : 1;
	return n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR);
}

void front_tick(struct front *f)
{
	double now = clock_wall();
	for (struct visit *v = f->first; v && v->since < now - f->o->timeout_s; v = v->after)
		if (v->state != VISIT_WAITING)
			shut(v);
	if (now - f->looked < LOOK_S)
		return;
	f->looked = now;
	for (struct visit *v = f->first; v && v->since < now - LOOK_S; v = v->after)
		if (!v->shut && v->state != VISIT_WAITING && v->state != VISIT_ANSWERED && has_left(v))
			shut(v);
}

size_t front_connections(const struct front *f)
{
	return f->n;
}

uint64_t front_answers(const struct front *f)
{
	return f->answers;
}

void front_drain(struct front *f)
{
	f->draining = true;
	int socket = MHD_quiesce_daemon(f->daemon);
	if (socket >= 0)
		close(socket);
	for (struct visit *v = f->first; v; v = v->after)
		if (v->state == VISIT_IDLE)
			shut(v);
}

void front_end(struct front *f)
{
	f->ended = true;
}

void front_close(struct front *f)
{
	MHD_run(f->daemon); /* what was resumed is answered, and */
	MHD_run(f->daemon); /* none may be suspended now */
	MHD_stop_daemon(f->daemon);
	buffer_free(&f->row);
	buffer_free(&f->problem);
	free(f->fields);
	free(f);
}
