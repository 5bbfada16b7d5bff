/* compressed.h - files of members, for the tests of what decompresses. */
#ifndef RECPIPE_TESTS_COMPRESSED_H
#define RECPIPE_TESTS_COMPRESSED_H

#include <lzma.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#include "base/buffer.h"
#include "base/random.h"
#include "streams/decompress-engine.h"

static inline void add_gzip_level(struct buffer *to, const char *text, size_t n, int level)
{
	z_stream z = {0};
	if (deflateInit2(&z, level, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK)
		abort();
	size_t bound = deflateBound(&z, n) + 64;
	z.next_in = (Bytef *)text;
	z.avail_in = (uInt)n;
	z.next_out = (Bytef *)buffer_room(to, bound);
	z.avail_out = (uInt)bound;
	if (deflate(&z, Z_FINISH) != Z_STREAM_END)
		abort();
	to->n += bound - z.avail_out;
	deflateEnd(&z);
}

static inline void add_gzip(struct buffer *to, const char *text, size_t n)
{
	add_gzip_level(to, text, n, 6);
}

static inline void add_zstd(struct buffer *to, const char *text, size_t n)
{
	ZSTD_CCtx *z = ZSTD_createCCtx();
	ZSTD_CCtx_setParameter(z, ZSTD_c_checksumFlag, 1);
	size_t bound = ZSTD_compressBound(n);
	size_t got = ZSTD_compress2(z, buffer_room(to, bound), bound, text, n);
	if (ZSTD_isError(got))
		abort();
	to->n += got;
	ZSTD_freeCCtx(z);
}

static inline void add_xz(struct buffer *to, const char *text, size_t n)
{
	size_t bound = lzma_stream_buffer_bound(n), got = 0;
	if (lzma_easy_buffer_encode(6, LZMA_CHECK_CRC64, NULL, (const uint8_t *)text, n,
				    (uint8_t *)buffer_room(to, bound), &got, bound) != LZMA_OK)
		abort();
	to->n += got;
}

struct format {
	const char *name;
	const struct decompress_engine *engine;
	void (*add)(struct buffer *to, const char *text, size_t n);
	enum compression kind;
};

/* Members of random lengths; an empty text is one empty member. */
static inline void compress_text(struct random *r, const struct format *f, const struct buffer *text,
			  struct buffer *out)
{
	out->n = 0;
	for (size_t at = 0; at < text->n || at == 0;) {
		size_t n = random_below(r, 200000);
		n = n < text->n - at ? n : text->n - at;
		f->add(out, text->data + at, n);
		at += n ? n : 1;
	}
}

static inline void make_text(struct random *r, struct buffer *text, size_t n)
{
	text->n = 0;
	char *to = buffer_room(text, n);
	size_t period = 1 + random_below(r, 300);
	for (size_t i = 0; i < n; i++)
		to[i] = i >= period && random_below(r, 30) ? to[i - period] : (char)random_below(r, 256);
	text->n = n;
}

static inline bool same(const struct buffer *a, const struct buffer *b)
{
	return a->n == b->n && (a->n == 0 || memcmp(a->data, b->data, a->n) == 0);
}

#endif
