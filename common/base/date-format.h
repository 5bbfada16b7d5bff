/* date-format.h - points in time by a format, as strptime(3) has them, and the guess which form
 * the dates of a column have.
 *
 * A guess is made once, for a person to look at: what it found has a word or a format that
 * can be written down, and text is then read by that alone.
 */
#ifndef RECPIPE_BASE_DATE_FORMAT_H
#define RECPIPE_BASE_DATE_FORMAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/date.h"

/* What is wrong with a format, or NULL. It is made of
 *
 *	%Y %m %d %H %M %S	as in 2024 03 10 15 12 01; leading zeros may lack, but for %Y
 *	%y			two digits of a year, 69 to 99 for 1969 to 1999
 *	%b %B %a %A		months and days of the week in English, short or long
 *	%I %p			hours 1 to 12, AM or PM
 *	%f			digits of a fraction of a second
 *	%z %Z			+0300, +03:00, +03, Z, UTC, GMT; no zone is UTC
 *	%F %T %R %D		%Y-%m-%d, %H:%M:%S, %H:%M, %m/%d/%y
 *	%%			a percent sign
 *
 * a blank, for any number of blanks, and bytes for themselves. Year, month and day must be
 * among them. */
const char *date_format_problem(const char *format);

/* The text by such a format, as milliseconds since 1970 UTC; blanks around it do no harm.
 * False when it is not so, when there is no such day, or when its day of the week was another. */
bool date_format_read(const char *format, const char *s, size_t n, int64_t *ms);

/* A form of dates: a unit, or with a `format` that. */
struct date_form {
	enum time_unit unit;
	const char *format; /* NULL: none */
};

/* As time_read and date_format_read. */
bool date_form_read(const struct date_form *form, const char *s, size_t n, int64_t *ms);

/* The form of a word of TIME_UNITS or of a format, which must live as long; false when it is
 * neither. */
bool date_form_named(const char *text, struct date_form *form);
const char *date_form_name(const struct date_form *form);

/* What the values of a column speak for. Zeroed before the first one. */
enum { DATE_GUESSES = 51 };
struct date_guess {
	size_t values, counts;        /* how many there are; how many are whole numbers */
	size_t fit[DATE_GUESSES];     /* of these, how many fit each form */
};

void date_guess_add(struct date_guess *g, const char *s, size_t n);

/* The form that at least nine in ten of the values have; false when there is none. Counts are
 * dates when they lie between 1990 and 2100. `ambiguous`: days and months cannot be told
 * apart (03/04/2020), and this is false, too. */
bool date_guess_form(const struct date_guess *g, struct date_form *form, bool *ambiguous);

/* Might other things be written so, as 20240310 or 1.10.20? Then only a column's name tells that
 * they are dates. */
bool date_form_needs_name(const struct date_form *form);

#endif
