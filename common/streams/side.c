#include "streams/side.h"

#include <string.h>

enum { LINE_LOOKED_AT = 4096 };

static bool ends_in(struct span name, const char *end)
{
	size_t n = strlen(end);
	return name.n >= n && strncasecmp(name.at + name.n - n, end, n) == 0;
}

static bool is_called_csv(const char *path)
{
	static const char *const COMPRESSED[] = {".gz", ".zst", ".xz"};
	struct span name = span_of(path);
	for (size_t i = 0; i < sizeof COMPRESSED / sizeof *COMPRESSED; i++)
		if (ends_in(name, COMPRESSED[i])) {
			name.n -= strlen(COMPRESSED[i]);
			break;
		}
	return ends_in(name, ".csv");
}

bool side_is_csv(const struct side_table *side, struct input *in)
{
	if (side->csv || !side->path || !is_called_csv(side->path))
		return side->csv;
	struct span start = input_start(in, LINE_LOOKED_AT);
	const char *end = start.n ? memchr(start.at, '\n', start.n) : NULL;
	size_t n = end ? (size_t)(end - start.at) : start.n;
	return n == 0 || !memchr(start.at, '\t', n);
}
