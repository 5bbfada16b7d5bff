#include "frame/column-options.h"

#include <string.h>

#include "base/error.h"
#include "data/condition.h"
#include "frame/options.h"
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
