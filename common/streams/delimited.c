#include "streams/delimited.h"

#include <stdlib.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/memory.h"
#include "streams/marks.h"

enum { PAD_BYTES = 64 };

static const char PROBLEM_QUOTE[] = "a stray double quote";
static const char PROBLEM_OPEN[] = "a quoted value does not end";

struct delimited {
	struct input *in;             /* NULL: all text is at hand */
	struct encoding *encoding;
	struct delimited_format format;
	struct buffer undecoded;      /* the beginning of a character */
	struct buffer text;           /* the window: what was decoded and not given out */
	size_t from;                  /* where the next row begins */
	uint32_t *marks;              /* separators, line ends, quotes, backslashes of the window */
	size_t n_marks, marks_capacity, next_mark;
	struct marks_seen seen;
	bool begun, at_end, supplied; /* supplied: the last line had no end of its own */
	bool plain;                   /* no quotes or backslashes that mean something */
	bool quotes, escapes;         /* they mean something in this format */
	bool pair, blanks;            /* the separator is ::, or blanks */
	uint64_t line;                /* line ends given out */

	struct span *fields;
	size_t n_fields, fields_capacity;
	struct buffer unescaped;      /* values of the row whose bytes are others */
	bool control;
	size_t row_end, lines;        /* of the row walked: its line end, and how many */
	const char *problem;
};

bool delimited_separator(const char *text, char separator[SEPARATOR_SIZE])
{
	bool blanks = strcmp(text, "blanks") == 0, tab = strcmp(text, "tab") == 0 || strcmp(text, "\\t") == 0;
	bool byte = text[0] && !text[1] && !strchr("\"\\\r\n ", text[0]) && (unsigned char)text[0] < 0x80;
	if (!blanks && !tab && !byte && strcmp(text, "::") != 0)
		return false;
	memset(separator, 0, SEPARATOR_SIZE);
	memcpy(separator, tab ? "\t" : text, tab ? 1 : strlen(text));
	return true;
}

const char *delimited_separator_name(const char *separator)
{
	return strcmp(separator, "\t") == 0 ? "tab" : separator;
}

bool delimited_tells(struct span line)
{
	char byte[2] = {line.n == 5 ? line.at[4] : '\0', '\0'}, ignored[SEPARATOR_SIZE];
	return byte[0] && memcmp(line.at, "sep=", 4) == 0 &&
		delimited_separator(byte[0] == '\t' ? "tab" : byte, ignored);
}

static struct delimited *open_format(const struct delimited_format *format)
{
	struct delimited *d = memory_zero(1, sizeof *d);
	d->format = *format;
	d->quotes = format->quoting != QUOTING_NONE;
	d->escapes = format->quoting == QUOTING_BACKSLASH || format->quoting == QUOTING_R;
	d->pair = strcmp(format->separator, "::") == 0;
	d->blanks = strcmp(format->separator, "blanks") == 0;
	return d;
}

struct delimited *delimited_open(struct input *in, struct encoding *encoding,
				 const struct delimited_format *format)
{
	struct delimited *d = open_format(format);
	d->in = in;
	d->encoding = encoding;
	return d;
}

struct delimited *delimited_open_text(struct span text, const struct delimited_format *format)
{
	struct delimited *d = open_format(format);
	buffer_add_span(&d->text, text);
	return d;
}

void delimited_close(struct delimited *d)
{
	if (!d)
		return;
	buffer_free(&d->undecoded);
	buffer_free(&d->text);
	buffer_free(&d->unescaped);
	free(d->marks);
	free(d->fields);
	free(d);
}

/* ---- the window ---- */

/* Adds the next bytes of the file as UTF-8; false at the end. */
static bool add_piece(struct delimited *d)
{
	struct span piece;
	if (!d->in || !input_piece(d->in, &piece)) {
		struct span rest = {d->undecoded.data, d->undecoded.n};
		if (rest.n)
			encoding_convert(d->encoding, rest, true, &d->text);
		d->undecoded.n = 0;
		return false;
	}
	if (d->undecoded.n) {
		buffer_add_span(&d->undecoded, piece);
		piece = (struct span){d->undecoded.data, d->undecoded.n};
	}
	size_t took = encoding_convert(d->encoding, piece, false, &d->text);
	struct span rest = {piece.at + took, piece.n - took};
	if (piece.at == d->undecoded.data)
		memmove(d->undecoded.data, rest.at, rest.n);
	else if (rest.n)
		buffer_add_span(&d->undecoded, rest);
	d->undecoded.n = rest.n;
	return true;
}

