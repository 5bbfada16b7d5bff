/* Delimited text against a reader that looks at one byte after the other, on random texts of the
 * bytes that mean something; from memory, and from a file in which rows lie across blocks. */
#include <stdlib.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/random.h"
#include "streams/delimited.h"
#include "streams/marks.h"
#include "unit.h"

/* ---- the slow reader ---- */

struct slow {
	struct span text;
	struct delimited_format f;
	size_t at;
	struct buffer row;   /* fields, each ended by \1; or "!" for a bad row */
	bool blanks, quotes, escapes;
};

static int byte_at(const struct slow *s, size_t i)
{
	if (i < s->text.n)
		return (unsigned char)s->text.at[i];
	/* The last line may lack its end. */
	return i == s->text.n && s->text.at[i - 1] != s->f.line_end ? s->f.line_end : -1;
}

static size_t line_end_at(const struct slow *s, size_t i)
{
	if (byte_at(s, i) == s->f.line_end)
		return 1;
	return s->f.line_end == '\n' && byte_at(s, i) == '\r' && byte_at(s, i + 1) == '\n' ? 2 : 0;
}

static size_t separator_at(const struct slow *s, size_t i)
{
	size_t n = 0;
	if (s->blanks)
		while (byte_at(s, i + n) == ' ' || byte_at(s, i + n) == '\t')
			n++;
	else if (strcmp(s->f.separator, "::") == 0)
		n = byte_at(s, i) == ':' && byte_at(s, i + 1) == ':' ? 2 : 0;
	else
		n = byte_at(s, i) == s->f.separator[0];
	return n;
}

static char meaning(char c)
{
	return c == 'n' ? '\n' : c == 't' ? '\t' : c == 'r' ? '\r' : c == '0' ? ' ' : c;
}

/* One field; false when its quotes are wrong. */
static bool slow_field(struct slow *s)
{
	size_t from = s->row.n, start = s->at;
	bool quoted = s->quotes && byte_at(s, s->at) == '"';
	bool escaped = false;
	s->at += quoted;
	for (;;) {
		if (byte_at(s, s->at) < 0 || (quoted && s->at == s->text.n))
			return false;
		int c = byte_at(s, s->at), next = byte_at(s, s->at + 1);
		bool escape = c == '\\' && s->escapes && (s->f.quoting == QUOTING_BACKSLASH || (quoted && next == '"'));
		if (escape) {
			/* The end that the last line did not have is no byte to be escaped. */
			if (s->at + 1 >= s->text.n)
				return false;
			escaped = true;
			buffer_add_byte(&s->row, meaning((char)next));
			s->at += 2;
		} else if (quoted && c == '"' && !s->escapes && next == '"') {
			buffer_add_byte(&s->row, '"');
			s->at += 2;
		} else if (quoted && c == '"') {
			s->at++;
			if (escaped && s->at - start == 4 && s->text.at[start + 2] == 'N')
				s->row.n = from;
			break;
		} else if (!quoted && (line_end_at(s, s->at) || separator_at(s, s->at))) {
			if (escaped && s->at - start == 2 && s->text.at[start + 1] == 'N')
				s->row.n = from;
			break;
		} else if (!quoted && c == '"' && s->quotes && s->f.quoting != QUOTING_BACKSLASH) {
			return false;
		} else {
			buffer_add_byte(&s->row, (char)c);
			s->at++;
		}
	}
	buffer_add_byte(&s->row, '\1');
	return line_end_at(s, s->at) || separator_at(s, s->at);
}

static bool slow_row(struct slow *s)
{
	size_t start = s->at, n;
	if (s->at >= s->text.n)
		return false;
	s->row.n = 0;
	if (s->blanks)
		s->at += separator_at(s, s->at);
	for (;;) {
		if (!slow_field(s)) {
			s->row.n = 0;
			buffer_add_byte(&s->row, '!');
			s->at = start;
			while (byte_at(s, s->at) != s->f.line_end)
				s->at++;
			s->at++;
			return true;
		}
		if ((n = line_end_at(s, s->at)))
			break;
		s->at += separator_at(s, s->at);
		if (s->blanks && (n = line_end_at(s, s->at)))
			break;
	}
	s->at += n;
	return true;
}

/* ---- the comparison ---- */

static void write_row(struct buffer *to, const struct delimited_row *row)
{
	to->n = 0;
	if (row->problem)
		buffer_add_byte(to, '!');
	for (size_t i = 0; i < row->n; i++) {
		buffer_add_span(to, row->fields[i]);
		buffer_add_byte(to, '\1');
	}
}

static bool agree(struct delimited *d, struct span text, const struct delimited_format *f)
{
	struct slow s = {.text = text, .f = *f, .blanks = strcmp(f->separator, "blanks") == 0,
		.quotes = f->quoting != QUOTING_NONE,
		.escapes = f->quoting == QUOTING_BACKSLASH || f->quoting == QUOTING_R};
	struct buffer got = {0};
	struct delimited_row row;
	bool same = true;
	uint64_t line = 1;
	while (same && delimited_next(d, &row)) {
		same = slow_row(&s) && row.line == line;
		write_row(&got, &row);
		same = same && span_equal((struct span){got.data, got.n}, (struct span){s.row.data, s.row.n});
		line = 1;
		for (size_t i = 0; i < s.at && i < text.n; i++)
			line += text.at[i] == f->line_end;
	}
	same = same && !slow_row(&s);
	buffer_free(&got);
	buffer_free(&s.row);
	delimited_close(d);
	return same;
}

