/* Tables against a slow obvious reading of the same bytes: random tables of all
 * widths, field lengths that straddle vector and block borders, CRLF or not. */
#include <stdlib.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/random.h"
#include "streams/table.h"
#include "unit.h"

static char path[] = "table-XXXXXX";

static void write_file(const struct buffer *text)
{
	FILE *f = fopen(path, "w");
	if (!f || fwrite(text->data, 1, text->n, f) != text->n || fclose(f) != 0)
		abort();
}

/* A table of `rows` x `width` with fields of up to `longest` bytes. */
static void make_text(struct random *r, struct buffer *text, size_t width, size_t rows,
		      uint32_t longest, bool crlf, bool last_lf)
{
	text->n = 0;
	for (size_t c = 0; c < width; c++)
		buffer_format(text, "%sc%zu", c ? "\t" : "", c);
	buffer_add_text(text, crlf ? "\r\n" : "\n");
	for (size_t i = 0; i < rows; i++) {
		for (size_t c = 0; c < width; c++) {
			uint32_t n = random_below(r, longest + 1) + (width == 1);
			if (c)
				buffer_add_byte(text, '\t');
			for (uint32_t k = 0; k < n; k++) {
				char byte = (char)(1 + random_below(r, 255));
				bool taken = byte == '\t' || byte == '\n' || byte == '\r';
				buffer_add_byte(text, taken ? 'x' : byte);
			}
		}
		if (i + 1 < rows || last_lf)
			buffer_add_text(text, crlf ? "\r\n" : "\n");
	}
}

/* Compares the current row with the fields at *at in the text, moves *at on. */
static bool row_equals(struct table *t, const struct buffer *text, size_t *at, bool crlf)
{
	for (size_t c = 0; c < table_width(t); c++) {
		struct span field = table_field(t, c);
		if (field.n > text->n - *at || memcmp(field.at, text->data + *at, field.n) != 0)
			return false;
		*at += field.n;
		if (c + 1 == table_width(t) && crlf && *at < text->n)
			*at += text->data[*at] == '\r';
		if (*at < text->n && text->data[*at] != (c + 1 < table_width(t) ? '\t' : '\n'))
			return false;
		*at += 1;
	}
	return true;
}

static void round_trip(struct random *r, size_t width, size_t rows, uint32_t longest,
		       bool crlf, bool last_lf)
{
	struct buffer text = {0};
	make_text(r, &text, width, rows, longest, crlf, last_lf);
	write_file(&text);
	struct table *t = table_open_file(path);
	CHECK_INT(table_width(t), width);
	size_t at = (size_t)((char *)memchr(text.data, '\n', text.n) + 1 - text.data), seen = 0;
	bool equal = true;
	while (equal && table_next(t)) {
		equal = row_equals(t, &text, &at, crlf);
		seen++;
		equal &= table_line(t) == seen + 1;
	}
	CHECK(equal);
	CHECK_INT(seen, rows);
	CHECK_INT(table_rows(t), rows);
	table_close(t);
	buffer_free(&text);
}

/* Blocks give the same rows as steps do. */
static void blocks_equal_steps(struct random *r)
{
	struct buffer text = {0};
	make_text(r, &text, 3, 60000, 9, false, true);
	write_file(&text);
	struct table *steps = table_open_file(path), *blocks = table_open_file(path);
	struct table_block block;
	bool equal = true;
	while (equal && table_next_block(blocks, &block)) {
		for (size_t i = 0; i < block.row_count && equal; i++) {
			table_block_row(blocks, i);
			equal = table_next(steps) &&
				span_equal(table_row(steps), table_row(blocks)) &&
				table_line(steps) == table_line(blocks);
		}
	}
	CHECK(equal);
	CHECK(!table_next(steps));
	CHECK(!table_next(blocks));
	table_close(steps);
	table_close(blocks);
	buffer_free(&text);
}

/* Rows that are the header again, and rows that only begin like it, among others: by steps
 * and by blocks, in the same places. */
static void header_again(struct random *r, size_t width, const char *name, bool crlf)
{
	struct buffer text = {0}, header = {0};
	size_t rows = 30000, again = 0, good = 0;
	for (size_t c = 0; c < width; c++)
		buffer_format(&header, "%s%s%zu", c ? "\t" : "", name, c);
	const char *end = crlf ? "\r\n" : "\n", *first = buffer_text(&header);
	buffer_format(&text, "%s%s", first, end);
	for (size_t i = 0; i < rows; i++) {
		uint32_t kind = random_below(r, i + 200 > rows ? 20 : 2000);
		again += kind == 0;
		if (kind < 2)
			buffer_format(&text, "%s%s%s", first, kind ? "x" : "", end);
		else
			for (size_t c = 0; c < width; c++)
				buffer_format(&text, "%s%u%s", name, (unsigned)random_below(r, 1000) + 10,
					      c + 1 < width ? "\t" : end);
	}
	write_file(&text);
	enum { STEPS, BLOCKS, ROWS };
	for (int how = STEPS; how <= ROWS; how++) {
		char *files[] = {path};
		struct table_format format = {.skip_bad = true};
		struct table *t = table_open(files, 1, &format);
		struct table_block block;
		for (good = 0;;) {
			size_t n = how == ROWS ? table_next_rows(t) :
				how == BLOCKS && table_next_block(t, &block) ? block.row_count : table_next(t);
			if (n == 0)
				break;
			good += n;
		}
		CHECK_INT(table_rejected(t), again);
		CHECK_INT(good, rows - again);
		table_close(t);
	}
	CHECK(again > 5);
	buffer_free(&text);
	buffer_free(&header);
}

int main(void)
{
	int file = mkstemp(path);
	if (file < 0 || close(file) != 0)
		return 1;
	struct random r = random_start(1, 1);
	for (size_t width = 1; width <= 9; width++)
		for (uint32_t longest = 1; longest < 200; longest = longest * 3 + 1)
			round_trip(&r, width, 300, longest, width % 2 == 0, longest % 2 == 0);
	log_level = LOG_QUIET;
	for (size_t width = 1; width < 5; width++) {
		header_again(&r, width, "a", width % 2);
		header_again(&r, width, "column", !(width % 2));
	}
	round_trip(&r, 4, 40000, 20, false, true);  /* several blocks */
	round_trip(&r, 4, 40000, 20, true, false);
	round_trip(&r, 2, 3, 700000, false, true);  /* rows longer than a block */
	round_trip(&r, 5, 0, 1, false, true);
	blocks_equal_steps(&r);
	unlink(path);
	return unit_finish();
}
