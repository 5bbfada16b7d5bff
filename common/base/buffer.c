#include "base/buffer.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/error.h"

void buffer_format(struct buffer *b, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	int n = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (n < 0)
		die_errno(STATUS_FAILED, "cannot format a text");
	char *to = buffer_room(b, (size_t)n + 1);
	va_start(args, format);
	vsnprintf(to, (size_t)n + 1, format, args);
	va_end(args);
	b->n += (size_t)n;
}
