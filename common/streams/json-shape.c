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

bool json_read_shape(struct json_reader *r, const struct shape *s, struct span line)
{
	const char *p = line.at, *end = line.at + line.n;
	struct json_fault fault = {0};
	for (size_t k = 0; k < s->n_parts; k++) {
		const struct part *part = &s->parts[k];
		if ((size_t)(end - p) < part->literal_n ||
		    !same_bytes(p, s->text + part->literal, part->literal_n))
			return false;
		struct json_value v;
		p = scan_scalar(p + part->literal_n, &v, &fault);
		if (!p)
			return false;
		if (part->slot >= 0)
			r->values[part->slot] = v;
		else if (part->slot == MUST_BE_NULL && v.kind != JSON_NULL)
			return false;
	}
	return (size_t)(end - p) == s->tail_n && memcmp(p, s->text + s->tail, s->tail_n) == 0;
}
