/* fuzz.h - lets code that ends the program be called again and again.
 *
 * Fuzz entries are linked with --wrap=exit,--wrap=_exit; inside fuzz_run an exit
 * jumps back to it. What the code held is lost: leaks are no finding here, and
 * the files that it left open are closed.
 * Include it in one file of a program only.
 */
#ifndef RECPIPE_TESTS_FUZZ_H
#define RECPIPE_TESTS_FUZZ_H

#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/error.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static jmp_buf fuzz_back;
static int fuzz_inside, fuzz_status;

_Noreturn void __real_exit(int status);
_Noreturn void __real__exit(int status);
_Noreturn void __wrap_exit(int status);
_Noreturn void __wrap__exit(int status);

_Noreturn void __wrap_exit(int status)
{
	fuzz_status = status;
	if (fuzz_inside)
		longjmp(fuzz_back, 1);
	__real_exit(status);
}

_Noreturn void __wrap__exit(int status)
{
	fuzz_status = status;
	if (fuzz_inside)
		longjmp(fuzz_back, 1);
	__real__exit(status);
}

/* Calls f(arg); returns -1 if it came to its end, or the status that it exited with. */
static inline int fuzz_run(void (*f)(void *), void *arg)
{
	volatile int ended = 0, first_free = dup(STDERR_FILENO);
	if (first_free < 0)
		abort();
	close(first_free);
	if (setjmp(fuzz_back) == 0) {
		fuzz_inside = 1;
		f(arg);
		ended = 1;
	}
	fuzz_inside = 0;
	if (!ended)
		close_range((unsigned)first_free, ~0u, 0);
	return ended ? -1 : fuzz_status;
}

/* An input whose first byte picks how the rest of it is read. */
struct fuzz_picked {
	uint8_t pick;
	const uint8_t *at;
	size_t n;
};

/* Calls f with a struct fuzz_picked of the bytes, by fuzz_run; an empty input has none. */
static inline void fuzz_picked(void (*f)(void *), const uint8_t *data, size_t n)
{
	if (n > 0)
		fuzz_run(f, &(struct fuzz_picked){data[0], data + 1, n - 1});
}

/* Ends the program where they differ. */
static inline void fuzz_same(const struct buffer *want, const struct buffer *got)
{
	if (got->n != want->n || memcmp(got->data, want->data, got->n) != 0)
		abort();
}

/* The bytes as a file: its descriptor, to be closed; its name goes to `path`. */
static inline int fuzz_file(const void *bytes, size_t n, char path[32])
{
	int file = memfd_create("fuzz", 0);
	if (file < 0 || write(file, bytes, n) != (ssize_t)n)
		abort();
	snprintf(path, 32, "/proc/self/fd/%d", file);
	return file;
}

/* The bytes up to the next separator `|`, and what is behind it: several small files
 * in one input. */
static inline size_t fuzz_part(const uint8_t **data, size_t *n, const uint8_t **part)
{
	const uint8_t *bar = *n ? memchr(*data, '|', *n) : NULL;
	size_t size = bar ? (size_t)(bar - *data) : *n;
	*part = *data;
	*data += size + (bar != NULL);
	*n -= size + (bar != NULL);
	return size;
}

#endif
