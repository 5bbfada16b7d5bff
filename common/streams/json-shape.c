#include "streams/json-reader.h"

#include <stdlib.h>

#include "base/memory.h"

void json_drop_shapes(struct json_reader *r)
{
	for (size_t i = 0; i < r->n_shapes; i++) {
		free(r->shapes[i].text);
		free(r->shapes[i].parts);
		free(r->shapes[i].quick);
		free(r->shapes[i].absent);
	}
	memset(r->shapes, 0, sizeof r->shapes);
	r->n_shapes = r->last_shape = r->next_shape = 0;
	r->misses = 0;
}

void json_forget_shapes(struct json_reader *r)
{
	json_drop_shapes(r);
	r->no_shapes = true;
}

/* What a line of the shape leaves empty. */
static void find_absent(const struct json_reader *r, struct shape *s)
{
	s->n_absent = 0;
	s->absent = memory_grow(s->absent, &s->absent_capacity, r->n_slots + 1, sizeof *s->absent);
	for (size_t slot = 0; slot < r->n_slots; slot++) {
		bool set = false;
		for (size_t k = 0; k < s->n_parts && !set; k++)
			set = s->parts[k].slot == (long)slot;
		if (!set)
			s->absent[s->n_absent++] = (uint32_t)slot;
	}
}

void json_remember_shape(struct json_reader *r, struct span line)
{
	size_t i = r->next_shape;
	struct shape *s = &r->shapes[i];
	if (i == r->n_shapes) {
		s->text = memory_new(SHAPE_BYTES + JSON_PAD, 1);
		s->parts = memory_new(SHAPE_PARTS, sizeof *s->parts);
		s->quick = memory_new(SHAPE_PARTS + 1, sizeof *s->quick);
		r->n_shapes++;
	}
	r->next_shape = (i + 1) % SHAPES;
	r->last_shape = i;
	memcpy(s->text, line.at, line.n);
	memset(s->text + line.n, 0, JSON_PAD);
	s->text[line.n] = '\n';
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
	find_absent(r, s);
	r->values = memory_grow(r->values, &r->slots_capacity, r->n_slots + 1, sizeof *r->values);
	json_quick_prepare(r, s);
}

bool json_read_shape(struct json_reader *r, const struct shape *s, struct span line)
{
	const char *p = line.at, *end = line.at + line.n;
	struct json_fault fault = {0};
	struct json_value *values = r->values, other;
	for (size_t k = 0; k < s->n_parts; k++) {
		const struct part *part = &s->parts[k];
		if ((size_t)(end - p) < part->literal_n ||
		    !same_bytes(p, s->text + part->literal, part->literal_n))
			return false;
		struct json_value *v = part->slot >= 0 ? &values[part->slot] : &other;
		p = scan_scalar(p + part->literal_n, v, &fault);
		if (!p || (part->slot == MUST_BE_NULL && v->kind != JSON_NULL))
			return false;
	}
	for (size_t i = 0; i < s->n_absent; i++)
		values[s->absent[i]] = (struct json_value){0};
	return (size_t)(end - p) == s->tail_n && same_bytes(p, s->text + s->tail, s->tail_n);
}
