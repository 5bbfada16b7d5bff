/* Any bytes as a table: TSV or CSV, plain or gzip, strict or skipping. The
 * first byte picks the format. */
#include "fuzz.h"
#include "streams/table.h"

static void read_all(void *context)
{
	const struct fuzz_picked *b = context;
	char path[32];
	int file = fuzz_file(b->at, b->n, path);
	char *files[] = {path};
	struct table_format format = {
		.csv = b->pick & 1,
		.skip_bad = b->pick & 2,
		.no_header = b->pick & 4,
		.columns = b->pick & 4 ? "a,b" : NULL,
	};
	struct table *t = table_open(files, 1, &format);
	volatile size_t sum = 0;
	struct table_block block;
	for (;;) {
		if (b->pick & 8 && table_next_block(t, &block)) {
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
	fuzz_picked(read_all, data, n);
	return 0;
}
