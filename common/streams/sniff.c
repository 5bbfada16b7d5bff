#include "streams/sniff.h"

#include <stdlib.h>

#include "base/memory.h"
#include "base/number.h"
#include "streams/hints.h"

/* Of the rows of a trial, those that have `width` fields, which most have. */
struct trial {
	struct delimited_format format;
	size_t rows, agree, width;
	double share;
};

/* ---- the text ---- */

/* The sample as UTF-8, without a byte order mark, up to the end of its last line. */
static const char *decode(struct span sample, bool whole, const struct sniff_given *given, struct sniffed *s)
{
	s->encoding = given->encoding;
	if (!s->encoding)
		s->encoding = encoding_guess(sample, whole, &s->why);
	struct encoding *e = encoding_open(s->encoding);
	if (!e)
		return "an encoding that is not known";
	encoding_convert(e, sample, whole, &s->text);
	encoding_close(e);
	if (s->text.n >= 3 && memcmp(s->text.data, "\xef\xbb\xbf", 3) == 0) {
		s->text.n -= 3;
		memmove(s->text.data, s->text.data + 3, s->text.n);
	}
	return s->text.n ? NULL : "the input is empty";
}

static const char *find_line_ends(bool whole, const struct sniff_given *given, struct sniffed *s)
{
	size_t lf = 0, crlf = 0, cr = 0;
	bool first = false;
	for (size_t i = 0; i < s->text.n; i++) {
		bool end = s->text.data[i] == '\n', after = i && s->text.data[i - 1] == '\r';
		first |= end && after && lf == 0;
		lf += end;
		crlf += end && after;
		cr += s->text.data[i] == '\r';
	}
	s->format.line_end = given->line_end ? given->line_end : cr - crlf > lf ? '\r' : '\n';
	s->crlf = s->format.line_end == '\n' && first;
	if (whole)
		return NULL;
	char *last = memrchr(s->text.data, s->format.line_end, s->text.n);
	if (!last)
		return "no line ends within the first 64 kB: give --separator, --quoting, --encoding, --line-end "
			"and --header";
	s->text.n = (size_t)(last + 1 - s->text.data);
	return NULL;
}

/* ---- separator and quoting ---- */

static struct span text_of(const struct sniffed *s)
{
	return (struct span){s->text.data, s->text.n};
}

/* Does the text begin with a section, and another line after it? */
static bool begins_section(const struct sniffed *s)
{
	struct delimited_format lines = {"\t", QUOTING_NONE, s->format.line_end};
	struct delimited *d = delimited_open_text(text_of(s), &lines);
	struct delimited_row row;
	bool is = delimited_next(d, &row) && delimited_is_section(&row);
	is = is && delimited_next(d, &row) && !delimited_is_section(&row);
	delimited_close(d);
	return is;
}

static bool is_wrapped(struct span raw, struct span field)
{
	bool inside = field.at >= raw.at && field.at <= raw.at + raw.n;
	return !inside || (field.at > raw.at && field.at[-1] == '"'); /* escapes are undone elsewhere */
}

/* Reads the text by a format. `quoted`: rows with a value in quotes; `stray`: with quotes that are
 * wrong; `doubled`: with escaped quotes within such a value; `first`: the first row has a value in quotes. */
struct quotes {
	size_t quoted, stray, doubled;
	bool first;
};

static struct trial try_format(const struct sniffed *s, const struct delimited_format *format,
			       struct quotes *q)
{
	struct trial t = {.format = *format};
	uint32_t *count = memory_zero(s->text.n + 2, sizeof *count);
	struct delimited *d = delimited_open_text(text_of(s), format);
	struct delimited_row row;
	*q = (struct quotes){.first = false};
	while (delimited_next(d, &row)) {
		if (row.raw.n == 0 || (s->sections && delimited_is_section(&row)))
			continue;
		bool wrapped = false, doubled = false;
		for (size_t i = 0; i < row.n && !doubled; i++) {
			wrapped |= is_wrapped(row.raw, row.fields[i]);
			doubled = row.fields[i].at < row.raw.at || row.fields[i].at > row.raw.at + row.raw.n;
		}
		q->doubled += doubled;
		q->quoted += wrapped;
		q->stray += row.problem && memchr(row.raw.at, '"', row.raw.n);
		q->first |= wrapped && t.rows == 0;
		t.rows++;
		if (row.n && ++count[row.n] > t.agree) {
			t.agree = count[row.n];
			t.width = row.n;
		}
	}
	delimited_close(d);
	free(count);
	t.share = t.rows ? (double)t.agree / (double)t.rows : 0;
	return t;
}

