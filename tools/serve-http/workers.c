#include "workers.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/memory.h"
#include "base/number.h"
#include "process.h"

enum { COLUMNS_MAX = 256, READ_SIZE = 65536, LINE_MAX_BYTES = 1 << 24, HUNG_DEADLINES = 5, END_TICK_MS = 5,
	KEPT_BUFFER = 1 << 16 };
static const double RETRY_FIRST_S = 0.1, RETRY_LAST_S = 5, SETTLED_S = 10, END_S = 10, STATUS_S = 1;

struct pending {
	uint64_t id;
	void *request;           /* NULL: whoever asked has been told already */
	double begun;
};

struct worker {
	pid_t pid;               /* 0: none */
	int in, out;             /* its standard input and output; -1 */
	bool ready;              /* its header has come */
	bool blocked;            /* EPOLLOUT is asked for */
	bool hang_up;            /* SIGHUP is due when it is ready */
	struct buffer to_write;
	size_t written;
	struct buffer got;
	struct pending *ring;    /* of o.queue */
	size_t first, n, told;   /* the oldest, how many, so many of them are late and told */
	uint64_t next_id, life;
	double started, next_start, retry_s;
	pid_t old;               /* one that was replaced and has not ended */
	double old_until;
};

struct workers {
	struct workers_options o;
	int epoll;
	char *header;            /* with `request` */
	char *columns_text;
	struct span columns[COLUMNS_MAX];
	size_t n_columns, request;
	struct worker *all;
	size_t current;
	uint64_t replaced;
	bool stopping;
};

/* ---- processes ---- */

static void watch(struct workers *w, size_t i, int file, uint32_t events, int how)
{
	struct epoll_event e = {.events = events, .data.u64 = (uint64_t)WORKERS_MARK << 32 | i << 1 |
		(file == w->all[i].in)};
	if (epoll_ctl(w->epoll, how, file, &e) != 0)
		die_errno(STATUS_FAILED, "cannot watch a worker");
}

static void send_bytes(struct worker *k, const char *bytes, size_t n)
{
	buffer_add(&k->to_write, bytes, n);
}

/* False: it cannot be started now. */
static bool start(struct workers *w, size_t i)
{
	struct worker *k = &w->all[i];
	struct process p = process_start(w->o.command);
	k->pid = p.id;
	if (!p.id)
		return false;
	k->in = p.in;
	k->out = p.out;
	watch(w, i, k->out, EPOLLIN, EPOLL_CTL_ADD);
	watch(w, i, k->in, 0, EPOLL_CTL_ADD);
	k->ready = k->blocked = k->hang_up = false;
	k->to_write.n = k->written = k->got.n = 0;
	k->started = clock_wall();
	send_bytes(k, w->header, strlen(w->header));
	return true;
}

/* Those who have workers, for whatever ends the program: no worker outlives it. */
static struct workers *all_workers;

static void kill_all(void)
{
	for (size_t i = 0; all_workers && i < all_workers->o.count; i++) {
		if (all_workers->all[i].pid > 0)
			process_kill(all_workers->all[i].pid);
		if (all_workers->all[i].old > 0)
			process_kill(all_workers->all[i].old);
	}
}

/* ---- the requests that wait ---- */

static struct pending *pending_at(const struct workers *w, struct worker *k, size_t i)
{
	return &k->ring[(k->first + i) % w->o.queue];
}

static void answer(struct workers *w, size_t i, struct pending *p, enum outcome outcome,
		   const struct span *fields, size_t n)
{
	void *request = p->request;
	p->request = NULL;
	w->current = i;
	if (request)
		w->o.answered(w->o.caller, request, outcome, fields, n);
}

/* Whoever waits for the worker is told that it is gone. */
static void give_up(struct workers *w, size_t i)
{
	struct worker *k = &w->all[i];
	while (k->n > 0) {
		struct pending *p = pending_at(w, k, 0);
		k->first = (k->first + 1) % w->o.queue;
		k->n--;
		answer(w, i, p, OUTCOME_GONE, NULL, 0);
	}
	k->told = 0;
}

