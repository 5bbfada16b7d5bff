/* Any bytes as a dataset; the first byte picks strict or skipping. */
#include "fuzz.h"
#include "domain/dataset.h"

static void read_all(void *context)
{
	const struct fuzz_picked *b = context;
	char path[32];
	int file = fuzz_file(b->at, b->n, path);
	char *files[] = {path};
	struct table_format format = {.skip_bad = b->pick & 1};
	struct table *t = table_open(files, 1, &format);
	static const struct dataset_columns COLUMNS = {
		.user = {.name = "user"}, .item = {.name = "item"}, .weight = {.name = "weight"},
		.split = {.name = "split"}, .timestamp = {.name = "timestamp"}, .unit = TIME_MS,
	};
	struct dataset *d = dataset_read(t, &COLUMNS);
	for (uint32_t u = 0; u < d->users; u++)
		for (uint64_t i = d->start[u] + 1; i < d->start[u + 1]; i++)
			if (d->item[i] <= d->item[i - 1] || d->split[i] >= SPLIT_COUNT)
				abort();
	dataset_free(d);
	table_close(t);
	close(file);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	fuzz_picked(read_all, data, n);
	return 0;
}
