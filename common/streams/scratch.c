#include "streams/scratch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/error.h"
#include "base/memory.h"

static const char *folder_of_scratch(void)
{
	const char *folder = getenv("TMPDIR");
	return folder && *folder ? folder : "/tmp";
}

void scratch_fail(const char *what)
{
	die_errno(STATUS_FAILED, "cannot %s a temporary file in %s", what, folder_of_scratch());
}

int scratch_open(void)
{
	const char *folder = folder_of_scratch();
	int file = open(folder, O_TMPFILE | O_RDWR | O_EXCL | O_CLOEXEC, 0600);
	if (file < 0) { /* not every file system can do that */
		char *name = memory_format("%s/%s.XXXXXX", folder, program_name);
		file = mkostemp(name, O_CLOEXEC);
		if (file >= 0)
			unlink(name);
		free(name);
	}
	if (file < 0)
		scratch_fail("make");
	return file;
}

void scratch_write(int file, const void *bytes, size_t n)
{
	for (const char *at = bytes; n > 0;) {
		ssize_t done = write(file, at, n);
		if (done < 0 && errno == EINTR)
			continue;
		if (done == 0)
			errno = ENOSPC;
		if (done <= 0)
			scratch_fail("write");
		at += done;
		n -= (size_t)done;
	}
}

void scratch_read(int file, uint64_t at, void *bytes, size_t n)
{
	for (char *to = bytes; n > 0;) {
		ssize_t done = pread(file, to, n, (off_t)at);
		if (done < 0 && errno == EINTR)
			continue;
		if (done == 0)
			errno = EIO; /* it was longer */
		if (done <= 0)
			scratch_fail("read");
		to += done;
		at += (uint64_t)done;
		n -= (size_t)done;
	}
}
