/* Threads that decompress ahead give the bytes and the errors of one: files of many members, with
 * what looks like one inside them, cut, followed by garbage, changed; pipes; and a file that is closed
 * before its end. Memory stays within its limit whatever the file grows to. */
#include <errno.h>
#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>

#include "compressed.h"
#include "streams/ahead.h"
#include "unit.h"

enum { ROUNDS = 5 };

static size_t read_file(void *context, void *to, size_t n)
{
	ssize_t got = read(*(int *)context, to, n);
	return got > 0 ? (size_t)got : 0;
}

static int file_of(const struct buffer *bytes)
{
	int file = memfd_create("test", 0);
	if (file < 0 || write(file, bytes->data, bytes->n) != (ssize_t)bytes->n)
		abort();
	return file;
}

/* The text of the file, its first `before` bytes or more by the decompressor alone; no threads: all. */
static void read_all(const struct format *f, int file, size_t threads, size_t before, struct buffer *text,
		     struct failure *failure)
{
	enum { ROOM = 50000 };
	*failure = (struct failure){0};
	text->n = 0;
	struct decompressor *d = decompress_open_by(f->engine, threads, (struct span){NULL, 0}, read_file,
						    &file, "a file", failure);
	size_t got = 1;
	while (got && (!threads || text->n < before))
		text->n += got = decompress_read(d, buffer_room(text, ROOM), ROOM);
	struct ahead *a = got ? ahead_open(d, file, threads, 64, "a file") : NULL;
	CHECK(!got || a);
	if (!got)
		decompress_close(d);
	while (a && (got = ahead_read(a, buffer_room(text, ROOM), ROOM, failure)) > 0)
		text->n += got;
	ahead_close(a);
}

/* The same text and the same error with any number of threads. */
static void check_file(struct random *r, const struct format *f, const struct buffer *bytes)
{
	struct buffer alone = {0}, text = {0};
	struct failure want, got;
	int file = file_of(bytes);
	lseek(file, 0, SEEK_SET);
	read_all(f, file, 0, 0, &alone, &want);
	for (size_t threads = 1; threads <= 5; threads += 2) {
		lseek(file, 0, SEEK_SET);
		read_all(f, file, threads, random_below(r, 3) ? random_below(r, 200000) : 0, &text, &got);
		/* How much comes before what is bad depends on how much is asked for at once. */
		if (want.status != STATUS_DONE)
			CHECK(memcmp(text.data, alone.data, text.n < alone.n ? text.n : alone.n) == 0);
		else
			CHECK(same(&text, &alone));
		CHECK_INT(got.status, want.status);
		CHECK_TEXT(got.text, want.text);
	}
	close(file);
	buffer_free(&alone);
	buffer_free(&text);
}

/* A member whose text has whole members in it, uncompressed. */
static void add_nested(const struct format *f, const struct buffer *inner, struct buffer *file)
{
	if (f->kind == COMPRESSION_GZIP)
		add_gzip_level(file, inner->data, inner->n, 0);
	else
		f->add(file, inner->data, inner->n); /* it does not shrink: stored */
}

static void check_format(struct random *r, const struct format *f)
{
	struct buffer text = {0}, file = {0}, nested = {0};
	for (int round = 0; round < ROUNDS; round++) {
		make_text(r, &text, round ? random_below(r, 1500000) : 0);
		compress_text(r, f, &text, &file);
		check_file(r, f, &file);
		nested.n = 0;
		add_nested(f, &file, &nested);
		buffer_add(&nested, file.data, file.n);
		add_nested(f, &file, &nested);
		check_file(r, f, &nested);
		size_t whole = nested.n;
		nested.n = random_below(r, (uint32_t)whole);
		check_file(r, f, &nested);
		nested.n = whole;
		buffer_add(&nested, "\x1f\x8b\x08 garbage", 11);
		check_file(r, f, &nested);
		nested.n = whole;
		nested.data[random_below(r, (uint32_t)whole)] ^= (char)(1 << random_below(r, 8));
		check_file(r, f, &nested);
	}
	buffer_free(&text);
	buffer_free(&file);
	buffer_free(&nested);
}

