/* Any bytes as what hints look at, of exactly their size: nothing behind them is read. */
#include "base/memory.h"
#include "fuzz.h"
#include "streams/hints.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	char *bytes = memory_new(n, 1);
	if (n)
		memcpy(bytes, data, n);
	struct span s = {bytes, n};
	const char *hints[] = {
		hint_binary(s), hint_json(s), hint_line(s, HINT_TSV), hint_line(s, HINT_CSV),
		hint_line(s, HINT_SIDE), hint_header(s, HINT_TSV), hint_header(s, HINT_CSV),
		hint_header(s, HINT_SIDE),
	};
	for (size_t i = 0; i < sizeof hints / sizeof *hints; i++)
		if (hints[i] && strlen(hints[i]) > 200)
			abort();
	if (hint_is_word(s) && hint_has_cr(s))
		abort();
	free(bytes);
	return 0;
}
