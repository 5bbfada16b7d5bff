/* Any bytes as the events of interleaved recommendations. */
#define FUZZ_TOOL "analyze-ab"
#include "tool.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	char path[32];
	int file = fuzz_file(data, n, path);
	FUZZ_TOOL_RUN("--interleaving", "team", path);
	FUZZ_TOOL_RUN("--interleaving", "team", "--on-error", "skip", path);
	close(file);
	return 0;
}
