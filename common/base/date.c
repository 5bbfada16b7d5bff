#include "base/date.h"

#include <string.h>
#include <time.h>

#include "base/date-parts.h"
#include "base/error.h"
#include "base/memory.h"

/* ---- counts ---- */

/* A decimal text times 10^shift as a whole number, rounded down. The text is a number.
 * False when it does not fit. */
static bool shifted(const char *s, size_t n, int shift, int64_t *out)
{
	enum { FAR = 100000000 };
	const char *end = s + n;
	bool negative = s < end && *s == '-';
	s += s < end && (*s == '-' || *s == '+');
	const char *digits = s, *mark = s;
	while (mark < end && *mark != 'e' && *mark != 'E')
		mark++;
	const char *point = memchr(digits, '.', (size_t)(mark - digits));
	int64_t exponent = 0;
	if (mark < end) {
		const char *power = mark + 1 + (mark[1] == '+');
		enum number_state state = number_i64(power, (size_t)(end - power), &exponent);
		if (state != NUMBER_OK || exponent > FAR || exponent < -FAR)
			exponent = mark[1] == '-' ? -FAR : FAR;
	}
	/* So many digits stand before the point of the result. */
	int64_t kept = (point ? point : mark) - digits + exponent + shift, at = 0;
	uint64_t value = 0;
	bool more = false, over = false;
	for (const char *p = digits; p < mark; p++) {
		if (p == point)
			continue;
		if (at++ < kept) {
			over |= __builtin_mul_overflow(value, 10, &value);
			over |= __builtin_add_overflow(value, (uint64_t)(*p - '0'), &value);
		} else {
			more |= *p != '0';
		}
	}
	for (; at < kept && value && !over; at++)
		over |= __builtin_mul_overflow(value, 10, &value);
	if (negative)
		over |= __builtin_add_overflow(value, (uint64_t)more, &value);
	if (over || value > INT64_MAX)
		return false;
	*out = negative ? -(int64_t)value : (int64_t)value;
	return true;
}

enum number_state time_read(const char *s, size_t n, enum time_unit unit, int64_t *ms)
{
	static const int SHIFT[] = {[TIME_MS] = 0, [TIME_S] = 3, [TIME_US] = -3};
	double ignored;
	if (unit == TIME_ISO)
		return date_read(s, n, ms) ? NUMBER_OK : NUMBER_SYNTAX;
	if (unit == TIME_MS && number_i64(s, n, ms) == NUMBER_OK)
		return NUMBER_OK;
	enum number_state state = number_double(s, n, &ignored);
	return state == NUMBER_OK && !shifted(s, n, SHIFT[unit], ms) ? NUMBER_RANGE : state;
}

/* ---- dates ---- */

int date_take_digits(struct date_cursor *c, int n, int limit)
{
	int value = 0;
	for (int i = 0; i < n; i++, c->at++) {
		if (c->at == c->end || *c->at < '0' || *c->at > '9')
			return -1;
		value = value * 10 + (*c->at - '0');
	}
	return value < limit ? value : -1;
}

int date_take_number(struct date_cursor *c, int most, int limit)
{
	int n = 0;
	while (n < most && c->end - c->at > n && c->at[n] >= '0' && c->at[n] <= '9')
		n++;
	return n ? date_take_digits(c, n, limit) : -1;
}

bool date_take_byte(struct date_cursor *c, const char *any)
{
	bool ok = c->at < c->end && *c->at && strchr(any, *c->at);
	c->at += ok;
	return ok;
}

static bool take_word(struct date_cursor *c, const char *word)
{
	size_t n = strlen(word);
	bool ok = (size_t)(c->end - c->at) >= n && memcmp(c->at, word, n) == 0;
	c->at += ok ? n : 0;
	return ok;
}

int date_take_name(struct date_cursor *c, const char *names)
{
	for (int i = 0; names[3 * i]; i++) {
		if (c->end - c->at >= 3 && memcmp(c->at, names + 3 * i, 3) == 0) {
			c->at += 3;
			return i;
		}
	}
	return -1;
}

