/* Preloaded: the FAIL_AT-th allocation of the program fails with ENOMEM, all
 * others work. At the end the number of allocations goes to the file FAIL_COUNT. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

void *__libc_malloc(size_t n);
void *__libc_calloc(size_t count, size_t n);
void *__libc_realloc(void *old, size_t n);
void *__libc_memalign(size_t alignment, size_t n);

static long calls;

static int refuse(void)
{
	static long at = -1;
	if (at < 0) {
		const char *text = getenv("FAIL_AT");
		at = text ? strtol(text, NULL, 10) : 0;
	}
	if (__atomic_add_fetch(&calls, 1, __ATOMIC_RELAXED) != at)
		return 0;
	errno = ENOMEM;
	return 1;
}

void *malloc(size_t n)
{
	return refuse() ? NULL : __libc_malloc(n);
}

void *calloc(size_t count, size_t n)
{
	return refuse() ? NULL : __libc_calloc(count, n);
}

void *realloc(void *old, size_t n)
{
	return refuse() ? NULL : __libc_realloc(old, n);
}

void *aligned_alloc(size_t alignment, size_t n)
{
	return refuse() ? NULL : __libc_memalign(alignment, n);
}

int posix_memalign(void **out, size_t alignment, size_t n)
{
	if (refuse())
		return ENOMEM;
	*out = __libc_memalign(alignment, n);
	return *out ? 0 : ENOMEM;
}

__attribute__((destructor)) static void report(void)
{
	const char *path = getenv("FAIL_COUNT");
	int file = path ? open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666) : -1;
	if (file < 0)
		return;
	char text[32];
	int n = snprintf(text, sizeof text, "%ld\n", calls);
	if (write(file, text, (size_t)n) != n)
		_exit(111);
	close(file);
}
