/* The routes, from a file or the default ones. */
#include "routes.h"

#include <stdlib.h>

#include "base/error.h"
#include "base/memory.h"
#include "streams/table.h"

static const char *const DEFAULT_COLUMNS[] = {"method", "path", "reply", "message", "user", "track", "time",
	"k"};
enum { DEFAULT_WIDTH = sizeof DEFAULT_COLUMNS / sizeof *DEFAULT_COLUMNS };
/* The service of the course comes first, what it has not after it. */
static const char *const DEFAULT_ROUTES[][DEFAULT_WIDTH] = {
	{"POST", "/next/{user}", "user={user} track=recommendation", "next", "{user}", ".track", ".time", ""},
	{"POST", "/last/{user}", "user={user}", "last", "{user}", ".track", ".time", ""},
	{"GET", "/track/{track}", "@item track=item artist=\"artist\" title=\"title\"", "", "", "", "", ""},
	{"GET", "/", "@status", "", "", "", "", ""},
	{"GET", "/recommendations/{user}", "user={user} items=[recommendation] generation=\"generation\"",
		"list", "{user}", "", "", "?k=20"},
	{"GET", "/similar/{track}", "track={track} items=[recommendation] generation=\"generation\"",
		"similar", "", "{track}", "", "?k=20"},
	{"GET", "/healthz", "@health", "", "", "", "", ""},
	{"GET", "/readyz", "@ready", "", "", "", "", ""},
	{"GET", "/metrics", "@metrics", "", "", "", "", ""},
};

static const struct {
	const char *word;
	enum route_kind kind;
} KINDS[] = {{"@status", ROUTE_STATUS}, {"@health", ROUTE_HEALTH}, {"@ready", ROUTE_READY},
	{"@metrics", ROUTE_METRICS}, {"@item", ROUTE_ITEM}};

/* What is being read: where each of the fields is, and what is wrong. */
struct reading {
	struct routes *routes;
	struct failure *why;
	const char *file;
	uint64_t line;
	size_t method, path, reply;
	size_t *column;          /* of the others: which field of the file */
};

static bool refuse(const struct reading *in, const char *column, struct span value, const char *problem)
{
	char shown[QUOTED_SIZE];
	return failure_set(in->why, STATUS_DATA, "%s:%llu: column '%s': %s: %s", in->file,
		(unsigned long long)in->line,
			   column, problem, quoted(value.at, value.n, shown));
}

static struct span keep(struct routes *r, struct span s)
{
	r->texts = memory_grow(r->texts, &r->texts_capacity, r->n_texts + 1, sizeof *r->texts);
	r->texts[r->n_texts] = memory_text(s.at, s.n);
	return (struct span){r->texts[r->n_texts++], s.n};
}

/* {name}: the inner part; false: it is something else. */
static bool in_brackets(struct span s, char open, char close, struct span *inner)
{
	if (s.n < 3 || s.at[0] != open || s.at[s.n - 1] != close)
		return false;
	*inner = (struct span){s.at + 1, s.n - 2};
	return true;
}

static bool take_path(const struct reading *in, struct route *route)
{
	struct span part, inner;
	if (route->path.n == 0 || route->path.at[0] != '/')
		return refuse(in, "path", route->path, "does not begin with /");
	for (struct span rest = {route->path.at + 1, route->path.n - 1}; span_next(&rest, '/', &part);) {
		bool is_name = in_brackets(part, '{', '}', &inner);
		route->n_names += is_name;
		if (route->n_segments == sizeof route->segments / sizeof *route->segments ||
		    route->n_names > ROUTE_NAMES_MAX)
			return refuse(in, "path", route->path, "too many segments");
		route->is_name[route->n_segments] = is_name;
		route->segments[route->n_segments++] = is_name ? inner : part;
	}
	return true;
}

static bool take_name(const struct reading *in, const struct route *route, const char *column,
	struct span cell,
		      struct span name, struct value *v)
{
	size_t n = 0;
	v->from = FROM_PATH;
	for (size_t i = 0; i < route->n_segments; i++) {
		if (route->is_name[i] && span_equal(route->segments[i], name)) {
			v->index = n;
			return true;
		}
		n += route->is_name[i];
	}
	return refuse(in, column, cell, "the path has no such name");
}

