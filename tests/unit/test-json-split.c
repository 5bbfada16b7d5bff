/* Arrays of every form: their elements in parts, and what is between the parts one by one, are those that
 * json_split_next alone finds, on the same lines and with the same numbers; and so are the problems.
 */
#include <stdlib.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/random.h"
#include "streams/json-split.h"
#include "unit.h"

static char path[] = "json-split-XXXXXX";

static void write_file(const struct buffer *text)
{
	FILE *f = fopen(path, "w");
	if (!f || fwrite(text->data, 1, text->n, f) != text->n || fclose(f) != 0)
		abort();
}

static void add_value(struct buffer *out, uint64_t line, uint64_t count, struct span value)
{
	buffer_format(out, "%d %d: ", (int)line, (int)count);
	buffer_add_span(out, value);
	buffer_add_byte(out, '\n');
}

/* The elements of a part; how many. */
static size_t read_part(struct json_part *part, struct buffer *out)
{
	struct span rest;
	uint64_t line, count;
	size_t n = 0;
	json_part_open(part);
	for (; json_part_next(part, &rest, &line, &count); n++) {
		rest.n = (size_t)((const char *)memchr(rest.at, '\n', rest.n) - rest.at);
		add_value(out, line, count, rest);
	}
	return n;
}

/* All values as `line number: value`, and the problem; how many came in parts. */
static size_t read_file(bool parts, struct buffer *out)
{
	struct input *in = input_open(path);
	struct json_split *s = json_split_open(in);
	struct json_part part = {0};
	struct span value, where;
	size_t n = 0;
	while (json_split_next(s, &value)) {
		add_value(out, json_split_line(s), json_split_count(s), value);
		while (parts && json_split_has_parts(s) && json_split_take(s, &part))
			n += read_part(&part, out);
	}
	const char *problem = json_split_problem(s, &where);
	if (problem)
		buffer_format(out, "%d %d! %s\n", (int)json_split_line(s), (int)json_split_count(s), problem);
	json_part_free(&part);
	json_split_close(s);
	input_close(in);
	return n;
}

/* An array of elements that are mostly good, and what is between them. */
static void make_array(struct random *r, struct buffer *text)
{
	static const char *const ELEMENTS[] = {
		"{\"a\": 1}", "{\"a\": [{\"b\": 2}, {}], \"c\": \"],[{\"}", "[]", "{\"a\\\"b\": \"\\\\\"}", "{\"a\":\n 1,\r\n\t\"b\": 2 }",
		"{\"a\": \"a string that is longer than sixty-four bytes, which is what is looked at at once\"}",
		"{\"\\\\\\\\\\\"\": \"\\\\\\\"\\\"\"}", "[\"\\u0436\", \"{\"]", "{\"a\": \"\\\"\"}",
		"1", "\"a,b\"", "null", "{\"a\": \"two\nlines\"}", "{\\\"a\": 1}", "{} {}", "{\"a\"", "}", "]", "", "x{}", "{\"a\": \"b}",
	};
	enum { ALL = sizeof ELEMENTS / sizeof *ELEMENTS, GOOD = 9 };
	static const char *const BETWEEN[] = {",", ", ", ",\n", "\n,\n", " ,\t", ",\r\n"};
	uint32_t odd = random_below(r, 3) ? 300 : 5;
	text->n = 0;
	buffer_add_text(text, random_below(r, 2) ? "[" : " \n[\n");
	for (uint32_t n = random_below(r, 60); n > 0; n--) {
		buffer_add_text(text, ELEMENTS[random_below(r, random_below(r, odd) ? GOOD : ALL)]);
		if (n > 1)
			buffer_add_text(text, random_below(r, 200) ? BETWEEN[random_below(r, 6)] : ",,");
	}
	buffer_add_text(text, random_below(r, 9) ? "]\n" : random_below(r, 2) ? "" : "] x");
}

/* Parts are tried for a small share of the elements where none of them can be in one. */
static void test_odd_elements(struct buffer *text)
{
	enum { ELEMENTS = 5000, BLOCK = 1000 };
	text->n = 0;
	buffer_add_text(text, "[{}");
	for (int i = 1; i < ELEMENTS; i++)
		buffer_add_text(text, ",1");
	buffer_add_text(text, "]");
	input_use_blocks(BLOCK);
	write_file(text);
	struct input *in = input_open(path);
	struct json_split *s = json_split_open(in);
	struct json_part part = {0};
	struct span value;
	size_t n = 0, tried = 0;
	for (; json_split_next(s, &value); n++) {
		if (json_split_has_parts(s)) {
			CHECK(!json_split_take(s, &part));
			tried++;
		}
	}
	CHECK(n == ELEMENTS && tried > 0 && tried < ELEMENTS / 100);
	json_part_free(&part);
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
		struct buffer want = {0}, got = {0};
		input_use_blocks(100 + random_below(&r, 1000));
		make_array(&r, &text);
		write_file(&text);
		read_file(false, &want);
		in_parts += read_file(true, &got);
		CHECK(strcmp(buffer_text(&got), buffer_text(&want)) == 0);
		buffer_free(&want);
		buffer_free(&got);
	}
	CHECK(in_parts > 20000);
	test_odd_elements(&text);
	buffer_free(&text);
	unlink(path);
	return unit_finish();
}
