/* What base/error.c does in the tools, for the library: nothing is printed, nothing ends. */
#include "guard.h"

#include <errno.h>
#include <recpipe/status.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"

_Thread_local struct guard *guard_now;
const char *program_name = "librecpipe"; /* who packed a file */

const char *rcp_version(void)
{
	return RECPIPE_VERSION;
}

__attribute__((format(printf, 2, 0)))
static _Noreturn void go_back(enum exit_status status, const char *format, va_list args, int error)
{
	struct guard *g = guard_now;
	if (!g)
		abort(); /* every call that may die has a guard */
	g->failure->status = STATUS_DONE;
	char text[FAILURE_TEXT];
	vsnprintf(text, sizeof text, format, args);
	errno = error;
	if (error)
		failure_set_errno(g->failure, status, "%s", text);
	else
		failure_set(g->failure, status, "%s", text);
	siglongjmp(g->back, 1);
}

void die(enum exit_status status, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	go_back(status, format, args, 0);
}

void die_errno(enum exit_status status, const char *format, ...)
{
	int error = errno;
	va_list args;
	va_start(args, format);
	go_back(status, format, args, error);
}

void warn(const char *format, ...)
{
	(void)format;
}

void tell(const char *format, ...)
{
	(void)format;
}
