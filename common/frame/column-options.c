#include "frame/column-options.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "streams/columns.h"

void set_take(const char *given, struct span *name, struct span *text)
{
	char shown[QUOTED_SIZE];
	if (!assignment(span_of(given), name, text) || !columns_name_is_good(*name) ||
	    (text->n && !columns_name_is_good(*text)))
		usage_error("option '--set': not NAME=TEXT: %s", quoted(given, strlen(given), shown));
}

bool set_is_filename(struct span text)
{
	return span_equal(text, span_of("@FILENAME"));
}

void set_filename(struct buffer *b, const char *path)
{
	const char *name = path ? path : "-", *slash = strrchr(name, '/');
	b->n = 0;
	columns_add_text(b, span_of(slash ? slash + 1 : name));
}

void date_take(const char *given, struct span *name, struct date_form *form, bool *none)
{
	struct span format;
	char shown[QUOTED_SIZE];
	if (!assignment(span_of(given), name, &format))
		usage_error("option '--date': not COLUMN=FORMAT: %s", quoted(given, strlen(given), shown));
	if (none)
		*none = span_equal(format, span_of("none"));
	if ((!none || !*none) && !date_form_named(format.at, form))
		usage_error("option '--date': %s: %s", date_format_problem(format.at),
			    quoted(format.at, format.n, shown));
}

void value_take(struct kinds *kinds, struct span text)
{
	struct span where;
	char shown[QUOTED_SIZE];
	const char *problem = kinds_take(kinds, text, &where);
	if (problem)
		usage_error("option '--value': %s: %s", problem, quoted(where.at, where.n, shown));
}

struct condition *wheres_take(const struct option_list *given)
{
	char shown[QUOTED_SIZE];
	struct condition *wheres = memory_zero(given->n + 1, sizeof *wheres);
	for (size_t i = 0; i < given->n; i++) {
		struct span text = span_of(given->values[i]);
		if (!condition_take(&wheres[i], text))
			usage_error("option '--where': not COLUMN=TEXT or COLUMN!=TEXT: %s",
				    quoted(text.at, text.n, shown));
	}
	return wheres;
}

void wheres_free(struct condition *wheres, size_t n)
{
	for (size_t i = 0; i < n; i++)
		condition_free(&wheres[i]);
	free(wheres);
}