static bool take_body_path(const struct reading *in, struct route *route, const char *column,
	struct span cell,
			   struct value *v)
{
	const char *rest;
	long place = json_path(in->routes->json, cell.at, &rest);
	v->from = FROM_BODY;
	v->optional = place >= 0 && strcmp(rest, "?") == 0;
	if (place < 0 || (*rest && !v->optional) || (size_t)(rest - cell.at) + v->optional != cell.n)
		return refuse(in, column, cell, "not a path of JSON, as in .track");
	v->name = (struct span){cell.at + 1, (size_t)(rest - cell.at) - 1};
	v->index = json_slot(in->routes->json, (size_t)place);
	route->reads_body = true;
	return true;
}

/* `cell` is kept, with a NUL after it. */
static bool take_cell(const struct reading *in, struct route *route, struct span column, struct span cell,
		      struct value *v)
{
	struct span inner;
	*v = (struct value){.from = FROM_TEXT, .text = cell};
	if (in_brackets(cell, '{', '}', &inner))
		return take_name(in, route, column.at, cell, inner, v);
	if (cell.n > 1 && cell.at[0] == '.')
		return take_body_path(in, route, column.at, cell, v);
	if (cell.n > 1 && cell.at[0] == '?') {
		const char *equal = memchr(cell.at, '=', cell.n);
		if (!equal || equal == cell.at + 1)
			return refuse(in, column.at, cell, "not ?NAME=VALUE");
		v->from = FROM_QUERY;
		v->name = (struct span){cell.at + 1, (size_t)(equal - cell.at) - 1};
		v->text = (struct span){equal + 1, cell.n - v->name.n - 2};
	}
	return true;
}

static bool take_member(const struct reading *in, struct route *route, struct span word)
{
	struct member m = {.kind = MEMBER_ID, .value = {.from = FROM_ANSWER}};
	const char *equal = memchr(word.at, '=', word.n);
	size_t n = equal ? (size_t)(equal - word.at) : word.n;
	struct span what = equal ? (struct span){equal + 1, word.n - n - 1} : word, inner;
	m.name = (struct span){word.at, n};
	if (n == 0 || what.n == 0)
		return refuse(in, "reply", word, "not NAME=WHAT");
	for (size_t i = 0; i < route->n_members; i++)
		if (span_equal(route->members[i].name, m.name))
			return refuse(in, "reply", word, "a second member of that name");
	m.value.name = what;
	if (in_brackets(what, '{', '}', &inner)) {
		if (!take_name(in, route, "reply", word, inner, &m.value))
			return false;
	} else if (in_brackets(what, '"', '"', &m.value.name)) {
		m.kind = MEMBER_STRING;
	} else if (in_brackets(what, '[', ']', &m.value.name)) {
		m.kind = MEMBER_JSON;
	} else if (what.at[0] == '#') {
		m.kind = MEMBER_NUMBER;
		m.value.name = (struct span){what.at + 1, what.n - 1};
	}
	route->members = memory_resize(route->members, route->n_members + 1, sizeof *route->members);
	route->members[route->n_members++] = m;
	return true;
}

static bool take_reply(const struct reading *in, struct route *route, struct span reply)
{
	struct span word, rest = reply;
	while (span_next(&rest, ' ', &word)) {
		if (word.n == 0)
			continue;
		if (word.at[0] != '@') {
			if (!take_member(in, route, word))
				return false;
			continue;
		}
		size_t k = 0;
		while (k < sizeof KINDS / sizeof *KINDS && !span_equal(word, span_of(KINDS[k].word)))
			k++;
		if (k == sizeof KINDS / sizeof *KINDS || route->kind != ROUTE_WORKER || route->n_members)
			return refuse(in, "reply", word, "not one of @status, @health, @ready, @metrics, @item, "
				      "alone or first");
		route->kind = KINDS[k].kind;
	}
	if (route->kind != ROUTE_WORKER && route->kind != ROUTE_ITEM && route->n_members)
		return refuse(in, "reply", reply, "@item alone is followed by other words");
	if (route->kind == ROUTE_ITEM && route->n_names == 0)
		return refuse(in, "path", route->path, "@item requires a {name} in the path");
	return true;
}

static bool is_method(struct span method)
{
	bool good = method.n > 0 && method.n < 16;
	for (size_t i = 0; i < method.n; i++)
		good &= method.at[i] >= 'A' && method.at[i] <= 'Z';
	return good;
}

