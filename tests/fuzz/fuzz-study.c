/* Any bytes as a study's journal, as a file of its space, and as --param, by
 * tune-hparams itself. The parts of the input end in `|`; the first byte picks. */
#define FUZZ_TOOL "tune-hparams"
#include "base/memory.h"
#include "tool.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static char *const COMMANDS[] = {"best", "top", "history", "importance", "plot"};
	char path[32];
	if (n == 0)
		return 0;
	unsigned pick = *data++ % 8;
	int file = fuzz_file(data, --n, path);
	if (pick < 5) {
		FUZZ_TOOL_RUN(COMMANDS[pick], "--study", path);
	} else if (pick == 5) {
		FUZZ_TOOL_RUN("tell", "--study", path, "--trial", "1", "--value", "0.5");
	} else if (pick == 6) {
		char study[32];
		int empty = fuzz_file("", 0, study);
		FUZZ_TOOL_RUN("ask", "--study", study, "--space", path);
		close(empty);
	} else {
		char study[32], *text = memory_text((const char *)data, n);
		int empty = fuzz_file("", 0, study);
		FUZZ_TOOL_RUN("ask", "--study", study, "--param", text, "--enqueue", text);
		close(empty);
		free(text);
	}
	close(file);
	return 0;
}