static void close_file(int *file)
{
	if (*file >= 0)
		close(*file);
	*file = -1;
}

/* The worker is given up; one that is not hung may still write its log. */
static void bury(struct workers *w, size_t i, bool hung, const char *why)
{
	struct worker *k = &w->all[i];
	if (!w->stopping)
		tell("worker %zu (process %ld) %s; it is replaced", i + 1, (long)k->pid, why);
	if (hung) /* before it sees the end of its input, which may lie in a row */
		process_kill(k->pid);
	close_file(&k->in);
	close_file(&k->out);
	if (k->old > 0) {
		process_kill(k->old);
		waitpid(k->old, NULL, 0);
	}
	k->old = k->pid;
	k->old_until = clock_wall() + END_S;
	k->pid = 0;
	k->ready = false;
	k->life++;
	w->replaced++;
	give_up(w, i);
	double now = clock_wall();
	k->retry_s = now - k->started > SETTLED_S ? 0
		: k->retry_s == 0 ? RETRY_FIRST_S : k->retry_s * 2 < RETRY_LAST_S ? k->retry_s * 2 : RETRY_LAST_S;
	k->next_start = now + k->retry_s;
}

/* ---- what workers say ---- */

static size_t split(struct span line, struct span *fields)
{
	size_t n = 0;
	struct span field;
	while (n < COLUMNS_MAX && span_next(&line, '\t', &field))
		fields[n++] = field;
	return line.at ? COLUMNS_MAX + 1 : n;
}

/* The first header is what all have to have. */
static bool take_header(struct workers *w, struct worker *k, struct span line)
{
	struct span fields[COLUMNS_MAX];
	size_t n = split(line, fields), c = 0;
	if (!w->columns_text) {
		w->columns_text = memory_text(line.at, line.n);
		w->n_columns = split((struct span){w->columns_text, line.n}, w->columns);
		while (c < w->n_columns && c < COLUMNS_MAX && !span_equal(w->columns[c], span_of("request")))
			c++;
		if (c >= w->n_columns || w->n_columns > COLUMNS_MAX)
			die(STATUS_DATA, "the answers of %s have no column 'request': next-track needs --replies",
			    w->o.command[0]);
		w->request = c;
	}
	bool same = n == w->n_columns;
	for (c = 0; same && c < n; c++)
		same = span_equal(fields[c], w->columns[c]);
	k->ready = same;
	if (same && k->hang_up)
		kill(k->pid, SIGHUP);
	return same;
}

static bool take_answer(struct workers *w, size_t i, struct span line)
{
	struct worker *k = &w->all[i];
	struct span fields[COLUMNS_MAX];
	char name[NUMBER_SIZE];
	size_t n = split(line, fields);
	if (n != w->n_columns || k->n == 0)
		return false;
	struct pending *p = pending_at(w, k, 0);
	if (!span_equal(fields[w->request], (struct span){name, number_write_u64(p->id, name)}))
		return false;
	k->first = (k->first + 1) % w->o.queue;
	k->n--;
	k->told -= k->told > 0;
	answer(w, i, p, OUTCOME_ANSWER, fields, n);
	return true;
}

/* All whole lines; false: something else than what is due. */
static bool take_lines(struct workers *w, size_t i)
{
	struct worker *k = &w->all[i];
	size_t from = 0;
	const char *end;
	while (from < k->got.n && (end = memchr(k->got.data + from, '\n', k->got.n - from))) {
		struct span line = {k->got.data + from, (size_t)(end - k->got.data) - from};
		from += line.n + 1;
		if (k->ready ? !take_answer(w, i, line) : !take_header(w, k, line))
			return false;
	}
	k->got.n -= from;
	memmove(k->got.data, k->got.data + from, k->got.n);
	return k->got.n < LINE_MAX_BYTES;
}

