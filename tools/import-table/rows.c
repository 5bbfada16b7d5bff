#include "rows.h"

#include <math.h>
#include <stdio.h>

#include "base/error.h"
#include "base/number.h"
#include "streams/hints.h"

/* ---- bad rows ---- */

static void bad_row(struct writer *w, const char *what)
{
	rejects_row(&w->rejects, w->file, w->row->line, what, w->row->raw);
}

static void bad_value(struct writer *w, struct span column, const char *problem, struct span value,
		      const char *hint)
{
	char shown[QUOTED_SIZE], name[QUOTED_SIZE], message[5 * QUOTED_SIZE];
	snprintf(message, sizeof message, "column %s: %s: %s%s", quoted_name(column.at, column.n, name), problem,
		 quoted(value.at, value.n, shown), hint);
	bad_row(w, message);
}

/* ---- values ---- */

enum result { RESULT_WRITTEN, RESULT_FILTERED, RESULT_BAD };

/* The cell with blanks in place of TABs and line ends; false where there are such, and they are
 * not wanted. */
static bool put_control(struct writer *w, char **to, struct span name, struct span cell)
{
	uint64_t before = w->replaced;
	for (size_t i = 0; i < cell.n; i++) {
		char c = cell.at[i];
		if (c == '\r' && i + 1 < cell.n && cell.at[i + 1] == '\n')
			continue;
		bool control = c == '\t' || c == '\n' || c == '\r';
		w->replaced += control;
		*(*to)++ = control ? ' ' : c;
	}
	if (w->replaced == before || w->o->common.on_control == 0)
		return true;
	bad_value(w, name, "a TAB or line end inside a value", cell, "");
	return false;
}

/* Is it a count that needs no arithmetic: digits, the first of them no zero? */
static bool is_plain_count(struct span cell)
{
	bool plain = cell.n >= 1 && cell.n <= 15 && cell.at[0] != '0';
	for (size_t i = 0; i < cell.n && plain; i++)
		plain = cell.at[i] >= '0' && cell.at[i] <= '9';
	return plain;
}

static bool put_date(struct writer *w, char **to, const struct out_column *column, struct span cell)
{
	int64_t ms;
	if (cell.n == 0)
		return true;
	if (!column->form.format && column->form.unit <= TIME_S && is_plain_count(cell)) {
		*to = span_put(*to, cell);
		if (column->form.unit == TIME_S)
			*to = span_put(*to, (struct span){"000", 3});
		return true;
	}
	if (!date_form_read(&column->form, cell.at, cell.n, &ms)) {
		char problem[QUOTED_SIZE];
		snprintf(problem, sizeof problem, "not a point in time (--date %s)", date_form_name(&column->form));
		bad_value(w, column->name, problem, cell, "");
		return false;
	}
	*to += number_write_i64(ms, *to);
	return true;
}

static bool put_kind(struct writer *w, char **to)
{
	const struct plan *p = w->p;
	struct span cell = w->cells[p->kind_cell];
	const struct kind *kind = kinds_find(&p->kinds, cell);
	if (kind) {
		*to = span_put(*to, kind->value);
		return true;
	}
	bad_value(w, p->cells.names[p->kind_cell], "--value has no such kind", cell,
		  "; *=NUMBER takes all others");
	return false;
}

/* A value that is missing, not wrong, is no number either. */
static bool bad_number(struct writer *w, const struct out_column *column, enum number_state state,
		       struct span cell)
{
	char hint[2 * QUOTED_SIZE] = "", name[QUOTED_SIZE];
	if (column->kind == OUT_CELL && (cell.n == 0 || span_equal(cell, span_of("NA")))) {
		size_t n = strlen(quoted_name(column->name.at, column->name.n, name)) - 1;
		if (name[n] == '\'') /* it is whole */
			snprintf(hint, sizeof hint, "; --where %.*s!=|NA' drops such rows", (int)n, name);
	}
	bad_value(w, column->name, number_problem(state), cell, hint);
	return false;
}

