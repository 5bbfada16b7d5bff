/* Encodings: against the C library's iconv, in pieces of every size; and the guess. */
#include <iconv.h>

#include "streams/encoding.h"
#include "unit.h"

/* `from` in pieces of `step` bytes. */
static struct buffer convert(const char *name, struct span from, size_t step)
{
	struct encoding *e = encoding_open(name);
	struct buffer to = {0}, rest = {0};
	for (size_t at = 0; at < from.n; at += step) {
		size_t n = from.n - at < step ? from.n - at : step;
		buffer_add(&rest, from.at + at, n);
		size_t took = encoding_convert(e, (struct span){rest.data, rest.n}, at + n == from.n, &to);
		memmove(rest.data, rest.data + took, rest.n - took);
		rest.n -= took;
	}
	CHECK_INT(rest.n, 0);
	buffer_free(&rest);
	encoding_close(e);
	return to;
}

/* The same by the C library, a byte or a unit of 16 bits at a time; what it refuses is 0xff. */
static struct buffer by_library(const char *name, struct span from, size_t unit)
{
	struct buffer to = {0};
	iconv_t c = iconv_open("UTF-8", name);
	for (size_t at = 0; at + unit <= from.n; at += unit) {
		char *in = (char *)(uintptr_t)(from.at + at), *out = buffer_room(&to, 8);
		size_t left = unit, room = 8;
		if (iconv(c, &in, &left, &out, &room) == (size_t)-1)
			*out++ = '\xff';
		to.n = (size_t)(out - to.data);
	}
	iconv_close(c);
	return to;
}

static bool same(struct buffer a, struct buffer b)
{
	bool ok = span_equal((struct span){a.data, a.n}, (struct span){b.data, b.n});
	buffer_free(&a);
	buffer_free(&b);
	return ok;
}

static void check_tables(void)
{
	static const char *const NAMES[][2] = {
		{"latin-1", "ISO-8859-1"}, {"cp1251", "CP1251"}, {"Windows_1252", "CP1252"}, {"KOI8-R", "KOI8-R"},
	};
	char bytes[256];
	for (int i = 0; i < 256; i++)
		bytes[i] = (char)i;
	for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++)
		for (size_t step = 1; step < 300; step += 99)
			CHECK(same(convert(NAMES[i][0], (struct span){bytes, 256}, step),
				   by_library(NAMES[i][1], (struct span){bytes, 256}, 1)));
}

static void check_utf16(void)
{
	static char units[2 * 65536];
	for (int i = 0; i < 65536; i++) {
		units[2 * i] = (char)(i & 0xff);
		units[2 * i + 1] = (char)(i >> 8);
	}
	/* Every unit, those of surrogates alone are bad. */
	struct buffer to = convert("utf-16le", (struct span){units, sizeof units}, 4097);
	size_t bad = 0;
	for (size_t i = 0; i < to.n; i++)
		bad += to.data[i] == ENCODING_BAD;
	CHECK_INT(bad, 2046); /* the last high one and the first low one are a pair */
	buffer_free(&to);
	const char clef[] = "\x34\xd8\x1e\xdd";
	for (size_t step = 1; step < 6; step++)
		CHECK(same(convert("utf-16le", (struct span){clef, 4}, step), convert("utf8", span_of("\U0001d11e"), 4)));
	CHECK(same(convert("utf-16be", (struct span){"\0a\0b\0", 5}, 1), convert("utf8", span_of("ab\xff"), 9)));
}

static const char *guess(const char *bytes, size_t n)
{
	const char *why;
	return encoding_guess((struct span){bytes, n}, true, &why);
}

static void check_guess(void)
{
	CHECK_TEXT(guess("user,item\n", 10), "utf-8");
	CHECK_TEXT(guess("caf\xc3\xa9\n", 6), "utf-8");
	CHECK_TEXT(guess("caf\xe9 \xe0 la carte\n", 16), "latin-1");
	CHECK_TEXT(guess("it\x92s caf\xe9\n", 10), "cp1252");
	CHECK_TEXT(guess("\xcd\xee\xf7\xfc \xe8 \xe4\xe5\xed\xfc\n", 11), "cp1251");
	CHECK_TEXT(guess("\xff\xfeu\0", 4), "utf-16le");
	CHECK_TEXT(guess("\xfe\xff\0u", 4), "utf-16be");
	CHECK_TEXT(guess("u\0s\0e\0r\0\n\0", 10), "utf-16le");
	CHECK_TEXT(guess("\x18\4\x32\4,\0\x14\4\x36\4\x42\4\n\0", 14), "utf-16le");
	CHECK_TEXT(guess("\4\x18\4\x32\0,\4\x14\4\x36\4\x42\0\n", 14), "utf-16be");
	CHECK_TEXT(guess("\0u\0s\0e\0r\0\n", 10), "utf-16be");
	CHECK_TEXT(guess("user\na\0b\na\0b\n", 13), "utf-8");
	CHECK(encoding_open("no-such") == NULL);
	CHECK(utf8_is_valid(span_of("day \xd0\xb4\xd0\xb5\xd0\xbd\xd1\x8c and night")));
	CHECK(!utf8_is_valid(span_of("a rather long line with \xe9 in it")));
	CHECK(!utf8_is_valid(span_of("\xed\xa0\x80")));
}

int main(void)
{
	check_tables();
	check_utf16();
	check_guess();
	return unit_finish();
}