/* The byte order mark at the very beginning is no text. */
static void begin(struct delimited *d)
{
	d->begun = true;
	if (d->text.n >= 3 && memcmp(d->text.data, "\xef\xbb\xbf", 3) == 0)
		d->from = 3;
}

static void find_marks(struct delimited *d)
{
	const char *separator = d->format.separator;
	char end = d->format.line_end, bytes[MARKS] = {d->blanks ? ' ' : separator[0], end,
		d->quotes ? '"' : end, d->escapes ? '\\' : end, d->blanks ? '\t' : end};
	if (d->marks_capacity < d->text.n + 64) {
		free(d->marks);
		d->marks_capacity = d->text.n + d->text.n / 2 + 64;
		d->marks = memory_new(d->marks_capacity, sizeof *d->marks);
	}
	memset(buffer_room(&d->text, PAD_BYTES), 0, PAD_BYTES);
	d->n_marks = marks_find(d->text.data, d->text.n, bytes, d->marks, &d->seen);
	d->next_mark = 0;
	while (d->next_mark < d->n_marks && d->marks[d->next_mark] < d->from)
		d->next_mark++;
	d->plain = !(d->quotes && d->seen.mark[2]) && !(d->escapes && d->seen.mark[3]) && !d->pair && !d->blanks;
}

/* More text after what was not given out; false when there is no more. */
static bool fill(struct delimited *d)
{
	if (d->at_end)
		return false;
	size_t kept = d->text.n - d->from;
	if (kept > INPUT_LINE_MAX)
		return false;
	if (d->from && kept)
		memmove(d->text.data, d->text.data + d->from, kept);
	d->from = 0;
	d->text.n = kept;
	/* A row that needs more and more is not looked at again for each piece. */
	do
		d->at_end = !add_piece(d);
	while (!d->at_end && d->text.n < 2 * kept);
	if (!d->begun)
		begin(d);
	d->supplied = d->at_end && d->text.n > d->from && d->text.data[d->text.n - 1] != d->format.line_end;
	if (d->supplied)
		buffer_add_byte(&d->text, d->format.line_end);
	if (d->text.n > UINT32_MAX - 64)
		die(STATUS_FAILED, "out of memory in a row");
	find_marks(d);
	return d->text.n > d->from;
}

/* ---- rows ---- */

static inline void add_field(struct delimited *d, size_t at, size_t end)
{
	if (d->n_fields == d->fields_capacity)
		d->fields = memory_grow(d->fields, &d->fields_capacity, d->n_fields + 1, sizeof *d->fields);
	d->fields[d->n_fields++] = (struct span){d->text.data + at, end - at};
}

/* Without quotes: false when the row is not whole. */
static bool walk_plain(struct delimited *d)
{
	const char *text = d->text.data, end = d->format.line_end;
	size_t at = d->from;
	for (size_t m = d->next_mark; m < d->n_marks; m++) {
		size_t mark = d->marks[m];
		add_field(d, at, mark);
		at = mark + 1;
		if (text[mark] == end) {
			d->row_end = mark;
			d->lines = 1;
			d->next_mark = m + 1;
			return true;
		}
	}
	return false;
}

/* What walk_quoted knows. */
struct walk {
	size_t at, mark;   /* the next byte, the next of the marks */
};

/* Is there a separator or a line end at this place? A CR before the LF is the line end's, too. */
static bool ends_field(const struct delimited *d, size_t at)
{
	const char *text = d->text.data;
	if (at >= d->text.n)
		return false;
	bool lf = text[at] == '\r' && d->format.line_end == '\n' && at + 1 < d->text.n && text[at + 1] == '\n';
	return text[at] == d->format.line_end || lf || (d->pair ? text[at] == ':' && text[at + 1] == ':' :
		d->blanks ? text[at] == ' ' || text[at] == '\t' : text[at] == d->format.separator[0]);
}

/* Does a backslash at this place take the next byte's meaning? */
static bool escapes_next(const struct delimited *d, size_t at)
{
	return d->format.quoting == QUOTING_BACKSLASH || d->text.data[at + 1] == '"';
}

/* What a byte after a backslash stands for (as MySQL writes it). */
static char unescape(char c)
{
	return c == 'n' ? '\n' : c == 't' ? '\t' : c == 'r' ? '\r' : c == '0' ? ' ' : c;
}

