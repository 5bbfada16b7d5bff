/* Any bytes as CSV: however the text comes in blocks and is cut into parts, its rows, where they are and what is
 * wrong with them are the same. The first byte picks the blocks and what a TAB in a value is. */
#include "base/buffer.h"
#include "fuzz.h"
#include "../unit/csv-text.h"

static void read_text(const char *path, size_t block, bool parts, bool control_fails, struct buffer *out)
{
	input_use_blocks(block);
	struct input *in = input_open(path);
	struct csv *csv = csv_open(in, control_fails), *part = csv_part_open(control_fails);
	struct input_room room = {0};
	struct span text;
	while (add_rows(csv, 0, out)) {
		while (parts && csv_is_idle(csv) && input_take_cut(in, &room, csv_cut, &text)) {
			csv_part_use(part, text, 0);
			while (add_rows(part, csv_line(csv), out))
				;
			csv_took(csv, csv_line(part), csv_replaced(part));
		}
	}
	buffer_format(out, "%d %d\n", (int)csv_line(csv), (int)csv_replaced(csv));
	csv_close(part);
	csv_close(csv);
	input_room_free(&room);
	input_close(in);
}

static void read_all(void *context)
{
	const struct fuzz_picked *b = context;
	struct buffer want = {0}, got = {0};
	bool control_fails = b->pick & 1;
	char path[32];
	int file = fuzz_file(b->at, b->n, path);
	read_text(path, 65536, false, control_fails, &want);
	for (int pass = 0; pass < 2; pass++) {
		got.n = 0;
		read_text(path, 64 + (size_t)b->pick * (pass ? 32 : 2), true, control_fails, &got);
		fuzz_same(&want, &got);
	}
	buffer_free(&want);
	buffer_free(&got);
	close(file);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	fuzz_picked(read_all, data, n);
	return 0;
}
