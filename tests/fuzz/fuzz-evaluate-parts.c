/* Any bytes as what evaluate-topk --partial wrote; the first byte picks. */
#define FUZZ_TOOL "evaluate-topk"
#include "tool.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	char path[32];
	if (n == 0)
		return 0;
	unsigned pick = *data++ % 3;
	int file = fuzz_file(data, n - 1, path);
	if (pick == 0)
		FUZZ_TOOL_RUN("--merge", path);
	else if (pick == 1)
		FUZZ_TOOL_RUN("--merge", "--partial", "--parts", "2", path);
	else
		FUZZ_TOOL_RUN("--merge", "--no-header", "--columns",
			      "item,rank,lists,metric,users,sum,squares,part_rows,part_ids,part_counts,part_settings", path);
	close(file);
	return 0;
}
