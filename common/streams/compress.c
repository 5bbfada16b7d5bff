#include "streams/compress.h"

#include <stdlib.h>
#include <zlib.h>
#include <zstd.h>

#include "base/memory.h"

enum { GZIP_LEVEL = 6, ZSTD_LEVEL = 3, ROOM_BYTES = 64 << 10, PIECE_BYTES = 1 << 30 };

struct compressor {
	enum compression kind;
	z_stream gzip;
	ZSTD_CCtx *zstd;
};

/* Does the file's name end so, and have something before it? */
static bool ends_in(const char *path, const char *end)
{
	size_t n = path ? strlen(path) : 0, length = strlen(end);
	return n > length && path[n - length - 1] != '/' && strcmp(path + n - length, end) == 0;
}

enum compression compression_named(const char *path)
{
	static const struct {
		const char *end;
		enum compression kind;
	} ENDS[] = {{".gz", COMPRESSION_GZIP}, {".zst", COMPRESSION_ZSTD}};
	for (size_t i = 0; i < sizeof ENDS / sizeof *ENDS; i++)
		if (ends_in(path, ENDS[i].end))
			return ENDS[i].kind;
	return COMPRESSION_NONE;
}

const char *compression_not_written(const char *path)
{
	static const char *const ENDS[] = {".xz", ".bz2", ".lz4", ".lzma", ".zip", ".7z"};
	for (size_t i = 0; i < sizeof ENDS / sizeof *ENDS; i++)
		if (ends_in(path, ENDS[i]))
			return ENDS[i] + 1;
	return NULL;
}

static bool start_zstd(struct compressor *c)
{
	c->zstd = ZSTD_createCCtx();
	return c->zstd &&
		!ZSTD_isError(ZSTD_CCtx_setParameter(c->zstd, ZSTD_c_compressionLevel, ZSTD_LEVEL)) &&
		!ZSTD_isError(ZSTD_CCtx_setParameter(c->zstd, ZSTD_c_checksumFlag, 1));
}

static bool start_gzip(struct compressor *c)
{
	return deflateInit2(&c->gzip, GZIP_LEVEL, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) == Z_OK;
}

struct compressor *compress_open(enum compression kind)
{
	struct compressor *c = memory_zero(1, sizeof *c);
	c->kind = kind;
	if (kind == COMPRESSION_ZSTD ? start_zstd(c) : start_gzip(c))
		return c;
	compress_close(c);
	return NULL;
}

static bool add_gzip(struct compressor *c, struct span bytes, enum compress_mode mode, struct buffer *to)
{
	static const int FLUSH[] = {Z_NO_FLUSH, Z_SYNC_FLUSH, Z_FINISH};
	int result;
	c->gzip.next_in = (Bytef *)(uintptr_t)bytes.at; /* zlib only reads it */
	c->gzip.avail_in = (uInt)bytes.n;
	do {
		c->gzip.next_out = (Bytef *)buffer_room(to, ROOM_BYTES);
		c->gzip.avail_out = ROOM_BYTES;
		result = deflate(&c->gzip, FLUSH[mode]);
		to->n += ROOM_BYTES - c->gzip.avail_out;
	} while (result == Z_OK && c->gzip.avail_out == 0);
	return result == Z_OK || result == Z_STREAM_END || result == Z_BUF_ERROR;
}

static bool add_zstd(struct compressor *c, struct span bytes, enum compress_mode mode, struct buffer *to)
{
	static const ZSTD_EndDirective END[] = {ZSTD_e_continue, ZSTD_e_flush, ZSTD_e_end};
	ZSTD_inBuffer in = {.src = bytes.at, .size = bytes.n};
	size_t left;
	do {
		ZSTD_outBuffer out = {.dst = buffer_room(to, ROOM_BYTES), .size = ROOM_BYTES};
		left = ZSTD_compressStream2(c->zstd, &out, &in, END[mode]);
		if (ZSTD_isError(left))
			return false;
		to->n += out.pos;
	} while (mode == COMPRESS_RUN ? in.pos < in.size : left > 0);
	return true;
}

bool compress_add(struct compressor *c, struct span bytes, enum compress_mode mode, struct buffer *to)
{
	while (bytes.n > PIECE_BYTES) { /* zlib counts in 32 bits */
		struct span piece = {bytes.at, PIECE_BYTES};
		if (!compress_add(c, piece, COMPRESS_RUN, to))
			return false;
		bytes = (struct span){bytes.at + PIECE_BYTES, bytes.n - PIECE_BYTES};
	}
	return c->kind == COMPRESSION_ZSTD ? add_zstd(c, bytes, mode, to) : add_gzip(c, bytes, mode, to);
}

void compress_close(struct compressor *c)
{
	if (!c)
		return;
	if (c->kind == COMPRESSION_GZIP)
		deflateEnd(&c->gzip);
	ZSTD_freeCCtx(c->zstd);
	free(c);
}
