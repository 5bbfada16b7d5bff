/* compress.h - gzip and zstd for what is written to a file whose name ends in .gz or .zst.
 *
 * The bytes depend on what is written and on how it is cut by COMPRESS_SYNC, on nothing else:
 * neither name nor time is in them. gzip at level 6, zstd at level 3 with a checksum.
 */
#ifndef RECPIPE_STREAMS_COMPRESS_H
#define RECPIPE_STREAMS_COMPRESS_H

#include <stdbool.h>

#include "base/buffer.h"
#include "base/span.h"
#include "streams/decompress.h"

/* What a file of this name is written in: gzip, zstd or none. */
enum compression compression_named(const char *path);

/* The kind of compression or archive that a name speaks of and that is not written ("xz", "bz2" ...),
 * or NULL. */
const char *compression_not_written(const char *path);

enum compress_mode {
	COMPRESS_RUN,  /* more comes */
	COMPRESS_SYNC, /* more comes, but what came shall be readable at once */
	COMPRESS_END,  /* nothing comes any more */
};

struct compressor;

/* Of COMPRESSION_GZIP or COMPRESSION_ZSTD; NULL without memory. */
struct compressor *compress_open(enum compression kind);

/* Adds the compressed bytes to `to`; false without memory. */
bool compress_add(struct compressor *c, struct span bytes, enum compress_mode mode, struct buffer *to);

/* Frees; NULL is allowed. */
void compress_close(struct compressor *c);

#endif
