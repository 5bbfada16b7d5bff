/* settings.h - how the text is read: what the options say, and what was guessed for the rest. */
#ifndef RECPIPE_IMPORT_TABLE_SETTINGS_H
#define RECPIPE_IMPORT_TABLE_SETTINGS_H

#include "frame/options.h"
#include "streams/delimited.h"
#include "streams/sniff.h"

struct options {
	const char *separator, *encoding, *header, *value, *split_list, *list_separator, *select, *number;
	struct option_list maps, sets, dates, wheres;
	bool explicit, dry_run, sections, wide, trailing;
	int quoting, line_end, decimal;
	struct common common;
};

enum { LINE_LF, LINE_CRLF, LINE_CR, LINE_ANY }; /* LINE_ANY: LF or CR LF */
#define LINE_ENDS "lf|crlf|cr|any"
#define DECIMALS ".|,"

struct settings {
	const char *encoding;
	struct delimited_format format;
	int line_end;              /* LINE_LF ... */
	bool header;               /* the first line has names */
	bool sections;
	bool comma;                /* the decimal mark is a comma */
	bool trailing;             /* a separator ends the rows, but not the header */
	bool guessed;              /* something was: then `sniffed` is what was seen */
	struct sniffed sniffed;
	struct buffer expected;    /* the names that the header must have, TABs between them; */
	bool any_header;           /* or any */
};

/* Checks the options against each other and makes settings of them; what they do not say is
 * guessed from `sample`, the first bytes of the file `name` (`whole`: all of it), which
 * --explicit does not look at. */
void settings_take(struct settings *s, const struct options *o, struct span sample, bool whole,
		   const char *name);

/* Says on standard error what was seen. */
void settings_report(const struct settings *s, const char *name);

/* "a,b\,c" with TABs between the names. */
void names_of_list(struct buffer *names, const char *list);

/* The other way; false when the names have something that a terminal is not to have. */
bool list_of_names(struct buffer *list, struct span names);

void settings_free(struct settings *s);

#endif
