#include "routes.h"

#include <stdlib.h>

#include "base/number.h"
#include "streams/json-write.h"

bool routes_same_rows(const struct routes *a, const struct routes *b)
{
	bool same = a->n_columns == b->n_columns;
	for (size_t c = 0; same && c < a->n_columns; c++)
		same = span_equal(a->columns[c], b->columns[c]);
	return same;
}

void routes_add_header(struct buffer *b, const struct routes *r)
{
	for (size_t c = 0; c < r->n_columns; c++) {
		buffer_add_byte(b, '\t');
		buffer_add_span(b, r->columns[c]);
	}
	buffer_add_byte(b, '\n');
}

static bool resolve_member(const struct route *route, struct member *m, const struct span *columns, size_t n,
			   struct failure *why)
{
	char shown[QUOTED_SIZE];
	size_t c = 0;
	if (m->value.from != FROM_ANSWER)
		return true;
	while (c < n && !span_equal(columns[c], m->value.name))
		c++;
	m->value.index = c;
	m->value.missing = c == n;
	return c < n || route->kind == ROUTE_ITEM ||
	       failure_set(why, STATUS_DATA, "the answers have no column %s, which a reply wants",
			   quoted_name(m->value.name.at, m->value.name.n, shown));
}

bool routes_resolve(struct routes *r, const struct span *answer, size_t n_answer, const struct span *item,
		    size_t n_item, struct failure *why)
{
	for (size_t i = 0; i < r->n; i++) {
		struct route *route = &r->all[i];
		bool of_item = route->kind == ROUTE_ITEM;
		for (size_t m = 0; m < route->n_members; m++)
			if (!resolve_member(route, &route->members[m], of_item ? item : answer,
					    of_item ? n_item : n_answer, why))
				return false;
	}
	return true;
}

/* ---- from a request to a row ---- */

static int hex_digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10
		: c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

bool routes_unescape(struct span text, bool plus, struct buffer *out)
{
	for (size_t i = 0; i < text.n; i++) {
		char c = text.at[i];
		if (c == '%') {
			int high = i + 2 < text.n ? hex_digit(text.at[i + 1]) : -1;
			int low = i + 2 < text.n ? hex_digit(text.at[i + 2]) : -1;
			if (high < 0 || low < 0)
				return false;
			c = (char)(high * 16 + low);
			i += 2;
		} else if (c == '+' && plus) {
			c = ' ';
		}
		if ((unsigned char)c < ' ' || c == 0x7f)
			return false;
		buffer_add_byte(out, c);
	}
	return true;
}

/* Does the path have the route's form? `parts` are its segments. */
static bool has_form(const struct route *route, const struct span *parts, size_t n)
{
	if (route->n_segments != n)
		return false;
	for (size_t i = 0; i < n; i++)
		if (route->is_name[i] ? parts[i].n == 0 : !span_equal(route->segments[i], parts[i]))
			return false;
	return true;
}

/* The escapes of the segments that have names are undone, into one text whose place is known at its end. */
static bool take_names(struct target *t, const struct span *parts)
{
	size_t begins[ROUTE_NAMES_MAX + 1] = {0}, n = 0;
	t->text.n = 0;
	for (size_t i = 0; i < t->route->n_segments; i++) {
		if (!t->route->is_name[i])
			continue;
		begins[n++] = t->text.n;
		if (!routes_unescape(parts[i], false, &t->text))
			return false;
	}
	begins[n] = t->text.n;
	buffer_text(&t->text);
	for (size_t i = 0; i < n; i++)
		t->names[i] = (struct span){t->text.data + begins[i], begins[i + 1] - begins[i]};
	return true;
}

static bool allows(const struct route *route, struct span method)
{
	return span_equal(route->method, method) ||
		(span_equal(method, span_of("HEAD")) && span_equal(route->method, span_of("GET")));
}

int routes_find(const struct routes *r, struct span method, struct span uri, struct target *t,
		struct buffer *allowed)
{
	struct span parts[ROUTE_NAMES_MAX * 2], part;
	const char *question = uri.n ? memchr(uri.at, '?', uri.n) : NULL;
	struct span path = {uri.at, question ? (size_t)(question - uri.at) : uri.n};
	size_t n = 0;
	t->route = NULL;
	t->query = question ? (struct span){question + 1, uri.n - path.n - 1} : (struct span){0};
	if (path.n == 0 || path.at[0] != '/')
		return 404;
	for (struct span rest = {path.at + 1, path.n - 1}; span_next(&rest, '/', &part);) {
		if (n == sizeof parts / sizeof *parts)
			return 404;
		parts[n++] = part;
	}
	bool found = false;
	for (size_t i = 0; i < r->n; i++) {
		if (!has_form(&r->all[i], parts, n))
			continue;
		if (allows(&r->all[i], method)) {
			t->route = &r->all[i];
			return take_names(t, parts) ? 0 : 400;
		}
		buffer_add_text(allowed, found ? ", " : "");
		buffer_add_span(allowed, r->all[i].method);
		found = true;
	}
	return found ? 405 : 404;
}

/* Adds the query's value of that name; false, and bad escapes or none. */
static bool add_query(struct span query, struct span name, struct buffer *row, bool *bad)
{
	struct span pair, rest = query;
	while (query.n && span_next(&rest, '&', &pair)) {
		const char *equal = pair.n ? memchr(pair.at, '=', pair.n) : NULL;
		struct span key = {pair.at, equal ? (size_t)(equal - pair.at) : pair.n};
		if (!span_equal(key, name))
			continue;
		*bad = !routes_unescape(equal ? (struct span){equal + 1, pair.n - key.n - 1} : (struct span){"", 0},
					true, row);
		return true;
	}
	return false;
}