static void fill(struct random *r, char *text, size_t n)
{
	static const char BYTES[] = "ab,,\"\"\n\r\\:;\t N";
	for (size_t i = 0; i < n; i++)
		text[i] = BYTES[random_below(r, sizeof BYTES - 1)];
}

static const char *const SEPARATORS[] = {",", ";", "\t", "::", "blanks"};

static void check_random(void)
{
	struct random r = random_start(1, 0);
	char text[48];
	size_t wrong = 0;
	for (int round = 0; round < 200000 && wrong < 3; round++) {
		size_t n = random_below(&r, sizeof text);
		struct delimited_format f = {.quoting = random_below(&r, 4), .line_end = random_below(&r, 4) ? '\n' : '\r'};
		const char *separator = SEPARATORS[random_below(&r, 5)];
		memcpy(f.separator, separator, strlen(separator) + 1);
		fill(&r, text, n);
		struct span span = {text, n};
		if (!agree(delimited_open_text(span, &f), span, &f)) {
			printf("separator %s, quoting %d, line end %d: %.*s|\n", f.separator, f.quoting, f.line_end, (int)n, text);
			wrong++;
		}
	}
	CHECK_INT(wrong, 0);
}

/* A file of several blocks, most of whose rows are good. */
static void check_file(void)
{
	struct random r = random_start(2, 0);
	struct buffer text = {0};
	for (int i = 0; i < 30000; i++) {
		size_t n = random_below(&r, 20);
		buffer_format(&text, "%d,\"%.*s\",", i, (int)n, "one \"\"two\"\"\nthree and more");
		buffer_add_text(&text, i % 97 ? "x\r\n" : "\"y\nz\n");
	}
	char path[] = "delimited-XXXXXX";
	int file = mkstemp(path);
	CHECK(write(file, text.data, text.n) == (ssize_t)text.n);
	close(file);
	struct delimited_format f = {",", QUOTING_RFC4180, '\n'};
	struct input *in = input_open_encoded(path);
	struct encoding *e = encoding_open("utf-8");
	struct span piece, all = {text.data, text.n};
	struct delimited *d = delimited_open(in, e, &f);
	/* The count of lines by the slow way takes long: fields alone. */
	struct slow s = {.text = all, .f = f, .quotes = true};
	struct buffer got = {0};
	struct delimited_row row;
	bool same = true;
	size_t rows = 0;
	for (; same && delimited_next(d, &row); rows++) {
		same = slow_row(&s);
		write_row(&got, &row);
		same = same && span_equal((struct span){got.data, got.n}, (struct span){s.row.data, s.row.n});
	}
	CHECK(same && rows > 30000 && !slow_row(&s));
	CHECK(!input_piece(in, &piece));
	delimited_close(d);
	encoding_close(e);
	input_close(in);
	unlink(path);
	buffer_free(&got);
	buffer_free(&s.row);
	buffer_free(&text);
}

/* Marks against the obvious loop, at every length and place. */
static void check_marks(void)
{
	struct random r = random_start(3, 0);
	static char text[400];
	uint32_t to[464], want[464];
	for (int round = 0; round < 3000; round++) {
		size_t n = random_below(&r, 330), count = 0, got;
		struct marks_seen seen;
		bool high = false, tab = false;
		fill(&r, text, n);
		if (n && round % 3 == 0)
			text[random_below(&r, (uint32_t)n)] = round % 2 ? '\0' : '\xe9';
		for (size_t i = 0; i < n; i++) {
			if (memchr(",\n\"\\:", text[i], 5))
				want[count++] = (uint32_t)i;
			high |= (unsigned char)text[i] >= 0x80;
			tab |= text[i] == '\t';
		}
		got = marks_find(text, n, ",\n\"\\:", to, &seen);
		CHECK(got == count && memcmp(to, want, count * sizeof *to) == 0);
		CHECK(seen.high == high && seen.tab == tab && seen.nul == (n && memchr(text, '\0', n)));
		CHECK(seen.mark[2] == (n && memchr(text, '"', n)) && seen.cr == (n && memchr(text, '\r', n)));
	}
}

static void check_words(void)
{
	char separator[SEPARATOR_SIZE];
	CHECK(delimited_separator("tab", separator) && strcmp(separator, "\t") == 0);
	CHECK(delimited_separator("::", separator) && delimited_separator("|", separator));
	CHECK(!delimited_separator("", separator) && !delimited_separator("\"", separator));
	CHECK(!delimited_separator(",,", separator) && !delimited_separator("\xe9", separator));
	CHECK_TEXT(delimited_separator_name("\t"), "tab");
}

int main(void)
{
	check_random();
	check_file();
	check_marks();
	check_words();
	return unit_finish();
}
