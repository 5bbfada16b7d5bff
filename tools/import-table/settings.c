#include "settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/quote.h"
#include "streams/columns.h"

void names_of_list(struct buffer *names, const char *list)
{
	for (const char *s = list; *s; s++) {
		if (*s == '\\' && s[1])
			buffer_add_byte(names, *++s);
		else
			buffer_add_byte(names, *s == ',' ? '\t' : *s);
	}
}

bool list_of_names(struct buffer *list, struct span names)
{
	struct buffer shown = {0};
	quote_terminal(&shown, names.at, names.n);
	size_t tabs = 0;
	for (size_t i = 0; i < names.n; i++) {
		tabs += names.at[i] == '\t';
		if (names.at[i] == ',' || names.at[i] == '\\')
			buffer_add_byte(list, '\\');
		buffer_add_byte(list, names.at[i] == '\t' ? ',' : names.at[i]);
	}
	/* The TABs alone are two bytes there. */
	bool same = shown.n == names.n + tabs;
	buffer_free(&shown);
	return same;
}

static void check_options(const struct options *o, struct settings *s)
{
	char shown[QUOTED_SIZE];
	if (o->separator && !delimited_separator(o->separator, s->format.separator))
		usage_error("option '--separator': not tab, blanks, :: or one byte of ASCII: %s",
			    quoted(o->separator, strlen(o->separator), shown));
	struct encoding *e = o->encoding ? encoding_open(o->encoding) : NULL;
	if (o->encoding && !e)
		usage_error("option '--encoding': not an encoding that is known here: %s",
			    quoted(o->encoding, strlen(o->encoding), shown));
	encoding_close(e);
}

/* What was seen, where no option says otherwise. */
static void take_guess(struct settings *s, const struct options *o)
{
	const struct sniffed *g = &s->sniffed;
	s->encoding = g->encoding;
	s->format = g->format;
	if (!option_given("line-end"))
		s->line_end = g->format.line_end == '\r' ? LINE_CR : g->crlf ? LINE_CRLF : LINE_LF;
	s->header = g->header;
	s->sections = g->sections;
	s->trailing |= g->trailing;
	for (size_t c = 0; c < g->width && !option_given("decimal") && !o->wide; c++)
		s->comma |= g->columns[c].comma;
	if (o->wide && !option_given("decimal"))
		s->comma = g->matrix.comma;
	if (!g->header || o->header)
		return;
	s->any_header = o->wide;
	for (size_t c = 0; c < g->width; c++) {
		if (c)
			buffer_add_byte(&s->expected, '\t');
		columns_add_text(&s->expected, g->columns[c].name);
	}
}

void settings_take(struct settings *s, const struct options *o, struct span sample, bool whole,
		   const char *name)
{
	*s = (struct settings){.encoding = o->encoding, .line_end = o->line_end, .sections = o->sections,
		.comma = o->decimal == 1, .trailing = o->trailing};
	check_options(o, s);
	s->format.quoting = (enum delimited_quoting)o->quoting;
	s->format.line_end = o->line_end == LINE_CR ? '\r' : '\n';
	s->header = !o->common.no_header;
	s->any_header = o->header && strcmp(o->header, "*") == 0;
	if (o->header && !s->any_header)
		names_of_list(&s->expected, o->header);
	if (o->explicit)
		return;
	s->guessed = true;
	struct sniff_given given = {
		.encoding = o->encoding, .separator = o->separator ? s->format.separator : NULL,
		.quoting = option_given("quoting") ? o->quoting : -1,
		.line_end = option_given("line-end") ? s->format.line_end : '\0',
		.header = o->common.no_header ? 0 : o->header || o->wide ? 1 : -1, .sections = o->sections,
	};
	const char *problem = sniff(sample, whole, &given, &s->sniffed);
	if (problem)
		die(STATUS_DATA, "%s: %s", name, problem);
	take_guess(s, o);
}

/* ---- what was seen ---- */

static const char *type_text(const struct sniff_column *c, char text[QUOTED_SIZE])
{
	if (c->ambiguous)
		return "dates, day or month first: --date says which";
	switch (c->type) {
	case SNIFF_EMPTY: return "empty";
	case SNIFF_WHOLE: return "whole numbers";
	case SNIFF_NUMBER: return c->comma ? "numbers with a decimal comma" : "numbers";
	case SNIFF_TEXT: return "text";
	case SNIFF_DATE: break;
	}
	snprintf(text, QUOTED_SIZE, "points in time (%s), written in ms since 1970", date_form_name(&c->form));
	return text;
}

/* Names of rows, or the halves of numbers? Where every user occurs once, both look alike. */
static void report_halves(const struct sniffed *g, const char *name)
{
	size_t w = g->width;
	if (g->row_names && w > 2 && strcmp(g->format.separator, ",") == 0 &&
	    g->columns[w - 1].type == SNIFF_WHOLE && g->columns[w - 2].type == SNIFF_WHOLE)
		warn("%s: the rows have one field more than the header; if the last comma is a decimal comma (0,75), "
		     "make it a point before: sed 's/,\\([0-9]*\\)$/.\\1/' FILE | import-table", name);
}

static void report_columns(const struct sniffed *g, const char *name)
{
	enum { MOST = 40 };
	for (size_t c = 0; c < g->width && c < MOST; c++) {
		const struct sniff_column *column = &g->columns[c];
		char shown[QUOTED_SIZE], type[QUOTED_SIZE], odd[64] = "";
		if (column->odd)
			snprintf(odd, sizeof odd, "; %zu of %zu are not", column->odd, column->values);
		if (g->header)
			warn("%s: column %zu, %s: %s%s", name, c + 1, column->name.n ?
			     quoted(column->name.at, column->name.n, shown) : "without a name, left out",
			     type_text(column, type), odd);
		else
			warn("%s: column %zu: %s%s", name, c + 1, type_text(column, type), odd);
	}
	if (g->width > MOST)
		warn("%s: and %zu columns more", name, g->width - MOST);
}

void settings_report(const struct settings *s, const char *name)
{
	const struct sniffed *g = &s->sniffed;
	char shown[QUOTED_SIZE];
	const char *separator = delimited_separator_name(g->format.separator);
	struct span quoting = choice_word(DELIMITED_QUOTINGS, (int)g->format.quoting);
	struct span line_end = choice_word(LINE_ENDS, s->line_end);
	if (!s->guessed)
		return;
	warn("%s: encoding: %s (%s)", name, g->encoding, g->why);
	warn("%s: separator: %s", name, separator[0] && !separator[1] ? quoted(separator, 1, shown) : separator);
	warn("%s: quoting: %.*s", name, (int)quoting.n, quoting.at);
	warn("%s: line ends: %.*s", name, (int)line_end.n, line_end.at);
	if (g->sections)
		warn("%s: sections: lines `NAME:`", name);
	warn("%s: header: %s", name, !g->header ? "none; --columns A,B,... names the columns" : g->row_names ?
	     "the first line, without a name of the first column" : "the first line");
	if (g->trailing)
		warn("%s: a separator at the end of the rows, not of the header: the empty last field is dropped",
		     name);
	report_columns(g, name);
	report_halves(g, name);
	if (g->bad)
		warn("%s: %zu of the first %zu lines do not have %zu fields", name, g->bad, g->rows, g->width);
}

void settings_free(struct settings *s)
{
	if (s->guessed)
		sniff_free(&s->sniffed);
	buffer_free(&s->expected);
}
