/* Any words as import-logs --map, any lines as a log, by the tool itself. Two parts
 * that end in `|`: maps of user and time; the rest is the log. The first byte picks
 * the unit of timestamps and what happens to bad lines. The same as values and lists (--each), and with dates,
 * kinds of events and constants. */
#define FUZZ_TOOL "import-logs"
#include "base/memory.h"
#include "tool.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static char *const UNIT[] = {"ms", "s", "iso"};
	char *map[2], path[32];
	if (n == 0)
		return 0;
	unsigned pick = *data++;
	n--;
	for (int i = 0; i < 2; i++) {
		const uint8_t *part;
		size_t size = fuzz_part(&data, &n, &part);
		map[i] = memory_text((const char *)part, size);
	}
	int file = fuzz_file(data, n, path);
	FUZZ_TOOL_RUN("--timestamp-unit", UNIT[pick % 3], "--on-error", pick & 8 ? "skip" : "fail",
		      "--on-control", pick & 16 ? "fail" : "space", "--message", pick & 32 ? "last" : "all",
		      path);
	FUZZ_TOOL_RUN("--map", map[0], "--map", map[1], "--timestamp-unit", UNIT[pick % 3],
		      "--on-error", "skip", path);
	FUZZ_TOOL_RUN("--each", pick & 64 ? map[0] : ".", "--on-error", pick & 8 ? "skip" : "fail", path);
	FUZZ_TOOL_RUN("--each", ".items[]", "--map", map[0], "--map", "track=$.id", "--map", map[1],
		      "--on-error", "skip", path);
	FUZZ_TOOL_RUN("--each", ".items[].a[]", "--map", map[0], "--map", "track=$$.id|$.id|.", "--map", map[1],
		      "--on-error", "skip", path);
	FUZZ_TOOL_RUN("--map", map[0], "--date", map[1], "--value", "user: a=1 *=2", "--set", "track=@FILENAME",
		      "--map", "time=.a|.b/.c|.d", "--on-error", "skip", path);
	close(file);
	free(map[0]);
	free(map[1]);
	return 0;
}
