/* Any bytes as JSON lines: a reader that remembers shapes, one that does not and one that
 * has marks of the line must agree; values are unescaped into exactly the room that is promised. */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "streams/json.h"

static const char *const PATHS[] = {
	".message", ".user", ".track", ".experiments.A", ".payload.id", ".list[1]", ".a.a[0].a",
};
enum { SLOTS = sizeof PATHS / sizeof *PATHS };

static struct json_reader *reader(int closed)
{
	struct json_reader *r = json_new();
	const char *rest;
	for (size_t i = 0; i < SLOTS; i++)
		json_slot(r, (size_t)json_path(r, PATHS[i], &rest));
	if (closed)
		json_close_keys(r, (size_t)json_path(r, ".experiments", &rest), "unknown");
	return r;
}

static void look_at(const struct json_value *v)
{
	size_t separators = 0;
	char *out = malloc(v->raw.n + (v->raw.n == 0));
	if (json_text(v, out, &separators) > v->raw.n)
		abort();
	free(out);
	struct span rest = v->raw;
	struct json_value key, value;
	while (v->kind == JSON_OBJECT && json_member(&rest, &key, &value))
		look_at(&value);
	while (v->kind == JSON_ARRAY && json_element(&rest, &value))
		look_at(&value);
}

static void read_line(struct json_reader *a, struct json_reader *b, struct json_reader *c, const uint8_t *data, size_t n)
{
	char *text = malloc(n + 1 + JSON_PAD);
	if (n)
		memcpy(text, data, n);
	text[n] = '\n';
	memset(text + n + 1, '}', JSON_PAD);
	struct span line = {text, n};
	int good = json_read(a, line);
	json_look_over(c, (struct span){text, n + 1});
	if (json_read(b, line) != good || json_read(c, line) != good)
		abort();
	for (size_t i = 0; good && i < SLOTS; i++) {
		struct json_value v = json_values(a)[i], w = json_values(b)[i], x = json_values(c)[i];
		if (v.kind != x.kind || v.escaped != x.escaped || !span_equal(v.raw, x.raw))
			abort();
		if (v.kind != w.kind || v.escaped != w.escaped || !span_equal(v.raw, w.raw))
			abort();
		look_at(&v);
	}
	if (!good) {
		size_t offset;
		struct span where;
		if (!json_problem(a, &offset, &where) || offset + where.n > n)
			abort();
	}
	free(text);
}

/* All lines as one text with marks, by json_next, and each of them by the grammar. */
static void read_text(struct json_reader *b, struct json_reader *c, const uint8_t *data, size_t n)
{
	char *text = malloc(n + 1 + JSON_PAD);
	if (n)
		memcpy(text, data, n);
	text[n] = '\n';
	memset(text + n + 1, '}', JSON_PAD);
	json_look_over(c, (struct span){text, n + 1});
	for (size_t at = 0; at <= n;) {
		struct span rest = {text + at, n + 1 - at};
		size_t length = (size_t)((char *)memchr(rest.at, '\n', rest.n) - rest.at);
		bool good, plain = json_read(b, (struct span){rest.at, length});
		struct span line = json_next(c, rest, &good);
		if (good != plain || line.at != rest.at || line.n != length)
			abort();
		for (size_t i = 0; good && i < SLOTS; i++) {
			struct json_value v = json_values(b)[i], w = json_values(c)[i];
			if (v.kind != w.kind || v.escaped != w.escaped || !span_equal(v.raw, w.raw))
				abort();
		}
		at += length + 1;
	}
	json_look_over(c, (struct span){"", 0});
	free(text);
}

/* The first byte picks the readers, each further line is read by both. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	if (n == 0)
		return 0;
	struct json_reader *a = reader(data[0] & 1), *b = reader(data[0] & 1);
	struct json_reader *c = json_copy(a);
	json_forget_shapes(b);
	const uint8_t *at = data + 1, *end = data + n;
	while (at < end) {
		const uint8_t *lf = memchr(at, '\n', (size_t)(end - at));
		const uint8_t *to = lf ? lf : end;
		read_line(a, b, c, at, (size_t)(to - at));
		at = to + 1;
	}
	read_text(b, c, data + 1, n - 1);
	/* The same bytes as the text of a path. */
	char *path = malloc(n);
	const char *rest;
	memcpy(path, data + 1, n - 1);
	path[n - 1] = '\0';
	json_path(b, path, &rest);
	if (rest < path || rest > path + n - 1)
		abort();
	free(path);
	json_free(a);
	json_free(b);
	json_free(c);
	return 0;
}
