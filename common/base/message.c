#include "base/message.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/quote.h"

static void add_shown(struct message *m, const char *text, size_t n)
{
	static const char CUT[] = "...";
	for (size_t i = 0, length; i < n; m->n += length) {
		if (m->n + QUOTE_UNIT > sizeof m->text - 256) { /* room for what comes after it */
			memcpy(m->text + m->n, CUT, sizeof CUT - 1);
			m->n += sizeof CUT - 1;
			return;
		}
		i += quote_unit(text + i, n - i, m->text + m->n, &length);
	}
}

void message_plain(struct message *m, const char *text)
{
	size_t room = sizeof m->text - m->n, n = strlen(text);
	n = n < room ? n : room;
	memcpy(m->text + m->n, text, n);
	m->n += n;
}

void message_format(struct message *m, const char *format, va_list args)
{
	char text[sizeof m->text];
	int used = vsnprintf(text, sizeof text, format, args);
	add_shown(m, text, used < 0 ? 0 : strlen(text));
}

/* strerror_r returns the text in glibc, a status in POSIX and musl. */
static const char *gnu_text(const char *text, const char *why)
{
	(void)why;
	return text;
}

static const char *posix_text(int failed, const char *why)
{
	return failed ? "unknown error" : why;
}

void message_errno(struct message *m, int error)
{
	char why[128];
	message_plain(m, ": ");
	message_plain(m, _Generic(strerror_r(error, why, sizeof why), int: posix_text, default: gnu_text)
			(strerror_r(error, why, sizeof why), why));
}

static const char *put_quoted(const char *bytes, size_t n, char mark, char out[QUOTED_SIZE])
{
	enum { SHOWN = 60 };
	char *o = out;
	size_t i = 0, length;
	*o++ = mark;
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
	*o++ = mark;
	memcpy(o, i < n ? "..." : "", i < n ? 4 : 1);
	return out;
}

const char *quoted(const char *bytes, size_t n, char out[QUOTED_SIZE])
{
	return put_quoted(bytes, n, '"', out);
}

const char *quoted_name(const char *name, size_t n, char out[QUOTED_SIZE])
{
	return put_quoted(name, n, '\'', out);
}

const char *shown_file(const char *path)
{
	enum { LONG = 255, ROOMS = 4 };
	static _Thread_local char rooms[ROOMS][QUOTED_SIZE];
	static _Thread_local unsigned next;
	size_t n = strlen(path);
	if (n > 0 && n <= LONG && path[0] != ' ' && path[n - 1] != ' ')
		return path;
	return quoted(path, n, rooms[next++ % ROOMS]);
}

const char *shown_input(const char *path)
{
	return !path || strcmp(path, "-") == 0 ? "(standard input)" : shown_file(path);
}
