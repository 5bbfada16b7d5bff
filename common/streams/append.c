#include "streams/append.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"
#include "streams/temporary.h"

bool append_lock(int file, int how, double patience_s)
{
	double until = patience_s < 0 ? 0 : clock_wall() + patience_s;
	long pause_ns = 50000;
	while (flock(file, patience_s < 0 ? how : how | LOCK_NB) != 0) {
		if (errno == EINTR)
			continue;
		if (errno != EWOULDBLOCK || clock_wall() >= until)
			return false;
		const struct timespec pause = {0, pause_ns};
		nanosleep(&pause, NULL);
		pause_ns = pause_ns < 5000000 ? pause_ns * 2 : pause_ns;
	}
	return true;
}

bool append_unlock(int file)
{
	return flock(file, LOCK_UN) == 0;
}

int64_t append_whole_size(int file, int64_t size)
{
	char block[4096];
	while (size > 0) {
		size_t n = size < (int64_t)sizeof block ? (size_t)size : sizeof block;
		ssize_t got = pread(file, block, n, (off_t)(size - (int64_t)n));
		if (got < 0 && errno == EINTR)
			continue;
		if (got != (ssize_t)n) {
			errno = got < 0 ? errno : EIO; /* another process truncates it without the lock */
			return -1;
		}
		const char *lf = memrchr(block, '\n', n);
		if (lf)
			return size - (int64_t)n + (lf - block) + 1;
		size -= (int64_t)n;
	}
	return 0;
}

bool append_cut(int file, int64_t size)
{
	int failed;
	while ((failed = ftruncate(file, (off_t)size)) != 0 && errno == EINTR)
		;
	return !failed;
}

/* Where the last row of `n` bytes ends; 0: none does. */
static size_t whole_rows(const char *rows, size_t n)
{
	const char *lf = n ? memrchr(rows, '\n', n) : NULL;
	return lf ? (size_t)(lf - rows) + 1 : 0;
}

size_t append_rows(int file, const char *rows, size_t n, int64_t *size, bool *torn)
{
	size_t done = 0;
	int error = 0;
	while (done < n && !error) {
		ssize_t w = write(file, rows + done, n - done);
		if (w > 0)
			done += (size_t)w;
		else if (w == 0)
			error = EIO;
		else if (errno != EINTR)
			error = errno;
	}
	size_t whole = whole_rows(rows, done);
	*torn = whole < done && !append_cut(file, *size + (int64_t)whole);
	*size += (int64_t)(*torn ? done : whole);
	errno = error;
	return whole;
}

bool append_sync_folder(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *name = slash ? memory_text(path, (size_t)(slash - path) + 1) : memory_text(".", 1);
	int folder = open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	/* A folder may be writable and not readable; some file systems cannot sync one. */
	bool done = folder < 0 ? errno == EACCES
		: temporary_sync(folder) == 0 || errno == EINVAL || errno == EROFS;
	int error = errno;
	if (folder >= 0 && close(folder) != 0 && done) {
		error = errno;
		done = false;
	}
	free(name);
	errno = error;
	return done;
}
