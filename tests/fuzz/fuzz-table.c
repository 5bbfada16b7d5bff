/* Any bytes as a table: TSV or CSV, plain or gzip, strict or skipping. The
 * first byte picks the format. */
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz.h"
#include "streams/table.h"

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
	struct table_format format = {
		.csv = b->at[0] & 1,
		.skip_bad = b->at[0] & 2,
		.no_header = b->at[0] & 4,
		.columns = b->at[0] & 4 ? "a,b" : NULL,
	};
	struct table *t = table_open(files, 1, &format);
	volatile size_t sum = 0;
	struct table_block block;
	for (;;) {
		if (b->at[0] & 8 && table_next_block(t, &block)) {
			for (size_t r = 0; r < block.row_count; r++) {
				table_block_row(t, r);
				sum += table_row(t).n;
			}
		} else if (table_next(t)) {
			for (size_t c = 0; c < table_width(t); c++)
				for (size_t i = 0; i < table_field(t, c).n; i++)
					sum += (unsigned char)table_field(t, c).at[i];
			double value;
			if (table_double(t, 0, &value))
				sum++;
		} else {
			break;
		}
	}
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