/* Backslashes: before quotes within values, and before bytes that they mean nothing of. */
static enum delimited_quoting escapes_of(struct span text, char separator)
{
	size_t quotes = 0, others = 0;
	for (const char *at = text.at, *end = text.at + text.n; (at = memchr(at, '\\', (size_t)(end - at)));) {
		if (end - at < 3)
			break;
		bool ends = at[2] == separator || at[2] == '\n' || at[2] == '\r';
		quotes += at[1] == '"' && !ends;
		others += !strchr("\"\\ntr0N'/", at[1]);
		at += 2;
	}
	return !quotes ? QUOTING_RFC4180 : others ? QUOTING_R : QUOTING_BACKSLASH;
}

/* The best reading with this separator. */
static struct trial try_separator(const struct sniffed *s, const char *separator, int quoting)
{
	struct delimited_format format = {.line_end = s->format.line_end};
	struct quotes q, ignored;
	memcpy(format.separator, separator, strlen(separator) + 1);
	bool table = strcmp(separator, ",") == 0 || strcmp(separator, ";") == 0;
	format.quoting = quoting >= 0 ? (enum delimited_quoting)quoting : escapes_of(text_of(s), separator[0]);
	struct trial t = try_format(s, &format, &q);
	bool quoted = q.first || (table ? q.quoted * 4 >= q.stray : q.quoted > q.stray && q.quoted * 2 >= t.rows);
	/* A spreadsheet's TSV: the few values with quotes have them around and doubled. */
	bool sheet = format.quoting == QUOTING_RFC4180 && q.doubled > q.stray;
	if (quoting >= 0 || quoted || sheet)
		return t;
	format.quoting = QUOTING_NONE;
	return try_format(s, &format, &ignored);
}

static struct trial find_separator(const struct sniffed *s, int quoting)
{
	static const char *const SEPARATORS[] = {"\t", "::", ";", "|", ",", "blanks"};
	enum { SURE = 2, BLANKS = 5, ALL };
	struct trial best = {.share = 0}, trials[ALL];
	for (int i = 0; i < ALL; i++) {
		trials[i] = try_separator(s, SEPARATORS[i], quoting);
		if (trials[i].width < 2)
			trials[i].share = 0;
		if (i < SURE && trials[i].share >= 0.9)
			return trials[i];
	}
	double most = 0;
	for (int i = 0; i < BLANKS; i++)
		most = trials[i].share > most ? trials[i].share : most;
	for (int i = 0; i < BLANKS; i++)
		if (most > 0 && trials[i].share >= 0.8 * most && trials[i].width > best.width)
			best = trials[i];
	if (best.share < 0.6 && trials[BLANKS].share > best.share)
		best = trials[BLANKS];
	return best.share >= 0.5 ? best : try_separator(s, "\t", quoting);
}

/* ---- header and types ---- */

enum value_kind { VALUE_EMPTY, VALUE_WHOLE, VALUE_NUMBER, VALUE_TEXT };

bool sniff_is_missing(struct span v)
{
	return v.n == 0 || span_equal(v, span_of("NA")) || span_equal(v, span_of("\\N"));
}

static enum value_kind kind_of(struct span v)
{
	double number;
	int64_t whole;
	if (sniff_is_missing(v))
		return VALUE_EMPTY;
	if (number_double(v.at, v.n, &number) != NUMBER_OK)
		return VALUE_TEXT;
	return number_i64(v.at, v.n, &whole) == NUMBER_OK ? VALUE_WHOLE : VALUE_NUMBER;
}

/* Is it a number with a decimal comma? `sure`: it cannot stand between thousands. */
static bool is_comma_number(struct span v, bool *sure)
{
	char point[2 * NUMBER_SIZE];
	double number;
	const char *comma = memchr(v.at, ',', v.n);
	*sure = comma && v.at + v.n - comma != 4;
	if (!comma || v.n > sizeof point)
		return false;
	memcpy(point, v.at, v.n);
	return number_use_point(point, v.n, ',') && number_double(point, v.n, &number) == NUMBER_OK;
}

