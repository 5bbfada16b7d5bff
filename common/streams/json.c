#include "streams/json-reader.h"

#include <stdlib.h>

#include "base/memory.h"
#include "streams/json-cut.h"

enum {
	FEW_KEYS = 32, /* up to here keys are compared pair by pair */
	MISSES = 32,   /* so many lines without a known shape: look more rarely */
};

/* ---- a line, by the grammar ---- */

static bool bad(struct json_reader *r, const char *at, size_t n, const char *problem)
{
	r->problem = problem;
	r->problem_at = (struct span){at, n};
	return false;
}

/* The rest of the line is what is shown. */
static bool bad_here(struct json_reader *r, const char *at, const char *end, const char *problem)
{
	return bad(r, at, at < end ? (size_t)(end - at) : 0, problem);
}

static inline uint64_t key_hash(const char *at, size_t n)
{
	uint64_t first = 0, last = 0;
	if (n >= 8) {
		memcpy(&first, at, 8);
		memcpy(&last, at + n - 8, 8);
	} else {
		memcpy(&first, at, n);
	}
	return (first ^ (last << 23 | last >> 41)) * 0x9e3779b97f4a7c15u + n;
}

/* A key that has been checked: unescaped if need be. */
static struct key key_of(struct json_reader *r, struct span raw, bool escaped, size_t line_n)
{
	struct key key = {raw.at, raw.n, 0, raw.at};
	if (escaped) {
		/* Room for all keys of the line at once, so that none moves. */
		if (r->n_unescaped == 0)
			r->unescaped = memory_grow(r->unescaped, &r->unescaped_capacity,
						   line_n, 1);
		key.at = r->unescaped + r->n_unescaped;
		key.n = json_unescape(raw, r->unescaped + r->n_unescaped);
		r->n_unescaped += key.n;
	}
	key.hash = key_hash(key.at, key.n);
	return key;
}

static inline bool same_key(const struct key *a, const struct key *b)
{
	return a->hash == b->hash && a->n == b->n && memcmp(a->at, b->at, a->n) == 0;
}

static int order_keys(const void *left, const void *right)
{
	const struct key *a = left, *b = right;
	if (a->hash != b->hash)
		return a->hash < b->hash ? -1 : 1;
	int order = span_compare((struct span){a->at, a->n}, (struct span){b->at, b->n});
	return order ? order : (a->from > b->from) - (a->from < b->from);
}

static const char TWICE[] = "a duplicate key in an object";

/* Remembers a key of the innermost object; false when it had it already. */
static inline bool add_key(struct json_reader *r, const struct frame *f, const struct key *key)
{
	size_t count = r->n_keys - f->first_key;
	for (size_t i = 0; i < count && count < FEW_KEYS; i++)
		if (same_key(&r->keys[f->first_key + i], key))
			return false;
	if (r->n_keys == r->keys_capacity)
		r->keys = memory_grow(r->keys, &r->keys_capacity, r->n_keys + 1, sizeof *r->keys);
	r->keys[r->n_keys++] = *key;
	return true;
}

/* At the end of an object with many keys: sorts them; the first repetition in
 * the line, or NULL. */
static const struct key *find_twice(struct json_reader *r, const struct frame *f)
{
	struct key *keys = r->keys + f->first_key;
	size_t count = r->n_keys - f->first_key;
	const struct key *found = NULL;
	if (count <= FEW_KEYS)
		return NULL;
	qsort(keys, count, sizeof *keys, order_keys);
	for (size_t i = 1; i < count; i++)
		if (same_key(&keys[i - 1], &keys[i]) && (!found || keys[i].from < found->from))
			found = &keys[i];
	return found;
}

static inline void add_part(struct json_reader *r, const char *from, const char *to, long slot)
{
	if (!r->plain)
		return;
	if (r->n_parts == SHAPE_PARTS) {
		r->plain = false;
		return;
	}
	r->parts[r->n_parts++] = (struct part){
		.from = (uint32_t)(from - r->line), .to = (uint32_t)(to - r->line), .slot = slot};
}

/* Where in the line the grammar is. */
struct cursor {
	const char *p, *end;
	long place;            /* of the value that comes */
	struct frame *f;       /* the innermost open object or array */
	size_t depth, line_n;
	struct json_fault fault;
};