/* What looks like members at the end of a long one, found while nobody reads its beginning. */
static void check_false(struct random *r, const struct format *f)
{
	struct buffer text = {0}, members = {0}, file = {0}, got = {0};
	make_text(r, &text, 40000);
	for (int i = 0; i < 8; i++)
		f->add(&members, text.data, text.n);
	make_text(r, &text, 4 << 20);
	for (size_t i = 0; i < text.n; i++)
		text.data[i] = (char)random_below(r, 256);
	buffer_add(&text, members.data, members.n);
	add_nested(f, &text, &file);
	int in = file_of(&file);
	lseek(in, 0, SEEK_SET);
	struct failure failure = {0};
	struct decompressor *d = decompress_open_by(f->engine, 3, (struct span){NULL, 0}, read_file, &in, "a file",
						    &failure);
	struct ahead *a = ahead_open(d, in, 3, 64, "a file");
	usleep(100000);
	for (size_t n; (n = ahead_read(a, buffer_room(&got, 1 << 16), 1 << 16, &failure)) > 0;)
		got.n += n;
	CHECK(same(&got, &text));
	CHECK_TEXT(failure.text, "");
	ahead_close(a);
	close(in);
	buffer_free(&text);
	buffer_free(&members);
	buffer_free(&file);
	buffer_free(&got);
}

/* Members that grow a thousandfold, of which little is read: memory stays, and closing ends the
 * threads that wait. */
static void check_bomb(const struct format *f, size_t threads)
{
	struct buffer text = {0}, file = {0};
	enum { MEMBER = 64 << 20, MEMBERS = 8 };
	memset(buffer_room(&text, MEMBER), 'x', MEMBER);
	f->add(&file, text.data, MEMBER);
	for (size_t n = file.n, i = 1; i < MEMBERS; i++) {
		char *to = buffer_room(&file, n);
		memcpy(to, file.data, n);
		file.n += n;
	}
	int in = file_of(&file);
	lseek(in, 0, SEEK_SET);
	buffer_free(&text);
	struct failure failure = {0};
	struct decompressor *d = decompress_open_by(f->engine, threads, (struct span){NULL, 0}, read_file, &in,
						    "a file", &failure);
	struct ahead *a = ahead_open(d, in, threads, 64, "a file");
	char page[1000];
	size_t before = mallinfo2().hblkhd + mallinfo2().uordblks, most = 0;
	for (int i = 0; i < 200; i++) {
		CHECK(ahead_read(a, page, sizeof page, &failure) > 0);
		size_t now = mallinfo2().hblkhd + mallinfo2().uordblks;
		most = now > most ? now : most;
		usleep(1000);
	}
	CHECK(most < before + (threads + 1) * (size_t)AHEAD_BYTES + (4 << 20) * threads);
	ahead_close(a);
	close(in);
	buffer_free(&file);
}

/* What a pipe has is given before more of it comes, and a pipe that says no more is closed. */
static void check_pipe(const struct format *f)
{
	int ends[2];
	char page[5000];
	struct buffer file = {0};
	struct failure failure = {0};
	f->add(&file, "one\n", 4);
	if (pipe(ends) != 0 || write(ends[1], file.data, file.n) != (ssize_t)file.n)
		abort();
	struct decompressor *d = decompress_open_by(f->engine, 2, (struct span){NULL, 0}, read_file, &ends[0],
						    "a pipe", &failure);
	struct ahead *a = ahead_open(d, ends[0], 2, AHEAD_PIECE, "a pipe");
	CHECK_INT(ahead_read(a, page, sizeof page, &failure), 4);
	if (write(ends[1], file.data, file.n) != (ssize_t)file.n)
		abort();
	CHECK_INT(ahead_read(a, page, sizeof page, &failure), 4);
	ahead_close(a);
	close(ends[0]);
	close(ends[1]);
	buffer_free(&file);
}

int main(void)
{
	static const struct format ZLIB = {"zlib", &DECOMPRESS_ZLIB, add_gzip, COMPRESSION_GZIP};
	static const struct format ZSTD = {"zstd", &DECOMPRESS_ZSTD, add_zstd, COMPRESSION_ZSTD};
	static const struct format XZ = {"xz", &DECOMPRESS_XZ, add_xz, COMPRESSION_XZ};
	struct format isal = {"ISA-L", DECOMPRESS_ISAL, add_gzip, COMPRESSION_GZIP};
	const struct format *formats[] = {&ZSTD, &XZ, &ZLIB, isal.engine ? &isal : NULL};
	struct random r = random_start(11, 0);
	for (size_t i = 0; i < sizeof formats / sizeof *formats && formats[i]; i++) {
		check_format(&r, formats[i]);
		check_pipe(formats[i]);
		check_false(&r, formats[i]);
	}
	check_bomb(isal.engine ? &isal : &ZLIB, 1);
	check_bomb(isal.engine ? &isal : &ZLIB, 4);
	check_bomb(&ZSTD, 4);
	return unit_finish();
}
