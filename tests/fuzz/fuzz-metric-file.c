/* Any bytes as the file of metrics of analyze-ab. */
#define FUZZ_TOOL "analyze-ab"
#include "base/memory.h"
#include "tool.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const char USERS[] =
		"user\tX\ttime\tskips\na\tC\t1\t2\nb\tC\t2\t1\nc\tC\t1\t1\nd\tT1\t2\t2\ne\tT1\t3\t1\nf\tT1\t2\t0\n";
	char metrics[32], users[32];
	int file = fuzz_file(data, n, metrics), table = fuzz_file(USERS, sizeof USERS - 1, users);
	FUZZ_TOOL_RUN("--user-level", "--experiment", "X", "--metric-file", metrics, "--rounds", "100", users);
	close(file);
	close(table);
	return 0;
}
