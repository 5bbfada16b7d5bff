/* Any bytes as neighbors; the first byte picks strict or skipping. */
#include <math.h>

#include "fuzz.h"
#include "domain/neighbors.h"

static void read_all(void *context)
{
	const struct fuzz_picked *b = context;
	char path[32];
	int file = fuzz_file(b->at, b->n, path);
	char *files[] = {path};
	struct table_format format = {.skip_bad = b->pick & 1};
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
	fuzz_picked(read_all, data, n);
	return 0;
}