/* A number with a decimal comma, written with a point. */
static bool put_comma_number(struct writer *w, char **to, const struct out_column *column, struct span cell)
{
	double number;
	memcpy(*to, cell.at, cell.n);
	bool good = number_use_point(*to, cell.n, ',');
	enum number_state state = good ? number_double(*to, cell.n, &number) : NUMBER_SYNTAX;
	if (state == NUMBER_OK) {
		*to += cell.n;
		return true;
	}
	if (good)
		return bad_number(w, column, state, cell);
	bad_value(w, column->name, number_problem(state), cell, "; --decimal is a comma");
	return false;
}

static bool put_cell(struct writer *w, char **to, const struct out_column *column, struct span cell)
{
	double number;
	if (column->dated)
		return put_date(w, to, column, cell);
	if (column->number && w->s->comma)
		return put_comma_number(w, to, column, cell);
	if (column->number) {
		enum number_state state = number_double(cell.at, cell.n, &number);
		if (state != NUMBER_OK)
			return bad_number(w, column, state, cell);
	}
	if (w->row->control)
		return put_control(w, to, column->name, cell);
	*to = span_put(*to, cell);
	return true;
}

/* The first of `n` cells that is not empty; else the last. */
static struct span first_of(const struct writer *w, size_t source, size_t n)
{
	for (; n > 1 && w->cells[w->p->sources[source]].n == 0; n--)
		source++;
	return w->cells[w->p->sources[source]];
}

/* False, with the row rejected, where it is no number. */
static bool read_number(struct writer *w, const struct out_column *column, struct span cell, double *number)
{
	char text[64];
	bool good = true;
	struct span point = cell;
	if (w->s->comma && cell.n <= sizeof text) {
		memcpy(text, cell.at, cell.n);
		good = number_use_point(text, cell.n, ',');
		point.at = text;
	}
	enum number_state state = good ? number_double(point.at, point.n, number) : NUMBER_SYNTAX;
	if (state != NUMBER_OK)
		bad_value(w, column->name, number_problem(state), cell, good ? "" : "; --decimal is a comma");
	return state == NUMBER_OK;
}

/* Empty where one of the two is, as import-logs has it. */
static bool put_ratio(struct writer *w, char **to, const struct out_column *column)
{
	struct span over = first_of(w, column->over, column->n_over);
	struct span under = first_of(w, column->over + column->n_over, column->n_under);
	double a, b;
	if (over.n == 0 || under.n == 0)
		return true;
	if (!read_number(w, column, over, &a) || !read_number(w, column, under, &b))
		return false;
	if (b == 0 || !isfinite(a / b)) {
		bad_value(w, column->name, b == 0 ? "a division by zero" : "a ratio out of range", under, "");
		return false;
	}
	*to += number_write_double(a / b, *to);
	return true;
}

static bool put_column(struct writer *w, char **to, const struct out_column *column)
{
	struct span cell = {0};
	switch (column->kind) {
	case OUT_TEXT: *to = span_put(*to, column->text); return true;
	case OUT_FILE: *to = span_put(*to, w->base); return true;
	case OUT_VALUE: return put_kind(w, to);
	case OUT_RATIO: return put_ratio(w, to, column);
	case OUT_FIRST: cell = first_of(w, column->over, column->n_over); break;
	case OUT_CELL: cell = w->cells[column->cell]; break;
	}
	return put_cell(w, to, column, cell);
}

/* What a row needs at most: its cells come on top of the plan's. */
static size_t room_of(const struct writer *w)
{
	size_t room = w->p->room + w->base.n * w->p->n_outs;
	for (size_t i = 0; i < w->p->n_outs; i++) {
		const struct out_column *out = &w->p->outs[i];
		if (out->kind == OUT_CELL)
			room += w->cells[out->cell].n;
		else if (out->kind == OUT_FIRST)
			room += first_of(w, out->over, out->n_over).n;
	}
	return room;
}

