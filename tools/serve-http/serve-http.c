/* serve-http - an HTTP front for a program that answers rows: next-track --replies.
 *
 * In:   requests of HTTP; COMMAND reads rows `request message user track time k`.
 * Out:  answers in JSON, made of COMMAND's rows, which have a column request.
 *
 *	serve-http --listen 127.0.0.1:5001 -- next-track --replies --recs topk.packed
 *
 * Leaves to others: TLS (a reverse proxy), what is recommended (COMMAND).
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/signals.h"
#include "frame/run.h"
#include "front.h"
#include "listening.h"
#include "options.h"
#include "watching.h"

enum { FRONT_MARK = 2, SIGNAL_MARK = 3, FILES_MARK = 4, BUSY_TICK_MS = 10, IDLE_TICK_MS = 200 };

struct service {
	const struct options *o;
	struct front_sources sources;
	struct tokens tokens;
	struct front *front;
	struct listening listening;
	struct watching watching;
	int epoll, signals;
	int ending;              /* the signal that ends it, 0: none */
	double end_s;            /* when that must be done; clock_wall() */
};

/* ---- what is read, at first and on SIGHUP ---- */

static bool resolve(struct service *s, struct routes *routes, const struct items *items, struct failure *why)
{
	size_t n_answer, n_item = 0;
	const struct span *answer = workers_columns(s->sources.workers, &n_answer);
	const struct span *item = items ? items_columns(items, &n_item) : NULL;
	return routes_resolve(routes, answer, n_answer, item, n_item, why);
}

/* All files again, or none. */
static bool read_again(struct service *s, struct failure *why)
{
	const struct options *o = s->o;
	struct tokens tokens = {.n = 0};
	struct routes *routes = routes_read(o->routes, why);
	struct items *items = routes && o->items ? items_read(o->items, why) : NULL;
	bool good = routes && (items || !o->items) && (!o->token_file ||
		tokens_read(&tokens, o->token_file, why));
	if (good && !routes_same_rows(routes, s->sources.routes))
		good = failure_set(why, STATUS_DATA, "%s: other columns than before, which the workers cannot take",
				   o->routes);
	if (!good || !resolve(s, routes, items, why)) {
		routes_release(routes);
		items_free(items);
		tokens_free(&tokens);
		return false;
	}
	routes_release(s->sources.routes);
	items_free(s->sources.items);
	tokens_free(&s->tokens);
	s->sources.routes = routes;
	s->sources.items = items;
	s->tokens = tokens;
	return true;
}

static void reload(struct service *s)
{
	struct failure why = {0};
	if (!read_again(s, &why))
		tell("%s; what was read before stays in use", why.text);
	workers_hang_up(s->sources.workers);
}

static void read_first(struct service *s)
{
	const struct options *o = s->o;
	s->sources.routes = routes_read(o->routes, NULL);
	if (o->items)
		s->sources.items = items_read(o->items, NULL);
	if (o->token_file) {
		tokens_read(&s->tokens, o->token_file, NULL);
		s->sources.tokens = &s->tokens;
	}
}

/* ---- setting up ---- */

/* As many files as connections and workers may need, if the system lets us; else so few connections that
 * workers can be started and files read. */
