/* Any words as the rules of build-dataset: splits, half-life, and rows beside them.
 * Three parts that end in `|`: --test, --validation, --half-life; the rest is rows. */
#define FUZZ_TOOL "build-dataset"
#include "base/memory.h"
#include "tool.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	char *word[3], path[32];
	for (int i = 0; i < 3; i++) {
		const uint8_t *part;
		size_t size = fuzz_part(&data, &n, &part);
		word[i] = memory_text((const char *)part, size);
	}
	int file = fuzz_file(data, n, path);
	FUZZ_TOOL_RUN("--test", word[0], "--validation", word[1], "--half-life", word[2],
		      "--weight", "sum", "--core", "--min-item-interactions", "2", path);
	FUZZ_TOOL_RUN("--test", word[0], "--on-error", "skip", "--weight", "last", path);
	close(file);
	for (int i = 0; i < 3; i++)
		free(word[i]);
	return 0;
}
