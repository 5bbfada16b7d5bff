/* Any bytes as a packed model with an index of its items, which export-topk maps and searches: the
 * first byte says whether checksums are made right first, and for which kernel. */
#define FUZZ_TOOL "export-topk"
#include "base/memory.h"
#include "../packed-mend.h"
#include "tool.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const char EXCLUDED[] = "user\titem\nu\ta\nu\tb\nv\tc\n";
	char path[32], other[32];
	if (n == 0)
		return 0;
	unsigned pick = *data++;
	unsigned char *copy = (unsigned char *)memory_text((const char *)data, --n);
	if (pick & 1)
		packed_mend(copy, n);
	int file = fuzz_file(copy, n, path), excluded = fuzz_file(EXCLUDED, sizeof EXCLUDED - 1, other);
	char *kernel = pick & 2 ? "portable" : "auto";
	FUZZ_TOOL_RUN("-q", "--k", "2", "--kernel", kernel, "--exclude", other, path);
	FUZZ_TOOL_RUN("-q", "--verify", "--kernel", kernel, path);
	close(excluded);
	close(file);
	free(copy);
	return 0;
}