static void raise_limit(struct options *o)
{
	struct rlimit limit;
	rlim_t others = 4 * (rlim_t)o->workers + 16, wanted = (rlim_t)o->connections + others;
	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return;
	if (limit.rlim_cur < wanted) {
		limit.rlim_cur = limit.rlim_max < wanted ? limit.rlim_max : wanted;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
	if (limit.rlim_max >= wanted)
		return;
	long long room = limit.rlim_max > others ? (long long)(limit.rlim_max - others) : 1;
	warn("--connections %lld: this process may open %llu files only: %lld connections at a time",
	     (long long)o->connections, (unsigned long long)limit.rlim_max, room);
	o->connections = room;
}

static void watch(struct service *s, int file, uint64_t mark)
{
	struct epoll_event e = {.events = EPOLLIN, .data.u64 = mark << 32};
	if (epoll_ctl(s->epoll, EPOLL_CTL_ADD, file, &e) != 0)
		die_errno(STATUS_FAILED, "cannot watch a file");
}

/* The signals that s->signals tells of from now on; SIGHUP is blocked when it is not among them. */
static void hear_signals(struct service *s, bool hang_up)
{
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	if (hang_up)
		sigaddset(&set, SIGHUP);
	if (sigprocmask(SIG_BLOCK, &set, NULL) != 0 ||
		(s->signals = signalfd(s->signals, &set, SFD_CLOEXEC | SFD_NONBLOCK)) < 0)
		die_errno(STATUS_FAILED, "cannot handle signals");
}

/* False: a signal that ends the program has come before they were ready. */
static bool start_workers(struct service *s, char **command)
{
	struct buffer header = {0};
	const struct workers_options options = {.command = command, .count = (size_t)s->o->workers,
		.queue = (size_t)s->o->queue, .deadline_s = s->o->deadline_s, .start_s = s->o->start_s,
		.answered = front_answered, .caller = &s->front};
	size_t n;
	routes_add_header(&header, s->sources.routes);
	s->sources.workers = workers_start(&options, s->epoll, (struct span){header.data, header.n});
	buffer_free(&header);
	watch(s, s->signals, SIGNAL_MARK);
	if (workers_ready(s->sources.workers) < options.count)
		return false;
	resolve(s, s->sources.routes, s->sources.items, NULL);
	s->sources.metrics = metrics_new(options.count);
	const struct span *columns = workers_columns(s->sources.workers, &n);
	metrics_set_columns(s->sources.metrics, columns, n);
	return true;
}

/* ---- the loop ---- */

static void take_signals(struct service *s)
{
	struct signalfd_siginfo info;
	while (read(s->signals, &info, sizeof info) == sizeof info) {
		if (info.ssi_signo == SIGHUP) {
			if (s->front)
				reload(s);
			continue;
		}
		if (s->ending) { /* the second one */
			s->end_s = 0;
		} else {
			s->end_s = clock_wall() + s->o->drain_s;
			listening_notify("STOPPING=1");
			listening_leave();
			if (s->front)
				front_drain(s->front);
		}
		s->ending = (int)info.ssi_signo;
	}
}

static int patience_ms(struct service *s)
{
	int tick = workers_waiting(s->sources.workers) || s->ending ? BUSY_TICK_MS : IDLE_TICK_MS;
	int front = front_patience_ms(s->front);
	return front >= 0 && front < tick ? front : tick;
}

static void turn(struct service *s)
{
	struct epoll_event events[64];
	int n = epoll_wait(s->epoll, events, 64, patience_ms(s));
	for (int i = 0; i < n; i++) {
		if (events[i].data.u64 >> 32 == WORKERS_MARK)
			workers_event(s->sources.workers, events[i].data.u64, events[i].events);
		else if (events[i].data.u64 >> 32 == SIGNAL_MARK)
			take_signals(s);
		else if (events[i].data.u64 >> 32 == FILES_MARK && watching_take(&s->watching))
			reload(s);
	}
	workers_tick(s->sources.workers);
	front_run(s->front);
	front_tick(s->front);
	workers_flush(s->sources.workers);
}

static bool is_over(const struct service *s)
{
	return s->ending && (front_connections(s->front) == 0 || clock_wall() > s->end_s);
}

static void close_all(struct service *s)
{
	double left = s->end_s - clock_wall();
	if (workers_waiting(s->sources.workers))
		tell("%zu requests are not answered", workers_waiting(s->sources.workers));
	if (s->front)
		front_end(s->front);
	hear_signals(s, false); /* a further one ends the patience */
	workers_stop(s->sources.workers, left > 0.1 ? left : 0.1, s->signals);
	take_signals(s);
	run_report(s->front ? front_answers(s->front) : 0, s->front ? front_answers(s->front) : 0, 0);
	s->sources.workers = NULL;
	if (s->front)
		front_close(s->front);
	metrics_free(s->sources.metrics);
	routes_release(s->sources.routes);
	items_free(s->sources.items);
	tokens_free(&s->tokens);
	close(s->signals);
	close(s->epoll);
}

/* Answers until a signal ends it. */
static void serve(struct service *s)
{
	const struct options *o = s->o;
	if (s->watching.file >= 0)
		watch(s, s->watching.file, FILES_MARK);
	s->front = front_open(o, s->listening.socket, &s->sources);
	watch(s, front_file(s->front), FRONT_MARK);
	warn("listening at %s", s->listening.name);
	listening_notify("READY=1");
	while (!is_over(s))
		turn(s);
}

static int run(const struct options *o, char **command)
{
	struct service s = {.o = o, .signals = -1};
	signal(SIGPIPE, SIG_IGN);
	read_first(&s); /* a file may be a pipe that nobody writes: signals still end it */
	if (!o->check)
		s.listening = listening_open(o->listen, 1024);
	else if (o->listen)
		listening_check(o->listen);
	hear_signals(&s, true);
	s.epoll = epoll_create1(EPOLL_CLOEXEC);
	if (s.epoll < 0)
		die_errno(STATUS_FAILED, "cannot wait for requests");
	watching_open(&s.watching, &o->watch);
	bool ready = start_workers(&s, command);
	if (!ready)
		take_signals(&s);
	else if (!o->check)
		serve(&s);
	else
		s.end_s = clock_wall() + o->drain_s;
	close_all(&s);
	if (s.ending)
		die_by_signal(s.ending);
	return STATUS_DONE;
}

static const struct program PROGRAM = {
	.name = "serve-http",
	.usage = "[OPTION]... -- COMMAND [ARGUMENT]...",
	.summary = "Serve a program that answers rows, such as next-track --replies, over HTTP.",
	.reads = "requests of HTTP",
	.writes = "answers in JSON; what goes wrong on standard error",
	.examples = {
		"serve-http --listen 127.0.0.1:5001 -- next-track --replies --recs topk.tsv",
		"serve-http --check --items items.tsv -- next-track --replies --recs topk.tsv --items items.tsv",
	},
	.options = SERVE_HTTP_OPTIONS,
	.options_size = sizeof(struct options),
	.service = true,
	.command = true,
};

int main(int argc, char **argv)
{
	struct options options = {0};
	int first = program_start(&PROGRAM, argc, argv, &options);
	if (!options.listen && !options.check && !listening_is_passed())
		usage_error("option --listen is required");
	if (first == argc)
		usage_error("a command is required");
	if (options.listen && listening_is_passed())
		usage_error("--listen cannot be combined with a socket that was passed (LISTEN_FDS)");
	raise_limit(&options);
	return finish(run(&options, argv + first));
}
