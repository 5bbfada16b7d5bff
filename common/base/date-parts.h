/* date-parts.h - the pieces that dates are read from, for date.c and date-format.c alone.
 *
 * Each of them takes what it reads from the front of the cursor.
 */
#ifndef RECPIPE_BASE_DATE_PARTS_H
#define RECPIPE_BASE_DATE_PARTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct date_cursor {
	const char *at, *end;
};

/* `n` digits as a number below `limit`; -1 when they are not digits. */
int date_take_digits(struct date_cursor *c, int n, int limit);

/* 1 to `most` digits as a number below `limit`; -1 when they are not digits. */
int date_take_number(struct date_cursor *c, int most, int limit);

/* One byte of those in `any`. */
bool date_take_byte(struct date_cursor *c, const char *any);

/* One of the three-letter names that `names` holds without gaps: its number, or -1. */
int date_take_name(struct date_cursor *c, const char *names);
extern const char DATE_MONTHS[], DATE_WEEKDAYS[]; /* from January; from Thursday */

/* +03:00, -0800, +05, Z, UTC, GMT, or nothing, as milliseconds before UTC. */
bool date_take_zone(struct date_cursor *c, int64_t *offset);

/* A fraction's digits as milliseconds, rounded down; false when there are none. */
bool date_take_fraction(struct date_cursor *c, int *ms);

/* The days from 1970 to a date, checked against the length of its month; false when there is no
 * such day. Takes what date_take_digits gave, -1 too. */
bool date_days_to(int year, int month, int day, int64_t *days);

/* The text without the blanks around it. */
struct date_cursor date_trimmed(const char *s, size_t n);

#endif
