/* Any bytes as a gzip, zstd or xz file: refused, or decompressed. The first byte picks the
 * engine, and how small the pieces are in which bytes come and are asked for. */
#include "fuzz.h"
#include "streams/decompress-engine.h"

enum { OUT_MAX = 16 << 20 }; /* of a file that would go on and on */

struct source {
	const struct fuzz_picked *bytes;
	size_t at, piece;
};

static size_t next_piece(void *context, void *to, size_t n)
{
	struct source *s = context;
	size_t left = s->bytes->n - s->at;
	n = n < s->piece ? n : s->piece;
	n = n < left ? n : left;
	memcpy(to, s->bytes->at + s->at, n);
	s->at += n;
	return n;
}

static void read_all(void *context)
{
	const struct fuzz_picked *b = context;
	const struct decompress_engine *engines[] = {DECOMPRESS_ISAL ? DECOMPRESS_ISAL : &DECOMPRESS_ZLIB,
		&DECOMPRESS_ZSTD, &DECOMPRESS_XZ, &DECOMPRESS_ZLIB};
	struct source source = {b, 0, b->pick & 4 ? 7 : 1 << 20};
	size_t room = b->pick & 8 ? 5 : 1 << 16, total = 0, got;
	char *page = malloc(room); /* nothing may be written behind it */
	struct failure failure = {0};
	struct decompressor *d = decompress_open_by(engines[b->pick & 3], 1, (struct span){NULL, 0}, next_piece,
						    &source, "fuzz", &failure);
	while (page && total < OUT_MAX && (got = decompress_read(d, page, room)) > 0)
		total += got;
	decompress_close(d);
	free(page);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	fuzz_picked(read_all, data, n);
	return 0;
}
