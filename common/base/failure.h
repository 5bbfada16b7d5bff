/* failure.h - what went wrong, for a caller who wants to know instead of ending.
 *
 * A function that takes a struct failure, or whose object was opened with one, returns
 * when something fails: false, NULL, or what its header says. It has then said what in
 * the failure; the first thing that fails is the one that is kept. Without one (NULL: the
 * tools) the program ends as by die.
 */
#ifndef RECPIPE_BASE_FAILURE_H
#define RECPIPE_BASE_FAILURE_H

#include <stdbool.h>

#include "base/error.h"

enum { FAILURE_TEXT = 2048 };

/* A zeroed one: nothing has failed. */
struct failure {
	enum exit_status status;
	char text[FAILURE_TEXT]; /* one line without LF, escaped as messages are */
};

static inline bool has_failed(const struct failure *f)
{
	return f && f->status != STATUS_DONE;
}

/* Puts the message into the failure, unless it has one; dies with it where `f` is NULL.
 * Returns false, so that one can `return failure_set(...)`. */
bool failure_set(struct failure *f, enum exit_status status, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* The same, with `: strerror(errno)` after the message. */
bool failure_set_errno(struct failure *f, enum exit_status status, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
