/* sniff.h - what the beginning of a delimited text looks like: encoding, separator, quoting, line
 * ends, header, types of columns.
 *
 * A guess for a person to look at and write down; no tool reads by a guess that was not shown.
 */
#ifndef RECPIPE_STREAMS_SNIFF_H
#define RECPIPE_STREAMS_SNIFF_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"
#include "base/date-format.h"
#include "base/span.h"
#include "streams/delimited.h"

enum { SNIFF_BYTES = 64 << 10 };

/* What is known already, and not to be guessed. */
struct sniff_given {
	const char *encoding;   /* NULL: guess */
	const char *separator;  /* as struct delimited_format has it, or NULL */
	int quoting;            /* enum delimited_quoting, or -1 */
	char line_end;          /* LF or CR, or 0 */
	int header;             /* 1: there is one, 0: none, -1: guess */
	bool sections;          /* there are lines `NAME:` */
};

enum sniff_type { SNIFF_EMPTY, SNIFF_WHOLE, SNIFF_NUMBER, SNIFF_DATE, SNIFF_TEXT };

struct sniff_column {
	struct span name;          /* empty: it has none */
	enum sniff_type type;
	struct date_form form;     /* of SNIFF_DATE */
	bool comma;                /* SNIFF_NUMBER with a decimal comma */
	bool ambiguous;            /* a date of which day and month cannot be told apart */
	size_t values, odd;        /* those that are not empty; of these, those of another type */
	size_t missing;            /* empty ones, and words for that */
};

struct sniffed {
	const char *encoding, *why;   /* and why it is taken for that */
	struct delimited_format format;
	bool crlf;                    /* a CR comes before the first LF */
	bool header, sections;
	bool told;                    /* the first line was `sep=;`, which is no row */
	bool row_names;               /* the header lacks the name of the first column (R) */
	bool trailing;                /* a separator ends the rows, but not the header: no field of `width` */
	struct sniff_column matrix;   /* what the columns after the first hold, taken together */
	size_t width, rows, bad;      /* fields of most rows; rows seen, and those with others */
	struct sniff_column *columns; /* `width` of them */
	struct buffer text;           /* the sample in UTF-8; names point into `names` */
	struct buffer names;
};

/* Empty, or a word for a value that is missing: NA or \N. */
bool sniff_is_missing(struct span v);

/* Looks at the first bytes of a file, `whole` when there are no more. Returns NULL, or what a file
 * is that is no delimited text: a constant text for a message. */
const char *sniff(struct span sample, bool whole, const struct sniff_given *given, struct sniffed *s);

void sniff_free(struct sniffed *s);

#endif
