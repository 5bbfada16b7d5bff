/* JSON that is written: what is a number and what a string, and a property test: any id,
 * read back by the reader of JSON lines, is the same bytes, and no two ids look alike. */
#include <stdlib.h>

#include "unit.h"
#include "base/number.h"
#include "base/random.h"
#include "streams/json.h"
#include "streams/json-write.h"

static struct buffer buffer;

static const char *id(const char *text)
{
	buffer.n = 0;
	json_write_id(&buffer, span_of(text));
	return buffer_text(&buffer);
}

static const char *number(const char *text)
{
	buffer.n = 0;
	json_write_number(&buffer, span_of(text));
	return buffer_text(&buffer);
}

static void ids(void)
{
	static const char *const NUMBERS[] = {"0", "7", "-1", "10", "-10", "123456789012345",
		"9007199254740991", "-9007199254740991"};
	static const char *const STRINGS[] = {"007", "00", "-0", "-00", "-01", "+1", "1.0", "1.", ".5",
		"1e3", "1E400", "1e400", "-", "--1", "0x1", " 1", "1 ", "9007199254740992",
		"-9007199254740992", "9007199254740993", "18446744073709551616", "99999999999999999999",
		"1234567890123456789012345678901234567890", "nan", "inf", "true", "null", "\xd9\xa1"};
	char want[64];
	CHECK_TEXT(id(""), "null");
	for (size_t i = 0; i < sizeof NUMBERS / sizeof *NUMBERS; i++)
		CHECK_TEXT(id(NUMBERS[i]), NUMBERS[i]);
	for (size_t i = 0; i < sizeof STRINGS / sizeof *STRINGS; i++) {
		snprintf(want, sizeof want, "\"%s\"", STRINGS[i]);
		CHECK_TEXT(id(STRINGS[i]), want);
	}
	CHECK_TEXT(id("a\"b\\c\t\x01\x7f"), "\"a\\\"b\\\\c\\u0009\\u0001\x7f\"");
	CHECK_TEXT(id("\xd0\x96\xf0\x9f\x8e\xb5"), "\"\xd0\x96\xf0\x9f\x8e\xb5\"");
	CHECK_TEXT(id("x\xff\x80y"), "\"x\\udcff\\udc80y\"");
	CHECK_TEXT(id("\xed\xa0\x80"), "\"\\udced\\udca0\\udc80\""); /* a surrogate */
	CHECK_TEXT(id("\xc0\xaf\xe2\x82"), "\"\\udcc0\\udcaf\\udce2\\udc82\"");
	CHECK_TEXT(id("\xef\xbf\xbd"), "\"\xef\xbf\xbd\""); /* U+FFFD stays itself */
}

static void numbers(void)
{
	static const char *const SAME[] = {"0", "-0", "1.0", "0.50", "1e3", "1E+3", "-1.5e-7", "12345678901234567890"};
	for (size_t i = 0; i < sizeof SAME / sizeof *SAME; i++)
		CHECK_TEXT(number(SAME[i]), SAME[i]);
	CHECK_TEXT(number(""), "null");
	CHECK_TEXT(number("+1"), "1");
	CHECK_TEXT(number(".5"), "0.5");
	CHECK_TEXT(number("-.5"), "-0.5");
	CHECK_TEXT(number("5."), "5");
	CHECK_TEXT(number("007"), "7");
	CHECK_TEXT(number("x"), "\"x\"");
}

/* An id of a kind that makes trouble: digits and signs, any bytes, broken UTF-8. */
static size_t random_id(struct random *r, char *out)
{
	static const char DIGITS[] = "0123456789-+.eE";
	static const char PIECES[][5] = {"\xc3\xa9", "\xf0\x9f\x8e\xb5", "\xed\xa0\xbd", "\xff", "\xc3", "\xa9",
		"\\u", "\"", "\x01", "0", "\xef\xbf\xbd", "\xe2\x82"};
	size_t n = 0, length = 1 + random_below(r, 12);
	uint32_t kind = random_below(r, 3);
	while (n < length) {
		if (kind == 0) {
			out[n++] = DIGITS[random_below(r, sizeof DIGITS - 1)];
		} else if (kind == 1) {
			char c = (char)random_below(r, 256);
			if (c && c != '\t' && c != '\n' && c != '\r')
				out[n++] = c;
		} else {
			const char *piece = PIECES[random_below(r, sizeof PIECES / sizeof *PIECES)];
			memcpy(out + n, piece, strlen(piece));
			n += strlen(piece);
		}
	}
	return n;
}

static void read_back(struct json_reader *reader, const char *bytes, size_t n, int expect_number)
{
	buffer.n = 0;
	buffer_add_text(&buffer, "{\"user\": ");
	json_write_id(&buffer, (struct span){bytes, n});
	buffer_add_byte(&buffer, '}');
	size_t length = buffer.n, separators = 0;
	buffer_add_byte(&buffer, '\n');
	memset(buffer_room(&buffer, JSON_PAD), '"', JSON_PAD);
	char text[128];
	if (!CHECK(json_read(reader, (struct span){buffer.data, length})))
		return;
	const struct json_value *v = json_values(reader);
	if (!CHECK(v->raw.n <= sizeof text))
		return;
	size_t got = json_text(v, text, &separators);
	CHECK(got == n && memcmp(text, bytes, n) == 0 && separators == 0);
	CHECK(v->kind == (expect_number ? JSON_NUMBER : JSON_STRING));
}

static void any_id(void)
{
	struct random r = random_start(15, 0);
	struct json_reader *reader = json_new();
	const char *rest;
	int n_numbers = 0;
	json_slot(reader, (size_t)json_path(reader, ".user", &rest));
	for (int i = 0; i < 100000; i++) {
		char bytes[32];
		size_t n = random_id(&r, bytes);
		/* A number is one that a double gives back. */
		char text[40] = {0};
		double value;
		int64_t whole;
		int as_number = number_i64(bytes, n, &whole) == NUMBER_OK && llabs(whole) < 1LL << 53 &&
			number_double(bytes, n, &value) == NUMBER_OK &&
			snprintf(text, sizeof text, "%.0f", value) == (int)n && memcmp(text, bytes, n) == 0 &&
			!(bytes[0] == '-' && whole == 0);
		n_numbers += as_number;
		read_back(reader, bytes, n, as_number);
	}
	CHECK(n_numbers > 1000 && n_numbers < 50000);
	json_free(reader);
}

int main(void)
{
	ids();
	numbers();
	any_id();
	buffer_free(&buffer);
	return unit_finish();
}
