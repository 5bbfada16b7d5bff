/* Any bytes as what build-dataset --partial wrote, and any words as --fold and --window. Three
 * parts that end in `|`: --fold, --window, rows; the rest is counts. */
#define FUZZ_TOOL "build-dataset"
#include "base/memory.h"
#include "tool.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	char *word[2], rows[32], counts[32];
	const uint8_t *part;
	for (int i = 0; i < 2; i++) {
		size_t size = fuzz_part(&data, &n, &part);
		word[i] = memory_text((const char *)part, size);
	}
	size_t size = fuzz_part(&data, &n, &part);
	int files[] = {fuzz_file(part, size, rows), fuzz_file(data, n, counts)};
	FUZZ_TOOL_RUN("--partial", "--merge", "--on-error", "skip", counts);
	FUZZ_TOOL_RUN("--counts", counts, "--min-item-interactions", "2", "--half-life", "1d", rows);
	FUZZ_TOOL_RUN("--partial", "--core", "--counts", counts, "--memory", "1", rows);
	FUZZ_TOOL_RUN("--fold", word[0], "--window", word[1], "--count-on", "train", "--memory", "1",
		      "--min-user-interactions", "2", rows);
	for (int i = 0; i < 2; i++) {
		free(word[i]);
		close(files[i]);
	}
	return 0;
}
