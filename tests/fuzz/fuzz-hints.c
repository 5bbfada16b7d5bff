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
	const char *hints[2 + 2 * HINT_KINDS] = {hint_binary(s), hint_json(s)};
	for (int kind = 0; kind < HINT_KINDS; kind++) {
		hints[2 + kind] = hint_line(s, (enum hint_kind)kind);
		hints[2 + HINT_KINDS + kind] = hint_header(s, (enum hint_kind)kind);
	}
	for (size_t i = 0; i < sizeof hints / sizeof *hints; i++)
		if (hints[i] && strlen(hints[i]) > 200)
			abort();
	if (hint_is_word(s) && hint_has_cr(s))
		abort();
	free(bytes);
	return 0;
}
