#include "base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char *program_name = "recpipe";
enum log_level log_level = LOG_NORMAL;
void (*error_prelude)(void);

/* One write(2) a message, so that lines of several processes do not mix. */
static void say(const char *format, va_list args, int error)
{
	char line[2048];
	int used = snprintf(line, sizeof line, "%s: ", program_name);
	size_t at = used < 0 ? 0 : (size_t)used;
	used = vsnprintf(line + at, sizeof line - at, format, args);
	at += used < 0 ? 0 : (size_t)used;
	if (at >= sizeof line)
		at = sizeof line - 1;
	if (error && at < sizeof line - 1) {
		char text[128];
		used = snprintf(line + at, sizeof line - at, ": %s",
				strerror_r(error, text, sizeof text));
		at += used < 0 ? 0 : (size_t)used;
	}
	if (at > sizeof line - 2)
		at = sizeof line - 2;
	line[at++] = '\n';
	if (error_prelude)
		error_prelude();
	for (size_t done = 0; done < at;) {
		ssize_t n = write(STDERR_FILENO, line + done, at - done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return; /* nobody is left to tell */
		done += (size_t)n;
	}
}

void die(enum exit_status status, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	say(format, args, 0);
	va_end(args);
	exit(status);
}

void die_errno(enum exit_status status, const char *format, ...)
{
	int error = errno;
	va_list args;
	va_start(args, format);
	say(format, args, error);
	va_end(args);
	exit(status);
}

void warn(const char *format, ...)
{
	if (log_level == LOG_QUIET)
		return;
	va_list args;
	va_start(args, format);
	say(format, args, 0);
	va_end(args);
}

void note(const char *format, ...)
{
	if (log_level < LOG_VERBOSE)
		return;
	va_list args;
	va_start(args, format);
	say(format, args, 0);
	va_end(args);
}

void tell(const char *format, ...)
{
	va_list args;
	va_start(args, format);
	say(format, args, 0);
	va_end(args);
}

/* Length of the UTF-8 sequence at `s` (1 to 4), or 0 when it is none. */
static size_t utf8_length(const unsigned char *s, size_t n)
{
	size_t length = s[0] < 0x80 ? 1 : s[0] >= 0xc2 && s[0] < 0xe0 ? 2
		: s[0] >= 0xe0 && s[0] < 0xf0 ? 3 : s[0] >= 0xf0 && s[0] < 0xf5 ? 4 : 0;
	if (length == 0 || length > n)
		return 0;
	for (size_t i = 1; i < length; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) ||
	    (s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f))
		return 0;
	return length;
}

const char *quoted(const char *bytes, size_t n, char out[QUOTED_SIZE])
{
	enum { SHOWN = 60 };
	const unsigned char *s = (const unsigned char *)bytes;
	char *o = out;
	size_t i = 0;
	*o++ = '"';
	while (i < n) {
		size_t length = utf8_length(s + i, n - i);
		if (i + (length ? length : 1) > SHOWN)
			break;
		if (length > 1) {
			memcpy(o, s + i, length);
			o += length;
			i += length;
			continue;
		}
		unsigned char c = s[i++];
		if (c == '\t')
			o = memcpy(o, "\\t", 2), o += 2;
		else if (c == '\n')
			o = memcpy(o, "\\n", 2), o += 2;
		else if (c == '\r')
			o = memcpy(o, "\\r", 2), o += 2;
		else if (c == '"' || c == '\\')
			*o++ = '\\', *o++ = (char)c;
		else if (length == 0 || c < 0x20 || c == 0x7f)
			o += snprintf(o, 5, "\\x%02x", c);
		else
			*o++ = (char)c;
	}
	*o++ = '"';
	memcpy(o, i < n ? "..." : "", i < n ? 4 : 1);
	return out;
}
