#include "base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/quote.h"

const char *program_name = "recpipe";
enum log_level log_level = LOG_NORMAL;
void (*error_prelude)(void);

/* A message that is being made: what came from outside cannot steer the terminal. */
struct message {
	char text[8192];
	size_t n;
};

static void add_shown(struct message *m, const char *text, size_t n)
{
	static const char CUT[] = "...";
	for (size_t i = 0, length; i < n; m->n += length) {
		if (m->n + QUOTE_UNIT > sizeof m->text - 256) { /* room for what comes behind it */
			memcpy(m->text + m->n, CUT, sizeof CUT - 1);
			m->n += sizeof CUT - 1;
			return;
		}
		i += quote_unit(text + i, n - i, m->text + m->n, &length);
	}
}

static void add_plain(struct message *m, const char *text)
{
	size_t room = sizeof m->text - m->n, n = strlen(text);
	n = n < room ? n : room;
	memcpy(m->text + m->n, text, n);
	m->n += n;
}

/* One write(2) a message, so that lines of several processes do not mix. */
__attribute__((format(printf, 1, 0)))
static void say(const char *format, va_list args, int error, const char *hint)
{
	struct message m = {.n = 0};
	char text[sizeof m.text];
	add_plain(&m, program_name);
	add_plain(&m, ": ");
	int used = vsnprintf(text, sizeof text, format, args);
	add_shown(&m, text, used < 0 ? 0 : strlen(text));
	if (error) {
		char why[128];
		add_plain(&m, ": ");
		add_plain(&m, strerror_r(error, why, sizeof why));
	}
	add_plain(&m, "\n");
	add_plain(&m, hint);
	if (error_prelude)
		error_prelude();
	for (size_t done = 0; done < m.n;) {
		ssize_t n = write(STDERR_FILENO, m.text + done, m.n - done);
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
	say(format, args, 0, "");
	va_end(args);
	exit((int)status);
}

void die_errno(enum exit_status status, const char *format, ...)
{
	int error = errno;
	va_list args;
	va_start(args, format);
	say(format, args, error, "");
	va_end(args);
	exit((int)status);
}

void warn(const char *format, ...)
{
	if (log_level == LOG_QUIET)
		return;
	va_list args;
	va_start(args, format);
	say(format, args, 0, "");
	va_end(args);
}

void note(const char *format, ...)
{
	if (log_level < LOG_VERBOSE)
		return;
	va_list args;
	va_start(args, format);
	say(format, args, 0, "");
	va_end(args);
}

void tell(const char *format, ...)
{
	va_list args;
	va_start(args, format);
	say(format, args, 0, "");
	va_end(args);
}

void tell_hint(const char *hint, const char *format, va_list args)
{
	say(format, args, 0, hint);
}

const char *quoted(const char *bytes, size_t n, char out[QUOTED_SIZE])
{
	enum { SHOWN = 60 };
	char *o = out;
	size_t i = 0, length;
	*o++ = '"';
	while (i < n) {
		char unit[QUOTE_UNIT];
		size_t took = quote_unit(bytes + i, n - i, unit, &length);
		if (i + took > SHOWN)
			break;
		if (bytes[i] == '"' || bytes[i] == '\\')
			*o++ = '\\';
		o = (char *)memcpy(o, unit, length) + length;
		i += took;
	}
	*o++ = '"';
	memcpy(o, i < n ? "..." : "", i < n ? 4 : 1);
	return out;
}
