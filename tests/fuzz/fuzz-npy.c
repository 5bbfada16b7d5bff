/* Any bytes as a .npy file: refused, or a matrix of finite numbers. */
#include <math.h>
#include <stdlib.h>

#include "fuzz.h"
#include "streams/npy.h"

struct file {
	const uint8_t *bytes;
	size_t n;
};

static void read_all(void *arg)
{
	const struct file *f = arg;
	size_t rows, columns;
	float *numbers = npy_parse(f->bytes, f->n, "fuzz", &rows, &columns);
	for (size_t i = 0; i < rows * columns; i++)
		if (!isfinite(numbers[i]))
			abort();
	free(numbers);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	log_level = LOG_QUIET;
	struct file f = {data, n};
	fuzz_run(read_all, &f);
	return 0;
}
