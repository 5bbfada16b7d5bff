#include "streams/csv.h"

#include <csv.h>

#include "base/buffer.h"
#include "base/error.h"

enum { BLOCK_BYTES = 64 << 10, FIRST_BYTES = 4096, PAD_BYTES = 64 };

struct csv {
	struct input *in;
	struct csv_parser parser;
	struct buffer rows;      /* finished rows as TSV, then the one being read */
	size_t finished;         /* bytes of finished rows */
	uint64_t *lines;         /* where each finished row began */
	size_t n_lines, lines_capacity;
	uint64_t row_line;       /* where the row being read began */
	uint64_t replaced;
	bool control_fails, in_row, first_field, begun, at_end;
	bool control;            /* the row being read has a TAB or line end inside a value */
	bool told;               /* the caller has asked for the problem */
	const char *problem;
	uint64_t problem_line;
	struct buffer raw;       /* physical lines of the row being read */
	struct buffer first;     /* the beginning of the first line */
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
	start_parser(c);
	return c;
}

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
	c->lines = memory_grow(c->lines, &c->lines_capacity, c->n_lines + 1, sizeof *c->lines);
	c->lines[c->n_lines++] = c->row_line;
	c->finished = c->rows.n;
	c->in_row = false;
	c->first_field = true;
}

/* Marks the row being read as bad; what was finished before it stays. */
static void fail_row(struct csv *c, const char *problem, size_t finished, size_t n_lines)
{
	c->problem = problem;
	c->told = false;
	c->problem_line = c->row_line;
	c->finished = finished;
	c->n_lines = n_lines;
}

/* One physical line into the parser. libcsv drops blank lines and counts none,
 * so lines are fed one by one and blank ones are handed on here. */
static void feed(struct csv *c, struct span line)
{
	if (line.n && line.at[line.n - 1] == '\r')
		line.n--;
	if (!c->begun)
		buffer_add(&c->first, line.at, line.n < FIRST_BYTES ? line.n : FIRST_BYTES);
	c->begun = true;
	if (!c->in_row) {
		c->raw.n = 0;
		c->control = false;
		c->row_line = input_line_number(c->in);
		if (line.n == 0) {
			on_row(0, c);
			return;
		}
		c->in_row = true;
	} else {
		buffer_add_byte(&c->raw, '\n');
	}
	buffer_add_span(&c->raw, line);
	if (c->rows.n - c->finished > INPUT_LINE_MAX || c->raw.n > INPUT_LINE_MAX) {
		fail_row(c, "a quoted value does not end", c->finished, c->n_lines);
		return;
	}
	size_t finished = c->finished, n_lines = c->n_lines;
	if (csv_parse(&c->parser, line.at, line.n, on_field, on_row, c) != line.n ||
	    csv_parse(&c->parser, "\n", 1, on_field, on_row, c) != 1) {
		if (csv_error(&c->parser) == CSV_ENOMEM || csv_error(&c->parser) == CSV_ETOOBIG)
			die(STATUS_FAILED, "out of memory in a CSV value");
		fail_row(c, "a stray double quote", finished, n_lines);
	} else if (c->control && c->control_fails && !c->in_row) {
		fail_row(c, "a TAB or line end inside a value", finished, n_lines);
	}
}

static void end(struct csv *c)
{
	c->at_end = true;
	if (c->in_row)
		fail_row(c, "a quoted value does not end", c->finished, c->n_lines);
}

bool csv_block(struct csv *c, struct span *block, const uint64_t **lines)
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
		memmove(c->rows.data, c->rows.data + c->finished, unfinished);
	c->rows.n = unfinished;
	c->finished = c->n_lines = 0;
	struct span line;
	while (!c->problem && !c->at_end && c->finished < BLOCK_BYTES) {
		if (input_line(c->in, &line))
			feed(c, line);
		else
			end(c);
	}
	memset(buffer_room(&c->rows, PAD_BYTES), 0, PAD_BYTES); /* loads may read past the last row */
	*block = (struct span){c->rows.data, c->finished};
	*lines = c->lines;
	return c->finished > 0;
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
	return (struct span){c->first.data, c->first.n};
}

uint64_t csv_replaced(const struct csv *c)
{
	return c->replaced;
}

void csv_close(struct csv *c)
{
	if (!c)
		return;
	csv_free(&c->parser);
	buffer_free(&c->rows);
	buffer_free(&c->raw);
	buffer_free(&c->first);
	free(c->lines);
	free(c);
}
