/* Any bytes as chunks of a Gram matrix, as a model whose matrix is made, and as pieces of a loss; the first
 * byte picks. */
#define FUZZ_TOOL "sum-gram"
#include "tool.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	char path[32];
	if (n == 0)
		return 0;
	unsigned pick = *data++ % 6;
	int file = fuzz_file(data, n - 1, path);
	if (pick == 0)
		FUZZ_TOOL_RUN("--merge", path);
	else if (pick == 1)
		FUZZ_TOOL_RUN("--merge", "--on-error", "skip", path);
	else if (pick == 2)
		FUZZ_TOOL_RUN("--side", "items", "--chunk", "2/16", path);
	else if (pick == 3)
		FUZZ_TOOL_RUN("--side", "users", "--on-error", "skip", path);
	else if (pick == 4)
		FUZZ_TOOL_RUN("--loss", path);
	else
		FUZZ_TOOL_RUN("--loss", "--partial", "--parts", "2", path);
	close(file);
	return 0;
}
