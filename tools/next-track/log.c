#include "log.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/quote.h"
#include "streams/output.h"

enum { KEPT_BYTES = 64 << 20 };

static volatile sig_atomic_t hangup;

static void on_hangup(int number)
{
	(void)number;
	hangup = 1;
}

/* ---- the end by a signal ---- */

static struct log *at_stake; /* of the signal handler */
static struct buffer its_name;

/* Main is reading requests when this runs (signals wait otherwise), so the log is at rest. */
static void on_stop(int number)
{
	static const char SAID[] = ": rows were left that could not be written\n";
	struct log *log = at_stake;
	size_t done = 0;
	while (log->file >= 0 && done < log->rows.n) {
		ssize_t n = write(log->file, log->rows.data + done, log->rows.n - done);
		if (n <= 0 && errno != EINTR)
			break;
		done += n > 0 ? (size_t)n : 0;
	}
	if (done < log->rows.n) {
		ssize_t said = write(STDERR_FILENO, its_name.data, its_name.n);
		said = write(STDERR_FILENO, SAID, sizeof SAID - 1);
		(void)said;
	}
	output_remove_temporaries();
	signal(number, SIG_DFL);
	raise(number);
}

static void catch_signal(int number, void (*handler)(int))
{
	struct sigaction old, action = {.sa_handler = handler, .sa_flags = SA_RESTART};
	sigemptyset(&action.sa_mask);
	if (sigaction(number, NULL, &old) == 0 && old.sa_handler == SIG_IGN && number != SIGHUP)
		return; /* who started us knows better */
	if (sigaction(number, &action, NULL) != 0)
		die_errno(STATUS_FAILED, "cannot handle a signal");
}

/* ---- the file ---- */

/* Is what the file has already written under the same header? */
static bool same_header(const struct log *log)
{
	struct buffer there = {0};
	int file = open(log->path, O_RDONLY | O_CLOEXEC);
	if (file < 0)
		return true; /* it may be written and not read: then nobody can tell */
	ssize_t n = read(file, buffer_room(&there, log->header.n), log->header.n);
	bool same = n == (ssize_t)log->header.n && memcmp(there.data, log->header.data, log->header.n) == 0;
	close(file);
	buffer_free(&there);
	return same;
}

static bool begins_with_header(const struct log *log)
{
	return log->header.n > 0 && log->rows.n >= log->header.n &&
		memcmp(log->rows.data, log->header.data, log->header.n) == 0;
}

static void add_front(struct buffer *rows, const struct buffer *front)
{
	struct buffer all = {0};
	buffer_add(&all, front->data, front->n);
	buffer_add(&all, rows->data ? rows->data : "", rows->n);
	buffer_free(rows);
	*rows = all;
}

enum opening { OPENED, OPEN_FAILED, OPEN_OTHER_HEADER };