/* The value between `at` and `end`, its escapes undone; there is room. */
static void add_unescaped(struct delimited *d, size_t at, size_t end)
{
	const char *text = d->text.data;
	char *start = d->unescaped.data + d->unescaped.n, *to = start;
	bool null = end == at + 2 && text[at] == '\\' && text[at + 1] == 'N';
	for (size_t i = at; i < end && !null; i++) {
		if (d->escapes && text[i] == '\\' && i + 1 < end && escapes_next(d, i)) {
			*to++ = unescape(text[++i]);
		} else {
			*to++ = text[i];
			i += !d->escapes && text[i] == '"';
		}
	}
	size_t n = (size_t)(to - start);
	d->control = true;
	d->unescaped.n += n;
	add_field(d, at, at);
	d->fields[d->n_fields - 1] = (struct span){start, n};
}

/* Steps over a mark that an escape has taken the meaning of. */
static void skip_escaped(struct delimited *d, struct walk *w, size_t mark)
{
	if (w->mark < d->n_marks && d->marks[w->mark] == mark + 1) {
		d->lines += d->text.data[mark + 1] == d->format.line_end;
		w->mark++;
	}
}

/* Room for all values of the row, which may be as long as the window: spans into it stay. */
static void make_unescaped_room(struct delimited *d)
{
	if (d->unescaped.n == 0)
		buffer_room(&d->unescaped, d->text.n + PAD_BYTES);
}

/* A field in quotes; w->at is after its first quote. False: cut, or a problem. */
static bool walk_quoted(struct delimited *d, struct walk *w)
{
	const char *text = d->text.data;
	size_t start = w->at;
	bool escaped = false;
	while (w->mark < d->n_marks) {
		size_t mark = d->marks[w->mark++];
		if (text[mark] == d->format.line_end) {
			d->lines++;
			d->control = true;
		} else if (text[mark] == '\\' && d->escapes) {
			if (mark + 1 >= d->text.n)
				return false;
			if (escapes_next(d, mark)) {
				escaped = true;
				skip_escaped(d, w, mark);
			}
		} else if (text[mark] == '"') {
			if (mark + 1 >= d->text.n && !d->at_end)
				return false;
			if (!d->escapes && text[mark + 1] == '"' && w->mark < d->n_marks) {
				escaped = true;
				w->mark++;
				continue;
			}
			if (!ends_field(d, mark + 1)) {
				/* A CR at the end of the window may be a line end's. */
				if (mark + 2 < d->text.n || d->at_end)
					d->problem = PROBLEM_QUOTE;
				return false;
			}
			if (escaped) {
				make_unescaped_room(d);
				add_unescaped(d, start, mark);
			} else {
				add_field(d, start, mark);
			}
			w->at = mark + 1;
			return true;
		} else if (text[mark] == '\t') { /* the separator, but not here */
			d->control = true;
		}
	}
	if (d->at_end || d->text.n - d->from > INPUT_LINE_MAX)
		d->problem = PROBLEM_OPEN;
	return false;
}

/* A field without quotes; false: cut, or a problem. */
static bool walk_bare(struct delimited *d, struct walk *w)
{
	const char *text = d->text.data;
	size_t escaped = 0; /* after the last byte that an escape has taken the meaning of */
	for (; w->mark < d->n_marks; w->mark++) {
		size_t mark = d->marks[w->mark];
		if (text[mark] == '"' && d->quotes && d->format.quoting != QUOTING_BACKSLASH) {
			d->problem = PROBLEM_QUOTE;
			return false;
		}
		if (text[mark] == '\\' && d->format.quoting == QUOTING_BACKSLASH) {
			if (mark + 1 >= d->text.n)
				return false;
			escaped = mark + 2;
			w->mark++;
			skip_escaped(d, w, mark);
			w->mark--;
		} else if (text[mark] == ':' && d->pair && mark + 1 >= d->text.n) {
			return false;
		} else if (ends_field(d, mark)) {
			size_t end = mark;
			bool cr = text[mark] == '\n' && end > w->at && end > escaped && text[end - 1] == '\r';
			end -= cr && d->format.line_end == '\n';
			if (escaped) {
				make_unescaped_room(d);
				add_unescaped(d, w->at, end);
			} else {
				add_field(d, w->at, end);
			}
			w->at = end;
			return true;
		}
	}
	return false;
}