static bool has_digit(struct span v)
{
	for (size_t i = 0; i < v.n; i++)
		if (v.at[i] >= '0' && v.at[i] <= '9')
			return true;
	return false;
}

/* What the values of one column are, the first row's apart. */
struct tally {
	size_t n, whole, number, digits, like_first, missing;
	size_t either, comma, sure;  /* numbers without a point; those with a decimal comma */
	struct date_guess dates;
};

static void tally_add(struct tally *t, struct span v, struct span first)
{
	enum value_kind kind = kind_of(v);
	bool sure;
	t->missing += kind == VALUE_EMPTY;
	if (kind == VALUE_EMPTY)
		return;
	t->n++;
	if (is_comma_number(v, &sure)) {
		t->comma++;
		t->sure += sure;
	}
	t->either += kind == VALUE_WHOLE || (kind == VALUE_NUMBER && !memchr(v.at, '.', v.n));
	t->whole += kind == VALUE_WHOLE;
	t->number += kind == VALUE_WHOLE || kind == VALUE_NUMBER;
	t->digits += has_digit(v);
	t->like_first += span_equal(v, first);
	date_guess_add(&t->dates, v.at, v.n);
}

static bool mostly(size_t part, size_t all)
{
	return all && part * 10 >= all * 9;
}

static bool mostly_comma(const struct tally *t)
{
	return t->sure && mostly(t->either + t->comma, t->n);
}

/* Is the first value of a column a date, by the form of the others or by itself? */
static bool is_date(struct span v, const struct date_form *form)
{
	int64_t ms;
	return date_read(v.at, v.n, &ms) || (form && form->format && date_form_read(form, v.at, v.n, &ms));
}

/* Is the first row the names of the columns? */
static bool is_header(const struct span *first, const struct tally *t, size_t width, size_t rows)
{
	bool typed = false;
	for (size_t c = 0; c < width; c++) {
		enum value_kind kind = kind_of(first[c]);
		struct date_form form;
		bool ambiguous;
		bool dates = date_guess_form(&t[c].dates, &form, &ambiguous), sure;
		if (mostly_comma(&t[c]) && is_comma_number(first[c], &sure))
			return false;
		if (kind == VALUE_WHOLE || kind == VALUE_NUMBER || is_date(first[c], dates ? &form : NULL))
			return false;
		typed |= mostly(t[c].number, t[c].n) || mostly_comma(&t[c]) || dates || ambiguous;
	}
	if (typed || rows == 0)
		return true;
	for (size_t c = 0; c < width; c++)
		if ((first[c].n == 0 && t[c].n) || t[c].like_first ||
		    (has_digit(first[c]) && mostly(t[c].digits, t[c].n)))
			return false;
	return true;
}

/* Has the name one of the words in it, of which the last one is NULL? */
static bool has_word(struct span name, const char *const *words)
{
	char low[64];
	size_t n = name.n < sizeof low ? name.n : sizeof low;
	for (size_t i = 0; i < n; i++)
		low[i] = name.at[i] >= 'A' && name.at[i] <= 'Z' ? (char)(name.at[i] | 0x20) : name.at[i];
	for (; *words; words++)
		if (memmem(low, n, *words, strlen(*words)))
			return true;
	return false;
}

/* Does the name speak of a time? Counts are dates only then. */
static bool is_time_name(struct span name)
{
	static const char *const WORDS[] = {"time", "date", "stamp", "epoch", "ts", "when", "_at", NULL};
	return has_word(name, WORDS);
}

static void set_type(struct sniff_column *c, const struct tally *t, bool header)
{
	c->values = t->n;
	c->missing = t->missing;
	bool dates = date_guess_form(&t->dates, &c->form, &c->ambiguous);
	bool count = dates && !c->form.format && c->form.unit != TIME_ISO;
	if (t->n == 0) {
		c->type = SNIFF_EMPTY;
	} else if (dates && (is_time_name(c->name) || !(count ? header : date_form_needs_name(&c->form)))) {
		c->type = SNIFF_DATE;
		size_t fit = 0;
		for (size_t i = 0; i < DATE_GUESSES; i++)
			fit = t->dates.fit[i] > fit ? t->dates.fit[i] : fit;
		c->odd = t->n - fit;
	} else if (mostly(t->whole, t->n)) {
		c->type = SNIFF_WHOLE;
		c->odd = t->n - t->whole;
	} else if (mostly(t->number, t->n)) {
		c->type = SNIFF_NUMBER;
		c->odd = t->n - t->number;
	} else if (mostly_comma(t)) {
		c->type = SNIFF_NUMBER;
		c->comma = true;
		c->odd = t->n - t->either - t->comma;
	} else {
		c->type = SNIFF_TEXT;
	}
}

