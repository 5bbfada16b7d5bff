/* scratch.h - a file without a name in TMPDIR (or /tmp), for what does not fit in memory.
 *
 * It is gone when it is closed, whatever ends the program. What fails ends the program
 * with exit 1.
 */
#ifndef RECPIPE_STREAMS_SCRATCH_H
#define RECPIPE_STREAMS_SCRATCH_H

#include <stddef.h>
#include <stdint.h>

/* Open for reading and writing; the caller closes it. */
int scratch_open(void);

/* Appends n bytes. */
void scratch_write(int file, const void *bytes, size_t n);

/* The n bytes that were written at a place; wherever the file's own position is. */
void scratch_read(int file, uint64_t at, void *bytes, size_t n);

/* What could not be done ("write"), and errno; exit 1. */
_Noreturn void scratch_fail(const char *what);

#endif
