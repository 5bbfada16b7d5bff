#include "base/date-format.h"

#include <string.h>

#include "base/date-parts.h"
#include "base/number.h"
#include "base/span.h"

/* What a text has said of a point in time so far; -1 where nothing yet. */
struct parts {
	int year, month, day, hour, minute, second, ms, weekday;
	bool hour12, afternoon;
	int64_t offset;
};

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* A name that begins with one of `names`, short or long (Sep, September). */
static int take_long_name(struct date_cursor *c, const char *names, const char *const *whole)
{
	int i = date_take_name(c, names);
	if (i < 0)
		return -1;
	const char *rest = whole[i] + 3;
	size_t n = strlen(rest);
	if ((size_t)(c->end - c->at) >= n && memcmp(c->at, rest, n) == 0)
		c->at += n;
	return c->at < c->end && is_letter(*c->at) ? -1 : i;
}

static const char *const MONTH_NAMES[] = {
	"January", "February", "March", "April", "May", "June", "July", "August", "September",
	"October", "November", "December",
};
static const char *const WEEKDAY_NAMES[] = {
	"Thursday", "Friday", "Saturday", "Sunday", "Monday", "Tuesday", "Wednesday",
};

static bool take_half(struct date_cursor *c, struct parts *p)
{
	bool late = date_take_byte(c, "Pp"), ok = late || date_take_byte(c, "Aa");
	p->hour12 = true;
	p->afternoon = late;
	return ok && date_take_byte(c, "Mm");
}

/* What stands for a letter that is made of others, or NULL. */
static const char *expansion(char letter)
{
	switch (letter) {
	case 'F': return "%Y-%m-%d";
	case 'T': return "%H:%M:%S";
	case 'R': return "%H:%M";
	case 'D': return "%m/%d/%y";
	default: return NULL;
	}
}

/* What one letter stands for. */
static bool take_part(struct date_cursor *c, char letter, struct parts *p)
{
	switch (letter) {
	case 'Y': return (p->year = date_take_digits(c, 4, 10000)) >= 0;
	case 'y':
		p->year = date_take_digits(c, 2, 100);
		p->year += p->year < 0 ? 0 : p->year < 69 ? 2000 : 1900;
		return p->year >= 0;
	case 'm': return (p->month = date_take_number(c, 2, 13)) >= 0;
	case 'd': return (p->day = date_take_number(c, 2, 32)) >= 0;
	case 'H': return (p->hour = date_take_number(c, 2, 24)) >= 0;
	case 'I': return (p->hour = date_take_number(c, 2, 13)) >= 1;
	case 'M': return (p->minute = date_take_number(c, 2, 60)) >= 0;
	case 'S': return (p->second = date_take_number(c, 2, 61)) >= 0;
	case 'f': return date_take_fraction(c, &p->ms);
	case 'b':
	case 'B': return (p->month = take_long_name(c, DATE_MONTHS, MONTH_NAMES) + 1) > 0;
	case 'a':
	case 'A': return (p->weekday = take_long_name(c, DATE_WEEKDAYS, WEEKDAY_NAMES)) >= 0;
	case 'p': return take_half(c, p);
	case 'z':
	case 'Z': return date_take_zone(c, &p->offset);
	default: return date_take_byte(c, "%");
	}
}

/* The text by the format, whose letters are good ones. */
static bool take_format(struct date_cursor *c, const char *format, struct parts *p)
{
	for (const char *f = format; *f; f++) {
		if (*f == ' ') {
			bool blank = false;
			while (date_take_byte(c, " "))
				blank = true;
			if (!blank && f[1] != '\0' && strcmp(f + 1, "%z") != 0 && strcmp(f + 1, "%Z") != 0)
				return false;
		} else if (*f != '%') {
			if (c->at == c->end || *c->at++ != *f)
				return false;
		} else {
			const char *more = expansion(*++f);
			if (more ? !take_format(c, more, p) : !take_part(c, *f, p))
				return false;
		}
	}
	return true;
}

