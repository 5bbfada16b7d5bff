#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/memory.h"
#include "parts.h"

enum { KEPT_MAX = 64 << 20 };

struct journal {
	const char *path, *header; /* header NULL: JSON lines have none */
	int file;
	struct buffer text;        /* whole lines that are not written yet, */
	size_t written;            /*   but for these bytes of the first one */
	size_t line;               /* where the line being made begins */
	uint64_t dropped;
	bool failing;
};

/* The file must be ours to go on with: empty, or under the same header. */
static void check_header(struct journal *j)
{
	struct stat about;
	if (fstat(j->file, &about) != 0)
		die_errno(STATUS_FAILED, "cannot read %s", j->path);
	if (!j->header || !S_ISREG(about.st_mode))
		return;
	size_t n = strlen(j->header);
	if (about.st_size == 0) {
		/* In front of what waits already, and never inside a line. */
		struct buffer text = {0};
		buffer_add(&text, j->header, n);
		buffer_add(&text, j->text.data + j->written, j->text.n - j->written);
		buffer_free(&j->text);
		j->text = text;
		j->written = 0;
		return;
	}
	char *there = memory_new(n, 1);
	ssize_t got = pread(j->file, there, n, 0);
	if (got < 0)
		die_errno(STATUS_FAILED, "cannot read %s", j->path);
	if ((size_t)got != n || memcmp(there, j->header, n) != 0)
		die(STATUS_DATA, "%s: has another header than these events", j->path);
	free(there);
}

static int open_log(const char *path)
{
	return open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
}

struct journal *journal_open(const char *path, bool json, const char *header)
{
	struct journal *j = memory_zero(1, sizeof *j);
	j->path = path;
	j->header = json ? NULL : header;
	j->file = open_log(path);
	if (j->file < 0 && (errno == EINVAL || errno == ENXIO)) /* a pipe, a device */
		j->file = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
	if (j->file < 0)
		die_errno(STATUS_FAILED, "cannot write %s", path);
	check_header(j);
	return j;
}

struct buffer *journal_line(struct journal *j)
{
	j->line = j->text.n;
	return &j->text;
}

void journal_end(struct journal *j)
{
	buffer_add_byte(&j->text, '\n');
	if (j->text.n > KEPT_MAX) {
		j->text.n = j->line;
		j->dropped++;
	}
}

void journal_flush(struct journal *j)
{
	while (j->written < j->text.n) {
		ssize_t n = write(j->file, j->text.data + j->written, j->text.n - j->written);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			int error = errno;
			if (!j->failing)
				tell("cannot write to %s: %s; the events are kept and tried again", j->path,
				     n < 0 ? strerror(error) : "nothing is taken");
			j->failing = true;
			return;
		}
		j->written += (size_t)n;
	}
	if (j->failing)
		tell("%s: written again", j->path);
	j->failing = false;
	j->text.n = j->written = 0;
}

void journal_reopen(struct journal *j)
{
	journal_flush(j);
	int file = open_log(j->path);
	if (file < 0) {
		tell("cannot open %s anew: %s; the old file is kept", j->path, strerror(errno));
		return;
	}
	if (close(j->file) != 0)
		tell("%s: closing the old file: %s", j->path, strerror(errno));
	j->file = file;
	check_header(j);
	journal_flush(j);
}

bool journal_close(struct journal *j)
{
	journal_flush(j);
	bool whole = !j->failing && j->dropped == 0;
	if (close(j->file) != 0) {
		tell("cannot close %s: %s", j->path, strerror(errno));
		whole = false;
	}
	if (j->failing)
		tell("%s: %zu bytes of events are lost", j->path, j->text.n - j->written);
	if (j->dropped)
		tell("%s: %llu events are lost", j->path, (unsigned long long)j->dropped);
	buffer_free(&j->text);
	free(j);
	return whole;
}
