/* memory.h - memory that is either there or ends the program.
 *
 * Sizes are checked for overflow. On failure: one line on stderr, exit 1.
 * What these return is freed with free(3).
 */
#ifndef RECPIPE_BASE_MEMORY_H
#define RECPIPE_BASE_MEMORY_H

#include <stddef.h>
#include <stdlib.h>

/* `count` elements of `size` bytes, not initialized. */
void *memory_new(size_t count, size_t size) __attribute__((malloc));

/* The same, all bytes zero. */
void *memory_zero(size_t count, size_t size) __attribute__((malloc));

/* The same as memory_zero, at an address divisible by 64. */
void *memory_aligned(size_t count, size_t size) __attribute__((malloc));

/* Changes the size of `old` (may be NULL) to `count` elements. */
void *memory_resize(void *old, size_t count, size_t size);

/* Makes room for at least `needed` elements: `*capacity` grows by half or to
 * `needed`, whichever is more; returns the block, moved or not. */
void *memory_grow(void *old, size_t *capacity, size_t needed, size_t size);

/* Asks the system for large pages where `bytes` from `at` on are first written: for large memory
 * that is read here and there, whose pages would not be found in the processor's tables. */
void memory_large_pages(void *at, size_t bytes);

/* A copy of `n` bytes with a NUL after them. */
char *memory_text(const char *bytes, size_t n);

/* A formatted text of its own. */
char *memory_format(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
