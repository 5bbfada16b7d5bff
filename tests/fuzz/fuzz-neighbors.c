/* Any bytes as neighbors; the first byte picks strict or skipping. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz.h"
#include "domain/neighbors.h"

struct bytes {
	const uint8_t *at;
	size_t n;
};

static void read_all(void *context)
{
	const struct bytes *b = context;
	int file = memfd_create("fuzz", 0);
	if (file < 0 || write(file, b->at + 1, b->n - 1) != (ssize_t)(b->n - 1))
		abort();
	char path[64];
	snprintf(path, sizeof path, "/proc/self/fd/%d", file);
	char *files[] = {path};
	struct table_format format = {.skip_bad = b->at[0] & 1};
	struct table *t = table_open(files, 1, &format);
	struct neighbors_reader r = neighbors_open(t);
	struct neighbors *n = neighbors_read(&r);
	for (uint32_t i = 0; i < n->items; i++)
		for (uint64_t j = n->start[i]; j < n->start[i + 1]; j++)
			if (n->at[j].item >= n->items || !isfinite(n->at[j].weight) ||
			    (j > n->start[i] && n->at[j].weight > n->at[j - 1].weight))
				abort();
	neighbors_free(n);
	table_close(t);
	close(file);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct bytes b = {data, n};
	if (n > 0)
		fuzz_run(read_all, &b);
	return 0;
}
