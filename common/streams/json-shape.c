#include "streams/json-reader.h"

#include <stdlib.h>

#include "base/memory.h"

void json_drop_shapes(struct json_reader *r)
{
	for (size_t i = 0; i < r->n_shapes; i++) {
		free(r->shapes[i].text);
		free(r->shapes[i].parts);
	}
	r->n_shapes = r->last_shape = r->next_shape = 0;
	r->misses = 0;
}

void json_forget_shapes(struct json_reader *r)
{
	json_drop_shapes(r);
	r->no_shapes = true;
}

void json_remember_shape(struct json_reader *r, struct span line)
{
	size_t i = r->next_shape;
	struct shape *s = &r->shapes[i];
	if (i == r->n_shapes) {
		s->text = memory_new(SHAPE_BYTES + JSON_PAD, 1);
		s->parts = memory_new(SHAPE_PARTS, sizeof *s->parts);
		r->n_shapes++;
	}
	r->next_shape = (i + 1) % SHAPES;
	r->last_shape = i;
	memcpy(s->text, line.at, line.n);
	memset(s->text + line.n, 0, JSON_PAD);
	s->n_parts = r->n_parts;
	uint32_t from = 0;
	for (size_t k = 0; k < r->n_parts; k++) {
		s->parts[k] = r->parts[k];
		s->parts[k].literal = from;
		s->parts[k].literal_n = r->parts[k].from - from;
		from = r->parts[k].to;
	}
	s->tail = from;
	s->tail_n = line.n - from;
}

/* Member by member, as they will be read: one that is copied as a whole waits for its members. */
static inline void set_value(struct json_value *v, const char *at, size_t n, enum json_kind kind)
{
	v->raw.at = at;
	v->raw.n = n;
	v->kind = kind;
	v->escaped = false;
}

/* The scalar at `p` by the marks, after it; NULL where scan_scalar must look: it is neither a plain
 * string nor a number of digits with or without a point, or longer than the marks at hand. */
static inline const char *marked_scalar(const struct json_marks *m, const char *p, struct json_value *v)
{
	size_t at = (size_t)(p - m->text.at), n;
	if (*p == '"') {
		uint64_t special = json_marks_at(m->special, at + 1);
		n = special ? (size_t)__builtin_ctzll(special) : 0;
		if (!special || p[1 + n] != '"')
			return NULL;
		set_value(v, p + 1, n, JSON_STRING);
		return p + n + 2;
	}
	uint64_t ends = json_marks_at(m->no_digit, at);
	n = ends ? (size_t)__builtin_ctzll(ends) : 0;
	if (n == 0 || (*p == '0' && n > 1))
		return NULL;
	if (p[n] == '.') {
		size_t point = n;
		ends &= ends - 1;
		n = ends ? (size_t)__builtin_ctzll(ends) : 0;
		if (n <= point + 1)
			return NULL;
	}
	if ((p[n] | 0x20) == 'e')
		return NULL;
	set_value(v, p, n, JSON_NUMBER);
	return p + n;
}

/* json_read_shape; `marked` is constant: the reader has marks of the line. */
__attribute__((always_inline))
static inline bool read_shape(struct json_reader *r, const struct shape *s, struct span line,
			      const bool marked)
{
	const char *p = line.at, *end = line.at + line.n;
	const struct json_marks *marks = &r->marks;
	struct json_fault fault = {0};
	struct json_value *values = r->values, other;
	for (size_t k = 0; k < s->n_parts; k++) {
		const struct part *part = &s->parts[k];
		if ((size_t)(end - p) < part->literal_n ||
		    !same_bytes(p, s->text + part->literal, part->literal_n))
			return false;
		struct json_value *v = part->slot >= 0 ? &values[part->slot] : &other;
		p += part->literal_n;
		const char *after = marked ? marked_scalar(marks, p, v) : NULL;
		if (!after)
			after = scan_scalar(p, v, &fault);
		if (!after || (part->slot == MUST_BE_NULL && v->kind != JSON_NULL))
			return false;
		p = after;
	}
	return (size_t)(end - p) == s->tail_n && same_bytes(p, s->text + s->tail, s->tail_n);
}

bool json_read_shape(struct json_reader *r, const struct shape *s, struct span line)
{
	return json_marks_have(&r->marks, line) ? read_shape(r, s, line, true) : read_shape(r, s, line, false);
}
