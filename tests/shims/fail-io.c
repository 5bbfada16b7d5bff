/* Preloaded: the FAIL_AT-th call of the sort FAIL_CALL (fsync, close, rename, read, write,
 * link, tmpfile, open, writeback) fails with FAIL_ERRNO, all others work; FAIL_AT=all: each of them
 * fails. FAIL_ERRNO=SHORT: that read or write takes half of what it could. Only in the
 * program FAIL_PROGRAM, not in what it starts; with FAIL_FILES not at pipes, sockets, what
 * is in /proc and what is no file but has a number (epoll, signalfd). At the end the number of calls of each
 * sort goes to the file FAIL_COUNT, `sort TAB number` a line.
 *
 * A close that fails has closed, as the kernel's has. Messages to standard error are
 * no writes. What libc calls inside of itself (fopen's, opendir's) is not seen. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/vfs.h>
#include <unistd.h>

enum sort { FSYNC, CLOSE, RENAME, READ, WRITE, LINK, TMPFILE, OPEN, WRITEBACK, SORTS };

static const char *const NAMES[SORTS] = {"fsync", "close", "rename", "read", "write", "link",
	"tmpfile", "open", "writeback"};

static long calls[SORTS], fail_at;
static int fail_sort = -1, fail_with, files_only, ready;

enum { SHORT = -1, ALL = -1 };

static int number_of(const char *name)
{
	static const struct { const char *name; int number; } ERRORS[] = {
		{"EIO", EIO}, {"ENOSPC", ENOSPC}, {"EINTR", EINTR}, {"EACCES", EACCES},
		{"EPERM", EPERM}, {"EDQUOT", EDQUOT}, {"EOPNOTSUPP", EOPNOTSUPP},
		{"EMFILE", EMFILE}, {"EXDEV", EXDEV}, {"EINVAL", EINVAL}, {"SHORT", SHORT},
	};
	for (size_t i = 0; i < sizeof ERRORS / sizeof *ERRORS; i++)
		if (strcmp(name, ERRORS[i].name) == 0)
			return ERRORS[i].number;
	return EIO;
}

static void get_ready(void)
{
	const char *program = getenv("FAIL_PROGRAM"), *call = getenv("FAIL_CALL");
	const char *at = getenv("FAIL_AT"), *with = getenv("FAIL_ERRNO");
	ready = 1;
	if (program && strcmp(program, program_invocation_short_name) != 0)
		return;
	ready = 2;
	for (int i = 0; call && i < SORTS; i++)
		if (strcmp(call, NAMES[i]) == 0)
			fail_sort = i;
	fail_at = !at ? 0 : strcmp(at, "all") == 0 ? ALL : strtol(at, NULL, 10);
	fail_with = number_of(with ? with : "EIO");
	files_only = getenv("FAIL_FILES") != NULL;
}

/* 0: the call may work. */
static int fails(enum sort sort)
{
	if (!ready)
		get_ready();
	if (ready == 1)
		return 0;
	long number = __atomic_add_fetch(&calls[sort], 1, __ATOMIC_RELAXED);
	if ((int)sort != fail_sort || (fail_at != ALL && number != fail_at))
		return 0;
	if (fail_with != SHORT)
		errno = fail_with;
	return fail_with;
}

/* The same for a call at an open file. */
static int fails_at(enum sort sort, int file)
{
	struct stat about;
	struct statfs system;
	if (!ready)
		get_ready();
	if (files_only && fstat(file, &about) == 0 &&
	    (S_ISFIFO(about.st_mode) || S_ISSOCK(about.st_mode) || (about.st_mode & S_IFMT) == 0 ||
	     (fstatfs(file, &system) == 0 && system.f_type == PROC_SUPER_MAGIC)))
		return 0;
	return fails(sort);
}

