/* Any bytes as an array, or as values one after another: however the text comes in blocks and is cut into parts,
 * its values, where they are and what is wrong with it are the same. The first byte picks the blocks. */
#include "base/buffer.h"
#include "fuzz.h"
#include "../unit/json-parts.h"

static void read_text(const char *path, size_t block, bool parts, struct json_reader *reader, struct buffer *out)
{
	input_use_blocks(block);
	struct input *in = input_open(path);
	struct json_split *s = json_split_open(in), *part = json_part_new();
	struct span value, where;
	while (json_split_next(s, &value)) {
		add_value(out, json_split_line(s), json_split_count(s), value);
		while (parts && json_split_has_parts(s) && json_split_take(s, part))
			read_part(s, part, reader, out);
	}
	const char *problem = json_split_problem(s, &where);
	buffer_format(out, "%d! %s\n", (int)json_split_line(s), problem ? problem : "");
	json_split_close(part);
	json_split_close(s);
	input_close(in);
}

static void read_all(void *context)
{
	const struct fuzz_picked *b = context;
	struct buffer want = {0}, got = {0};
	struct json_reader *reader = json_new();
	char path[32];
	int file = fuzz_file(b->at, b->n, path);
	read_text(path, 8, false, NULL, &want); /* so short that values are looked at byte by byte */
	for (int pass = 0; pass < 3; pass++) {
		got.n = 0;
		read_text(path, 64 + (size_t)b->pick * (pass == 2 ? 32 : 3), true, pass ? reader : NULL, &got);
		fuzz_same(&want, &got);
	}
	json_free(reader);
	buffer_free(&want);
	buffer_free(&got);
	close(file);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	fuzz_picked(read_all, data, n);
	return 0;
}
