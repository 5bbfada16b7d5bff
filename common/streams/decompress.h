/* decompress.h - the bytes of gzip, zstd and xz files, which are recognized by their first bytes.
 *
 * A file may have several members (frames, streams), one after the other without a gap;
 * what follows the last one is an error, and so is the end of the file inside one. The
 * checksums that a file has are checked. Memory does not grow with what a file says of
 * itself: a zstd window above 128 MB and an xz dictionary that needs more than 256 MB are
 * errors that name the command which takes them.
 */
#ifndef RECPIPE_STREAMS_DECOMPRESS_H
#define RECPIPE_STREAMS_DECOMPRESS_H

#include <stddef.h>

#include "base/failure.h"
#include "base/span.h"

/* So many first bytes tell. */
enum { COMPRESSION_MAGIC = 6 };

enum compression { COMPRESSION_NONE, COMPRESSION_GZIP, COMPRESSION_ZSTD, COMPRESSION_XZ };

/* By the file's first bytes. With fewer than COMPRESSION_MAGIC of them, none is
 * recognized whose magic is longer. */
enum compression compression_of(struct span start);

/* Could these bytes, of which more are to come, be the first of a magic number? */
bool compression_may_be(struct span start);

/* Gives at most `n` more bytes of the file; 0 at its end, and when reading failed. */
typedef size_t decompress_source(void *context, void *to, size_t n);

struct decompressor;

/* A decompressor of what begins with the `start` bytes (copied) and goes on with those of
 * the source. xz may use so many threads. `name` is the file's in messages, kept; what fails is in
 * `failure` (NULL: it ends the program), exit 3 for bad data, 1 for the system. NULL when
 * that failed. */
struct decompressor *decompress_open(enum compression kind, size_t threads, struct span start,
				     decompress_source *source, void *context, const char *name,
				     struct failure *failure);

/* Up to `n` bytes of what was compressed, at least one but at the end; 0 then, and on failure. */
size_t decompress_read(struct decompressor *d, char *to, size_t n);

/* gzip, zstd, xz: the format, and the program that has it. */
const char *decompress_format(const struct decompressor *d);

/* Frees; NULL is allowed. */
void decompress_close(struct decompressor *d);

#endif
