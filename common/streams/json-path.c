#include "streams/json-reader.h"

#include <stdlib.h>

#include "base/buffer.h"
#include "base/memory.h"

struct json_reader *json_new(void)
{
	struct json_reader *r = memory_zero(1, sizeof *r);
	r->places = memory_grow(NULL, &r->places_capacity, 8, sizeof *r->places);
	r->places[0] = (struct place){.parent = NOWHERE, .first = -1, .next = -1, .slot = -1};
	r->n_places = 1;
	return r;
}

struct json_reader *json_copy(const struct json_reader *r)
{
	struct json_reader *copy = memory_zero(1, sizeof *copy);
	copy->places = memory_grow(NULL, &copy->places_capacity, r->n_places, sizeof *copy->places);
	memcpy(copy->places, r->places, r->n_places * sizeof *copy->places);
	copy->n_places = r->n_places;
	for (size_t i = 0; i < r->n_places; i++)
		if (r->places[i].key.at)
			copy->places[i].key.at = memory_text(r->places[i].key.at, r->places[i].key.n);
	copy->values = memory_zero(r->n_slots + 1, sizeof *copy->values);
	copy->n_slots = r->n_slots;
	copy->slots_capacity = r->n_slots + 1;
	copy->no_shapes = r->no_shapes;
	return copy;
}

void json_free(struct json_reader *r)
{
	if (!r)
		return;
	json_drop_shapes(r);
	json_marks_free(&r->marks);
	for (size_t i = 0; i < r->n_places; i++)
		free((char *)(uintptr_t)r->places[i].key.at);
	free(r->places);
	free(r->values);
	free(r->keys);
	free(r->unescaped);
	free(r);
}

static size_t add_place(struct json_reader *r, size_t parent, struct place place)
{
	json_drop_shapes(r);
	r->places = memory_grow(r->places, &r->places_capacity, r->n_places + 1,
				sizeof *r->places);
	place.parent = (long)parent;
	place.first = place.slot = -1;
	place.next = r->places[parent].first;
	r->places[parent].first = (long)r->n_places;
	r->places[r->n_places] = place;
	return r->n_places++;
}

size_t json_key(struct json_reader *r, size_t place, struct span key)
{
	long found = find_key(r, (long)place, key);
	if (found >= 0)
		return (size_t)found;
	return add_place(r, place, (struct place){
		.key = {memory_text(key.n ? key.at : "", key.n), key.n}});
}

size_t json_index(struct json_reader *r, size_t place, size_t index)
{
	long found = find_index(r, (long)place, index);
	if (found >= 0)
		return (size_t)found;
	return add_place(r, place, (struct place){.is_index = true, .index = index});
}

size_t json_slot(struct json_reader *r, size_t place)
{
	if (r->places[place].slot < 0) {
		json_drop_shapes(r);
		r->values = memory_grow(r->values, &r->slots_capacity, r->n_slots + 1,
					sizeof *r->values);
		r->values[r->n_slots] = (struct json_value){0};
		r->places[place].slot = (long)r->n_slots++;
	}
	return (size_t)r->places[place].slot;
}

size_t json_slots(const struct json_reader *r)
{
	return r->n_slots;
}

void json_expect_object(struct json_reader *r, size_t place)
{
	json_drop_shapes(r);
	r->places[place].object_only = true;
}

void json_close_keys(struct json_reader *r, size_t place, const char *problem)
{
	json_expect_object(r, place);
	r->places[place].closed = problem;
}

/* A key in a path: a JSON string, or bytes up to one that ends it. */
static bool path_key(const char **at, struct buffer *key)
{
	key->n = 0;
	if (**at != '"') {
		size_t n = strcspn(*at, ".[]\"/ \t\n");
		for (size_t i = 0; i < n; i++) /* a bar in front of a path or a string ends it, too */
			if ((*at)[i] == '|' && (*at)[i + 1] && strchr(".$\"", (*at)[i + 1]))
				n = i;
		buffer_add(key, *at, n);
		*at += n;
		return n > 0;
	}
	/* Checked in a copy, which can be padded as a line must be. */
	struct json_fault f = {0};
	bool escaped;
	size_t n = strlen(*at);
	char *copy = memory_zero(n + 1 + JSON_PAD, 1);
	memcpy(copy, *at, n);
	copy[n] = '\n';
	const char *end = scan_string(copy + 1, &escaped, &f);
	if (end) {
		struct span raw = {copy + 1, (size_t)(end - copy - 1)};
		key->n = json_unescape(raw, buffer_room(key, raw.n + 1));
		*at += end - copy + 1;
	}
	free(copy);
	return end != NULL;
}

static bool path_number(const char **at, size_t *index)
{
	const char *p = *at;
	*index = 0;
	for (; *p >= '0' && *p <= '9' && p - *at < 9; p++)
		*index = *index * 10 + (size_t)(*p - '0');
	bool ok = p > *at && *p == ']';
	*at = p + ok;
	return ok;
}

long json_path(struct json_reader *r, const char *text, const char **rest)
{
	struct buffer key = {0};
	const char *p = text;
	size_t place = 0, depth = 0;
	bool ok = *p == '.';
	while (ok && (*p == '.' || *p == '[')) {
		size_t index;
		if (*p == '[') {
			p++;
			ok = path_number(&p, &index);
			if (ok)
				place = json_index(r, place, index);
		} else {
			p++;
			ok = path_key(&p, &key);
			if (ok)
				place = json_key(r, place, (struct span){key.data, key.n});
		}
		depth++;
		ok = ok && depth < JSON_DEPTH_MAX;
	}
	buffer_free(&key);
	*rest = p;
	return ok ? (long)place : -1;
}