/* An object or array begins at the cursor, which goes to what is after the bracket. */
static inline bool open_frame(struct json_reader *r, struct cursor *c)
{
	if (c->depth == JSON_DEPTH_MAX)
		return bad_here(r, c->p, c->end, "objects and arrays too deep");
	c->f = &r->frames[c->depth++];
	const struct place *place = c->place >= 0 ? &r->places[c->place] : NULL;
	long slot = place ? place->slot : -1;
	*c->f = (struct frame){.object = *c->p == '{', .place = c->place, .slot = slot,
			       .first_key = r->n_keys, .from = c->p};
	if (slot >= 0)
		r->plain = false; /* its text is no part of a shape */
	if (place && place->object_only && !c->f->object)
		return bad_here(r, c->p, c->end, "not an object");
	c->p = skip_blanks(c->p + 1);
	return true;
}

/* A value that is no object and no array. */
static inline bool take_scalar(struct json_reader *r, struct cursor *c)
{
	struct json_value v;
	const char *p = c->p, *after = scan_scalar(p, &v, &c->fault);
	if (!after && c->fault.problem)
		return bad_here(r, c->fault.at, c->end, c->fault.problem);
	if (!after)
		return bad_here(r, p, c->end, p >= c->end ? "the line ends where a value is expected"
				: "not a value");
	long slot = -1;
	if (c->place >= 0) {
		slot = r->places[c->place].slot;
		if (slot >= 0)
			r->values[slot] = v;
		if (r->places[c->place].object_only) {
			if (v.kind != JSON_NULL)
				return bad_here(r, p, c->end, "not an object");
			if (slot >= 0)
				r->plain = false;
			slot = MUST_BE_NULL;
		}
	}
	add_part(r, p, after, slot);
	c->p = after;
	return true;
}

/* A key and its colon; the place of its value. */
static inline bool take_key(struct json_reader *r, struct cursor *c)
{
	bool escaped;
	const char *p = c->p;
	if (*p != '"')
		return bad_here(r, p, c->end, p >= c->end ? "the line ends inside an object or array"
				: "not a key in quotes");
	const char *quote = scan_string(p + 1, &escaped, &c->fault);
	if (!quote)
		return bad_here(r, c->fault.at, c->end, c->fault.problem);
	struct span raw = {p + 1, (size_t)(quote - p - 1)};
	struct key key = key_of(r, raw, escaped, c->line_n);
	if (!add_key(r, c->f, &key))
		return bad(r, raw.at, raw.n, TWICE);
	c->place = NOWHERE;
	if (c->f->place >= 0) {
		c->place = find_key(r, c->f->place, (struct span){key.at, key.n});
		if (c->place < 0 && r->places[c->f->place].closed)
			return bad(r, raw.at, raw.n, r->places[c->f->place].closed);
	}
	p = skip_blanks(quote + 1);
	if (*p != ':')
		return bad_here(r, p, c->end, p >= c->end ? "the line ends after a key"
				: "no ':' after a key");
	c->p = p + 1;
	return true;
}

/* The bracket that ends the innermost object or array. */
static inline bool close_frame(struct json_reader *r, struct cursor *c)
{
	const struct frame *f = c->f;
	c->p++;
	if (f->object) {
		const struct key *twice = find_twice(r, f);
		if (twice)
			return bad(r, twice->from, strcspn(twice->from, "\"\n"), TWICE);
		r->n_keys = f->first_key;
	}
	if (f->slot >= 0)
		r->values[f->slot] = (struct json_value){
			.kind = f->object ? JSON_OBJECT : JSON_ARRAY,
			.raw = {f->from, (size_t)(c->p - f->from)}};
	if (--c->depth > 0)
		c->f--;
	return true;
}

/* One line, token by token. `r->parts` becomes the list of its scalars. */
static bool read_grammar(struct json_reader *r, struct span line)
{
	struct cursor c = {.p = skip_blanks(line.at), .end = line.at + line.n, .line_n = line.n,
			   .f = r->frames};
	r->n_keys = r->n_unescaped = r->n_parts = 0;
	r->plain = line.n <= SHAPE_BYTES;
	if (c.p == c.end)
		return bad(r, c.p, 0, "a blank line");
	if (*c.p != '{')
		return bad_here(r, c.p, c.end, "not a JSON object");
value:
	c.p = skip_blanks(c.p);
	if (*c.p == '{' || *c.p == '[') {
		if (!open_frame(r, &c))
			return false;
		if (*c.p == (c.f->object ? '}' : ']'))
			goto close;
		goto member;
	}
	if (!take_scalar(r, &c))
		return false;
next:
	c.p = skip_blanks(c.p);
	if (*c.p == ',') {
		c.p = skip_blanks(c.p + 1);
		c.f->index++;
		goto member;
	}
	if (*c.p != (c.f->object ? '}' : ']'))
		return bad_here(r, c.p, c.end, c.p >= c.end ? "the line ends inside an object or array"
				: c.f->object ? "expected ',' or '}' after a value"
				: "expected ',' or ']' after a value");
close:
	if (!close_frame(r, &c))
		return false;
	if (c.depth > 0)
		goto next;
	c.p = skip_blanks(c.p);
	return c.p == c.end || bad_here(r, c.p, c.end, "extra data after the object");
member:
	if (!c.f->object)
		c.place = c.f->place >= 0 ? find_index(r, c.f->place, c.f->index) : NOWHERE;
	else if (!take_key(r, &c))
		return false;
	goto value;
}

