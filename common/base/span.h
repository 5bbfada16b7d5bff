/* span.h - a stretch of bytes that somebody else owns. */
#ifndef RECPIPE_BASE_SPAN_H
#define RECPIPE_BASE_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct span {
	const char *at;
	size_t n;
};

/* The span of a NUL-terminated string, without its NUL. */
static inline struct span span_of(const char *text)
{
	return (struct span){text, strlen(text)};
}

static inline bool span_equal(struct span a, struct span b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.at, b.at, a.n) == 0);
}

/* Byte order, as LC_ALL=C sort has it: negative, 0 or positive. */
static inline int span_compare(struct span a, struct span b)
{
	size_t shared = a.n < b.n ? a.n : b.n;
	int order = shared ? memcmp(a.at, b.at, shared) : 0;
	return order ? order : (a.n > b.n) - (a.n < b.n);
}

#endif
