/* Any bytes as what analyze-ab --partial wrote, as events, as users, and as words for
 * its options; the first byte picks. */
#define FUZZ_TOOL "analyze-ab"
#include "base/memory.h"
#include "tool.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const char EVENTS[] =
		"message\ttimestamp\tuser\ttrack\ttime\tlatency\trecommendation\tX\n"
		"next\t1\ta\tt\t1\t0.1\ts\tC\nlast\t2\ta\ts\t.5\t0.1\t\tC\n"
		"next\t3\tb\tt\t1\t0.2\ts\tT1\nlast\t4\tb\ts\t.2\t0.1\t\tT1\n";
	char path[32];
	if (n == 0)
		return 0;
	unsigned pick = *data++ % 6;
	n--;
	char *text = memory_text((const char *)data, n);
	int file = pick < 5 ? fuzz_file(data, n, path) : fuzz_file(EVENTS, sizeof EVENTS - 1, path);
	if (pick == 0) {
		FUZZ_TOOL_RUN("--merge", path);
		FUZZ_TOOL_RUN("--merge", "--partial", "--on-error", "skip", path);
	} else if (pick == 1)
		FUZZ_TOOL_RUN("--merge", "--daily", path);
	else if (pick == 2)
		FUZZ_TOOL_RUN(path);
	else if (pick == 3)
		FUZZ_TOOL_RUN("--grouped", "--partial", path);
	else if (pick == 4)
		FUZZ_TOOL_RUN("--user-level", path);
	else
		FUZZ_TOOL_RUN("--metrics", text, "--from", text, path);
	close(file);
	free(text);
	return 0;
}
