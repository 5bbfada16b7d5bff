#include "base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/message.h"

const char *program_name = "recpipe";
enum log_level log_level = LOG_NORMAL;
void (*error_prelude)(void);

/* One write(2) a message, so that lines of several processes do not mix. */
__attribute__((format(printf, 1, 0)))
static void say(const char *format, va_list args, int error, const char *hint)
{
	struct message m = {.n = 0};
	message_plain(&m, program_name);
	message_plain(&m, ": ");
	message_format(&m, format, args);
	if (error)
		message_errno(&m, error);
	message_plain(&m, "\n");
	message_plain(&m, hint);
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
