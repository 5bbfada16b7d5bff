#include "base/failure.h"

#include <errno.h>
#include <string.h>

#include "base/message.h"

static void keep(struct failure *f, enum exit_status status, const struct message *m)
{
	static const char CUT[] = "...";
	size_t n = m->n;
	if (n >= sizeof f->text) {
		for (n = sizeof f->text - sizeof CUT; ((unsigned char)m->text[n] & 0xc0) == 0x80;)
			n--;
		memcpy(f->text + n, CUT, sizeof CUT);
	} else {
		f->text[n] = '\0';
	}
	memcpy(f->text, m->text, n);
	f->status = status;
}

__attribute__((format(printf, 3, 0)))
static void take(struct failure *f, enum exit_status status, const char *format, va_list args, int error)
{
	struct message m = {.n = 0};
	if (has_failed(f))
		return;
	message_format(&m, format, args);
	if (error)
		message_errno(&m, error);
	if (!f)
		die(status, "%.*s", (int)m.n, m.text);
	keep(f, status, &m);
}

bool failure_set(struct failure *f, enum exit_status status, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	take(f, status, format, args, 0);
	va_end(args);
	return false;
}

bool failure_set_errno(struct failure *f, enum exit_status status, const char *format, ...)
{
	int error = errno;
	va_list args;
	va_start(args, format);
	take(f, status, format, args, error);
	va_end(args);
	return false;
}