/* The same for cells that are the row's fields, each `copies` times at most. */
static size_t room_of_row(const struct writer *w)
{
	return w->p->room + w->base.n * w->p->n_outs + (w->row->raw.n + w->section.n) * w->p->copies;
}

/* ---- conditions ---- */

static bool wanted(const struct writer *w)
{
	for (size_t i = 0; i < w->p->n_wheres; i++) {
		const struct condition *c = &w->p->wheres[i];
		if (!condition_holds(c, w->cells[c->cell]))
			return false;
	}
	return true;
}

/* The cells as one row of the output; `room` as room_of says. */
static enum result write_cells(struct writer *w, size_t room)
{
	if (w->p->n_wheres && !wanted(w))
		return RESULT_FILTERED;
	char *start = output_room(w->out, room), *to = start;
	for (size_t i = 0; i < w->p->n_outs; i++) {
		if (i)
			*to++ = '\t';
		if (!put_column(w, &to, &w->p->outs[i]))
			return RESULT_BAD;
	}
	w->out->n += (size_t)(to - start);
	output_end_row(w->out);
	w->lines++;
	return RESULT_WRITTEN;
}

/* ---- rows that are several ---- */

/* More than this is not kept in memory: the rows are made twice. */
enum { ROOM_MAX = 8 << 20 };

/* Where one is in them: the elements of a list, or the names of a matrix's columns, that are left;
 * its next column. */
struct several {
	struct span rest;
	size_t column;
};

/* Without brackets and blanks around it, which lists of other programs have. */
static struct span strip(struct span s, const char *bytes)
{
	while (s.n && strchr(bytes, *s.at) && *s.at)
		s = (struct span){s.at + 1, s.n - 1};
	while (s.n && strchr(bytes, s.at[s.n - 1]) && s.at[s.n - 1])
		s.n--;
	return s;
}

/* The next element of a list. */
static bool next_element(const struct plan *p, struct span *rest, struct span *element)
{
	bool blanks = strcmp(p->list_separator, "blanks") == 0, pair = strcmp(p->list_separator, "::") == 0;
	if (!rest->at)
		return false;
	if (!pair)
		return span_next(rest, blanks ? ' ' : p->list_separator[0], element);
	const char *mark = memmem(rest->at, rest->n, "::", 2);
	*element = (struct span){rest->at, mark ? (size_t)(mark - rest->at) : rest->n};
	*rest = mark ? (struct span){mark + 2, rest->n - element->n - 2} : (struct span){NULL, 0};
	return true;
}

/* Are the rows of one row all good? The first bad one is reported. */
static bool check_several(struct writer *w, bool (*next)(struct writer *w, struct several *at),
			  struct several at)
{
	uint64_t lines = w->lines, replaced = w->replaced;
	bool good = true;
	while (good && next(w, &at)) {
		size_t room = room_of(w), before;
		output_room(w->out, room);
		before = w->out->n;
		good = write_cells(w, room) != RESULT_BAD;
		w->out->n = before;
	}
	w->lines = lines;
	w->replaced = replaced;
	return good;
}

/* Writes the rows of one row, or none when one of them is bad. `room`: what they need at most;
 * `next` sets the cells of the next one. */
static enum result write_several(struct writer *w, size_t room,
				 bool (*next)(struct writer *w, struct several *at), struct several *at)
{
	struct output *out = w->out;
	enum result result = RESULT_FILTERED;
	bool by_line = out->by_line, checked = room > ROOM_MAX;
	out->by_line = false;
	/* Nothing is flushed before all are known to be good. */
	if (!checked)
		output_room(out, room);
	else if (!check_several(w, next, *at))
		result = RESULT_BAD;
	size_t before = out->n;
	while (result != RESULT_BAD && next(w, at)) {
		enum result one = write_cells(w, room_of(w));
		if (one == RESULT_BAD)
			out->n = before;
		result = one == RESULT_FILTERED ? result : one;
	}
	out->by_line = by_line;
	if (by_line)
		output_flush(out);
	return result;
}