/* On failure the log has no file, and errno says why. */
static enum opening open_file(struct log *log)
{
	struct stat about;
	log->file = open(log->path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
	if (log->file < 0)
		return OPEN_FAILED;
	bool stat_failed = fstat(log->file, &about) != 0;
	bool begun = !stat_failed && S_ISREG(about.st_mode) && about.st_size > 0;
	if (stat_failed || (begun && !log->json && !same_header(log))) {
		int error = errno;
		close(log->file);
		log->file = -1;
		errno = error;
		return stat_failed ? OPEN_FAILED : OPEN_OTHER_HEADER;
	}
	if (!log->json && !begun && !begins_with_header(log))
		add_front(&log->rows, &log->header);
	return OPENED;
}

void log_open(struct log *log, const char *path, bool json, const char *header)
{
	*log = (struct log){.path = path, .json = json, .file = -1};
	buffer_add_text(&log->header, header);
	enum opening how = open_file(log);
	if (how == OPEN_FAILED)
		die_errno(STATUS_FAILED, "cannot write %s", log->path);
	if (how == OPEN_OTHER_HEADER)
		die(STATUS_DATA, "%s: has another header than these events", log->path);
	its_name.n = 0;
	quote_terminal(&its_name, path, strlen(path));
	at_stake = log;
	catch_signal(SIGHUP, on_hangup);
	catch_signal(SIGTERM, on_stop);
	catch_signal(SIGINT, on_stop);
	log_flush(log);
}

/* After SIGHUP, or when that failed before, once a second. False: there is no file. */
static bool reopen(struct log *log)
{
	if (hangup && log->file >= 0 && close(log->file) != 0)
		warn("cannot close %s: %s", log->path, strerror(errno));
	if (hangup) {
		log->file = -1;
		log->next_open = 0;
	}
	hangup = 0;
	if (log->file >= 0)
		return true;
	if (clock_wall() < log->next_open)
		return false;
	enum opening how = open_file(log);
	if (how == OPENED)
		return true;
	if (!log->failing)
		tell("%s: %s; rows are kept and tried again", log->path,
		     how == OPEN_FAILED ? strerror(errno) : "has another header than these events");
	log->failing = true;
	log->next_open = clock_wall() + 1;
	return false;
}

/* Rows that will not fit into memory either are given up, whole, the oldest first: an
 * eighth of them at once, so that this is rare. */
static void give_up(struct log *log)
{
	if (log->rows.n <= KEPT_BYTES)
		return;
	size_t from = begins_with_header(log) ? log->header.n : log->partial, to = from;
	uint64_t before = log->lost;
	while (to < log->rows.n && log->rows.n - (to - from) > KEPT_BYTES / 8 * 7) {
		char *end = memchr(log->rows.data + to, '\n', log->rows.n - to);
		to = end ? (size_t)(end + 1 - log->rows.data) : log->rows.n;
		log->lost++;
	}
	memmove(log->rows.data + from, log->rows.data + to, log->rows.n - to);
	log->rows.n -= to - from;
	tell("%s: %llu rows are lost", log->path, (unsigned long long)(log->lost - before));
}

/* Writes from the front; returns how many bytes were taken. */
static size_t write_rows(struct log *log)
{
	size_t done = 0;
	while (done < log->rows.n) {
		ssize_t n = write(log->file, log->rows.data + done, log->rows.n - done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			if (!log->failing)
				tell("cannot write to %s: %s; rows are kept and tried again", log->path,
				     n < 0 ? strerror(errno) : "nothing is taken");
			log->failing = true;
			return done;
		}
		done += (size_t)n;
	}
	if (log->failing)
		tell("%s can be written to again", log->path);
	log->failing = false;
	return done;
}

/* What is written goes; a row that is half written goes on where it stopped. */
static void drop_written(struct log *log, size_t done)
{
	if (done == 0)
		return;
	log->partial = done < log->rows.n && log->rows.data[done - 1] != '\n';
	log->rows.n -= done;
	memmove(log->rows.data, log->rows.data + done, log->rows.n);
	if (log->partial) {
		char *end = memchr(log->rows.data, '\n', log->rows.n);
		log->partial = end ? (size_t)(end + 1 - log->rows.data) : log->rows.n;
	}
}

void log_flush(struct log *log)
{
	/* The rest of a row belongs into the file where its beginning is. */
	if (hangup && log->partial && log->file >= 0)
		drop_written(log, write_rows(log));
	if (reopen(log))
		drop_written(log, write_rows(log));
	give_up(log);
}

bool log_close(struct log *log)
{
	log_flush(log);
	bool whole = log->rows.n == 0 && log->lost == 0;
	if (log->rows.n)
		tell("%s: rows were left that could not be written", log->path);
	if (log->file >= 0 && close(log->file) != 0)
		die_errno(STATUS_FAILED, "cannot close %s", log->path);
	log->file = -1;
	log->rows.n = 0;
	return whole;
}
