#include "log.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"

enum { KEPT_BYTES = 64 << 20 };

static volatile sig_atomic_t hangup;

static void on_hangup(int number)
{
	(void)number;
	hangup = 1;
}

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

static void open_file(struct log *log)
{
	struct stat about;
	log->file = open(log->path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
	if (log->file < 0 || fstat(log->file, &about) != 0)
		die_errno(STATUS_FAILED, "cannot write %s", log->path);
	if (!log->json && S_ISREG(about.st_mode) && about.st_size > 0 && !same_header(log))
		die(STATUS_DATA, "%s: has another header than these events", log->path);
	if (log->json || (S_ISREG(about.st_mode) && about.st_size > 0))
		return;
	/* The header goes in front of what is waiting. */
	struct buffer rows = {0};
	buffer_add(&rows, log->header.data, log->header.n);
	buffer_add(&rows, log->rows.data ? log->rows.data : "", log->rows.n);
	buffer_free(&log->rows);
	log->rows = rows;
}

void log_open(struct log *log, const char *path, bool json, const char *header)
{
	*log = (struct log){.path = path, .json = json, .file = -1};
	buffer_add_text(&log->header, header);
	open_file(log);
	struct sigaction action = {.sa_handler = on_hangup, .sa_flags = SA_RESTART};
	sigemptyset(&action.sa_mask);
	if (sigaction(SIGHUP, &action, NULL) != 0)
		die_errno(STATUS_FAILED, "cannot handle SIGHUP");
	log_flush(log);
}

void log_reopen(struct log *log)
{
	if (!hangup)
		return;
	hangup = 0;
	if (log->partial) /* the rest of a row belongs to its beginning */
		log_flush(log);
	if (close(log->file) != 0)
		warn("cannot close %s: %s", log->path, strerror(errno));
	open_file(log);
}

/* Rows that will not fit into memory either are given up, whole, the oldest first. */
static void give_up(struct log *log)
{
	uint64_t before = log->lost;
	while (log->rows.n > KEPT_BYTES) {
		char *start = log->rows.data + log->partial;
		char *end = memchr(start, '\n', log->rows.n - log->partial);
		size_t n = end ? (size_t)(end + 1 - start) : log->rows.n;
		memmove(start, start + n, log->rows.n - log->partial - n);
		log->rows.n -= n;
		log->lost++;
	}
	if (log->lost > before)
		tell("%s: %llu rows are lost", log->path, (unsigned long long)log->lost);
}

void log_flush(struct log *log)
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
			break;
		}
		done += (size_t)n;
	}
	if (done == log->rows.n && log->failing) {
		tell("%s can be written to again", log->path);
		log->failing = false;
	}
	if (done == 0) {
		give_up(log);
		return;
	}
	/* A row that is half written goes on where it stopped. */
	log->partial = done < log->rows.n && log->rows.data[done - 1] != '\n';
	log->rows.n -= done;
	memmove(log->rows.data, log->rows.data + done, log->rows.n);
	if (log->partial) {
		char *end = memchr(log->rows.data, '\n', log->rows.n);
		log->partial = end ? (size_t)(end + 1 - log->rows.data) : log->rows.n;
	}
	give_up(log);
}

bool log_close(struct log *log)
{
	log_flush(log);
	bool whole = log->rows.n == 0 && log->lost == 0;
	if (log->rows.n)
		tell("%s: rows were left that could not be written", log->path);
	if (close(log->file) != 0)
		die_errno(STATUS_FAILED, "cannot close %s", log->path);
	buffer_free(&log->rows);
	buffer_free(&log->header);
	return whole;
}

/* RFC 8259's number, which is stricter than ours: no sign +, no leading zeros. */
static bool is_json_number(struct span s)
{
	size_t i = 0;
	if (i < s.n && s.at[i] == '-')
		i++;
	if (i >= s.n || s.at[i] < '0' || s.at[i] > '9')
		return false;
	if (s.at[i] == '0' && i + 1 < s.n && s.at[i + 1] != '.' && (s.at[i + 1] | 32) != 'e')
		return false;
	for (; i < s.n && s.at[i] >= '0' && s.at[i] <= '9'; i++)
		;
	if (i < s.n && s.at[i] == '.') {
		size_t first = ++i;
		for (; i < s.n && s.at[i] >= '0' && s.at[i] <= '9'; i++)
			;
		if (i == first)
			return false;
	}
	if (i < s.n && (s.at[i] | 32) == 'e') {
		i++;
		if (i < s.n && (s.at[i] == '-' || s.at[i] == '+'))
			i++;
		size_t first = i;
		for (; i < s.n && s.at[i] >= '0' && s.at[i] <= '9'; i++)
			;
		if (i == first)
			return false;
	}
	return i == s.n;
}

void log_json(struct buffer *b, struct span text)
{
	if (text.n == 0) {
		buffer_add_text(b, "null");
		return;
	}
	if (is_json_number(text)) {
		buffer_add_span(b, text);
		return;
	}
	buffer_add_byte(b, '"');
	for (size_t i = 0; i < text.n; i++) {
		unsigned char c = (unsigned char)text.at[i];
		if (c == '"' || c == '\\')
			buffer_format(b, "\\%c", c);
		else if (c < 0x20)
			buffer_format(b, "\\u%04x", c);
		else
			buffer_add_byte(b, (char)c);
	}
	buffer_add_byte(b, '"');
}
