/* Any bytes as an array, or as values one after another: however the text comes in blocks and is cut into parts,
 * its values, where they are and what is wrong with it are the same. The first byte picks the blocks. */
#include "base/buffer.h"
#include "fuzz.h"
#include "streams/json-split.h"
#include "streams/json.h"

static void add_value(struct buffer *out, uint64_t line, uint64_t count, struct span value)
{
	buffer_format(out, "%d %d: ", (int)line, (int)count);
	buffer_add_span(out, value);
	buffer_add_byte(out, '\n');
}

/* The values of a part that is next, by a reader, or as they are. */
static void read_part(struct json_split *s, struct json_split *part, struct json_reader *reader,
		      struct buffer *out)
{
	uint64_t lines = json_part_lines_before(s), before = json_split_count(s);
	struct span value;
	bool good;
	if (reader)
		json_look_over(reader, json_part_text(part));
	while (reader ? json_split_read(part, reader, &value, &good) : json_split_next(part, &value))
		add_value(out, lines + json_split_line(part), before + json_split_count(part), value);
	if (reader)
		json_look_over(reader, (struct span){"", 0});
	json_part_join(s, part);
}

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
		if (got.n != want.n || memcmp(got.data, want.data, got.n) != 0)
			abort();
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
