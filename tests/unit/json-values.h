/* json-values.h - the values of a line by their paths, for the tests of what reads JSON. */
#ifndef RECPIPE_TESTS_JSON_VALUES_H
#define RECPIPE_TESTS_JSON_VALUES_H

#include <string.h>

#include "streams/json-reader.h"
#include "unit.h"

/* The number of the path among the values. */
static inline size_t slot_of(struct json_reader *r, const char *path)
{
	const char *rest;
	long place = json_path(r, path, &rest);
	CHECK(place >= 0 && *rest == '\0');
	return json_slot(r, (size_t)(place < 0 ? 0 : place));
}

/* The text without its end; how many bytes. */
static inline size_t put(char *to, const char *text)
{
	size_t n = strlen(text);
	memcpy(to, text, n);
	return n;
}

/* Are the first values of two lines the same? */
static inline int same_values(struct json_reader *a, struct json_reader *b, size_t slots)
{
	for (size_t i = 0; i < slots; i++) {
		struct json_value v = json_values(a)[i], w = json_values(b)[i];
		if (v.kind != w.kind || v.escaped != w.escaped || !span_equal(v.raw, w.raw))
			return 0;
	}
	return 1;
}

#endif
