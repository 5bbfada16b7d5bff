/* Quoted values: escaped, cut at 60 bytes but never inside a character, and never
 * longer than the room that callers give; messages that a terminal does not obey. */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "base/random.h"
#include "unit.h"

__attribute__((format(printf, 2, 3))) static void hinted(const char *hint, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	tell_hint(hint, format, args);
	va_end(args);
}

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

/* A column's name: the marks are around all of it that is shown. */
static void check_names(void)
{
	char out[QUOTED_SIZE], name[70], cut[70];
	memset(name, 'a', sizeof name);
	CHECK_TEXT(quoted_name("user", 4, out), "'user'");
	CHECK_TEXT(quoted_name("we\"ird\t", 7, out), "'we\\\"ird\\t'");
	snprintf(cut, sizeof cut, "'%.60s'...", name);
	CHECK_TEXT(quoted_name(name, sizeof name, out), cut);
	cut[62] = '\0';
	CHECK_TEXT(quoted_name(name, 60, out), cut);
}

/* What steers a terminal, or hides there. */
static void check_steering(void)
{
	CHECK_TEXT(shown("\xc2\x9b" "31m\x9b", 6), "\"\\u009b31m\\x9b\"");
	CHECK_TEXT(shown("\xe2\x80\xae\xe2\x81\xa6\xe2\x80\x8f\xd8\x9c", 11),
		   "\"\\u202e\\u2066\\u200f\\u061c\"");
	CHECK_TEXT(shown("\xe2\x80\xa8\xe2\x80\xa9\xe2\x80\x8b\xef\xbb\xbf", 12),
		   "\"\\u2028\\u2029\\u200b\\ufeff\"");
	CHECK_TEXT(shown("\xf3\xa0\x80\x81\xf0\x9f\x98\x80\xc2\xa0", 10),
		   "\"\\U000e0001\xf0\x9f\x98\x80\xc2\xa0\"");
}

/* What a message is on standard error, whatever it was made of. */
static const char *said(const char *text, int error, const char *hint)
{
	static char got[20000];
	int pipes[2], old = dup(STDERR_FILENO);
	CHECK(old >= 0 && pipe(pipes) == 0 && dup2(pipes[1], STDERR_FILENO) >= 0);
	if (error) {
		pid_t child = fork();
		errno = error;
		if (child == 0)
			die_errno(STATUS_FAILED, "%s: cannot read", text);
		CHECK(child > 0 && waitpid(child, NULL, 0) == child);
	} else {
		hinted(hint, "%s: cannot read", text);
	}
	dup2(old, STDERR_FILENO);
	close(old);
	close(pipes[1]);
	ssize_t n = read(pipes[0], got, sizeof got - 1);
	close(pipes[0]);
	got[n < 0 ? 0 : n] = '\0';
	return got;
}

static void check_messages(void)
{
	CHECK_TEXT(said("a \xd0\x96.tsv", 0, ""), "recpipe: a \xd0\x96.tsv: cannot read\n");
	CHECK_TEXT(said("a\nrecpipe: done\x1b]0;x\x07\xe2\x80\xae", 0, "Try this.\n"),
		   "recpipe: a\\nrecpipe: done\\x1b]0;x\\x07\\u202e: cannot read\nTry this.\n");
	CHECK_TEXT(said("\xc2\x9b\x9b", ENOENT, ""),
		   "recpipe: \\u009b\\x9b: cannot read: No such file or directory\n");
	char text[8300];
	memset(text, 1, sizeof text);
	for (size_t n = 1500; n < sizeof text; n += 7) {
		text[n] = '\0';
		const char *got = said(text, 0, "Try this.\n");
		size_t length = strlen(got);
		CHECK(length < 8192 && strcmp(got + length - 11, "\nTry this.\n") == 0);
		CHECK(n < 1950 || strstr(got, "\\x01...\n") != NULL || n < 2000);
		CHECK(n > 1950 || strstr(got, "\\x01: cannot read\n") != NULL);
		text[n] = 1;
	}
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
	check_names();
	check_steering();
	check_messages();
	check_cut();
	check_room();
	return unit_finish();
}
