/* span.h - a range of bytes owned by something else. */
#ifndef RECPIPE_BASE_SPAN_H
#define RECPIPE_BASE_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
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

/* The same as memcmp(...) == 0 and memcpy, without a call where ids are short. */
static inline bool bytes_same(const char *a, const char *b, size_t n)
{
	uint64_t x, y;
	uint32_t v, w;
	if (n > 16)
		return memcmp(a, b, n) == 0;
	if (n >= 8) { /* two words that may overlap */
		memcpy(&x, a, 8);
		memcpy(&y, b, 8);
		if (x != y)
			return false;
		memcpy(&x, a + n - 8, 8);
		memcpy(&y, b + n - 8, 8);
		return x == y;
	}
	if (n >= 4) {
		memcpy(&v, a, 4);
		memcpy(&w, b, 4);
		if (v != w)
			return false;
		memcpy(&v, a + n - 4, 4);
		memcpy(&w, b + n - 4, 4);
		return v == w;
	}
	for (size_t i = 0; i < n; i++)
		if (a[i] != b[i])
			return false;
	return true;
}

static inline void bytes_copy(char *to, const char *from, size_t n)
{
	uint64_t x, y;
	uint32_t v, w;
	if (n > 16) {
		memcpy(to, from, n);
	} else if (n >= 8) {
		memcpy(&x, from, 8);
		memcpy(&y, from + n - 8, 8);
		memcpy(to, &x, 8);
		memcpy(to + n - 8, &y, 8);
	} else if (n >= 4) {
		memcpy(&v, from, 4);
		memcpy(&w, from + n - 4, 4);
		memcpy(to, &v, 4);
		memcpy(to + n - 4, &w, 4);
	} else {
		for (size_t i = 0; i < n; i++)
			to[i] = from[i];
	}
}

/* Copies the bytes to where there is room; returns the end of the copy. */
static inline char *span_put(char *to, struct span s)
{
	bytes_copy(to, s.at, s.n);
	return to + s.n;
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

/* The next of the pieces that `mark` separates in *rest: a list "a,b,c", a row of fields.
 * n marks separate n + 1 pieces, each of which may be empty; after the last one rest->at is
 * NULL and false is returned.
 *
 *	for (struct span word, rest = span_of("a,b,c"); span_next(&rest, ',', &word);) */
static inline bool span_next(struct span *rest, char mark, struct span *piece)
{
	if (!rest->at)
		return false;
	const char *end = rest->n ? memchr(rest->at, mark, rest->n) : NULL;
	*piece = (struct span){rest->at, end ? (size_t)(end - rest->at) : rest->n};
	*rest = end ? (struct span){end + 1, rest->n - piece->n - 1} : (struct span){NULL, 0};
	return true;
}

/* The words of "a|b|c", of which an option or a setting is one: the index of `word`, or -1; the
 * word of an index that there is. */
int choice_index(const char *choices, struct span word);
struct span choice_word(const char *choices, int index);

/* How many bytes must be inserted, deleted or changed to make one of the other
 * (Levenshtein 1966), for suggestions; 64 when either is longer than that. */
size_t span_distance(struct span a, struct span b);

#endif