static void read_answers(struct workers *w, size_t i)
{
	struct worker *k = &w->all[i];
	for (;;) {
		ssize_t n = read(k->out, buffer_room(&k->got, READ_SIZE), READ_SIZE);
		if (n < 0 && (errno == EINTR || errno == EAGAIN))
			return;
		if (n <= 0) {
			bury(w, i, false, "has ended");
			return;
		}
		k->got.n += (size_t)n;
		if (!take_lines(w, i)) {
			bury(w, i, true, "gave something else than the answer that was due");
			return;
		}
		if (n < READ_SIZE)
			return;
	}
}

static void empty(struct worker *k)
{
	k->to_write.n = k->written = 0;
	if (k->to_write.capacity > KEPT_BUFFER)
		buffer_free(&k->to_write);
}

/* A slow worker may have rows before it at any time. */
static void drop_written(struct worker *k)
{
	k->to_write.n -= k->written;
	memmove(k->to_write.data, k->to_write.data + k->written, k->to_write.n);
	k->written = 0;
}

static void write_rows(struct workers *w, size_t i)
{
	struct worker *k = &w->all[i];
	while (k->in >= 0 && k->written < k->to_write.n) {
		ssize_t n = write(k->in, k->to_write.data + k->written, k->to_write.n - k->written);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) /* EPIPE: its end is seen at its output */
			break;
		k->written += (size_t)n;
	}
	bool rest = k->in >= 0 && k->written < k->to_write.n;
	if (!rest)
		empty(k);
	else if (k->written > k->to_write.n / 2)
		drop_written(k);
	if (rest != k->blocked && k->in >= 0)
		watch(w, i, k->in, rest ? EPOLLOUT : 0, EPOLL_CTL_MOD);
	k->blocked = rest;
}

/* ---- what the front calls ---- */

const struct span *workers_columns(const struct workers *w, size_t *n)
{
	*n = w->n_columns;
	return w->columns;
}

bool workers_send(struct workers *w, struct span key, struct span row, void *request)
{
	size_t i = (size_t)(hash_mix(hash_table(key.at, key.n)) % w->o.count);
	struct worker *k = &w->all[i];
	char name[NUMBER_SIZE];
	if (!k->ready || k->n == w->o.queue)
		return false;
	uint64_t id = ++k->next_id;
	*pending_at(w, k, k->n++) = (struct pending){id, request, clock_wall()};
	send_bytes(k, name, number_write_u64(id, name));
	send_bytes(k, row.at, row.n);
	send_bytes(k, "\n", 1);
	return true;
}

/* Nobody reads its rows any more: it has ended, whoever may still have its output open. */
static void read_last(struct workers *w, size_t i)
{
	read_answers(w, i);
	if (w->all[i].in >= 0)
		bury(w, i, false, "reads no rows any more");
}

void workers_event(struct workers *w, uint64_t data, uint32_t events)
{
	size_t i = (uint32_t)data >> 1;
	struct worker *k = &w->all[i];
	if (data & 1) {
		if (k->in >= 0 && events & (EPOLLERR | EPOLLHUP))
			read_last(w, i);
		else if (k->in >= 0)
			write_rows(w, i);
		return;
	}
	if (k->out >= 0)
		read_answers(w, i);
}

void workers_flush(struct workers *w)
{
	for (size_t i = 0; i < w->o.count; i++)
		if (w->all[i].to_write.n > w->all[i].written && !w->all[i].blocked)
			write_rows(w, i);
}

static void reap(struct worker *k, double now)
{
	if (k->old > 0 && waitpid(k->old, NULL, WNOHANG) != 0)
		k->old = 0;
	if (k->old > 0 && now > k->old_until)
		process_kill(k->old);
}

