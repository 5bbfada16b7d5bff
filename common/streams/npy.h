/* npy.h - reads numpy's .npy files: formats 1.0 to 3.0 (NEP 1), two dimensions.
 *
 * Little-endian float32 or float64 in C order. Everything else (pickles, other
 * types, Fortran order, a file that is cut, nan and infinite numbers) is refused
 * with exit 3, naming the file.
 */
#ifndef RECPIPE_STREAMS_NPY_H
#define RECPIPE_STREAMS_NPY_H

#include <stddef.h>
#include <stdint.h>

/* rows x columns floats in row order, a new array (free it). */
float *npy_read(const char *path, size_t *rows, size_t *columns);

/* The same from a file's bytes; `name` is for messages. */
float *npy_parse(const void *file, size_t size, const char *name, size_t *rows, size_t *columns);

#endif
