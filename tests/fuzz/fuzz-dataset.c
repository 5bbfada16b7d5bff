/* Any bytes as a dataset; the first byte picks strict or skipping. */
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz.h"
#include "domain/dataset.h"

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
	struct bytes b = {data, n};
	if (n > 0)
		fuzz_run(read_all, &b);
	return 0;
}
