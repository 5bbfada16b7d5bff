#include "log.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/number.h"
#include "base/quote.h"
#include "base/signals.h"
#include "streams/append.h"
#include "streams/output.h"

/* How long to wait for others that hold the lock: at the start there is time. */
static const double START_PATIENCE_S = 15, PATIENCE_S = 0.2, RETRY_S = 0.1, TELL_EVERY_S = 10;

/* ---- one try to write: system calls alone, for a signal handler calls it, too ---- */

struct attempt {
	const char *problem;    /* NULL: all is written */
	int error;              /* after it, 0: none */
	bool wrong_file;        /* ... that it is no log of these events */
	bool unwritten;         /* ... that the disk does not take it */
	bool removed;           /* the file has no name any more */
	size_t done;            /* bytes of the rows that are written */
	int64_t cut;            /* bytes of a torn row that were cut off, and their beginning */
	char tail[64];
};

static bool failed(struct attempt *a, const char *problem)
{
	a->problem = problem;
	a->error = errno;
	return false;
}

static bool unwritten(struct attempt *a)
{
	a->unwritten = true;
	return failed(a, "cannot write to");
}

static ssize_t read_at(int file, char *to, size_t n, int64_t from)
{
	ssize_t got;
	while ((got = pread(file, to, n, (off_t)from)) < 0 && errno == EINTR)
		;
	return got;
}

/* Does the file begin as this log does? Of a file without a whole row (`whole` 0) all that
 * is there has to: anything else is not ours to cut. */
static bool begins_well(const struct log *log, int64_t size, int64_t whole, bool *well)
{
	const char *start = log->o.json ? LOG_JSON_START : log->header.data;
	size_t n = log->o.json ? (whole ? 1 : strlen(LOG_JSON_START)) : log->header.n;
	char block[512];
	n = size < (int64_t)n ? (size_t)size : n;
	for (size_t at = 0; at < n; at += sizeof block) {
		size_t part = n - at < sizeof block ? n - at : sizeof block;
		if (read_at(log->file, block, part, (int64_t)at) != (ssize_t)part)
			return false;
		if (memcmp(block, start + at, part) != 0) {
			*well = false;
			return true;
		}
	}
	*well = true;
	return true;
}

/* Looks at a file of `*size` bytes that others have written to: is it this log, does it end
 * in a whole row? A torn one is cut off. */
static bool look_over(struct log *log, int64_t *size, struct attempt *a)
{
	bool well;
	if (!log->readable || *size == 0)
		return true;
	int64_t whole = append_whole_size(log->file, *size);
	if (whole < 0 || !begins_well(log, *size, whole, &well))
		return failed(a, "cannot read");
	if (!well) {
		a->wrong_file = true;
		return failed(a, "cannot add to");
	}
	if (whole == *size)
		return true;
	int64_t torn = *size - whole;
	size_t shown = torn < (int64_t)sizeof a->tail ? (size_t)torn : sizeof a->tail;
	if (read_at(log->file, a->tail, shown, whole) != (ssize_t)shown)
		return failed(a, "cannot read");
	if (!append_cut(log->file, whole))
		return failed(a, "cannot remove a torn last row of");
	a->cut = torn;
	*size = whole;
	return true;
}

/* The lock is held. */
static bool write_rows(struct log *log, struct attempt *a)
{
	struct stat about;
	bool torn = false;
	if (fstat(log->file, &about) != 0)
		return failed(a, "cannot look at");
	int64_t size = about.st_size;
	a->removed = log->named && about.st_nlink == 0;
	if (a->removed || (size != log->size && !look_over(log, &size, a)))
		return false;
	log->size = -1;
	if (size == 0 && append_rows(log->file, log->header.data, log->header.n, &size, &torn) < log->header.n)
		return unwritten(a);
	a->done = append_rows(log->file, log->rows.data, log->rows.n, &size, &torn);
	if (a->done < log->rows.n)
		unwritten(a);
	if (!torn)
		log->size = size;
	return !a->problem;
}

