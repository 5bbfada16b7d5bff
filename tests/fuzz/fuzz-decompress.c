/* Any bytes as a gzip, zstd or xz file: refused, or decompressed. The first byte picks the
 * engine, how small the pieces are in which bytes come and are asked for, and whether threads
 * do the same: what they give and what they refuse must be the same, too. */
#include "base/buffer.h"
#include "fuzz.h"
#include "streams/ahead.h"
#include "streams/decompress-engine.h"

enum {
	OUT_MAX = 16 << 20, /* of a file that would go on and on */
	PIECE = 64,         /* threads begin so near to each other */
};

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

static const struct decompress_engine *engine_of(const struct fuzz_picked *b)
{
	const struct decompress_engine *engines[] = {DECOMPRESS_ISAL ? DECOMPRESS_ISAL : &DECOMPRESS_ZLIB,
		&DECOMPRESS_ZSTD, &DECOMPRESS_XZ, &DECOMPRESS_ZLIB};
	return engines[b->pick & 3];
}

static void read_alone(const struct fuzz_picked *b, struct buffer *text, struct failure *failure)
{
	struct source source = {b, 0, b->pick & 4 ? 7 : 1 << 20};
	size_t room = b->pick & 8 ? 5 : 1 << 16, got;
	char *page = malloc(room); /* nothing may be written behind it */
	struct decompressor *d = decompress_open_by(engine_of(b), 1, (struct span){NULL, 0}, next_piece, &source,
						    "fuzz", failure);
	while (page && text->n < OUT_MAX && (got = decompress_read(d, page, room)) > 0)
		buffer_add(text, page, got);
	decompress_close(d);
	free(page);
}

static size_t none(void *context, void *to, size_t n)
{
	(void)context;
	(void)to;
	(void)n;
	return 0;
}

static void read_with_threads(const struct fuzz_picked *b, struct buffer *text, struct failure *failure)
{
	char path[32];
	size_t got, threads = b->pick & 32 ? 4 : 2;
	int file = fuzz_file(b->at, b->n, path);
	lseek(file, 0, SEEK_SET);
	struct decompressor *d = decompress_open_by(engine_of(b), threads, (struct span){NULL, 0}, none, NULL,
						    "fuzz", failure);
	struct ahead *a = ahead_open(d, file, threads, PIECE, "fuzz");
	if (!a)
		abort();
	while (text->n < OUT_MAX && (got = ahead_read(a, buffer_room(text, 1 << 16), 1 << 16, failure)) > 0)
		text->n += got;
	ahead_close(a);
	close(file);
}

static void read_all(void *context)
{
	const struct fuzz_picked *b = context;
	struct buffer alone = {0}, text = {0};
	struct failure want = {0}, got = {0};
	read_alone(b, &alone, &want);
	if (b->pick & 16) {
		read_with_threads(b, &text, &got);
		size_t n = text.n < alone.n ? text.n : alone.n;
		bool whole = alone.n < OUT_MAX && text.n < OUT_MAX;
		bool bad = want.status != STATUS_DONE || got.status != STATUS_DONE;
		/* How much comes before what is bad depends on how much is asked for at once; in zstd
		 * what is found to be bad does, too. */
		if ((n && memcmp(text.data, alone.data, n) != 0) || (whole && !bad && text.n != alone.n) ||
		    (whole && (!bad || (b->pick & 3) != 1) &&
		     (want.status != got.status || strcmp(want.text, got.text) != 0)))
			abort();
	}
	buffer_free(&alone);
	buffer_free(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	fuzz_picked(read_all, data, n);
	return 0;
}
