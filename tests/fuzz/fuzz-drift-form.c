/* Any bytes as a form that fit-item-drift --save kept, asked for predictions. */
#define FUZZ_TOOL "fit-item-drift"
#include "tool.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const char ROWS[] =
		"user\titem\ttimestamp\nu0\ti0\t1000000000\nu1\ti1\t0\nx\ti0\t-5\nu0\ty\t2000000000\n";
	char form[32], rows[32];
	int a = fuzz_file(data, n, form), b = fuzz_file(ROWS, sizeof ROWS - 1, rows);
	FUZZ_TOOL_RUN("--predict", form, rows);
	close(a);
	close(b);
	return 0;
}