const char DATE_MONTHS[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
const char DATE_WEEKDAYS[] = "ThuFriSatSunMonTueWed"; /* 1970-01-01 was a Thursday */

/* Days from 1970-01-01 to a date of the Gregorian calendar (Hinnant,
 * "chrono-compatible low-level date algorithms", days_from_civil). */
static int64_t days_from_civil(int64_t year, int month, int day)
{
	year -= month <= 2;
	int64_t era = (year >= 0 ? year : year - 399) / 400;
	int64_t of_era = year - era * 400;
	int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

bool date_days_to(int year, int month, int day, int64_t *days)
{
	static const int LENGTH[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	if (year < 0 || month < 1 || day < 1 || day > LENGTH[month - 1])
		return false;
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
	if (month == 2 && day == 29 && !leap)
		return false;
	*days = days_from_civil(year, month, day);
	return true;
}

bool date_take_fraction(struct date_cursor *c, int *ms)
{
	int scale = 100, digits = 0;
	*ms = 0;
	for (; c->at < c->end && *c->at >= '0' && *c->at <= '9'; c->at++, digits++, scale /= 10)
		*ms += scale * (*c->at - '0');
	return digits > 0;
}

/* 15:12, and :01 with a fraction (`seconds` says that they must be there). */
static bool take_time(struct date_cursor *c, bool seconds, int64_t *ms)
{
	int hour = date_take_digits(c, 2, 24), second = 0, fraction = 0;
	bool ok = date_take_byte(c, ":");
	int minute = date_take_digits(c, 2, 60);
	bool fine = date_take_byte(c, ":");
	if (fine)
		second = date_take_digits(c, 2, 61);
	if (!ok || (seconds && !fine) || hour < 0 || minute < 0 || second < 0)
		return false;
	*ms = ((hour * 60 + minute) * 60 + second) * INT64_C(1000);
	if (!fine || !date_take_byte(c, ".,"))
		return true;
	ok = date_take_fraction(c, &fraction);
	*ms += fraction;
	return ok;
}

bool date_take_zone(struct date_cursor *c, int64_t *offset)
{
	*offset = 0;
	if (c->at == c->end || (*c->at != '+' && *c->at != '-')) {
		(void)(date_take_byte(c, "Zz") || take_word(c, "UTC") || take_word(c, "GMT"));
		return true;
	}
	int sign = *c->at++ == '-' ? -1 : 1;
	int hours = date_take_digits(c, 2, 24), minutes = 0;
	bool colon = date_take_byte(c, ":");
	if (colon || (c->at < c->end && *c->at >= '0' && *c->at <= '9'))
		minutes = date_take_digits(c, 2, 60);
	*offset = sign * (hours * 60 + minutes) * INT64_C(60000);
	return hours >= 0 && minutes >= 0;
}

/* 2024-03-10, and T15:12:01 with a zone. */
static bool read_iso(struct date_cursor c, int64_t *ms)
{
	int64_t days, time = 0, offset = 0;
	int year = date_take_digits(&c, 4, 10000);
	bool ok = date_take_byte(&c, "-");
	int month = date_take_digits(&c, 2, 13);
	ok &= date_take_byte(&c, "-");
	int day = date_take_digits(&c, 2, 32);
	if (!ok || !date_days_to(year, month, day, &days))
		return false;
	if (c.at < c.end) {
		if (!date_take_byte(&c, "Tt ") || !take_time(&c, false, &time))
			return false;
		bool blank = date_take_byte(&c, " ");
		const char *zone = c.at;
		if (!date_take_zone(&c, &offset) || (blank && c.at == zone))
			return false;
	}
	*ms = days * DAY_MS + time - offset;
	return c.at == c.end;
}

/* Sun Mar 10 15:12:01 2024, a zone before or after the year or none. */
static bool read_ctime(struct date_cursor c, int64_t *ms)
{
	int64_t days, time, offset = 0;
	int weekday = date_take_name(&c, DATE_WEEKDAYS);
	bool ok = date_take_byte(&c, " ");
	int month = date_take_name(&c, DATE_MONTHS) + 1;
	ok &= date_take_byte(&c, " ");
	bool padded = date_take_byte(&c, " ");
	bool two = !padded && c.end - c.at >= 2 && c.at[1] != ' ';
	int day = date_take_digits(&c, two ? 2 : 1, 32);
	ok &= date_take_byte(&c, " ");
	if (!ok || weekday < 0 || month < 1 || !take_time(&c, true, &time) || !date_take_byte(&c, " "))
		return false;
	bool zoned = c.at < c.end && (*c.at < '0' || *c.at > '9');
	if (zoned && (!date_take_zone(&c, &offset) || !date_take_byte(&c, " ")))
		return false;
	int year = date_take_digits(&c, 4, 10000);
	if (!zoned && date_take_byte(&c, " ")) {
		const char *zone = c.at;
		if (!date_take_zone(&c, &offset) || c.at == zone)
			return false;
	}
	if (!date_days_to(year, month, day, &days) || ((days % 7) + 7) % 7 != weekday)
		return false;
	*ms = days * DAY_MS + time - offset;
	return c.at == c.end;
}

struct date_cursor date_trimmed(const char *s, size_t n)
{
	for (; n > 0 && *s == ' '; n--)
		s++;
	while (n > 0 && s[n - 1] == ' ')
		n--;
	return (struct date_cursor){s, s + n};
}

bool date_read(const char *s, size_t n, int64_t *ms)
{
	struct date_cursor c = date_trimmed(s, n);
	return c.at < c.end && (*c.at >= '0' && *c.at <= '9' ? read_iso(c, ms) : read_ctime(c, ms));
}

bool date_read_day(const char *s, size_t n, int64_t *ms)
{
	struct date_cursor c = date_trimmed(s, n);
	int64_t days;
	int year = date_take_number(&c, 4, 10000);
	bool ok = date_take_byte(&c, "-");
	int month = date_take_number(&c, 2, 13);
	ok &= date_take_byte(&c, "-");
	int day = date_take_number(&c, 2, 32);
	if (!ok || c.at < c.end || !date_days_to(year, month, day, &days))
		return false;
	*ms = days * DAY_MS;
	return true;
}

char *date_day_text(int64_t day)
{
	time_t seconds = (time_t)(day * (DAY_MS / 1000));
	struct tm parts;
	char text[32];
	gmtime_r(&seconds, &parts);
	return memory_text(text, strftime(text, sizeof text, "%Y-%m-%d", &parts));
}

bool date_is_likely(const char *s, size_t n)
{
	struct date_cursor iso = {s, s + n}, other = iso;
	if (date_take_digits(&iso, 4, 10000) >= 0 && date_take_byte(&iso, "-") &&
	    date_take_digits(&iso, 2, 13) >= 0 && date_take_byte(&iso, "-") && date_take_digits(&iso, 2, 32) >= 0)
		return true;
	return date_take_name(&other, DATE_WEEKDAYS) >= 0 && date_take_byte(&other, " ") &&
		date_take_name(&other, DATE_MONTHS) >= 0 && date_take_byte(&other, " ");
}

/* ---- what messages say ---- */

const char *time_problem(enum number_state state, enum time_unit unit)
{
	return unit == TIME_ISO ? "not a date and time as in 2024-03-10T15:12:01.006Z" :
		number_problem(state);
}

const char *time_hint(enum time_unit unit, const char *s, size_t n)
{
	double ignored;
	if (unit != TIME_ISO)
		return date_is_likely(s, n) ? "a date? --timestamp-unit iso reads those" : NULL;
	return number_double(s, n, &ignored) == NUMBER_OK ?
		"a count? --timestamp-unit ms, s or us reads those" : NULL;
}

enum time_unit time_likely_unit(int64_t newest_ms, enum time_unit unit)
{
	/* 1990-01-01 as a count of each unit: below it lie ordinal numbers and the first week
	 * of made-up data, and from a thousand times as much on the next smaller unit. */
	const int64_t second = 631152000, milli = second * 1000, micro = milli * 1000;
	int64_t count = unit == TIME_S ? newest_ms / 1000 : newest_ms;
	if (unit == TIME_ISO || (unit == TIME_US && __builtin_mul_overflow(count, 1000, &count)) ||
	    count < second)
		return unit;
	return count < milli ? TIME_S : count < micro ? TIME_MS : TIME_US;
}

const char *time_unit_name(enum time_unit unit)
{
	static const char *const NAME[] = {"ms", "s", "us", "iso"};
	return NAME[unit];
}

void time_warn_unit(int64_t newest_ms, enum time_unit unit, const char *file)
{
	static const char *const WHAT[] = {
		"milliseconds", "seconds", "microseconds", "dates",
	};
	enum time_unit likely = time_likely_unit(newest_ms, unit);
	if (likely != unit)
		warn("%s%sthe newest timestamp, read as %s, is implausible: are these %s "
		     "(--timestamp-unit %s)?", file ? file : "", file ? ": " : "", WHAT[unit],
		     WHAT[likely], time_unit_name(likely));
}
