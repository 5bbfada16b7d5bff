/* Any words as --map, --value and --split-list, any bytes as a table, by the tool itself. Three
 * parts that end in `|` (a ! stands for one inside), the rest is the table; the first byte picks what is guessed. */
#define FUZZ_TOOL "import-table"
#include "base/memory.h"
#include "tool.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	char *word[3], path[32];
	if (n == 0)
		return 0;
	unsigned pick = *data++;
	n--;
	for (int i = 0; i < 3; i++) {
		const uint8_t *part;
		size_t size = fuzz_part(&data, &n, &part);
		word[i] = memory_text((const char *)part, size);
		for (char *c = word[i]; *c; c++)
			*c = *c == '!' ? '|' : *c;
	}
	int file = fuzz_file(data, n, path);
	FUZZ_TOOL_RUN("-q", "--on-error", "skip", path);
	FUZZ_TOOL_RUN("-q", "--on-error", "skip", pick & 1 ? "--wide" : "--dry-run", path);
	FUZZ_TOOL_RUN("-q", "--map", word[0], "--value", word[1], "--where", word[2], path);
	FUZZ_TOOL_RUN("-q", "--split-list", word[0], "--date", word[1], "--on-error", "skip", path);
	FUZZ_TOOL_RUN("-q", "--sections", "--map", word[0], "--on-control", "fail", path);
	FUZZ_TOOL_RUN("-q", "--explicit", "--encoding", pick & 2 ? "cp1251" : "utf-16le", "--separator",
		      pick & 4 ? "blanks" : ",", "--quoting", pick & 8 ? "r" : "backslash", "--line-end",
		      pick & 16 ? "cr" : "lf", "--header", word[0], "--on-error", "skip", path);
	close(file);
	for (int i = 0; i < 3; i++)
		free(word[i]);
	return 0;
}
