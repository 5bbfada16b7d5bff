/* Every engine, fed in drips and asked for odd lengths, gives back what was compressed, from
 * one member or several; files that are cut, followed by garbage or changed in a byte never
 * give another text, and nothing is written behind the room that is given. */
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "compressed.h"
#include "unit.h"

/* ---- reading them ---- */

struct drips {
	const struct buffer *file;
	size_t at;
	struct random *r;
};

static size_t next_drip(void *context, void *to, size_t n)
{
	struct drips *d = context;
	size_t some = 1 + random_below(d->r, random_below(d->r, 3) ? 70000 : 5);
	some = some < n ? some : n;
	some = some < d->file->n - d->at ? some : d->file->n - d->at;
	memcpy(to, d->file->data + d->at, some);
	d->at += some;
	return some;
}

enum { PAGE = 1 << 16 };

/* A page whose next one must not be touched. */
static char *guarded_page(void)
{
	char *at = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (at == MAP_FAILED || mprotect(at + PAGE, PAGE, PROT_NONE) != 0)
		abort();
	return at;
}

/* What comes of the file; false when it is bad. */
static bool read_file(struct random *r, const struct format *f, const struct buffer *file, char *page,
		      struct buffer *text)
{
	struct failure failure = {0};
	struct drips drips = {file, 0, r};
	char first[COMPRESSION_MAGIC];
	struct span start = {first, 0};
	while (start.n < sizeof first && start.n < file->n)
		start.n += next_drip(&drips, first + start.n, sizeof first - start.n);
	text->n = 0;
	struct decompressor *d = decompress_open_by(f->engine, 1, start, next_drip, &drips, "a file", &failure);
	for (;;) {
		size_t n = 1 + random_below(r, random_below(r, 3) ? PAGE : 7);
		size_t got = decompress_read(d, page + PAGE - n, n);
		if (got == 0)
			break;
		buffer_add(text, page + PAGE - n, got);
	}
	decompress_close(d);
	CHECK(failure.status == STATUS_DONE || failure.status == STATUS_DATA);
	return failure.status == STATUS_DONE;
}

static size_t not_yet(void *context, void *to, size_t n)
{
	(void)to;
	(void)n;
	*(bool *)context = true;
	return 0;
}

/* How many bytes come, `room` at a time, before more of the file than its first n is asked for. */
static size_t given_before_asking(const struct format *f, const struct buffer *file, size_t n, char *to,
				  size_t room)
{
	bool asked = false;
	struct failure failure = {0};
	struct decompressor *d = decompress_open_by(f->engine, 1, (struct span){file->data, n}, not_yet, &asked,
						    "a file", &failure);
	size_t total = 0, got;
	while ((got = decompress_read(d, to, room)) > 0 && !asked)
		total += got;
	decompress_close(d);
	return total;
}

/* What can be given is given before more of the file is waited for. */
static void check_no_wait(const struct format *f, const struct buffer *file, size_t whole)
{
	char *to = malloc(whole);
	for (size_t n = file->n / 4; n < file->n; n += file->n / 4)
		CHECK_INT(given_before_asking(f, file, n, to, 7), given_before_asking(f, file, n, to, whole));
	free(to);
}

static void check_format(struct random *r, const struct format *f, char *page)
{
	struct buffer text = {0}, file = {0}, got = {0};
	for (int round = 0; round < 20; round++) {
		make_text(r, &text, round ? random_below(r, 600000) : 0);
		compress_text(r, f, &text, &file);
		CHECK(compression_of((struct span){file.data, file.n}) == f->kind);
		CHECK(read_file(r, f, &file, page, &got) && same(&got, &text));
	}
	/* A text that grows a thousandfold comes in rooms as small as any. */
	text.n = 0;
	memset(buffer_room(&text, 3 << 20), 'x', 3 << 20);
	text.n = 3 << 20;
	file.n = 0;
	f->add(&file, text.data, text.n);
	CHECK(read_file(r, f, &file, page, &got) && same(&got, &text));
	check_no_wait(f, &file, text.n);

	make_text(r, &text, 3000);
	file.n = 0;
	f->add(&file, text.data, 1000);
	size_t first = file.n;
	f->add(&file, text.data + 1000, 2000);
	size_t whole = file.n;
	for (file.n = COMPRESSION_MAGIC; file.n < whole; file.n++)
		CHECK(read_file(r, f, &file, page, &got) == (file.n == first));
	for (const char *garbage = "\1x(P\x1f"; *garbage; garbage++) {
		file.n = whole;
		buffer_add_byte(&file, *garbage);
		CHECK(!read_file(r, f, &file, page, &got));
	}
	file.n = whole;
	for (size_t i = 0; i < whole; i++) {
		char kept = file.data[i];
		file.data[i] ^= (char)(1 << random_below(r, 8));
		bool good = read_file(r, f, &file, page, &got);
		CHECK(!good || same(&got, &text)); /* a time in a header may change */
		file.data[i] = kept;
	}
	buffer_free(&text);
	buffer_free(&file);
	buffer_free(&got);
}

#define SPAN(text) ((struct span){text, sizeof text - 1})

static void check_magic(void)
{
	CHECK(compression_of(SPAN("")) == COMPRESSION_NONE);
	CHECK(compression_of(SPAN("(\xb5/")) == COMPRESSION_NONE);
	CHECK(compression_may_be(SPAN("(\xb5/")));
	CHECK(!compression_may_be(SPAN("(x")));
	CHECK(!compression_may_be(SPAN("\x1f\x8b"))); /* it is one */
}

int main(void)
{
	static const struct format ZLIB = {"zlib", &DECOMPRESS_ZLIB, add_gzip, COMPRESSION_GZIP};
	static const struct format ZSTD = {"zstd", &DECOMPRESS_ZSTD, add_zstd, COMPRESSION_ZSTD};
	static const struct format XZ = {"xz", &DECOMPRESS_XZ, add_xz, COMPRESSION_XZ};
	struct format isal = {"ISA-L", DECOMPRESS_ISAL, add_gzip, COMPRESSION_GZIP};
	struct random r = random_start(7, 0);
	char *page = guarded_page();
	check_magic();
	check_format(&r, &ZLIB, page);
	check_format(&r, &ZSTD, page);
	check_format(&r, &XZ, page);
	if (isal.engine)
		check_format(&r, &isal, page);
	return unit_finish();
}
