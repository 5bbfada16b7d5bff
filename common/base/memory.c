#include "base/memory.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "base/error.h"

static size_t product(size_t count, size_t size)
{
	size_t bytes;
	if (__builtin_mul_overflow(count, size, &bytes) || bytes > PTRDIFF_MAX)
		die(STATUS_FAILED, "out of memory: %zu elements of %zu bytes", count, size);
	return bytes ? bytes : 1;
}

static void *checked(void *block, size_t bytes)
{
	if (!block)
		die(STATUS_FAILED, "out of memory: %zu bytes", bytes);
	return block;
}

void *memory_new(size_t count, size_t size)
{
	size_t bytes = product(count, size);
	return checked(malloc(bytes), bytes);
}

void *memory_zero(size_t count, size_t size)
{
	size_t bytes = product(count, size);
	return checked(calloc(1, bytes), bytes);
}

void *memory_aligned(size_t count, size_t size)
{
	size_t bytes = product(count, size);
	bytes = (bytes + 63) & ~(size_t)63;
	return memset(checked(aligned_alloc(64, bytes), bytes), 0, bytes);
}

void *memory_resize(void *old, size_t count, size_t size)
{
	size_t bytes = product(count, size);
	return checked(realloc(old, bytes), bytes);
}

void *memory_grow(void *old, size_t *capacity, size_t needed, size_t size)
{
	if (needed <= *capacity)
		return old;
	size_t grown = *capacity + *capacity / 2;
	if (grown < needed)
		grown = needed;
	if (grown < 16)
		grown = 16;
	*capacity = grown;
	return memory_resize(old, grown, size);
}

void memory_large_pages(void *at, size_t bytes)
{
#ifdef MADV_HUGEPAGE
	enum { PAGE = 4096, WORTH = 4 << 20 };
	/* Whole pages, so that realloc finds one mapping, which it can move without copying. */
	uintptr_t from = (uintptr_t)at & ~(uintptr_t)(PAGE - 1);
	size_t pages = ((uintptr_t)at + bytes - from + PAGE - 1) / PAGE;
	if (bytes >= WORTH) /* where it is not to be had, nothing is lost but time */
		(void)madvise((void *)from, pages * PAGE, MADV_HUGEPAGE);
#else
	(void)at;
	(void)bytes;
#endif
}

char *memory_text(const char *bytes, size_t n)
{
	char *text = memory_new(n + 1, 1);
	if (n)
		memcpy(text, bytes, n);
	text[n] = '\0';
	return text;
}

char *memory_format(const char *format, ...)
{
	va_list args;
	va_start(args, format);
	int n = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (n < 0)
		die_errno(STATUS_FAILED, "cannot format a text");
	char *text = memory_new((size_t)n + 1, 1);
	va_start(args, format);
	vsnprintf(text, (size_t)n + 1, format, args);
	va_end(args);
	return text;
}
