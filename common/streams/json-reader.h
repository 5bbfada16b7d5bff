/* json-reader.h - what the files of json.h share of a reader: the places that are wanted
 * (json-path.c), the line that is being read (json.c), the shapes of lines that were read
 * before (json-shape.c).
 */
#ifndef RECPIPE_STREAMS_JSON_READER_H
#define RECPIPE_STREAMS_JSON_READER_H

#include <stdint.h>

#include "streams/json-marks.h"
#include "streams/json-scan.h"

enum {
	NOWHERE = -1,      /* a place below which nothing is wanted */
	SHAPES = 4,        /* how many shapes of line are remembered */
	SHAPE_PARTS = 256, /* larger lines are not */
	SHAPE_BYTES = 8192,
};

/* A wanted place: a key or index below another one. */
struct place {
	long parent;
	bool is_index;
	size_t index;
	struct span key;       /* its own memory */
	long first, next;      /* first place below, next one beside it */
	long slot;             /* -1: nothing is handed out */
	bool object_only;      /* json_expect_object was called */
	const char *closed;    /* json_close_keys' words, or NULL */
};

/* A key of an open object, unescaped, for the search for duplicates. */
struct key {
	const char *at;
	size_t n;
	uint64_t hash;
	const char *from;      /* where it is in the line */
};

/* An open object or array. */
struct frame {
	bool object;
	long place, slot;
	size_t first_key, index;
	const char *from;
};

/* A scalar of a line: what precedes it since the last one is its literal. */
struct part {
	uint32_t from, to;     /* in the line it was seen in */
	uint32_t literal, literal_n;
	long slot;             /* -1: none; MUST_BE_NULL */
};
enum { MUST_BE_NULL = -2 };

/* The same for json_quick: a literal with the quotes of the strings beside it, and what comes after it;
 * that of the last one is the tail. */
struct quick_part {
	const char *literal;
	uint64_t mask;         /* as many low bits as it has bytes */
	uint32_t literal_n;
	uint32_t value;        /* where its value goes, in bytes from the first; after the last: not wanted */
	bool string;
};

struct shape {
	char *text;            /* the line, and an LF, padded */
	struct part *parts;
	size_t n_parts, tail, tail_n;
	struct quick_part *quick; /* and the tail's after the last one */
	size_t n_quick;
	bool is_quick;         /* no literal is too long for that */
	uint32_t *absent;      /* the slots that none of the parts sets */
	size_t n_absent, absent_capacity;
};

struct json_reader {
	struct place *places;
	size_t n_places, places_capacity;
	struct json_value *values;
	size_t n_slots, slots_capacity;

	const char *line;
	const char *problem;
	struct span problem_at;

	struct frame frames[JSON_DEPTH_MAX];
	struct key *keys;
	size_t n_keys, keys_capacity;
	char *unescaped;       /* keys with escapes; never longer than the line */
	size_t n_unescaped, unescaped_capacity;

	struct part parts[SHAPE_PARTS];
	size_t n_parts;
	bool plain;            /* the line so far can become a shape */
	struct shape shapes[SHAPES];
	size_t n_shapes, last_shape, next_shape;
	unsigned misses, lines;
	bool no_shapes;
	struct json_marks marks; /* json_look_over's */
};

/* The place below `place`, -1 when there is none. */
static inline long find_key(const struct json_reader *r, long place, struct span key)
{
	long at = r->places[place].first;
	for (; at >= 0; at = r->places[at].next)
		if (!r->places[at].is_index && span_equal(r->places[at].key, key))
			break;
	return at;
}

static inline long find_index(const struct json_reader *r, long place, size_t index)
{
	long at = r->places[place].first;
	for (; at >= 0; at = r->places[at].next)
		if (r->places[at].is_index && r->places[at].index == index)
			break;
	return at;
}

/* Forgets all shapes: what is wanted has changed. */
void json_drop_shapes(struct json_reader *r);

/* A line is literal, scalar, literal, ..., literal, where the literals hold all
 * structure and all keys. A line with the literals of a good one and with good
 * scalars is good itself, and has its values at the same paths. Remembers the line, whose
 * parts are known. */
void json_remember_shape(struct json_reader *r, struct span line);

/* True when the line has this shape, and all values are set; otherwise nothing is known about it, and
 * some values may have been set. */
bool json_read_shape(struct json_reader *r, const struct shape *s, struct span line);

/* The same for the object that begins there in the text of the marks, by them: its length, or NOT_QUICK.
 * What comes after it was not looked at. */
#define NOT_QUICK SIZE_MAX
size_t json_quick(struct json_reader *r, const struct shape *s, const char *from);

/* Makes the quick parts of a shape. */
void json_quick_prepare(const struct json_reader *r, struct shape *s);

#endif
