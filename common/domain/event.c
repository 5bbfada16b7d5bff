#include "domain/event.h"

#include <stddef.h>
#include <string.h>

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
	/* of a size that the compiler knows: no calls for every row */
	*last = message.n == 4 && memcmp(message.at, "last", 4) == 0;
	if (*last || (message.n == 4 && memcmp(message.at, "next", 4) == 0))
		return true;
	table_reject(t, column, "not next or last");
	return false;
}
