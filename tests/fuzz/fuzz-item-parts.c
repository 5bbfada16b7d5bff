/* Any bytes as what train-items --partial wrote, and as rows of users; the first byte picks. */
#define FUZZ_TOOL "train-items"
#include "tool.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	char path[32];
	if (n == 0)
		return 0;
	unsigned pick = *data++ % 4;
	int file = fuzz_file(data, n - 1, path);
	if (pick == 0) {
		FUZZ_TOOL_RUN("--merge", "--similarity", "bm25", path);
		FUZZ_TOOL_RUN("--merge", "--partial", "--on-error", "skip", path);
	} else if (pick == 1)
		FUZZ_TOOL_RUN("--merge", "--method", "next", "--on-error", "skip", path);
	else if (pick == 2)
		FUZZ_TOOL_RUN("--similarity", "tf-idf", "--max-history", "2", path);
	else
		FUZZ_TOOL_RUN("--method", "next", "--half-life", "1", "--session-gap", "1", "--weight",
			      "weight", "--session", "visit", "--max-history", "3", path);
	close(file);
	return 0;
}
