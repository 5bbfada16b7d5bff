/* Quoted values: escaped, cut at 60 bytes but never inside a character, and never
 * longer than the room that callers give. */
#include <stdlib.h>

#include "base/error.h"
#include "base/random.h"
#include "unit.h"

static const char *shown(const char *text, size_t n)
{
	static char out[QUOTED_SIZE];
	return quoted(text, n, out);
}

static void check_escapes(void)
{
	CHECK_TEXT(shown("0,7", 3), "\"0,7\"");
	CHECK_TEXT(shown("", 0), "\"\"");
	CHECK_TEXT(shown("a\tb\nc\rd", 7), "\"a\\tb\\nc\\rd\"");
	CHECK_TEXT(shown("say \"\\\"", 7), "\"say \\\"\\\\\\\"\"");
	CHECK_TEXT(shown("\0\x1b[31m\x7f", 7), "\"\\x00\\x1b[31m\\x7f\"");
	CHECK_TEXT(shown("\xd0\x96", 2), "\"\xd0\x96\"");
	CHECK_TEXT(shown("\xff\xd0", 2), "\"\\xff\\xd0\"");
	CHECK_TEXT(shown("\xc0\xaf", 2), "\"\\xc0\\xaf\"");         /* overlong */
	CHECK_TEXT(shown("\xed\xa0\x80", 3), "\"\\xed\\xa0\\x80\""); /* a surrogate */
	CHECK_TEXT(shown("\xf4\x90\x80\x80", 4), "\"\\xf4\\x90\\x80\\x80\""); /* beyond 10ffff */
}

static void check_cut(void)
{
	char text[200], want[80];
	memset(text, 'x', sizeof text);
	memset(want, 'x', sizeof want);
	want[0] = want[61] = '"';
	want[62] = '\0';
	CHECK_TEXT(shown(text, 60), want);
	memcpy(want + 62, "...", 4);
	CHECK_TEXT(shown(text, 61), want);
	memcpy(text + 59, "\xd0\x96", 2); /* would end behind byte 60 */
	want[60] = '"';
	memcpy(want + 61, "...", 4);
	CHECK_TEXT(shown(text, 61), want);
}

static void check_room(void)
{
	struct random r = random_start(1, 0);
	char text[100];
	for (int i = 0; i < 20000; i++) {
		size_t n = random_below(&r, sizeof text);
		for (size_t k = 0; k < n; k++)
			text[k] = (char)random_below(&r, i % 2 ? 256 : 32);
		size_t length = strlen(shown(text, n));
		CHECK(length >= 2 && length < QUOTED_SIZE);
		CHECK((strstr(shown(text, n), "\"...") != NULL) >= (n > 60));
	}
}

int main(void)
{
	check_escapes();
	check_cut();
	check_room();
	return unit_finish();
}