bool date_format_read(const char *format, const char *s, size_t n, int64_t *ms)
{
	struct date_cursor c = date_trimmed(s, n);
	struct parts p = {.year = -1, .month = -1, .day = -1, .weekday = -1};
	int64_t days;
	if (!take_format(&c, format, &p) || c.at < c.end || !date_days_to(p.year, p.month, p.day, &days))
		return false;
	if (p.weekday >= 0 && ((days % 7) + 7) % 7 != p.weekday)
		return false;
	if (p.hour12) {
		if (p.hour < 1 || p.hour > 12)
			return false;
		p.hour = p.hour % 12 + (p.afternoon ? 12 : 0);
	}
	*ms = days * DAY_MS + ((p.hour * 60 + p.minute) * 60 + p.second) * INT64_C(1000) + p.ms - p.offset;
	return true;
}

/* Which of year (1), month (2) and day (4) the format has; -1 when it has an unknown letter. */
static int parts_of(const char *format)
{
	int has = 0;
	for (const char *f = format; *f; f++) {
		if (*f != '%')
			continue;
		f++;
		if (!*f || !strchr("YymdHMSbBaAIpfzZFTRD%", *f))
			return -1;
		has |= *f == 'Y' || *f == 'y' ? 1 : *f == 'm' || *f == 'b' || *f == 'B' ? 2 :
			*f == 'd' ? 4 : *f == 'F' || *f == 'D' ? 7 : 0;
	}
	return has;
}

const char *date_format_problem(const char *format)
{
	int has = parts_of(format);
	return has < 0 ? "not a format of dates: after % stands one of YymdHMSbBaAIpfzZFTRD%" :
		has != 7 ? "a format of dates has a year, a month and a day, as in %Y-%m-%d %H:%M" : NULL;
}

bool date_form_read(const struct date_form *form, const char *s, size_t n, int64_t *ms)
{
	return form->format ? date_format_read(form->format, s, n, ms) :
		time_read(s, n, form->unit, ms) == NUMBER_OK;
}

bool date_form_named(const char *text, struct date_form *form)
{
	int unit = choice_index(TIME_UNITS, span_of(text));
	*form = (struct date_form){.unit = unit < 0 ? TIME_ISO : (enum time_unit)unit,
				   .format = unit < 0 ? text : NULL};
	return unit >= 0 || !date_format_problem(text);
}

const char *date_form_name(const struct date_form *form)
{
	return form->format ? form->format : time_unit_name(form->unit);
}

/* ---- the guess ---- */

