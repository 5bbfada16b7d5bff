/* routes.h - which request becomes which row, and which answer becomes which JSON.
 *
 * A table with the columns method, path, reply; its other columns are those of the rows that the
 * workers read (`request` is added). A cell of such a column is
 *
 *	{name}        the segment of the path that is called so
 *	.name         what is at that path of the JSON body (json.h), and must be there; .name? may be absent
 *	?name=value   of the query, or else the value
 *	other text    itself
 *
 * and `reply` is words NAME=WHAT, the members of a JSON object, where WHAT is {name} as above, or a column
 * of the worker's answer: `column` an id, `#column` a number, `"column"` a string, `[column]` JSON as it
 * is. Or it is one word of @status, @health, @ready, @metrics, which are answered without a worker, or
 * @item, which is followed by such words about columns of the catalog's row of the first {name}.
 *
 * Nothing here knows HTTP's library.
 */
#ifndef RECPIPE_SERVE_HTTP_ROUTES_H
#define RECPIPE_SERVE_HTTP_ROUTES_H

#include <stdbool.h>

#include "base/buffer.h"
#include "base/failure.h"
#include "streams/json.h"

enum { ROUTE_NAMES_MAX = 8, ROUTE_FIELDS_MAX = 64 };

enum route_kind { ROUTE_WORKER, ROUTE_STATUS, ROUTE_HEALTH, ROUTE_READY, ROUTE_METRICS, ROUTE_ITEM };

enum value_from { FROM_TEXT, FROM_PATH, FROM_BODY, FROM_QUERY, FROM_ANSWER };

struct value {
	enum value_from from;
	struct span name;        /* of a key, parameter or column */
	struct span text;        /* FROM_TEXT; FROM_QUERY: where the query has none */
	size_t index;            /* FROM_PATH: which name; FROM_BODY: the slot; FROM_ANSWER: the column */
	bool optional, missing;  /* FROM_BODY; FROM_ANSWER: there is no such column, ROUTE_ITEM leaves it out */
};

enum member_kind { MEMBER_ID, MEMBER_NUMBER, MEMBER_STRING, MEMBER_JSON };

struct member {
	struct span name;
	enum member_kind kind;
	struct value value;
};

struct route {
	struct span method, path;
	enum route_kind kind;
	struct span segments[ROUTE_NAMES_MAX * 2];
	bool is_name[ROUTE_NAMES_MAX * 2];
	size_t n_segments, n_names;
	struct value *cells;     /* by column */
	struct member *members;
	size_t n_members;
	bool reads_body;
	size_t number;
};

struct routes {
	struct route *all;
	size_t n;
	struct span *columns;    /* of the rows */
	size_t n_columns;
	long user;               /* the column `user`, or -1 */
	struct json_reader *json;
	char **texts;            /* what the spans are of */
	size_t n_texts, texts_capacity;
	struct buffer body;      /* scratch: with the bytes after it that json.h wants */
	size_t used;             /* by so many requests under way, and whoever holds it */
};

/* The file's, or the default ones (NULL). NULL and why: they cannot be read, or make no sense. */
struct routes *routes_read(const char *path, struct failure *why);
void routes_release(struct routes *r); /* frees it with its last use */

/* The workers' header without `request`, with LF. */
void routes_add_header(struct buffer *b, const struct routes *r);

/* Are the rows of both the same? */
bool routes_same_rows(const struct routes *a, const struct routes *b);

/* Looks up the columns of replies: of the workers' answers, and of the catalog (n 0: there is none).
 * False, and why: an answer has no such column. */
bool routes_resolve(struct routes *r, const struct span *answer, size_t n_answer, const struct span *item,
		    size_t n_item, struct failure *why);

/* What a request's first line says, its escapes undone. The spans are of `text`. */
struct target {
	const struct route *route;
	struct span names[ROUTE_NAMES_MAX];
	struct span query;       /* as it came */
	struct buffer text;
};

/* The route of a request: 0, or the status of HTTP: 404, 400 (bad escapes, control characters),
 * 405, and then `allowed` has the methods, with commas. HEAD is GET. */
int routes_find(const struct routes *r, struct span method, struct span uri, struct target *t,
		struct buffer *allowed);

/* Adds the request's row, a TAB before each field, without LF. `key`: whose requests go to one worker,
 * a part of the row. 0, or the status of HTTP, and `problem` says why; the row is then as before. */
int routes_add_row(struct routes *r, const struct target *t, struct span body, struct buffer *row,
		   struct span *key, struct buffer *problem);

/* Adds the JSON object of an answer's fields (of the catalog's, ROUTE_ITEM). False: what must be JSON or a
 * number is neither. */
bool routes_add_object(const struct target *t, const struct span *fields, size_t n, struct buffer *json);

/* Undoes %xx, and + where that is a blank. False: bad escapes, or a control byte comes out. */
bool routes_unescape(struct span text, bool plus, struct buffer *out);

#endif
