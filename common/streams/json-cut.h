/* json-cut.h - where values of JSON end, and a text of many may be cut, by quotes and brackets alone.
 *
 * For json-split.c. Texts have 64 readable bytes after them.
 */
#ifndef RECPIPE_STREAMS_JSON_CUT_H
#define RECPIPE_STREAMS_JSON_CUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"

/* How long the value is that the text begins with, an object or an array, and how many line ends are in it;
 * 0 where it does not end in the text, has a line end in a string, or a backslash outside. */
size_t json_value_end(struct span text, uint64_t *lines);

/* Does it go on after the text, in which there is no such odd byte? */
bool json_value_goes_on(struct span text);

/* Elements of an array, the text beginning after one of them; or values one after another. */
struct json_cut {
	bool array;
	struct json_stride *strides; /* its own, for the next call */
	size_t capacity;
};

/* input_take_piece's cut, `context` a struct json_cut: the last comma after an element, or the end of the
 * last value in brackets, of which that can be told. 0: none. */
size_t json_cut(void *context, struct span text);

#endif