static bool is_worker(const struct workers *w, pid_t pid)
{
	bool is = false;
	for (size_t i = 0; i < w->o.count; i++)
		is |= w->all[i].pid == pid || w->all[i].old == pid;
	return is;
}

/* Process 1 of a container inherits what others have left, and no one else waits for it. */
static void reap_strangers(const struct workers *w)
{
	siginfo_t info = {0};
	while (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid &&
		!is_worker(w, info.si_pid)) {
		waitpid(info.si_pid, NULL, WNOHANG);
		info.si_pid = 0;
	}
}

void workers_tick(struct workers *w)
{
	double now = clock_wall();
	for (size_t i = 0; i < w->o.count; i++) {
		struct worker *k = &w->all[i];
		reap(k, now);
		for (; k->told < k->n; k->told++) {
			struct pending *p = pending_at(w, k, k->told);
			if (now - p->begun < w->o.deadline_s)
				break;
			answer(w, i, p, OUTCOME_LATE, NULL, 0);
		}
		if (k->n > 0 && now - pending_at(w, k, 0)->begun > HUNG_DEADLINES * w->o.deadline_s)
			bury(w, i, true, "does not answer");
		if (k->pid && !k->ready && now - k->started > w->o.start_s)
			bury(w, i, true, "does not get ready");
		if (!k->pid && !w->stopping && now >= k->next_start && !start(w, i))
			k->next_start = now + RETRY_LAST_S;
	}
	reap_strangers(w);
}

void workers_hang_up(struct workers *w)
{
	for (size_t i = 0; i < w->o.count; i++)
		if (w->all[i].pid && w->all[i].ready)
			kill(w->all[i].pid, SIGHUP);
		else
			w->all[i].hang_up = true; /* it may have no handler yet, and have opened its files */
}

size_t workers_ready(const struct workers *w)
{
	size_t n = 0;
	for (size_t i = 0; i < w->o.count; i++)
		n += w->all[i].ready;
	return n;
}

size_t workers_waiting(const struct workers *w)
{
	size_t n = 0;
	for (size_t i = 0; i < w->o.count; i++)
		n += w->all[i].n - w->all[i].told;
	return n;
}

uint64_t workers_replaced(const struct workers *w)
{
	return w->replaced;
}

uint64_t workers_life(const struct workers *w, size_t i)
{
	return w->all[i].life;
}

size_t workers_current(const struct workers *w)
{
	return w->current;
}

/* ---- the beginning and the end ---- */

static bool is_told_to_stop(void)
{
	sigset_t waiting;
	return sigpending(&waiting) == 0 && (sigismember(&waiting, SIGTERM) || sigismember(&waiting, SIGINT));
}

/* A worker that ended before it was ready: its own exit status says why. One that has only closed its
 * files is not waited for. Returns when it is told to stop meanwhile. */
static void die_of(const struct workers *w, const struct worker *k)
{
	int status = 0;
	double until = clock_wall() + STATUS_S;
	while (waitpid(k->old, &status, WNOHANG) == 0 && clock_wall() < until) {
		if (is_told_to_stop())
			return;
		clock_sleep(0.01);
	}
	int code = WIFEXITED(status) ? WEXITSTATUS(status) : 0;
	die(code >= STATUS_USAGE && code <= STATUS_UNAVAILABLE ? (enum exit_status)code : STATUS_FAILED,
	    "%s ended before it was ready", w->o.command[0]);
}

static void wait_until_ready(struct workers *w)
{
	double until = clock_wall() + w->o.start_s;
	while (workers_ready(w) < w->o.count && !is_told_to_stop()) {
		struct epoll_event events[16];
		int n = epoll_wait(w->epoll, events, 16, 100);
		workers_flush(w);
		for (int e = 0; e < n; e++)
			if (events[e].data.u64 >> 32 == WORKERS_MARK)
				workers_event(w, events[e].data.u64, events[e].events);
		for (size_t i = 0; i < w->o.count; i++)
			if (!w->all[i].pid)
				die_of(w, &w->all[i]);
		if (clock_wall() > until)
			die(STATUS_FAILED, "%s is not ready after --start", w->o.command[0]);
	}
}

