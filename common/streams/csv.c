#include "streams/csv-rows.h"

#include <csv.h>

#include "base/buffer.h"
#include "base/error.h"

enum {
	FIRST_BYTES = 4096,
	LIBCSV_BLOCK = 1 << 14 /* libcsv makes room for a long value step by step, of 128 bytes if not told */
};

struct csv {
	struct input *in;        /* NULL: of a part */
	struct span rest;        /* of the lines that were read: not looked at yet */
	struct csv_parser parser;
	struct buffer rows;      /* CSV_PAD bytes, finished rows as TSV, then the one being read */
	size_t finished;         /* where finished rows end */
	uint64_t line;           /* lines that were read */
	uint64_t first;          /* where the first finished row began, */
	uint64_t *lines;         /* and each of them, when they are listed: not one line after the other */
	size_t n_rows, lines_capacity;
	bool listed;
	uint64_t row_line;       /* where the row being read began */
	uint64_t replaced;
	bool control_fails, in_row, first_field, begun, at_end;
	bool control;            /* the row being read has a TAB or line end inside a value */
	bool told;               /* the caller has asked for the problem */
	const char *problem;
	uint64_t problem_line;
	struct buffer raw;       /* physical lines of the row being read */
	struct buffer first_raw; /* the beginning of the first line */
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

static void start_parser(struct csv *c)
{
	if (csv_init(&c->parser, CSV_STRICT | CSV_STRICT_FINI) != 0)
		die(STATUS_FAILED, "cannot start libcsv"); /* it has no reason to but memory */
	csv_set_blk_size(&c->parser, LIBCSV_BLOCK);
	csv_set_term_func(&c->parser, only_lf);
	csv_set_space_func(&c->parser, never);
	c->in_row = c->control = false;
	c->first_field = true;
	c->rows.n = c->finished;
	c->raw.n = 0;
}

struct csv *csv_open(struct input *in, bool control_fails)
{
	struct csv *c = memory_zero(1, sizeof *c);
	c->in = in;
	c->control_fails = control_fails;
	memset(buffer_room(&c->rows, CSV_PAD), 0, CSV_PAD);
	c->rows.n = c->finished = CSV_PAD;
	start_parser(c);
	return c;
}

/* ---- the lines of rows ---- */

/* From now on the lines of the block's rows are listed. */
static void list_lines(struct csv *c, size_t more)
{
	c->lines = memory_grow(c->lines, &c->lines_capacity, c->n_rows + more, sizeof *c->lines);
	for (size_t i = 0; i < c->n_rows && !c->listed; i++)
		c->lines[i] = c->first + i;
	c->listed = true;
}

/* So many rows that began on one line each, the first of them on `line`, are finished. */
static void finish_rows(struct csv *c, uint64_t line, size_t n)
{
	if (c->n_rows == 0)
		c->first = line;
	if (c->listed || line != c->first + c->n_rows) {
		list_lines(c, n);
		for (size_t i = 0; i < n; i++)
			c->lines[c->n_rows + i] = line + i;
	}
	c->n_rows += n;
	c->finished = c->rows.n;
}

/* ---- rows by libcsv ---- */

static void on_field(void *bytes, size_t n, void *context)
{
	struct csv *c = context;
	if (!c->first_field)
		buffer_add_byte(&c->rows, '\t');
	c->first_field = false;
	size_t from = c->rows.n;
	buffer_add(&c->rows, bytes, n);
	for (char *s = c->rows.data + from, *end = s + n; s < end; s++) {
		if (*s == '\t' || *s == '\n') {
			*s = ' ';
			c->replaced += !c->control_fails;
			c->control = true;
		}
	}
}

static void on_row(int terminator, void *context)
{
	(void)terminator;
	struct csv *c = context;
	buffer_add_byte(&c->rows, '\n');
	c->in_row = false;
	c->first_field = true;
}

/* Marks the row being read as bad; what was finished before it stays. */
static void fail_row(struct csv *c, const char *problem)
{
	c->problem = problem;
	c->told = false;
	c->problem_line = c->row_line;
}

/* One physical line into the parser. libcsv drops blank lines and counts none,
 * so lines are fed one by one and blank ones are handed on here. */
static void feed(struct csv *c, struct span line)
{
	if (line.n && line.at[line.n - 1] == '\r')
		line.n--;
	c->line++;
	if (!c->in_row) {
		c->raw.n = 0;
		c->control = false;
		c->row_line = c->line;
		if (line.n == 0) {
			on_row(0, c);
			finish_rows(c, c->row_line, 1);
			return;
		}
		c->in_row = true;
	} else {
		buffer_add_byte(&c->raw, '\n');
	}
	buffer_add_span(&c->raw, line);
	if (c->rows.n - c->finished > INPUT_LINE_MAX || c->raw.n > INPUT_LINE_MAX) {
		fail_row(c, "a quoted value does not end");
		return;
	}
	if (csv_parse(&c->parser, line.at, line.n, on_field, on_row, c) != line.n ||
	    csv_parse(&c->parser, "\n", 1, on_field, on_row, c) != 1) {
		if (csv_error(&c->parser) == CSV_ENOMEM || csv_error(&c->parser) == CSV_ETOOBIG)
			die(STATUS_FAILED, "out of memory in a CSV value");
		fail_row(c, "a stray double quote");
	} else if (c->control && c->control_fails && !c->in_row) {
		fail_row(c, "a TAB or line end inside a value");
	} else if (!c->in_row) {
		finish_rows(c, c->row_line, 1);
	}
}

/* ---- rows without a quote ---- */

typedef unsigned char bytes __attribute__((vector_size(16)));
enum { VECTOR = sizeof (bytes), STEPS_MAX = 255 };

/* So many of the bytes count as many of their lanes do. */
static uint64_t sum(bytes counts)
{
	uint64_t n = 0;
	for (int i = 0; i < VECTOR; i++)
		n += counts[i];
	return n;
}

/* `n` bytes with TABs for commas, and blanks for TABs. How many of the latter, and of LF: added. */
static void translate(char *to, const char *from, size_t n, uint64_t *tabs, uint64_t *lines)
{
	size_t i = 0;
	while (i + VECTOR <= n) {
		bytes tab = {0}, lf = {0};
		for (int step = 0; step < STEPS_MAX && i + VECTOR <= n; step++, i += VECTOR) {
			bytes x;
			memcpy(&x, from + i, VECTOR);
			bytes is_tab = (bytes)(x == '\t');
			tab -= is_tab;
			lf -= (bytes)(x == '\n');
			x ^= ((bytes)(x == ',') & (',' ^ '\t')) | (is_tab & ('\t' ^ ' '));
			memcpy(to + i, &x, VECTOR);
		}
		*tabs += sum(tab);
		*lines += sum(lf);
	}
	for (; i < n; i++) {
		char c = from[i];
		*tabs += c == '\t';
		*lines += c == '\n';
		to[i] = c == ',' ? '\t' : c == '\t' ? ' ' : c;
	}
}

/* Lines without a quote, which may end in CR LF. */
static void take_plain(struct csv *c, struct span text)
{
	uint64_t tabs = 0, lines = 0, line = c->line + 1;
	char *to = buffer_room(&c->rows, text.n), *from = to;
	const char *at = text.at, *end = text.at + text.n;
	while (at < end) {
		const char *cr = memchr(at, '\r', (size_t)(end - at));
		size_t n = (size_t)((cr ? cr : end) - at);
		translate(to, at, n, &tabs, &lines);
		to += n;
		at += n;
		if (cr && cr[1] != '\n')
			*to++ = '\r'; /* of a value */
		at += cr != NULL;
	}
	c->rows.n += (size_t)(to - from);
	c->line += lines;
	c->replaced += tabs;
	finish_rows(c, line, (size_t)lines);
}

/* ---- a line with quotes ---- */

/* From after the quote that begins a value to after the one that ends it; NULL where the line does not
 * have that. `*to` goes on with the value. */
static const char *take_quoted(const char *p, const char *end, char **to)
{
	for (;;) {
		const char *quote = memchr(p, '"', (size_t)(end - p));
		if (!quote)
			return NULL;
		size_t n = (size_t)(quote - p);
		memcpy(*to, p, n);
		*to += n;
		if (quote[1] != '"')
			return quote + 1;
		*(*to)++ = '"';
		p = quote + 2;
	}
}

/* A line, which an LF follows, that is a row as it should be, and has no TAB; false: it is something else. */
static bool take_line(struct csv *c, struct span line)
{
	const char *p = line.at, *end = p + line.n - (line.n && line.at[line.n - 1] == '\r');
	char *from = buffer_room(&c->rows, line.n + 1), *to = from;
	for (;;) {
		if (*p == '"' && p < end) {
			p = take_quoted(p + 1, end, &to);
			if (!p || (p < end && *p != ','))
				return false;
		} else {
			while (p < end && *p != ',' && *p != '"')
				*to++ = *p++;
			if (p < end && *p == '"')
				return false;
		}
		if (p == end)
			break;
		*to++ = '\t';
		p++;
	}
	*to++ = '\n';
	if (memchr(line.at, '\t', line.n))
		return false;
	c->rows.n += (size_t)(to - from);
	c->line++;
	finish_rows(c, c->line, 1);
	return true;
}

/* ---- all of it ---- */

/* Looks at the next lines, of which there are some. */
static void take_lines(struct csv *c)
{
	const char *at = c->rest.at, *end = at + c->rest.n;
	const char *odd = c->in_row ? at : memchr(at, '"', c->rest.n);
	size_t before = odd ? (size_t)(odd - at) : c->rest.n;
	if (c->control_fails && !c->in_row) {
		const char *tab = memchr(at, '\t', before);
		odd = tab ? tab : odd;
		before = tab ? (size_t)(tab - at) : before;
	}
	const char *lf = odd ? memrchr(at, '\n', before) : end - 1;
	size_t plain = lf ? (size_t)(lf + 1 - at) : 0;
	if (plain)
		take_plain(c, (struct span){at, plain});
	if (odd) {
		at += plain;
		lf = memchr(at, '\n', (size_t)(end - at));
		struct span line = {at, (size_t)(lf - at)};
		if (c->in_row || !take_line(c, line))
			feed(c, line);
		plain += line.n + 1;
	}
	c->rest = (struct span){c->rest.at + plain, c->rest.n - plain};
}

/* The text begins: without its byte order mark. */
static void begin(struct csv *c)
{
	c->begun = true;
	if (c->rest.n >= 3 && memcmp(c->rest.at, "\xef\xbb\xbf", 3) == 0)
		c->rest = (struct span){c->rest.at + 3, c->rest.n - 3};
	const char *lf = memchr(c->rest.at, '\n', c->rest.n);
	size_t n = lf ? (size_t)(lf - c->rest.at) : 0;
	n -= n && lf[-1] == '\r';
	buffer_add(&c->first_raw, c->rest.at, n < FIRST_BYTES ? n : FIRST_BYTES);
}

/* The next lines of the input, or its end. */
static void read_lines(struct csv *c)
{
	c->at_end = !c->in || !input_block(c->in, &c->rest);
	if (!c->begun && !c->at_end)
		begin(c);
	if (c->at_end && c->in_row)
		fail_row(c, "a quoted value does not end");
}

bool csv_block(struct csv *c, struct csv_rows *rows)
{
	if (c->problem && !c->told)
		return false; /* the rows before it went out with the last block */
	if (c->problem) {
		c->problem = NULL;
		csv_free(&c->parser);
		start_parser(c);
	}
	size_t unfinished = c->rows.n - c->finished;
	if (unfinished)
		memmove(c->rows.data + CSV_PAD, c->rows.data + c->finished, unfinished);
	c->finished = CSV_PAD;
	c->rows.n = CSV_PAD + unfinished;
	c->n_rows = 0;
	c->listed = false;
	while (!c->problem && !c->at_end && (c->rest.n || c->finished == CSV_PAD)) {
		if (c->rest.n)
			take_lines(c);
		else
			read_lines(c);
	}
	memset(buffer_room(&c->rows, CSV_PAD), 0, CSV_PAD); /* loads may read past the last row */
	rows->text = (struct span){c->rows.data + CSV_PAD, c->finished - CSV_PAD};
	rows->first = c->first;
	rows->each = c->listed ? c->lines : NULL;
	return rows->text.n > 0;
}

const char *csv_problem(struct csv *c, uint64_t *line, struct span *raw)
{
	*line = c->problem_line;
	*raw = (struct span){c->raw.data, c->raw.n};
	c->told = true;
	return c->problem;
}

struct span csv_first_line(const struct csv *c)
{
	return (struct span){c->first_raw.data, c->first_raw.n};
}

uint64_t csv_replaced(const struct csv *c)
{
	return c->replaced;
}

uint64_t csv_line(const struct csv *c)
{
	return c->line;
}

void csv_close(struct csv *c)
{
	if (!c)
		return;
	csv_free(&c->parser);
	buffer_free(&c->rows);
	buffer_free(&c->raw);
	buffer_free(&c->first_raw);
	free(c->lines);
	free(c);
}

/* ---- parts ---- */

bool csv_is_idle(const struct csv *c)
{
	return c->begun && !c->in_row && c->rest.n == 0 && !c->problem && !c->at_end;
}

struct csv *csv_part_open(bool control_fails)
{
	struct csv *part = csv_open(NULL, control_fails);
	part->begun = true;
	return part;
}

void csv_part_use(struct csv *part, struct span text, uint64_t line)
{
	part->rest = text;
	part->line = line;
	part->replaced = 0;
	part->at_end = false;
}

void csv_took(struct csv *c, uint64_t lines, uint64_t replaced)
{
	c->line += lines;
	c->replaced += replaced;
}
