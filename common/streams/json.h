/* json.h - fields of JSON lines (RFC 8259), by path, without building a tree.
 *
 * A reader knows a set of paths. Each line is checked completely (grammar,
 * UTF-8, escapes, surrogates, duplicate keys, depth), and what lies at the
 * paths is handed out as spans of the line. Beyond the RFC's grammar, what
 * cannot be kept faithfully is refused: the same key twice in one object, a
 * surrogate without its other half, an escaped NUL. \udc80 ... \udcff alone are
 * kept: they are single bytes of an id that is not UTF-8 (see json-write.h), and
 * refused where they make UTF-8 together.
 *
 *	struct json_reader *r = json_new();
 *	size_t user = json_slot(r, json_path(r, ".payload.user", &rest));
 *	if (json_read(r, line) && json_values(r)[user].kind == JSON_NUMBER) ...
 *
 * Lines of a log are mostly alike: the bytes between the values of the last few
 * shapes of line are remembered, and a line that has the same ones is read by
 * comparing them and checking its values alone.
 */
#ifndef RECPIPE_STREAMS_JSON_H
#define RECPIPE_STREAMS_JSON_H

#include <stdbool.h>
#include <stddef.h>

#include "base/span.h"

enum {
	JSON_DEPTH_MAX = 128, /* objects and arrays inside one another */
	JSON_PAD = 64,        /* bytes that must be readable after a line */
};

enum json_kind {
	JSON_ABSENT, /* the path leads to nothing */
	JSON_NULL, JSON_FALSE, JSON_TRUE, JSON_NUMBER, JSON_STRING, JSON_OBJECT, JSON_ARRAY
};

struct json_value {
	struct span raw;     /* as in the line; a string without its quotes */
	enum json_kind kind;
	bool escaped;        /* a string with a backslash in it */
};

struct json_reader;

struct json_reader *json_new(void);
void json_free(struct json_reader *r); /* NULL is allowed */

/* Another reader that looks for the same, with the same numbers: for another thread. */
struct json_reader *json_copy(const struct json_reader *r);

/* Places in a line are numbered; 0 is the line's own object. These give the
 * number of the place below `place` at a key, or an array's element from 0. */
size_t json_key(struct json_reader *r, size_t place, struct span key);
size_t json_index(struct json_reader *r, size_t place, size_t index);

/* The place that a text like `.user.id`, `.tracks[0]` or `."a.b".c` names, from
 * a dot on; quoted keys are JSON strings. `*rest` is where the path ends: the
 * text's end, or a byte that belongs to no path (`/`, and `|` before another path). -1 where the text is no
 * path, and then `*rest` is where. */
long json_path(struct json_reader *r, const char *text, const char **rest);

/* From now on json_read hands out what is at `place`; returns the index of it
 * in json_values. The same place has the same index each time. */
size_t json_slot(struct json_reader *r, size_t place);

/* How many indexes there are. */
size_t json_slots(const struct json_reader *r);

/* What is at `place` must be an object, null or absent: anything else is bad. */
void json_expect_object(struct json_reader *r, size_t place);

/* The same, and an object must have none but the keys that json_key made places
 * of: `problem` says so of another one (the text must stay). */
void json_close_keys(struct json_reader *r, size_t place, const char *problem);

/* Reads one line (no LF in it). The byte after it must be an LF, with JSON_PAD
 * readable ones after that. False when it is bad: see json_problem. The values
 * hold until the line's bytes go away or the next json_read. */
bool json_read(struct json_reader *r, struct span line);

/* The same for the line that the rest of a text of whole lines begins with, which is returned. Where its
 * shape is that of the line before, nobody has to look for its end. */
struct span json_next(struct json_reader *r, struct span rest, bool *good);

/* The same for an object that begins there, whatever comes after it: false unless it has the shape of the
 * one before, and is in the text of json_look_over; nothing is known then. */
bool json_read_known(struct json_reader *r, const char *from, size_t *n);

/* The lines that come are in this text, 64 bytes after which are readable: those that have a known shape
 * are read faster. An empty one ends that, as it must before the text's bytes go away. */
void json_look_over(struct json_reader *r, struct span text);

/* What json_slot asked for, in the order of the slots. */
const struct json_value *json_values(const struct json_reader *r);

/* What is wrong with the line that json_read refused, at which byte of it (from
 * 0), and the text there. */
const char *json_problem(const struct json_reader *r, size_t *offset, struct span *where);

/* The text of a value into `out`, which has room for raw.n bytes; returns its
 * length. Strings are unescaped, null and absent are empty, the rest is copied.
 * TAB, LF and CR become spaces, and `*separators` grows by their number. */
size_t json_text(const struct json_value *value, char *out, size_t *separators);

/* Steps through an object that json_read handed out: takes the first member off
 * `*rest` (at first the value's raw text). False after the last one. */
bool json_member(struct span *rest, struct json_value *key, struct json_value *value);

/* The same for an array: takes the first element off `rest`. */
bool json_element(struct span *rest, struct json_value *value);

/* Reads each line on its own, without remembered shapes: for tests, which hold one
 * way of reading against the other. */
void json_forget_shapes(struct json_reader *r);

#endif