/* The usual forms; those with numbers for both, day first and month first, stand in pairs. */
static const struct date_form GUESSES[DATE_GUESSES] = {
	{TIME_ISO, NULL}, {TIME_S, NULL}, {TIME_MS, NULL}, {TIME_US, NULL},
	{TIME_ISO, "%d/%m/%Y"}, {TIME_ISO, "%m/%d/%Y"},
	{TIME_ISO, "%d/%m/%Y %H:%M"}, {TIME_ISO, "%m/%d/%Y %H:%M"},
	{TIME_ISO, "%d/%m/%Y %H:%M:%S"}, {TIME_ISO, "%m/%d/%Y %H:%M:%S"},
	{TIME_ISO, "%d/%m/%Y %I:%M %p"}, {TIME_ISO, "%m/%d/%Y %I:%M %p"},
	{TIME_ISO, "%d/%m/%Y %I:%M:%S %p"}, {TIME_ISO, "%m/%d/%Y %I:%M:%S %p"},
	{TIME_ISO, "%d/%m/%y"}, {TIME_ISO, "%m/%d/%y"},
	{TIME_ISO, "%d/%m/%y %H:%M"}, {TIME_ISO, "%m/%d/%y %H:%M"},
	{TIME_ISO, "%d-%m-%Y"}, {TIME_ISO, "%m-%d-%Y"},
	{TIME_ISO, "%d-%m-%Y %H:%M"}, {TIME_ISO, "%m-%d-%Y %H:%M"},
	{TIME_ISO, "%d-%m-%Y %H:%M:%S"}, {TIME_ISO, "%m-%d-%Y %H:%M:%S"},
	{TIME_ISO, "%d.%m.%Y"}, {TIME_ISO, "%d.%m.%Y %H:%M"}, {TIME_ISO, "%d.%m.%Y %H:%M:%S"},
	{TIME_ISO, "%Y/%m/%d"}, {TIME_ISO, "%Y/%m/%d %H:%M:%S"},
	{TIME_ISO, "%d-%b-%Y"}, {TIME_ISO, "%m %d, %Y"}, {TIME_ISO, "%d %b %Y, %H:%M"},
	{TIME_ISO, "%a, %d %b %Y %H:%M:%S %Z"},
	{TIME_ISO, "%d-%b-%Y %H:%M"}, {TIME_ISO, "%d-%b-%Y %H:%M:%S"},
	{TIME_ISO, "%b %d, %Y %I:%M %p"}, {TIME_ISO, "%b %d, %Y %I:%M:%S %p"},
	{TIME_ISO, "%Y-%m-%d %I:%M %p"}, {TIME_ISO, "%Y-%m-%d %I:%M:%S %p"},
	{TIME_ISO, "%d.%m.%y %H:%M"}, {TIME_ISO, "%d.%m.%y %H:%M:%S"}, {TIME_ISO, "%d.%m.%y"},
	{TIME_ISO, "%Y/%m/%d %H:%M"}, {TIME_ISO, "%d %b %Y"}, {TIME_ISO, "%d %b %Y %H:%M"},
	{TIME_ISO, "%d %b %Y %H:%M:%S"}, {TIME_ISO, "%b %d, %Y"}, {TIME_ISO, "%b %d, %Y, %I:%M:%S %p %Z"},
	{TIME_ISO, "%d/%b/%Y:%H:%M:%S %z"},
	{TIME_ISO, "%Y%m%d"}, {TIME_ISO, "%Y%m%d%H%M%S"},
};
enum { FIRST_FORMAT = 4, FIRST_PAIR = 4, END_PAIRS = 26, FIRST_DIGITS = DATE_GUESSES - 2 };

/* Does a count of that unit lie between 1990 and 2100? */
static bool is_recent(int64_t count, enum time_unit unit)
{
	const int64_t from = 631152000, to = 4102444800;
	int64_t scale = unit == TIME_S ? 1 : unit == TIME_MS ? 1000 : 1000000;
	return count >= from * scale && count < to * scale;
}

void date_guess_add(struct date_guess *g, const char *s, size_t n)
{
	int64_t ms, count;
	double number;
	g->values++;
	if (number_double(s, n, &number) == NUMBER_OK) {
		bool whole = number_i64(s, n, &count) == NUMBER_OK;
		g->counts += whole;
		if (!whole)
			count = number > -1e18 && number < 1e18 ? (int64_t)number : 0;
		for (size_t i = 1; i < FIRST_FORMAT; i++)
			g->fit[i] += is_recent(count, GUESSES[i].unit);
		for (size_t i = FIRST_DIGITS; i < DATE_GUESSES; i++)
			g->fit[i] += whole && date_format_read(GUESSES[i].format, s, n, &ms) &&
				     is_recent(ms, TIME_MS);
		return;
	}
	g->fit[0] += date_read(s, n, &ms);
	for (size_t i = FIRST_FORMAT; i < FIRST_DIGITS; i++)
		g->fit[i] += date_format_read(GUESSES[i].format, s, n, &ms);
}

bool date_guess_form(const struct date_guess *g, struct date_form *form, bool *ambiguous)
{
	size_t best = 0;
	for (size_t i = 1; i < DATE_GUESSES; i++)
		if (g->fit[i] > g->fit[best])
			best = i;
	*ambiguous = false;
	if (g->values == 0 || g->fit[best] * 10 < g->values * 9)
		return false;
	*form = GUESSES[best];
	*ambiguous = best >= FIRST_PAIR && best < END_PAIRS && g->fit[best ^ 1] == g->fit[best];
	return !*ambiguous;
}

bool date_form_needs_name(const struct date_form *form)
{
	if (!form->format)
		return false;
	bool clock = strstr(form->format, "%H") || strstr(form->format, "%I");
	return strncmp(form->format, "%Y%m", 4) == 0 || (strstr(form->format, "%y") && !clock);
}
