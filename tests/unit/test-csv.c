/* CSV: random tables written with and without quotes come back field by field; what
 * Python's csv module takes for granted (quotes in quotes, commas, line ends inside
 * values, blanks) and what RFC 4180 does not allow; any lines are what libcsv alone makes of them,
 * as a whole and in parts. */
#include <csv.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/random.h"
#include "csv-text.h"
#include "unit.h"

static char path[] = "csv-XXXXXX";

static void write_file(const char *text, size_t n)
{
	FILE *f = fopen(path, "w");
	if (!f || fwrite(text, 1, n, f) != n || fclose(f) != 0)
		abort();
}

/* What is left of the CSV. */
static void read_rows(struct csv *csv, struct buffer *out)
{
	while (add_rows(csv, 0, out))
		;
}

static char *read_file(bool control_fails, uint64_t *replaced)
{
	struct buffer out = {0};
	struct input *in = input_open(path);
	struct csv *csv = csv_open(in, control_fails);
	read_rows(csv, &out);
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
	check_text("\xef\xbb\xbf\"a\",b\n", false, "1: a\tb\n", 0);
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

/* ---- libcsv alone, line by line ---- */

struct slow {
	struct csv_parser parser;
	struct buffer row, raw;
	uint64_t line, begun, replaced;
	bool control_fails, in_row, control, fields;
};

static int only_lf(unsigned char c)
{
	return c == '\n';
}

static int never(unsigned char c)
{
	(void)c;
	return 0;
}

static void on_field(void *bytes, size_t n, void *context)
{
	struct slow *s = context;
	if (s->fields)
		buffer_add_byte(&s->row, '\t');
	s->fields = true;
	for (size_t i = 0; i < n; i++) {
		char c = ((char *)bytes)[i];
		bool space = c == '\t' || c == '\n';
		s->replaced += space && !s->control_fails;
		s->control |= space;
		buffer_add_byte(&s->row, space ? ' ' : c);
	}
}

static void on_row(int c, void *context)
{
	(void)c;
	((struct slow *)context)->in_row = false;
}

static void start(struct slow *s)
{
	csv_init(&s->parser, CSV_STRICT | CSV_STRICT_FINI);
	csv_set_term_func(&s->parser, only_lf);
	csv_set_space_func(&s->parser, never);
	s->in_row = false;
}

static void slow_line(struct slow *s, struct span line, struct buffer *out)
{
	s->line++;
	line.n -= line.n && line.at[line.n - 1] == '\r';
	if (!s->in_row) {
		s->row.n = s->raw.n = 0;
		s->control = s->fields = false;
		s->begun = s->line;
		if (line.n == 0) {
			buffer_format(out, "%d: \n", (int)s->line);
			return;
		}
	} else {
		buffer_add_byte(&s->raw, '\n');
	}
	s->in_row = true;
	buffer_add_span(&s->raw, line);
	bool good = csv_parse(&s->parser, line.at, line.n, on_field, on_row, s) == line.n &&
		csv_parse(&s->parser, "\n", 1, on_field, on_row, s) == 1;
	bool control = s->control && s->control_fails && !s->in_row;
	if (good && s->in_row)
		return;
	buffer_format(out, good && !control ? "%d: " : !good ? "%d! a stray double quote: " :
		      "%d! a TAB or line end inside a value: ", (int)s->begun);
	buffer_add_span(out, good && !control ? (struct span){s->row.data, s->row.n} :
			(struct span){s->raw.data, s->raw.n});
	buffer_add_byte(out, '\n');
	if (!good || control) {
		csv_free(&s->parser);
		start(s);
	}
}

static uint64_t read_slowly(struct span text, bool control_fails, struct buffer *out)
{
	struct slow s = {.control_fails = control_fails};
	start(&s);
	for (const char *at = text.at, *end = at + text.n, *lf; at < end; at = lf + 1) {
		lf = memchr(at, '\n', (size_t)(end - at));
		slow_line(&s, (struct span){at, (size_t)(lf - at)}, out);
	}
	if (s.in_row) {
		buffer_format(out, "%d! a quoted value does not end: ", (int)s.begun);
		buffer_add_span(out, (struct span){s.raw.data, s.raw.n});
		buffer_add_byte(out, '\n');
	}
	csv_free(&s.parser);
	buffer_free(&s.row);
	buffer_free(&s.raw);
	return s.replaced;
}

/* The text as one part, or as two that csv_cut makes of the lines before `from`. */
static uint64_t read_parts(struct span text, size_t from, bool control_fails, struct buffer *out)
{
	struct csv *part = csv_part_open(control_fails);
	uint64_t replaced = 0, line = 0;
	size_t first = csv_cut((struct span){text.at, from});
	if (first) {
		csv_part_use(part, (struct span){text.at, first}, 0);
		read_rows(part, out);
		line = csv_line(part);
		replaced = csv_replaced(part);
	}
	csv_part_use(part, (struct span){text.at + first, text.n - first}, line);
	read_rows(part, out);
	replaced += csv_replaced(part);
	csv_close(part);
	return replaced;
}

/* Lines of any bytes that mean something, in which quotes are mostly where they belong. */
static void make_lines(struct random *r, struct buffer *text)
{
	static const char *const FIELDS[] = {
		"", "a", "12345", "\"\"", "\"a,b\"", "\"say \"\"x\"\"\"", "\"a\nb\"", "\"\r\n\"", "x\ty", "\"\t\"",
		"a long value that fills some of the vector", "\"\"\"\"", "\r", "a\"b", "\"a\"b", "\"", "\"a\"\r",
	};
	enum { ALL = sizeof FIELDS / sizeof *FIELDS, GOOD = ALL - 4 };
	bool wild = random_below(r, 2);
	memset(buffer_room(text, 64), ',', 64);
	text->n = 64;
	for (uint32_t row = random_below(r, 30) + 1; row > 0; row--) {
		for (uint32_t column = random_below(r, 5); column > 0; column--) {
			buffer_add_text(text, FIELDS[random_below(r, wild && random_below(r, 9) == 0 ? ALL : GOOD)]);
			buffer_add_text(text, column > 1 ? "," : "");
		}
		buffer_add_text(text, random_below(r, 3) ? "\n" : "\r\n");
	}
	memset(buffer_room(text, 64), '"', 64);
}

static void check_against_libcsv(struct random *r)
{
	struct buffer text = {0};
	for (int i = 0; i < 6000; i++) {
		struct buffer want = {0}, got = {0}, two = {0};
		make_lines(r, &text);
		struct span s = {text.data + 64, text.n - 64};
		bool control_fails = random_below(r, 2);
		uint64_t spaces = read_slowly(s, control_fails, &want);
		size_t from = random_below(r, (uint32_t)s.n);
		while (from > 0 && s.at[from - 1] != '\n')
			from--;
		CHECK_INT(read_parts(s, 0, control_fails, &got), spaces);
		CHECK_INT(read_parts(s, from, control_fails, &two), spaces);
		CHECK(strcmp(buffer_text(&got), buffer_text(&want)) == 0);
		CHECK(strcmp(buffer_text(&two), buffer_text(&want)) == 0);
		buffer_free(&want);
		buffer_free(&got);
		buffer_free(&two);
	}
	buffer_free(&text);
}

/* Rows are cut as early as that can be, and where it can be. */
static void check_cut(void)
{
	static const struct {
		const char *text;
		size_t cut;
	} CASES[] = {
		{"a,b\nc\n", 6}, {"a\n\"b\n", 2}, {"\"b\n", 0}, {"\"b\n\"\n", 5}, {"\"b\n\"\n\"\n", 5}, {"a\"b\n", 4},
		{"\"a\"\r\n\"x\n", 5}, {"\"a\"\rb\n\"\n", 6},
		{"a value that takes more than one vector of sixty four bytes it does,\"\n\"\n\"\n", 72},
	};
	for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
		char text[256];
		memset(text, '"', sizeof text);
		memcpy(text + 64, CASES[i].text, strlen(CASES[i].text));
		CHECK_INT(csv_cut((struct span){text + 64, strlen(CASES[i].text)}), CASES[i].cut);
	}
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
	check_against_libcsv(&r);
	check_cut();
	unlink(path);
	return unit_finish();
}