static inline void forget_values(struct json_reader *r)
{
	for (size_t i = 0; i < r->n_slots; i++)
		r->values[i] = (struct json_value){0};
}

/* Has the line this shape? */
static inline bool try_shape(struct json_reader *r, const struct shape *s, struct span line)
{
	if (s->is_quick && json_marks_have(&r->marks, line))
		return json_quick(r, s, line.at) == line.n;
	return json_read_shape(r, s, line);
}

/* The rest of json_read where the shape of the last line is not this one's. */
static bool read_other(struct json_reader *r, struct span line, bool look)
{
	for (size_t i = 1; look && i < r->n_shapes; i++) {
		size_t which = (r->last_shape + i) % r->n_shapes;
		if (try_shape(r, &r->shapes[which], line)) {
			r->last_shape = which;
			r->misses = 0;
			return true;
		}
	}
	r->misses += r->misses < MISSES;
	forget_values(r);
	if (!read_grammar(r, line))
		return false;
	if (look && r->plain)
		json_remember_shape(r, line);
	return true;
}

bool json_read(struct json_reader *r, struct span line)
{
	r->line = line.at;
	r->lines++;
	bool look = !r->no_shapes && (r->misses < MISSES || r->lines % 16 == 0);
	if (look && r->n_shapes && try_shape(r, &r->shapes[r->last_shape], line)) {
		r->misses = 0;
		return true;
	}
	return read_other(r, line, look);
}

bool json_read_known(struct json_reader *r, const char *from, size_t *n)
{
	const struct shape *s = &r->shapes[r->last_shape];
	if (!r->n_shapes || !s->is_quick || r->misses >= MISSES ||
	    !json_marks_have(&r->marks, (struct span){from, 0}))
		return false;
	*n = json_quick(r, s, from);
	if (*n == NOT_QUICK)
		return false;
	r->lines++;
	r->misses = 0;
	return true;
}

struct span json_next(struct json_reader *r, struct span rest, bool *good)
{
	struct span line = {rest.at, 0};
	*good = json_read_known(r, rest.at, &line.n) && rest.at[line.n] == '\n';
	if (*good)
		return line;
	line.n = (size_t)((const char *)memchr(rest.at, '\n', rest.n) - rest.at);
	*good = json_read(r, line);
	return line;
}

void json_look_over(struct json_reader *r, struct span text)
{
	json_marks_take(&r->marks, text, json_marks_best());
}

const struct json_value *json_values(const struct json_reader *r)
{
	return r->values;
}

const char *json_problem(const struct json_reader *r, size_t *offset, struct span *where)
{
	*offset = (size_t)(r->problem_at.at - r->line);
	*where = r->problem_at;
	return r->problem;
}

/* ---- members of an object ---- */

/* After the value at `p`, which has been checked, and is in a line that goes on to `end` at least. */
static const char *skip_value(const char *p, const char *end, struct json_value *v)
{
	struct json_fault fault = {0};
	uint64_t lines;
	if (*p != '{' && *p != '[')
		return scan_scalar(p, v, &fault);
	*v = (struct json_value){.kind = *p == '{' ? JSON_OBJECT : JSON_ARRAY};
	v->raw = (struct span){p, json_value_end((struct span){p, (size_t)(end - p)}, &lines)};
	return p + v->raw.n;
}

bool json_member(struct span *rest, struct json_value *key, struct json_value *value)
{
	const char *p = rest->at, *end = rest->at + rest->n;
	struct json_fault fault = {0};
	if (rest->n == 0)
		return false;
	p = skip_blanks(p + 1); /* after '{' or ',' */
	if (p >= end || *p != '"')
		return false;
	p = scan_scalar(p, key, &fault);
	p = skip_blanks(skip_blanks(p) + 1);
	p = skip_blanks(skip_value(p, end, value));
	*rest = (struct span){p, (size_t)(end - p)};
	return true;
}

bool json_element(struct span *rest, struct json_value *value)
{
	const char *end = rest->at + rest->n;
	if (rest->n == 0)
		return false;
	const char *p = skip_blanks(rest->at + 1); /* after '[' or ',' */
	if (p >= end || *p == ']')
		return false;
	p = skip_blanks(skip_value(p, end, value));
	*rest = (struct span){p, (size_t)(end - p)};
	return true;
}