/* Microseconds are a time under another name, too, where no other column is one, and it is no id. */
static void take_microseconds(struct sniffed *s, const struct tally *t)
{
	static const char *const IDS[] = {"id", "user", "item", "track", "key", NULL};
	size_t found = 0, at = 0;
	struct date_form form, micro = {.format = NULL};
	bool ambiguous;
	for (size_t c = 0; c < s->width; c++) {
		if (s->columns[c].type == SNIFF_DATE)
			return;
		if (t[c].n == 0 || t[c].whole < t[c].n || !date_guess_form(&t[c].dates, &form, &ambiguous) ||
		    form.format || form.unit != TIME_US || has_word(s->columns[c].name, IDS))
			continue;
		found++;
		at = c;
		micro = form;
	}
	if (found != 1)
		return;
	s->columns[at].type = SNIFF_DATE;
	s->columns[at].form = micro;
	s->columns[at].odd = 0;
}

/* The first row, kept: its fields without quotes. */
struct first_row {
	struct buffer text;
	struct span *fields;
	size_t n;
};

static void keep_first(struct first_row *f, const struct delimited_row *row)
{
	for (size_t i = 0; i < row->n; i++)
		buffer_add_span(&f->text, row->fields[i]);
	f->fields = memory_new(row->n, sizeof *f->fields);
	f->n = row->n;
	for (size_t i = 0, at = 0; i < row->n; at += row->fields[i++].n)
		f->fields[i] = (struct span){f->text.data + at, row->fields[i].n};
}

/* The same fields again: of a header line that comes twice nothing is learned. */
static bool is_first(const struct first_row *f, const struct delimited_row *row)
{
	bool same = row->n == f->n;
	for (size_t i = 0; i < f->n && same; i++)
		same = span_equal(row->fields[i], f->fields[i]);
	return same;
}

/* The first column's values, and how many rows end in an empty field. */
struct edges {
	struct buffer text;
	size_t *at;            /* where each begins in the text */
	size_t n, capacity, open;
};

static void edges_add(struct edges *e, const struct delimited_row *row)
{
	e->at = memory_grow(e->at, &e->capacity, e->n + 1, sizeof *e->at);
	e->at[e->n++] = e->text.n;
	buffer_add_span(&e->text, row->fields[0]);
	e->open += row->fields[row->n - 1].n == 0;
}

static int compare_spans(const void *a, const void *b)
{
	return span_compare(*(const struct span *)a, *(const struct span *)b);
}

/* Is each of the first values another one, as names of rows are? */
static bool edges_differ(const struct edges *e)
{
	struct span *values = memory_new(e->n + 1, sizeof *values);
	bool differ = true;
	for (size_t i = 0; i < e->n; i++)
		values[i] = (struct span){e->text.data + e->at[i],
			(i + 1 < e->n ? e->at[i + 1] : e->text.n) - e->at[i]};
	qsort(values, e->n, sizeof *values, compare_spans);
	for (size_t i = 1; i < e->n && differ; i++)
		differ = !span_equal(values[i - 1], values[i]);
	free(values);
	return differ;
}

/* Rows with one field more than the first line: a separator at their end, or names of rows (R)? */
static const char *find_longer(struct sniffed *s, struct edges *e, int header)
{
	s->trailing = e->n && e->open == e->n;
	s->row_names = !s->trailing && e->n;
	if (s->trailing) {
		s->width--;
		s->bad--;
	}
	return s->row_names && header < 0 && !edges_differ(e) ? "the rows have one field more than the header: "
		"a decimal comma, or a comma in a date, without quotes?" : NULL;
}

/* All columns after the first taken for one. */
static void take_matrix(struct sniffed *s, const struct tally *t)
{
	struct tally all = {.n = 0};
	for (size_t c = 1; c < s->width; c++) {
		all.n += t[c].n;
		all.whole += t[c].whole;
		all.number += t[c].number;
		all.missing += t[c].missing;
		all.either += t[c].either;
		all.comma += t[c].comma;
		all.sure += t[c].sure;
	}
	set_type(&s->matrix, &all, true);
}

