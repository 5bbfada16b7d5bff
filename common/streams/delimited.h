/* delimited.h - delimited text of any kind as rows of fields: CSV, `;`, `|`, `::`, blanks, quotes
 * in three ways or none, lines that end in LF, CR LF or CR, any encoding.
 *
 * Nothing is guessed here: see streams/sniff.h. Memory does not depend on the length of the
 * text.
 */
#ifndef RECPIPE_STREAMS_DELIMITED_H
#define RECPIPE_STREAMS_DELIMITED_H

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"
#include "streams/encoding.h"
#include "streams/input.h"

enum delimited_quoting {
	QUOTING_RFC4180,   /* "a ""b""": a quote within quotes is doubled */
	QUOTING_BACKSLASH, /* "a \"b\"", also outside quotes: a backslash takes its meaning from the next byte */
	QUOTING_R,         /* the same, but only of a quote: R's write.table */
	QUOTING_NONE,      /* quotes are bytes like others */
};
#define DELIMITED_QUOTINGS "rfc4180|backslash|r|none"

enum { SEPARATOR_SIZE = 8 };

struct delimited_format {
	/* One byte, "::", or "blanks": one or more blanks or TABs. */
	char separator[SEPARATOR_SIZE];
	enum delimited_quoting quoting;
	char line_end;     /* LF, before which a CR is not part of the last field, or CR */
};

/* The separator that the words of an option mean (tab, blanks, :: or a byte); false when they mean
 * none. And the words of one. */
bool delimited_separator(const char *text, char separator[SEPARATOR_SIZE]);
const char *delimited_separator_name(const char *separator);

/* Is it the line `sep=;`, by which a spreadsheet tells the separator? */
bool delimited_tells(struct span line);

struct delimited;

/* Reads from `in`, in that encoding. Both stay the caller's. */
struct delimited *delimited_open(struct input *in, struct encoding *encoding,
				 const struct delimited_format *format);

/* The rows of a text in UTF-8 at hand, which is copied. */
struct delimited *delimited_open_text(struct span text, const struct delimited_format *format);

struct delimited_row {
	struct span *fields;
	size_t n;
	struct span raw;      /* in UTF-8, without the line end */
	uint64_t line;        /* where it begins, from 1 */
	const char *problem;  /* what is wrong with it: n is 0. Or NULL */
	bool cr, ended;       /* a CR came before the line end; it is the file's own */
	bool control;         /* fields may have TABs, LFs or CRs in them */
};

/* The next row, valid until the next call; false at the end. Of a row whose quotes are wrong only
 * the first line is given, and the next row begins after that. */
bool delimited_next(struct delimited *d, struct delimited_row *row);

/* A line `NAME:`, which begins a section of a text that has such (Netflix's ratings). */
static inline bool delimited_is_section(const struct delimited_row *row)
{
	return row->n == 1 && row->raw.n > 1 && row->raw.at[row->raw.n - 1] == ':' &&
		!memchr(row->raw.at, ' ', row->raw.n);
}

void delimited_close(struct delimited *d);

#endif
