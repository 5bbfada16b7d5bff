/* Any bytes as a file of side features; the first byte picks how its column is named. */
#include "fuzz.h"
#include "learning/side-features.h"

static void read_all(void *context)
{
	static const struct column NAMES[] = {{.name = "user"}, {.name = "uid", .option = "user"}};
	const struct fuzz_picked *b = context;
	char path[32];
	int fd = fuzz_file(b->at, b->n, path);
	struct side_file file = side_features_open(table_open_file(path), NAMES[b->pick & 1], "user");
	struct side_features s = side_features_read(&file);
	/* Every entity has features, and they ascend. */
	for (uint32_t e = 0; e < strmap_count(s.entities); e++) {
		uint64_t from = s.rows.start[e], to = s.rows.start[e + 1];
		if (from == to || strmap_key(s.entities, e).n == 0)
			abort();
		for (uint64_t i = from; i < to; i++)
			if (s.rows.column[i] >= strmap_count(s.features) ||
			    (i > from && s.rows.column[i] <= s.rows.column[i - 1]))
				abort();
		if (!(side_features_size(s.rows.value + from, to - from) >= 0))
			abort();
	}
	side_features_free(&s);
	close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	fuzz_picked(read_all, data, n);
	return 0;
}
