/* Any bytes as top-N lists; the first byte picks strict or skipping. */
#include "fuzz.h"
#include "domain/topn.h"

static void read_all(void *context)
{
	const struct fuzz_picked *b = context;
	char path[32];
	int file = fuzz_file(b->at, b->n, path);
	char *files[] = {path};
	struct table_format format = {.skip_bad = b->pick & 1};
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
	fuzz_picked(read_all, data, n);
	return 0;
}
