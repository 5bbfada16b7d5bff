/* error.h - how a tool says what went wrong, and the exit codes of the suite.
 *
 * A message is one line on standard error: `tool: text`. No level tags. Whatever a
 * message holds, a terminal does not obey it: control bytes, bytes that are no UTF-8 and
 * characters that steer the display are escaped (quote_terminal), a line end too.
 * Nothing here allocates, so that a failed allocation can be reported.
 */
#ifndef RECPIPE_BASE_ERROR_H
#define RECPIPE_BASE_ERROR_H

#include <stdarg.h>
#include <stddef.h>

enum exit_status {
	STATUS_DONE = 0,
	STATUS_FAILED = 1,      /* run-time error: a file, a disk, memory */
	STATUS_USAGE = 2,       /* the command line is wrong */
	STATUS_DATA = 3,        /* the input is wrong */
	STATUS_UNAVAILABLE = 4, /* a service does not answer: worth another try */
};

enum log_level { LOG_QUIET, LOG_NORMAL, LOG_VERBOSE };

extern const char *program_name;
extern enum log_level log_level;

/* Called before a message is printed, when set: what shows progress clears its line. */
extern void (*error_prelude)(void);

/* Prints `tool: message` and exits with `status`. */
_Noreturn void die(enum exit_status status, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* The same, with `: strerror(errno)` after the message. */
_Noreturn void die_errno(enum exit_status status, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Prints `tool: message` unless -q was given. The run goes on. */
void warn(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Prints `tool: message` only with -v. */
void note(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Prints `tool: message` even with -q: for what must never pass unseen. */
void tell(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The same, with the lines of `hint`, each ended by LF, after the message. */
void tell_hint(const char *hint, const char *format, va_list args)
	__attribute__((format(printf, 2, 0)));

enum { QUOTED_SIZE = 256 };

/* Writes "value" in double quotes to `out` (QUOTED_SIZE bytes) and returns it:
 * quotes, backslashes and what a terminal is not to have (quote_unit) escaped, what
 * is longer than 60 bytes cut there and marked with `...`. */
const char *quoted(const char *bytes, size_t n, char out[QUOTED_SIZE]);

/* The name of a column, 'name', otherwise the same. */
const char *quoted_name(const char *name, size_t n, char out[QUOTED_SIZE]);

/* The name of a file as a message has it: itself, or as `quoted` has it where it is empty,
 * begins or ends with a blank, or is longer than 255 bytes. Valid until the thread has asked
 * for four more. */
const char *shown_file(const char *path);

/* The same of a file that is read, where NULL and "-" are standard input. */
const char *shown_input(const char *path);

#endif