/* What is no file has no end that could be looked at or cut: a row goes on where it stopped. */
static bool write_stream(struct log *log, struct attempt *a)
{
	const struct buffer *rows = &log->rows;
	while (a->done < rows->n) {
		ssize_t n = write(log->file, rows->data + a->done, rows->n - a->done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return unwritten(a);
		a->done += (size_t)n;
	}
	return true;
}

static struct attempt try_to_write(struct log *log, double patience_s)
{
	struct attempt a = {.done = 0};
	if (!log->regular) {
		write_stream(log, &a);
		return a;
	}
	if (log->lockable && !append_lock(log->file, LOCK_EX, patience_s)) {
		failed(&a, "cannot lock");
		return a;
	}
	write_rows(log, &a);
	int error = errno;
	if (log->lockable && !append_unlock(log->file) && !a.problem)
		failed(&a, "cannot unlock");
	errno = error;
	return a;
}

/* ---- signals ---- */

static volatile sig_atomic_t hangup, hangups;
static struct log *at_stake; /* of the handler of what ends the program */
static struct buffer its_name; /* as a terminal may have it */
static sigset_t ending;      /* the signals that it handles */

static void on_hangup(int number)
{
	(void)number;
	hangup = 1;
	hangups = (hangups + 1) & 0xffff;
}

static bool begins_with_header(const struct log *log)
{
	return log->header.n > 0 && log->rows.n >= log->header.n &&
		memcmp(log->rows.data, log->header.data, log->header.n) == 0;
}

/* How many events wait after the first `done` bytes. */
static uint64_t count_waiting(const struct log *log, size_t done)
{
	uint64_t count = 0;
	for (size_t i = done; i < log->rows.n; i++)
		count += log->rows.data[i] == '\n';
	return count - (done < log->header.n && begins_with_header(log));
}

/* The same as tell, by system calls alone. */
static void tell_lost(uint64_t rows)
{
	char number[NUMBER_SIZE];
	const struct span parts[] = {span_of(program_name), span_of(": "), {its_name.data, its_name.n},
		span_of(": "), {number, number_write_u64(rows, number)}, span_of(" events are lost\n")};
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
		if (write(STDERR_FILENO, parts[i].at, parts[i].n) < 0)
			return;
}

/* Main is reading requests when this runs (signals wait otherwise), so the log is at rest. */
static void on_stop(int number)
{
	struct log *log = at_stake;
	size_t done = 0;
	if (log->file >= 0 && log->rows.n) {
		done = try_to_write(log, PATIENCE_S).done;
		if (log->o.sync && fdatasync(log->file) != 0)
			done = 0;
	}
	uint64_t lost = log->lost + count_waiting(log, done);
	if (lost)
		tell_lost(lost);
	output_remove_temporaries();
	die_by_signal(number);
}

static void catch_signal(int number, void (*handler)(int))
{
	struct sigaction old, action = {.sa_handler = handler, .sa_flags = SA_RESTART};
	sigemptyset(&action.sa_mask);
	if (sigaction(number, NULL, &old) == 0 && old.sa_handler == SIG_IGN && number != SIGHUP)
		return; /* who started us knows better */
	if (sigaction(number, &action, NULL) != 0)
		die_errno(STATUS_FAILED, "cannot handle a signal");
	if (number != SIGHUP)
		sigaddset(&ending, number);
}

void hangup_catch(void)
{
	catch_signal(SIGHUP, on_hangup);
}

int hangup_count(void)
{
	return hangups;
}

static bool is_ending(void)
{
	sigset_t now;
	return sigpending(&now) == 0 &&
		((sigismember(&now, SIGTERM) && sigismember(&ending, SIGTERM)) ||
		 (sigismember(&now, SIGINT) && sigismember(&ending, SIGINT)));
}

/* ---- the file ---- */

static void drop_front(struct buffer *b, size_t n)
{
	if (n == 0)
		return;
	b->n -= n;
	memmove(b->data, b->data + n, b->n);
}

static void add_front(struct buffer *b, const struct buffer *front)
{
	struct buffer all = {0};
	buffer_add(&all, front->data, front->n);
	buffer_add(&all, b->data, b->n);
	buffer_free(b);
	*b = all;
}

/* What is no file. A pipe that nobody reads is waited for (only) at the start. */
static int open_special(const struct log *log)
{
	int how = O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC;
	int file = open(log->o.path, how | (log->begun ? O_NONBLOCK : 0), 0666);
	if (file >= 0 && log->begun && fcntl(file, F_SETFL, O_APPEND) != 0) {
		int error = errno;
		close(file);
		errno = error;
		return -1;
	}
	return file;
}

/* On failure the log has no file, and errno says why. */
static bool open_file(struct log *log)
{
	struct stat about;
	const char *path = log->o.path;
	bool special = stat(path, &about) == 0 && !S_ISREG(about.st_mode);
	log->size = -1;
	log->file = special ? -1 : open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
	log->readable = log->file >= 0;
	if (special || (log->file < 0 && errno == EACCES)) /* it may be written and not read */
		log->file = open_special(log);
	if (log->file < 0)
		return false;
	if (fstat(log->file, &about) != 0 || (log->o.sync && !append_sync_folder(path))) {
		int error = errno;
		close(log->file);
		log->file = -1;
		errno = error;
		return false;
	}
	log->regular = S_ISREG(about.st_mode);
	log->named = about.st_nlink > 0;
	if (begins_with_header(log))
		drop_front(&log->rows, log->header.n);
	if (!log->regular && log->header.n)
		add_front(&log->rows, &log->header);
	return true;
}

/* Where the file system has no locks one process alone may write, and that is reported. */
static void try_the_lock(struct log *log)
{
	log->lockable = log->regular;
	if (!log->regular)
		return;
	if (append_lock(log->file, LOCK_EX, START_PATIENCE_S)) {
		append_unlock(log->file);
		return;
	}
	if (errno == EWOULDBLOCK)
		die(STATUS_FAILED, "%s: another process has locked it", log->o.path);
	warn("%s cannot be locked: %s; no other process may write to it", log->o.path, strerror(errno));
	log->lockable = false;
}

/* ---- reports ---- */

static void say_cut(const struct log *log, const struct attempt *a)
{
	char shown[QUOTED_SIZE];
	size_t n = a->cut < (int64_t)sizeof a->tail ? (size_t)a->cut : sizeof a->tail;
	if (a->cut)
		tell("%s: dropped a torn last row: %s", log->o.path, quoted(a->tail, n, shown));
}

static const char *wrong_file(const struct log *log)
{
	return log->o.json ? "it is not a log of JSON lines" : "it has another header than these events";
}

static void say_failing(struct log *log, const char *problem, const char *why)
{
	if (!log->failing)
		tell("%s %s: %s; %s", problem, log->o.path, why,
		     log->o.sync ? "answers wait for it" : "rows are kept and tried again");
	log->failing = true;
}

/* ---- writing ---- */

/* A row that a stream has in part goes on there or, when that cannot be, is lost: its rest
 * does not belong into the next file. */
static void close_file(struct log *log)
{
	if (log->partial) {
		size_t done = try_to_write(log, 0).done;
		drop_front(&log->rows, done);
		log->partial -= done < log->partial ? done : log->partial;
		drop_front(&log->rows, log->partial);
		log->lost += log->partial > 0;
		log->partial = 0;
	}
	if (close(log->file) != 0)
		warn("cannot close %s: %s", log->o.path, strerror(errno));
	log->file = -1;
	log->next_open = 0;
}

/* After SIGHUP, or when that failed before, once a second. False: there is no file. */
static bool reopen(struct log *log)
{
	if (hangup && log->file >= 0)
		close_file(log);
	uint64_t waiting = hangup ? count_waiting(log, 0) : 0;
	if (hangup && log->lost + waiting)
		tell("%s: %" PRIu64 " events are lost so far, %" PRIu64 " wait", log->o.path, log->lost, waiting);
	hangup = 0;
	if (log->file >= 0)
		return true;
	if (clock_wall() < log->next_open)
		return false;
	if (open_file(log) && (!log->o.sync || log->regular))
		return true;
	if (log->file >= 0)
		close_file(log);
	say_failing(log, "cannot write to", strerror(errno));
	log->next_open = clock_wall() + 1;
	return false;
}

/* Rows that will not fit into memory either are given up, whole, the oldest first: an
 * eighth of them at once, so that this is rare. */
static void give_up(struct log *log)
{
	uint64_t room = log->o.memory_bytes;
	if (log->rows.n <= room)
		return;
	size_t from = begins_with_header(log) ? log->header.n : log->partial, to = from;
	while (to < log->rows.n && log->rows.n - (to - from) > room - room / 8) {
		char *end = memchr(log->rows.data + to, '\n', log->rows.n - to);
		to = end ? (size_t)(end + 1 - log->rows.data) : log->rows.n;
		log->lost++;
	}
	memmove(log->rows.data + from, log->rows.data + to, log->rows.n - to);
	log->rows.n -= to - from;
	if (clock_wall() < log->next_tell)
		return;
	tell("%s: %" PRIu64 " events are lost so far", log->o.path, log->lost);
	log->next_tell = clock_wall() + TELL_EVERY_S;
}

/* What is written goes. */
static void take_off(struct log *log, size_t done)
{
	size_t end = done;
	if (done && !log->regular && log->rows.data[done - 1] != '\n') {
		char *lf = memchr(log->rows.data + done, '\n', log->rows.n - done);
		end = lf ? (size_t)(lf + 1 - log->rows.data) : log->rows.n;
	}
	if (done)
		log->partial = end - done;
	drop_front(&log->rows, done);
}

static bool write_out(struct log *log)
{
	struct attempt a = try_to_write(log, log->failing ? 0 : PATIENCE_S);
	say_cut(log, &a);
	if (log->o.sync && a.done && fdatasync(log->file) != 0) /* another try would lie: the kernel forgets */
		die_errno(STATUS_FAILED, "cannot sync %s", log->o.path);
	take_off(log, a.done);
	if (a.problem)
		say_failing(log, a.problem, a.wrong_file ? wrong_file(log) : strerror(a.error));
	else if (log->failing)
		tell("%s can be written to again", log->o.path);
	log->failing = a.problem != NULL;
	return !a.removed;
}

void log_flush(struct log *log)
{
	bool there = reopen(log);
	if (there && (log->rows.n || log->size < 0) && !write_out(log)) {
		tell("%s was removed: starting a new file", log->o.path);
		close_file(log);
		if (reopen(log))
			write_out(log);
	}
	if (!log->o.sync)
		give_up(log);
}

void log_open(struct log *log, const struct log_options *o, const char *header)
{
	*log = (struct log){.o = *o, .file = -1};
	buffer_add_text(&log->header, o->json ? "" : header);
	if (!open_file(log))
		die_errno(STATUS_FAILED, "cannot write %s", o->path);
	if (o->sync && !log->regular)
		die(STATUS_FAILED, "--log-sync requires a file that can be synced: %s", o->path);
	log->begun = true;
	try_the_lock(log);
	its_name.n = 0;
	quote_terminal(&its_name, o->path, strlen(o->path));
	at_stake = log;
	hangup_catch();
	catch_signal(SIGTERM, on_stop);
	catch_signal(SIGINT, on_stop);
	struct attempt a = try_to_write(log, START_PATIENCE_S);
	say_cut(log, &a);
	take_off(log, a.done);
	if (a.wrong_file)
		die(STATUS_DATA, "%s %s: %s", a.problem, o->path, wrong_file(log));
	if (a.problem && !a.unwritten)
		die(STATUS_FAILED, "%s %s: %s", a.problem, o->path, strerror(a.error));
	log_flush(log); /* a full disk is reported, and is no reason not to answer */
}

bool log_commit(struct log *log)
{
	for (;;) {
		log_flush(log);
		if (log->rows.n == 0)
			return true;
		if (is_ending())
			return false;
		clock_sleep(RETRY_S);
	}
}

bool log_close(struct log *log)
{
	log_flush(log);
	log->lost += count_waiting(log, 0);
	if (log->lost)
		tell("%s: %" PRIu64 " events are lost", log->o.path, log->lost);
	if (log->file >= 0 && close(log->file) != 0)
		die_errno(STATUS_FAILED, "cannot close %s", log->o.path);
	log->file = -1;
	buffer_free(&log->rows);
	buffer_free(&log->header);
	return log->lost == 0;
}