static void take_names(struct sniffed *s, const struct first_row *f, const struct tally *t)
{
	s->names = f->text;
	for (size_t c = 0; c < s->width; c++) {
		if (s->header && c >= s->row_names && c - s->row_names < f->n)
			s->columns[c].name = f->fields[c - s->row_names];
		set_type(&s->columns[c], &t[c], s->header);
	}
	take_microseconds(s, t);
}

/* NULL, or what is wrong with the table. */
static const char *find_columns(struct sniffed *s, int header)
{
	struct tally *t = memory_zero(s->width + 1, sizeof *t);
	struct first_row f = {.n = 0};
	struct edges e = {.n = 0};
	const char *problem = NULL;
	struct delimited *d = delimited_open_text(text_of(s), &s->format);
	struct delimited_row row;
	size_t rows = 0;
	while (delimited_next(d, &row)) {
		if (row.raw.n == 0 || row.problem || (s->sections && delimited_is_section(&row)))
			continue;
		if (!f.fields)
			keep_first(&f, &row);
		else if (row.n == s->width && f.n + 1 == s->width)
			edges_add(&e, &row);
		if (rows && row.n == s->width && !is_first(&f, &row))
			for (size_t c = 0; c < s->width; c++)
				tally_add(&t[c], row.fields[c], c < f.n ? f.fields[c] : (struct span){"", 0});
		rows++;
	}
	delimited_close(d);
	if (header != 0 && f.n + 1 == s->width && rows > 1)
		problem = find_longer(s, &e, header);
	s->header = header >= 0 ? header :
		s->row_names || s->trailing || (f.n == s->width && is_header(f.fields, t, s->width, rows - 1));
	for (size_t c = 0; !s->header && f.n == s->width && c < s->width; c++)
		tally_add(&t[c], f.fields[c], (struct span){NULL, 0});
	s->columns = memory_zero(s->width + 1, sizeof *s->columns);
	take_names(s, &f, t);
	take_matrix(s, t);
	free(f.fields);
	free(t);
	free(e.at);
	buffer_free(&e.text);
	return problem;
}

/* JSON, pages: texts of another kind. */
static const char *other_kind(const struct sniffed *s)
{
	const char *end = memchr(s->text.data, '\n', s->text.n);
	struct span line = {s->text.data, end ? (size_t)(end - s->text.data) : s->text.n};
	size_t at = 0;
	while (at < line.n && line.at[at] == ' ')
		at++;
	return at < line.n && strchr("{[<", line.at[at]) ? hint_line(line, HINT_CSV) : NULL;
}

/* A first line that tells the separator is taken from the text. */
static void take_told(struct sniffed *s, char told[SEPARATOR_SIZE])
{
	const char *text = s->text.data, *end = memchr(text, s->format.line_end, s->text.n);
	size_t n = end ? (size_t)(end - text) : 0;
	n -= n && text[n - 1] == '\r' && s->format.line_end == '\n';
	memset(told, 0, SEPARATOR_SIZE);
	s->told = end && delimited_tells((struct span){text, n});
	if (!s->told)
		return;
	told[0] = text[4];
	s->text.n -= (size_t)(end + 1 - text);
	memmove(s->text.data, end + 1, s->text.n);
}

const char *sniff(struct span sample, bool whole, const struct sniff_given *given, struct sniffed *s)
{
	char told[SEPARATOR_SIZE];
	*s = (struct sniffed){.why = "as --encoding says"};
	const char *problem = decode(sample, whole, given, s);
	if (!problem)
		problem = other_kind(s);
	if (!problem)
		problem = find_line_ends(whole, given, s);
	if (problem)
		return problem;
	take_told(s, told);
	s->sections = given->sections || (given->header != 1 && begins_section(s));
	const char *separator = given->separator ? given->separator : s->told ? told : NULL;
	struct trial t = separator ? try_separator(s, separator, given->quoting) :
		find_separator(s, given->quoting);
	s->format = t.format;
	s->width = t.width;
	s->rows = t.rows;
	s->bad = t.rows - t.agree;
	return find_columns(s, s->sections ? 0 : given->header);
}

void sniff_free(struct sniffed *s)
{
	buffer_free(&s->text);
	buffer_free(&s->names);
	free(s->columns);
	*s = (struct sniffed){.width = 0};
}
