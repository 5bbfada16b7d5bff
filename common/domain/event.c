#include "domain/event.h"

#include <stddef.h>

static const char *const FIXED[] = {"message", "timestamp", "user", "track", "time", "latency",
	"recommendation", "session", "step", "source", "rank", "probability", "generation",
	"triggered", "team"};

bool event_column_is_fixed(struct span name)
{
	for (size_t i = 0; i < sizeof FIXED / sizeof *FIXED; i++)
		if (span_equal(name, span_of(FIXED[i])))
			return true;
	return false;
}

bool event_message(struct table *t, size_t column, bool *last)
{
	struct span message = table_field(t, column);
	*last = span_equal(message, span_of("last"));
	if (*last || span_equal(message, span_of("next")))
		return true;
	table_reject(t, column, "not next or last");
	return false;
}
