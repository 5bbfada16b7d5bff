/* date.h - points in time: text to milliseconds since 1970-01-01 UTC and back.
 *
 * Text is a count of milli-, micro- or seconds, or a date; which of them is said by
 * whoever asks, never guessed.
 */
#ifndef RECPIPE_BASE_DATE_H
#define RECPIPE_BASE_DATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/number.h"

/* What the text of a point in time is. The words of an option in the same order. */
enum time_unit { TIME_MS, TIME_S, TIME_US, TIME_ISO };
#define TIME_UNITS "ms|s|us|iso"

/* A count as number_double takes it (1714521601, 1714521601.5, 1.7e9) in `unit`, or with
 * TIME_ISO a date as date_read takes it, as milliseconds, rounded down. The decimal text
 * is never a binary fraction on its way. NUMBER_SYNTAX: it is not one;
 * NUMBER_RANGE: it does not fit. */
enum number_state time_read(const char *s, size_t n, enum time_unit unit, int64_t *ms);

/* A date, with or without a time, as milliseconds, rounded down:
 *
 *	2024-03-10                       midnight
 *	2024-03-10T15:12                 T, t or a blank between them
 *	2024-03-10T15:12:01.006+03:00    or ,006; +0300, +03, Z, UTC, GMT with or without
 *	                                 a blank in front; no zone is UTC (RFC 3339, ISO 8601)
 *	Sun Mar 10 15:12:01 2024         as ctime(3) and date(1) write it, a zone before or
 *	Sun Mar 10 15:12:01 -0800 2024   after the year or none
 *
 * Years are 0000 to 9999, seconds may be 60; blanks around it do no harm. False for
 * anything else, a day that the month does not have and a day of the week that was
 * another one included. */
bool date_read(const char *s, size_t n, int64_t *ms);

/* A day alone, for options: as date_read takes it, or with fewer digits (2024-3-9). */
bool date_read_day(const char *s, size_t n, int64_t *ms);

enum { DAY_MS = 86400000 };

/* The day of a time, counted from 1970-01-01 UTC, rounded down. */
static inline int64_t date_day(int64_t ms)
{
	return ms / DAY_MS - (ms % DAY_MS < 0);
}

/* A day that date_day gave as YYYY-MM-DD, UTC; the caller's, to be freed with free(). */
char *date_day_text(int64_t day);

/* Does the text look like a date of any of these kinds, right or wrong in its details?
 * For hints in messages. */
bool date_is_likely(const char *s, size_t n);

/* What a message says of a value that time_read does not take. */
const char *time_problem(enum number_state state, enum time_unit unit);

/* The cure for a value that is no time of this unit but may be one of another, or NULL. */
const char *time_hint(enum time_unit unit, const char *s, size_t n);

/* The unit that a table's newest time speaks for: seconds of today read as milliseconds lie
 * in 1970, milliseconds read as seconds beyond the year 20000. `unit` itself where nothing
 * is odd; small ordinal numbers (1, 2, 3) are not. */
enum time_unit time_likely_unit(int64_t newest_ms, enum time_unit unit);

/* Warns when the newest time makes another unit likely. `file` is whose it is, or NULL. */
void time_warn_unit(int64_t newest_ms, enum time_unit unit, const char *file);

/* The word of a unit: "ms", "s", "us", "iso". */
const char *time_unit_name(enum time_unit unit);

#endif
