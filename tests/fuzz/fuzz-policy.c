/* Any bytes as a log of recommendations and as the policy and the rewards that judge it. Two parts that
 * end in `|`: the policy, the rewards; the rest is the log. */
#define FUZZ_TOOL "evaluate-policy"
#include "tool.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	char policy[32], rewards[32], log[32];
	const uint8_t *part;
	size_t size = fuzz_part(&data, &n, &part);
	int files[3] = {fuzz_file(part, size, policy)};
	size = fuzz_part(&data, &n, &part);
	files[1] = fuzz_file(part, size, rewards);
	files[2] = fuzz_file(data, n, log);
	FUZZ_TOOL_RUN("--policy", policy, "--min-effective", "0", "--max-unlogged", "1", "--on-error", "skip", log);
	FUZZ_TOOL_RUN("--policy", policy, "--min-effective", "0", "--max-unlogged", "1", "--value", "session",
		      "--clip", "10", log);
	FUZZ_TOOL_RUN("--policy", policy, "--rewards", rewards, "--reward", "time", "--position", "position",
		      "--min-effective", "0", "--max-unlogged", "1", "--shrink", "1", log);
	FUZZ_TOOL_RUN("--policy-probability", "time", "--reward", "time", "--value", "session",
		      "--min-effective", "0", "--max-unlogged", "1", log);
	for (int i = 0; i < 3; i++)
		close(files[i]);
	return 0;
}