struct workers *workers_start(const struct workers_options *o, int epoll, struct span header)
{
	struct workers *w = memory_zero(1, sizeof *w);
	w->o = *o;
	w->epoll = epoll;
	w->header = memory_format("request%.*s", (int)header.n, header.at);
	w->all = memory_zero(o->count, sizeof *w->all);
	all_workers = w;
	if (atexit(kill_all) != 0)
		die(STATUS_FAILED, "workers could outlive this process");
	w->stopping = true; /* nothing is replaced before all are ready */
	for (size_t i = 0; i < o->count; i++) {
		w->all[i].ring = memory_new(o->queue, sizeof *w->all[i].ring);
		w->all[i].in = w->all[i].out = -1;
		if (!start(w, i))
			die_errno(STATUS_FAILED, "cannot start %s", o->command[0]);
	}
	workers_flush(w);
	wait_until_ready(w);
	w->stopping = false;
	return w;
}

static bool have_ended(struct workers *w)
{
	bool all = true;
	for (size_t i = 0; i < w->o.count; i++) {
		struct worker *k = &w->all[i];
		if (k->pid && waitpid(k->pid, NULL, WNOHANG) != 0)
			k->pid = 0;
		if (k->old && waitpid(k->old, NULL, WNOHANG) != 0)
			k->old = 0;
		all &= !k->pid && !k->old;
	}
	return all;
}

/* One turn of the end: what workers are to have is written, so that none sees half a row, and what they
 * say is read and thrown away, as one that waits for room in its pipe would not end. True: `hurry` is
 * readable. */
static bool end_turn(struct workers *w, struct pollfd *files, int hurry)
{
	static char nowhere[READ_SIZE];
	size_t n = w->o.count;
	for (size_t i = 0; i < n; i++) {
		struct worker *k = &w->all[i];
		if (k->in >= 0 && k->written == k->to_write.n)
			close_file(&k->in);
		files[2 * i] = (struct pollfd){.fd = k->in, .events = POLLOUT};
		files[2 * i + 1] = (struct pollfd){.fd = k->out, .events = POLLIN};
	}
	files[2 * n] = (struct pollfd){.fd = hurry, .events = POLLIN};
	if (poll(files, 2 * n + 1, END_TICK_MS) <= 0)
		return false;
	for (size_t i = 0; i < n; i++) {
		struct worker *k = &w->all[i];
		if (files[2 * i].revents & (POLLERR | POLLHUP))
			close_file(&k->in);
		else if (files[2 * i].revents)
			write_rows(w, i);
		if (files[2 * i + 1].revents && read(k->out, nowhere, sizeof nowhere) == 0)
			close_file(&k->out);
	}
	return files[2 * n].revents;
}

void workers_stop(struct workers *w, double patience_s, int hurry)
{
	double until = clock_wall() + patience_s;
	struct pollfd *files = memory_new(2 * w->o.count + 1, sizeof *files);
	w->stopping = true;
	for (size_t i = 0; i < w->o.count; i++) {
		give_up(w, i);
		if (w->all[i].pid && !w->all[i].ready) /* it has no rows */
			process_kill(w->all[i].pid);
	}
	while (!have_ended(w) && clock_wall() < until && !end_turn(w, files, hurry))
		;
	for (size_t i = 0; i < w->o.count; i++) {
		struct worker *k = &w->all[i];
		if (k->pid)
			process_kill(k->pid);
		if (k->old)
			process_kill(k->old);
		close_file(&k->in);
		close_file(&k->out);
		buffer_free(&k->to_write);
		buffer_free(&k->got);
		free(k->ring);
	}
	all_workers = NULL;
	free(files);
	free(w->all);
	free(w->header);
	free(w->columns_text);
	free(w);
}
