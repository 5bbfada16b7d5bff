/* message.h - the text of a message: what came from outside cannot steer the terminal. */
#ifndef RECPIPE_BASE_MESSAGE_H
#define RECPIPE_BASE_MESSAGE_H

#include <stdarg.h>
#include <stddef.h>

/* A zeroed `n` is an empty message. What does not fit is cut, and marked with `...`. */
struct message {
	char text[8192];
	size_t n;
};

/* Appends text as it is. */
void message_plain(struct message *m, const char *text);

/* Appends formatted text, escaped by quote_unit. */
void message_format(struct message *m, const char *format, va_list args)
	__attribute__((format(printf, 2, 0)));

/* Appends `: ` and what errno `error` means. */
void message_errno(struct message *m, int error);

#endif