/* Steps over the separator or the line end at w->at; true after a line end. */
static bool step_over(struct delimited *d, struct walk *w)
{
	const char *text = d->text.data, end = d->format.line_end;
	w->at += text[w->at] == '\r' && end == '\n';
	bool line = text[w->at] == end;
	if (line) {
		d->row_end = w->at++;
		d->lines++;
	} else {
		w->at += d->pair ? 2 : 1;
		while (d->blanks && (text[w->at] == ' ' || text[w->at] == '\t'))
			w->at++;
		/* Blanks at the end of a line separate nothing. */
		if (d->blanks && w->at < d->text.n && ends_field(d, w->at))
			return step_over(d, w);
	}
	while (w->mark < d->n_marks && d->marks[w->mark] < w->at)
		w->mark++;
	return line;
}

/* A row with whatever there may be; false: cut, or a problem. */
static bool walk_any(struct delimited *d)
{
	struct walk w = {d->from, d->next_mark};
	while (d->blanks && w.at < d->text.n && (d->text.data[w.at] == ' ' || d->text.data[w.at] == '\t'))
		w.at++;
	while (w.mark < d->n_marks && d->marks[w.mark] < w.at)
		w.mark++;
	for (bool whole = false; !whole; whole = step_over(d, &w)) {
		if (w.at >= d->text.n)
			return false;
		bool quoted = d->quotes && d->text.data[w.at] == '"';
		if (quoted) {
			w.at++;
			w.mark++;
		}
		if (quoted ? !walk_quoted(d, &w) : !walk_bare(d, &w))
			return false;
	}
	d->next_mark = w.mark;
	return true;
}

/* Gives up on the row: its first line is handed out, and what comes after it is read again. */
static void cut_to_line(struct delimited *d)
{
	const char *start = d->text.data + d->from;
	const char *end = memchr(start, d->format.line_end, d->text.n - d->from);
	if (!end)
		die(STATUS_DATA, "%s: a line is longer than %d bytes", d->in ? input_name(d->in) : "text",
		    (int)INPUT_LINE_MAX);
	d->row_end = (size_t)(end - d->text.data);
	d->lines = 1;
	d->n_fields = 0;
	while (d->next_mark < d->n_marks && d->marks[d->next_mark] <= d->row_end)
		d->next_mark++;
}

/* What is wrong with the bytes of a whole row, or NULL. */
static const char *bad_bytes(const struct delimited *d, struct span raw)
{
	if (d->seen.nul && memchr(raw.at, '\0', raw.n))
		return "a NUL byte";
	if (!d->seen.high || utf8_is_valid(raw))
		return NULL;
	return d->encoding && strcmp(encoding_name(d->encoding), "utf-8") != 0 ?
		"a byte that is not of the encoding" :
		"not UTF-8: another --encoding, as latin-1 or cp1251?";
}

bool delimited_next(struct delimited *d, struct delimited_row *row)
{
	bool whole = false;
	while (!whole && !d->problem) {
		d->n_fields = d->lines = d->unescaped.n = 0;
		d->control = d->format.line_end == '\r' || (d->seen.tab && d->format.separator[0] != '\t');
		whole = d->plain ? walk_plain(d) : d->from < d->text.n && d->n_marks && walk_any(d);
		if (!whole && !d->problem && !fill(d)) {
			if (d->text.n <= d->from)
				return false;
			d->problem = PROBLEM_OPEN;
		}
	}
	row->problem = d->problem;
	d->problem = NULL;
	if (!whole)
		cut_to_line(d);
	struct span raw = {d->text.data + d->from, d->row_end - d->from};
	bool cr = raw.n && d->format.line_end == '\n' && raw.at[raw.n - 1] == '\r';
	raw.n -= cr;
	if (whole && d->plain && cr)
		d->fields[d->n_fields - 1].n--;
	if (!row->problem)
		row->problem = d->seen.nul || d->seen.high ? bad_bytes(d, raw) : NULL;
	row->raw = raw;
	row->fields = d->fields;
	row->n = row->problem ? 0 : d->n_fields;
	row->line = d->line + 1;
	row->cr = cr;
	row->ended = !d->at_end || d->row_end + 1 < d->text.n || !d->supplied;
	row->control = d->control || (d->seen.cr && memchr(raw.at, '\r', raw.n));
	d->line += d->lines;
	d->from = d->row_end + 1;
	return true;
}