/* One row; its fields by number. */
static bool add_route(const struct reading *in, const struct span *fields)
{
	struct routes *r = in->routes;
	r->all = memory_resize(r->all, r->n + 1, sizeof *r->all);
	struct route *route = &r->all[r->n];
	*route = (struct route){.method = keep(r, fields[in->method]), .path = keep(r, fields[in->path]),
		.number = r->n};
	route->cells = memory_zero(r->n_columns + 1, sizeof *route->cells);
	r->n++;
	if (!is_method(route->method))
		return refuse(in, "method", route->method, "not a method, as in GET");
	if (!take_path(in, route) || !take_reply(in, route, keep(r, fields[in->reply])))
		return false;
	for (size_t c = 0; c < r->n_columns; c++)
		if (!take_cell(in, route, r->columns[c], keep(r, fields[in->column[c]]), &route->cells[c]))
			return false;
	return true;
}

/* Which field is what; false: method, path or reply is missing. */
static bool take_columns(struct reading *in, const struct span *names, size_t n)
{
	struct routes *r = in->routes;
	static const char *const FIXED[] = {"method", "path", "reply"};
	size_t *const at[] = {&in->method, &in->path, &in->reply};
	size_t found = 0;
	r->columns = memory_new(n + 1, sizeof *r->columns);
	in->column = memory_new(n + 1, sizeof *in->column);
	r->user = -1;
	for (size_t c = 0; c < n; c++) {
		size_t f = 0;
		while (f < 3 && !span_equal(names[c], span_of(FIXED[f])))
			f++;
		if (f < 3) {
			*at[f] = c;
			found |= (size_t)1 << f;
			continue;
		}
		if (span_equal(names[c], span_of("user")))
			r->user = (long)r->n_columns;
		in->column[r->n_columns] = c;
		r->columns[r->n_columns++] = keep(r, names[c]);
	}
	return found == 7 || failure_set(in->why, STATUS_DATA,
		"%s: routes have the columns method, path, reply and those "
					 "of the rows that they become", in->file);
}

static bool take_default(struct reading *in)
{
	struct span fields[DEFAULT_WIDTH];
	in->file = "the default routes";
	for (size_t c = 0; c < DEFAULT_WIDTH; c++)
		fields[c] = span_of(DEFAULT_COLUMNS[c]);
	bool good = take_columns(in, fields, DEFAULT_WIDTH);
	for (size_t i = 0; good && i < sizeof DEFAULT_ROUTES / sizeof *DEFAULT_ROUTES; i++) {
		for (size_t c = 0; c < DEFAULT_WIDTH; c++)
			fields[c] = span_of(DEFAULT_ROUTES[i][c]);
		in->line = i + 2;
		good = add_route(in, fields);
	}
	return good;
}

static bool take_table(struct reading *in, struct table *t)
{
	size_t n = table_width(t);
	if (n > ROUTE_FIELDS_MAX)
		return failure_set(in->why, STATUS_DATA, "%s: more than %d columns", in->file, ROUTE_FIELDS_MAX);
	struct span fields[ROUTE_FIELDS_MAX];
	for (size_t c = 0; c < n; c++)
		fields[c] = table_column_name(t, c);
	bool good = take_columns(in, fields, n);
	while (good && table_next(t)) {
		for (size_t c = 0; c < n; c++)
			fields[c] = table_field(t, c);
		in->line = table_line(t);
		good = add_route(in, fields);
	}
	if (good && !has_failed(in->why) && in->routes->n == 0)
		failure_set(in->why, STATUS_DATA, "%s: no routes", in->file);
	return good && !has_failed(in->why);
}

struct routes *routes_read(const char *path, struct failure *why)
{
	struct routes *r = memory_zero(1, sizeof *r);
	struct reading in = {.routes = r, .why = why, .file = path ? path : ""};
	char *files[] = {(char *)(uintptr_t)path};
	bool good;
	r->json = json_new();
	r->used = 1;
	if (path) {
		struct table *t = table_open_or(files, 1, &(struct table_format){0}, why);
		good = t && take_table(&in, t);
		if (t)
			good = table_close(t) && good;
	} else {
		good = take_default(&in);
	}
	free(in.column);
	if (good)
		return r;
	routes_release(r);
	return NULL;
}

void routes_release(struct routes *r)
{
	if (!r || --r->used > 0)
		return;
	for (size_t i = 0; i < r->n; i++) {
		free(r->all[i].cells);
		free(r->all[i].members);
	}
	for (size_t i = 0; i < r->n_texts; i++)
		free(r->texts[i]);
	free(r->all);
	free(r->columns);
	free(r->texts);
	json_free(r->json);
	buffer_free(&r->body);
	free(r);
}
