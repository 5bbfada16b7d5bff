/* Any bytes as top-N lists; the first byte picks strict or skipping. */
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz.h"
#include "domain/topn.h"

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
	static const struct topn_columns COLUMNS = {
		.user = {.name = "user"}, .rank = {.name = "rank"}, .item = {.name = "item"},
		.score = {.name = "score"},
	};
	struct topn_reader *r = topn_open(t, &COLUMNS);
	struct topn_list list;
	volatile size_t sum = 0;
	(void)sum; /* reading is the test */
	while (topn_next(r, &list))
		for (uint32_t i = 0; i < list.n; i++)
			for (size_t k = 0; k < list.items[i].n; k++)
				sum += (unsigned char)list.items[i].at[k];
	topn_close(r);
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
