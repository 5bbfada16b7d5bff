/* CSV: random tables written with and without quotes come back field by field; what
 * Python's csv module takes for granted (quotes in quotes, commas, line ends inside
 * values, blanks) and what RFC 4180 does not allow. */
#include <stdlib.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/random.h"
#include "streams/csv.h"
#include "unit.h"

static char path[] = "csv-XXXXXX";

static void write_file(const char *text, size_t n)
{
	FILE *f = fopen(path, "w");
	if (!f || fwrite(text, 1, n, f) != n || fclose(f) != 0)
		abort();
}

/* The file as rows `line: TSV`, and `line! problem: raw` where it is no CSV. */
static char *read_file(bool control_fails, uint64_t *replaced)
{
	struct buffer out = {0};
	struct input *in = input_open(path);
	struct csv *csv = csv_open(in, control_fails);
	for (;;) {
		struct span block, raw;
		const uint64_t *lines;
		uint64_t line;
		if (csv_block(csv, &block, &lines)) {
			for (size_t at = 0, row = 0; at < block.n; row++) {
				const char *lf = memchr(block.at + at, '\n', block.n - at);
				size_t n = (size_t)(lf - (block.at + at)) + 1;
				buffer_format(&out, "%d: ", (int)lines[row]);
				buffer_add(&out, block.at + at, n);
				at += n;
			}
			continue;
		}
		const char *problem = csv_problem(csv, &line, &raw);
		if (!problem)
			break;
		buffer_format(&out, "%d! %s: ", (int)line, problem);
		buffer_add_span(&out, raw);
		buffer_add_byte(&out, '\n');
	}
	*replaced = csv_replaced(csv);
	csv_close(csv);
	input_close(in);
	return buffer_text(&out);
}

static void check_text(const char *text, bool control_fails, const char *want, uint64_t spaces)
{
	uint64_t replaced;
	write_file(text, strlen(text));
	char *got = read_file(control_fails, &replaced);
	CHECK_TEXT(got, want);
	CHECK_INT(replaced, spaces);
	free(got);
}

static void check_examples(void)
{
	check_text("a,b\r\n1,2\r\n", false, "1: a\tb\n2: 1\t2\n", 0);
	check_text("\"a,b\",\"say \"\"x\"\"\",", false, "1: a,b\tsay \"x\"\t\n", 0);
	check_text(" a , \"\" b\n", false, "1! a stray double quote:  a , \"\" b\n", 0);
	check_text(" a ,b \n", false, "1:  a \tb \n", 0);
	check_text("\"a\nb\",c\nd,e\n", false, "1: a b\tc\n3: d\te\n", 1);
	check_text("\"a\r\nb\"\n", false, "1: a b\n", 1);
	check_text("a\n\nb\n", false, "1: a\n2: \n3: b\n", 0);
	check_text("a\n\"b\"c\nd\n", false, "1: a\n2! a stray double quote: \"b\"c\n3: d\n", 0);
	check_text("a\n\"b\nc\n", false, "1: a\n2! a quoted value does not end: \"b\nc\n", 0);
	check_text("a\tb,c\n", false, "1: a b\tc\n", 1);
	check_text("", false, "", 0);
}

/* With control_fails a row is refused as a whole, wherever in it the byte is. */
static void check_control(void)
{
	check_text("x\ty,1\na,2\n", true,
		   "1! a TAB or line end inside a value: x\ty,1\n2: a\t2\n", 0);
	check_text("\"x\ny\",\"1\n2\",z\na,b,c\n", true,
		   "1! a TAB or line end inside a value: \"x\ny\",\"1\n2\",z\n4: a\tb\tc\n", 0);
}

static void check_random(struct random *r)
{
	static const char *const PIECES[] = {"a", "\"", ",", " ", "Ж", "'", "\r", "0", "xyz"};
	struct buffer text = {0}, want = {0};
	for (int row = 1; row <= 20000; row++) {
		buffer_format(&want, "%d: ", row);
		for (int column = 0; column < 4; column++) {
			char plain[64] = "";
			bool quotes = random_below(r, 3) == 0;
			for (uint32_t n = random_below(r, 6) + (column == 0); n > 0; n--) {
				const char *piece = PIECES[random_below(r, 9)];
				strcat(plain, piece);
				quotes |= *piece == '"' || *piece == ',' || *piece == '\r';
			}
			buffer_format(&text, "%s%s", column ? "," : "", quotes ? "\"" : "");
			for (const char *at = plain; *at; at++)
				buffer_format(&text, *at == '"' ? "\"\"" : "%c", *at);
			buffer_add_text(&text, quotes ? "\"" : "");
			buffer_format(&want, "%s%s", column ? "\t" : "", plain);
		}
		buffer_add_text(&text, row % 3 ? "\n" : "\r\n");
		buffer_add_byte(&want, '\n');
	}
	uint64_t replaced;
	write_file(text.data, text.n);
	char *got = read_file(true, &replaced);
	CHECK(strcmp(got, buffer_text(&want)) == 0);
	CHECK_INT(replaced, 0);
	free(got);
	buffer_free(&text);
	buffer_free(&want);
}

int main(void)
{
	struct random r = random_start(1, 0);
	int file = mkstemp(path);
	if (file < 0)
		abort();
	close(file);
	check_examples();
	check_control();
	check_random(&r);
	unlink(path);
	return unit_finish();
}
