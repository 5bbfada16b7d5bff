/* Arrays of every form, and values one after another: those in parts, and what is between the parts one by one,
 * are those that json_split_next alone finds in blocks of any size, on the same lines and with the same
 * numbers; and so are the problems. The known objects of a part, which are read where they are, too.
 */
#include <stdlib.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "base/random.h"
#include "streams/json-split.h"
#include "streams/json.h"
#include "json-parts.h"
#include "unit.h"

static char path[] = "json-split-XXXXXX";

/* Blocks so short that few values are in one, and so are not looked at 64 bytes at a time. */
enum { BYTE_BY_BYTE = 8 };

static void write_file(const struct buffer *text)
{
	FILE *f = fopen(path, "w");
	if (!f || fwrite(text->data, 1, text->n, f) != text->n || fclose(f) != 0)
		abort();
}

/* All values as `line number: value`, and the problem; how many came in parts. */
static size_t read_all(struct json_split *s, bool parts, struct json_reader *reader, struct buffer *out)
{
	struct json_split *part = json_part_new();
	struct span value, where;
	size_t n = 0;
	while (json_split_next(s, &value)) {
		add_value(out, json_split_line(s), json_split_count(s), value);
		while (parts && json_split_has_parts(s) && json_split_take(s, part))
			n += read_part(s, part, reader, out);
	}
	const char *problem = json_split_problem(s, &where);
	if (problem)
		buffer_format(out, "%d %d! %s\n", (int)json_split_line(s), (int)json_split_count(s), problem);
	json_split_close(part);
	json_split_close(s);
	return n;
}

static size_t read_file(bool parts, struct json_reader *reader, struct buffer *out)
{
	struct input *in = input_open(path);
	size_t n = read_all(json_split_open(in), parts, reader, out);
	input_close(in);
	return n;
}

/* A list in memory, which json_read has handed out: in parts as one by one, and the text stays as it is. */
static void test_list(struct random *r, struct buffer *text)
{
	static const char *const ELEMENTS[] = {
		"{\"a\": 1}", "{\"a\": 2}", "[]", "{\"a\": [{\"b\": 2}, {}], \"c\": \"],[{\"}", "7", "\"a,b\"", "null",
	};
	struct buffer want = {0}, got = {0};
	text->n = 0;
	buffer_add_text(text, "[");
	for (uint32_t n = random_below(r, 60); n > 0; n--) {
		buffer_add_text(text, ELEMENTS[random_below(r, random_below(r, 5) ? 2 : 7)]);
		if (n > 1)
			buffer_add_text(text, random_below(r, 2) ? "," : " , ");
	}
	buffer_add_text(text, "]");
	size_t n = text->n;
	memset(buffer_room(text, JSON_PAD), '}', JSON_PAD);
	struct span list = {text->data, n};
	char *before = memory_text(text->data, n);
	struct json_reader *reader = json_new();
	read_all(json_split_open_list(list, n), false, NULL, &want);
	read_all(json_split_open_list(list, 30 + random_below(r, 300)), true, reader, &got);
	CHECK(strcmp(buffer_text(&got), buffer_text(&want)) == 0);
	CHECK(memcmp(before, text->data, n) == 0);
	json_free(reader);
	free(before);
	buffer_free(&want);
	buffer_free(&got);
}

/* Values that are mostly good, and what is between them. */
static void make_text(struct random *r, bool array, struct buffer *text)
{
	static const char *const ELEMENTS[] = {
		"{\"a\": 1}", "{\"a\": [{\"b\": 2}, {}], \"c\": \"],[{\"}", "[]", "{\"a\\\"b\": \"\\\\\"}", "{\"a\":\n 1,\r\n\t\"b\": 2 }",
		"{\"a\": \"a string that is longer than sixty-four bytes, which is what is looked at at once\"}",
		"{\"\\\\\\\\\\\"\": \"\\\\\\\"\\\"\"}", "[\"\\u0436\", \"{\"]", "{\"a\": \"\\\"\"}",
		"1", "\"a,b\"", "null", "{\"a\": \"two\nlines\"}", "{\\\"a\": 1}", "{\\\"}\", \"b\": 1}",
		"{} {}", "{\"a\"", "}", "]", "", "x{}", "{\"a\": \"b}",
	};
	enum { ALL = sizeof ELEMENTS / sizeof *ELEMENTS, GOOD = 9 };
	static const char *const BETWEEN[] = {",", ", ", ",\n", "\n,\n", " ,\t", ",\r\n"};
	uint32_t odd = random_below(r, 3) ? 300 : 5;
	text->n = 0;
	if (array)
		buffer_add_text(text, random_below(r, 2) ? "[" : " \n[\n");
	for (uint32_t n = random_below(r, 60); n > 0; n--) {
		buffer_add_text(text, ELEMENTS[random_below(r, random_below(r, odd) ? GOOD : ALL)]);
		if (n > 1)
			buffer_add_text(text, random_below(r, 200) ? BETWEEN[random_below(r, 6)] + !array : ",,");
	}
	if (array)
		buffer_add_text(text, random_below(r, 9) ? "]\n" : random_below(r, 2) ? "" : "] x");
}

/* Parts are tried for a small share of the elements where none of them can be in one. */
static void test_odd_elements(struct buffer *text)
{
	enum { ELEMENTS = 5000, BLOCK = 1000 };
	text->n = 0;
	buffer_add_text(text, "[{}");
	for (int i = 1; i < ELEMENTS; i++)
		buffer_add_text(text, ",\\");
	buffer_add_text(text, "]");
	input_use_blocks(BLOCK);
	write_file(text);
	struct input *in = input_open(path);
	struct json_split *s = json_split_open(in);
	struct json_split *part = json_part_new();
	struct span value;
	size_t n = 0, tried = 0;
	for (; json_split_next(s, &value); n++) {
		if (json_split_has_parts(s)) {
			CHECK(!json_split_take(s, part));
			tried++;
		}
	}
	CHECK(n == ELEMENTS && tried > 0 && tried < ELEMENTS / 100);
	json_split_close(part);
	json_split_close(s);
	input_close(in);
}

int main(void)
{
	struct random r = random_start(19, 4);
	struct buffer text = {0};
	size_t in_parts = 0;
	int file = mkstemp(path);
	if (file < 0)
		abort();
	close(file);
	for (int i = 0; i < 3000; i++) {
		struct buffer want = {0};
		input_use_blocks(BYTE_BY_BYTE);
		make_text(&r, i % 2, &text);
		write_file(&text);
		read_file(false, NULL, &want);
		for (int known = 0; known < 2; known++) {
			struct json_reader *reader = known ? json_new() : NULL;
			struct buffer got = {0};
			input_use_blocks(100 + random_below(&r, 1000));
			in_parts += read_file(true, reader, &got);
			CHECK(strcmp(buffer_text(&got), buffer_text(&want)) == 0);
			json_free(reader);
			buffer_free(&got);
		}
		buffer_free(&want);
	}
	CHECK(in_parts > 80000);
	for (int i = 0; i < 2000; i++)
		test_list(&r, &text);
	test_odd_elements(&text);
	buffer_free(&text);
	unlink(path);
	return unit_finish();
}