static void say_of(struct buffer *problem, struct span name, const char *what)
{
	char shown[QUOTED_SIZE];
	problem->n = 0;
	buffer_format(problem, "%s: %s", quoted_name(name.at, name.n, shown), what);
}

/* A value of the body is text without control bytes, or a number, or true or false. */
static bool add_body_value(const struct value *v, const struct json_value *got, struct buffer *row,
			   struct buffer *problem)
{
	size_t separators = 0;
	if (got->kind == JSON_ABSENT || got->kind == JSON_NULL) {
		if (v->optional)
			return true;
		say_of(problem, v->name, "missing");
		return false;
	}
	if (got->kind == JSON_OBJECT || got->kind == JSON_ARRAY) {
		say_of(problem, v->name, "not a string or a number");
		return false;
	}
	size_t from = row->n;
	row->n += json_text(got, buffer_room(row, got->raw.n + 1), &separators);
	for (; from < row->n; from++)
		separators += (unsigned char)row->data[from] < ' ';
	if (separators)
		say_of(problem, v->name, "a control character");
	return !separators;
}

static int add_cell(struct routes *r, const struct value *v, const struct target *t, struct buffer *row,
		    struct buffer *problem)
{
	bool bad = false;
	switch (v->from) {
	case FROM_TEXT:
		buffer_add_span(row, v->text);
		return 0;
	case FROM_PATH:
		buffer_add_span(row, t->names[v->index]);
		return 0;
	case FROM_QUERY:
		if (!add_query(t->query, v->name, row, &bad))
			buffer_add_span(row, v->text);
		if (bad)
			say_of(problem, v->name, "bad escapes, or a control character");
		return bad ? 400 : 0;
	default:
		return add_body_value(v, &json_values(r->json)[v->index], row, problem) ? 0 : 400;
	}
}

/* The body as one line, which is what json.h reads: a line end is a blank in JSON, and inside a string it is
 * as wrong as a CR. */
static bool read_body(struct routes *r, struct span body, struct buffer *problem)
{
	r->body.n = 0;
	char *to = buffer_room(&r->body, body.n + 1 + JSON_PAD);
	for (size_t i = 0; i < body.n; i++)
		to[i] = body.at[i] == '\n' ? '\r' : body.at[i];
	memset(to + body.n, 0, JSON_PAD + 1);
	to[body.n] = '\n';
	if (json_read(r->json, (struct span){to, body.n}))
		return true;
	size_t offset;
	struct span where;
	const char *what = json_problem(r->json, &offset, &where);
	problem->n = 0;
	buffer_format(problem, "the body is not JSON: byte %zu: %s", offset + 1, what);
	return false;
}

int routes_add_row(struct routes *r, const struct target *t, struct span body, struct buffer *row,
		   struct span *key, struct buffer *problem)
{
	size_t before = row->n, user_from = 0, user_n = 0;
	if (t->route->reads_body && !read_body(r, body, problem))
		return 400;
	for (size_t c = 0; c < r->n_columns; c++) {
		buffer_add_byte(row, '\t');
		size_t from = row->n;
		int status = add_cell(r, &t->route->cells[c], t, row, problem);
		if (status) {
			row->n = before;
			return status;
		}
		if (r->user == (long)c) {
			user_from = from;
			user_n = row->n - from;
		}
	}
	*key = user_n ? (struct span){row->data + user_from, user_n}
		: (struct span){row->data + before, row->n - before};
	return 0;
}

/* ---- from an answer to JSON ---- */

static bool add_number(struct buffer *json, struct span text)
{
	double number;
	if (text.n && number_double(text.at, text.n, &number) != NUMBER_OK)
		return false;
	json_write_number(json, text);
	return true;
}

/* JSON of the worker's is looked at before it goes on: one object or array, whole. */
static bool add_json(struct buffer *json, struct span text)
{
	static struct json_reader *reader;
	static size_t slot;
	struct buffer line = {0};
	if (!reader) {
		reader = json_new();
		slot = json_slot(reader, json_key(reader, 0, span_of("x")));
	}
	/* The reader reads objects: the text becomes the member of one, and its only one. */
	buffer_add_text(&line, "{\"x\":");
	buffer_add_span(&line, text);
	buffer_add_text(&line, "}\n");
	memset(buffer_room(&line, JSON_PAD), 0, JSON_PAD);
	bool good = text.n && json_read(reader, (struct span){line.data, line.n - 1}) &&
		json_values(reader)[slot].raw.n == text.n;
	buffer_free(&line);
	if (good)
		buffer_add_span(json, text);
	return good;
}

static bool add_value(const struct member *m, struct span text, struct buffer *json)
{
	if (text.n && memchr(text.at, '\0', text.n)) /* no row has it, and readers of JSON refuse it, too */
		return false;
	switch (m->kind) {
	case MEMBER_NUMBER:
		return add_number(json, text);
	case MEMBER_STRING:
		json_write_string(json, text);
		return true;
	case MEMBER_JSON:
		return add_json(json, text);
	default:
		json_write_id(json, text);
		return true;
	}
}

bool routes_add_object(const struct target *t, const struct span *fields, size_t n, struct buffer *json)
{
	const struct route *route = t->route;
	const char *between = "";
	buffer_add_byte(json, '{');
	for (size_t i = 0; i < route->n_members; i++) {
		const struct member *m = &route->members[i];
		if (m->value.from == FROM_ANSWER && (m->value.missing || m->value.index >= n))
			continue;
		buffer_add_text(json, between);
		json_write_string(json, m->name);
		buffer_add_text(json, ": ");
		if (!add_value(m, m->value.from == FROM_PATH ? t->names[m->value.index] : fields[m->value.index],
			json))
			return false;
		between = ", ";
	}
	buffer_add_text(json, "}\n");
	return true;
}