static bool next_of_list(struct writer *w, struct several *at)
{
	struct span element;
	while (next_element(w->p, &at->rest, &element)) {
		w->cells[w->p->list] = strip(element, " '\"");
		if (w->cells[w->p->list].n)
			return true;
	}
	return false;
}

static enum result write_list(struct writer *w)
{
	struct several at = {.rest = strip(w->cells[w->p->list], " []()")}, all = at;
	w->cells[w->p->list].n = 0;
	size_t base = room_of(w), room = base;
	while (next_of_list(w, &all))
		room += base + w->p->n_outs * w->cells[w->p->list].n;
	w->empty += room == base;
	return write_several(w, room, next_of_list, &at);
}

/* The next value of a matrix. */
static bool next_of_wide(struct writer *w, struct several *at)
{
	const struct delimited_row *row = w->row;
	struct span name;
	while (at->column < row->n && span_next(&at->rest, '\t', &name)) {
		w->cells[1] = name;
		w->cells[2] = row->fields[at->column++];
		if (!sniff_is_missing(w->cells[2]))
			return true;
	}
	return false;
}

static enum result write_wide(struct writer *w)
{
	struct span name;
	struct several at = {.rest = {w->names.data, w->names.n}, .column = 1}, all;
	span_next(&at.rest, '\t', &name); /* that of the rows' own names */
	w->cells[0] = w->row->fields[0];
	for (size_t i = 1; i < w->row->n; i++)
		w->absent += w->row->fields[i].n && sniff_is_missing(w->row->fields[i]);
	size_t room = 64;
	for (all = at; next_of_wide(w, &all);)
		room += room_of(w);
	return write_several(w, room, next_of_wide, &at);
}

static enum result write_row(struct writer *w)
{
	const struct delimited_row *row = w->row;
	if (w->o->wide)
		return write_wide(w);
	if (w->s->sections) {
		w->cells[0] = (struct span){w->section.data, w->section.n};
		memcpy(w->cells + 1, row->fields, row->n * sizeof *row->fields);
	} else if (w->p->list >= 0) {
		memcpy(w->cells, row->fields, row->n * sizeof *row->fields);
	} else {
		w->cells = row->fields;
	}
	return w->p->list >= 0 ? write_list(w) : write_cells(w, room_of_row(w));
}

/* Is the row whole and of the table? Else it was reported. */
static bool check_row(struct writer *w)
{
	const struct delimited_row *row = w->row;
	char message[2 * QUOTED_SIZE], shown[QUOTED_SIZE];
	if (row->problem) {
		snprintf(message, sizeof message, "%s: %s", row->problem, quoted(row->raw.at, row->raw.n, shown));
	} else if (row->raw.n == 0) {
		snprintf(message, sizeof message, "a blank line: 0 fields, the header has %zu", w->p->width);
	} else if (row->n != w->p->width) {
		snprintf(message, sizeof message, "%zu fields, the header has %zu", row->n, w->p->width);
	} else if (w->header.n && span_equal(row->raw, (struct span){w->header.data, w->header.n})) {
		snprintf(message, sizeof message, "the header line again; %s", HINT_AGAIN);
	} else if (w->s->sections && w->section.n == 0) {
		snprintf(message, sizeof message, "no section has begun");
	} else {
		return true;
	}
	bad_row(w, message);
	return false;
}

void writer_row(struct writer *w, const struct delimited_row *row)
{
	w->row = row;
	if (w->s->sections && delimited_is_section(row)) {
		w->section.n = 0;
		buffer_add(&w->section, row->raw.at, row->raw.n - 1);
		return;
	}
	w->rows++;
	if (!check_row(w))
		return;
	uint64_t lines = w->lines, replaced = w->replaced;
	enum result result = write_row(w);
	w->filtered += result == RESULT_FILTERED;
	if (result == RESULT_BAD) { /* what was counted of it is not written */
		w->lines = lines;
		w->replaced = replaced;
	}
}
