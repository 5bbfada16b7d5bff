/* buffer.h - bytes that grow. A zeroed struct is an empty buffer. */
#ifndef RECPIPE_BASE_BUFFER_H
#define RECPIPE_BASE_BUFFER_H

#include <stddef.h>
#include <string.h>

#include "base/memory.h"
#include "base/span.h"

struct buffer {
	char *data;
	size_t n, capacity;
};

/* Room for `more` bytes after the last one; returns where they go. The caller
 * adds to `n` what it wrote. */
static inline char *buffer_room(struct buffer *b, size_t more)
{
	if (b->capacity - b->n < more)
		b->data = memory_grow(b->data, &b->capacity, b->n + more, 1);
	return b->data + b->n;
}

static inline void buffer_add(struct buffer *b, const char *bytes, size_t n)
{
	char *to = buffer_room(b, n);
	if (n)
		memcpy(to, bytes, n);
	b->n += n;
}

static inline void buffer_add_span(struct buffer *b, struct span s)
{
	buffer_add(b, s.at, s.n);
}

static inline void buffer_add_text(struct buffer *b, const char *text)
{
	buffer_add(b, text, strlen(text));
}

static inline void buffer_add_byte(struct buffer *b, char c)
{
	*buffer_room(b, 1) = c;
	b->n++;
}

/* Appends formatted text. */
void buffer_format(struct buffer *b, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Ends the text with a NUL that is not counted in `n`; returns the text. */
static inline char *buffer_text(struct buffer *b)
{
	*buffer_room(b, 1) = '\0';
	return b->data;
}

static inline void buffer_free(struct buffer *b)
{
	free(b->data);
	*b = (struct buffer){0};
}

#endif