/* The next function of this name: libc's, or a sanitizer's. */
#define NEXT(name) \
	static __typeof__(&name) next; \
	if (!next) \
		*(void **)&next = dlsym(RTLD_NEXT, #name)

#define ONE(sort, name, parameters, arguments) \
int name parameters \
{ \
	NEXT(name); \
	return fails(sort) ? -1 : next arguments; \
}

ONE(FSYNC, fsync, (int file), (file))
ONE(FSYNC, fdatasync, (int file), (file))
ONE(FSYNC, syncfs, (int file), (file))
ONE(RENAME, rename, (const char *a, const char *b), (a, b))
ONE(RENAME, renameat, (int in, const char *a, int to, const char *b), (in, a, to, b))
ONE(WRITEBACK, sync_file_range, (int file, off_t from, off_t n, unsigned how), (file, from, n, how))
ONE(LINK, link, (const char *a, const char *b), (a, b))
ONE(LINK, linkat, (int in, const char *a, int to, const char *b, int how), (in, a, to, b, how))

int close(int file)
{
	NEXT(close);
	int failed = fails_at(CLOSE, file), result = next(file);
	if (!failed)
		return result;
	errno = failed;
	return -1;
}

static size_t part(size_t n, int failed)
{
	return failed == SHORT && n > 1 ? n / 2 : n;
}

ssize_t read(int file, void *to, size_t n)
{
	NEXT(read);
	int failed = fails_at(READ, file);
	return failed > 0 ? -1 : next(file, to, part(n, failed));
}

ssize_t pread(int file, void *to, size_t n, off_t at)
{
	NEXT(pread);
	int failed = fails_at(READ, file);
	return failed > 0 ? -1 : next(file, to, part(n, failed), at);
}

/* What _FORTIFY_SOURCE makes of them. */
ssize_t __read_chk(int file, void *to, size_t n, size_t size);
ssize_t __read_chk(int file, void *to, size_t n, size_t size)
{
	return n > size ? (abort(), -1) : read(file, to, n);
}

ssize_t __pread_chk(int file, void *to, size_t n, off_t at, size_t size);
ssize_t __pread_chk(int file, void *to, size_t n, off_t at, size_t size)
{
	return n > size ? (abort(), -1) : pread(file, to, n, at);
}

ssize_t write(int file, const void *from, size_t n)
{
	NEXT(write);
	int failed = file == STDERR_FILENO ? 0 : fails_at(WRITE, file);
	return failed > 0 ? -1 : next(file, from, part(n, failed));
}

ssize_t pwrite(int file, const void *from, size_t n, off_t at)
{
	NEXT(pwrite);
	int failed = fails_at(WRITE, file);
	return failed > 0 ? -1 : next(file, from, part(n, failed), at);
}

ssize_t writev(int file, const struct iovec *parts, int n)
{
	NEXT(writev);
	return file != STDERR_FILENO && fails_at(WRITE, file) > 0 ? -1 : next(file, parts, n);
}

static int with_mode(int flags)
{
	return (flags & O_CREAT) || (flags & O_TMPFILE) == O_TMPFILE;
}

#define OPENING(name, parameters, arguments) \
int name parameters \
{ \
	NEXT(name); \
	va_list rest; \
	mode_t mode = 0; \
	va_start(rest, flags); \
	if (with_mode(flags)) \
		mode = va_arg(rest, mode_t); \
	va_end(rest); \
	if (fails((flags & O_TMPFILE) == O_TMPFILE ? TMPFILE : OPEN) > 0) \
		return -1; \
	return next arguments; \
}

OPENING(open, (const char *path, int flags, ...), (path, flags, mode))
OPENING(openat, (int in, const char *path, int flags, ...), (in, path, flags, mode))

__attribute__((destructor)) static void report(void)
{
	const char *path = getenv("FAIL_COUNT");
	if (ready != 2 || !path)
		return;
	FILE *f = fopen(path, "w");
	if (!f)
		return;
	for (int i = 0; i < SORTS; i++)
		fprintf(f, "%s\t%ld\n", NAMES[i], calls[i]);
	fclose(f);
}
