/* Dates by a format, against the C library's strftime and timegm; and the guess. */
#include <stdlib.h>
#include <time.h>

#include "base/date-format.h"
#include "base/random.h"
#include "unit.h"

/* The formats stand in a table. */
#pragma GCC diagnostic ignored "-Wformat-nonliteral"

static int64_t reads(const char *format, const char *text)
{
	int64_t ms = -1;
	return date_format_read(format, text, strlen(text), &ms) ? ms : -1;
}

/* What strftime writes is read as it was. */
static void check_library(void)
{
	static const char *const FORMATS[] = {
		"%Y-%m-%d %H:%M:%S", "%d.%m.%Y %T", "%m/%d/%Y %I:%M:%S %p", "%a, %d %b %Y %H:%M:%S %Z",
		"%A %d %B %Y, %R:%S", "%F %T %z", "%D %T", "%d%%%m%%%Y %H-%M-%S", "%e %b %Y %T",
	};
	struct random r = random_start(1, 0);
	size_t wrong = 0;
	for (int round = 0; round < 20000; round++) {
		time_t at = (time_t)random_below(&r, 2000000000);
		struct tm tm;
		char text[128];
		gmtime_r(&at, &tm);
		const char *format = FORMATS[random_below(&r, 8)];
		strftime(text, sizeof text, format, &tm);
		if (reads(format, text) != (int64_t)at * 1000 && wrong++ < 3)
			printf("%s: %s: %lld, want %lld000\n", format, text, (long long)reads(format, text), (long long)at);
	}
	CHECK_INT(wrong, 0);
	CHECK(date_format_problem(FORMATS[8]) != NULL); /* %e is not one of ours */
}

static void check_forms(void)
{
	CHECK_INT(reads("%d.%m.%Y", "1.3.2024"), 1709251200000);
	CHECK_INT(reads("%d.%m.%Y", " 01.03.2024 "), 1709251200000);
	CHECK_INT(reads("%Y-%m-%d %H:%M", "2024-03-10   15:12"), 1710083520000);
	CHECK_INT(reads("%Y-%m-%d %H:%M:%S.%f", "2024-03-10 15:12:01.0069"), 1710083521006);
	CHECK_INT(reads("%Y-%m-%d %H:%M %z", "2024-03-10 15:12 +0300"), 1710072720000);
	CHECK_INT(reads("%Y-%m-%d %H:%M%z", "2024-03-10 15:12"), 1710083520000);
	CHECK_INT(reads("%d/%m/%y", "31/12/68"), reads("%Y-%m-%d", "2068-12-31"));
	CHECK_INT(reads("%d/%m/%y", "31/12/69"), 0 - 86400000 + reads("%Y-%m-%d", "1970-01-01"));
	CHECK_INT(reads("%m/%d/%Y %I:%M %p", "3/10/2024 12:00 AM"), reads("%F", "2024-03-10"));
	CHECK_INT(reads("%m/%d/%Y %I:%M %p", "3/10/2024 12:00 pm"), reads("%F %R", "2024-03-10 12:00"));
	CHECK_INT(reads("%d %b %Y", "10 March 2024"), reads("%F", "2024-03-10"));
	static const char *const BAD[][2] = {
		{"%d.%m.%Y", "30.02.2024"}, {"%d.%m.%Y", "1.3.24"}, {"%d.%m.%Y", "1.3.2024x"}, {"%d.%m.%Y", "1.13.2024"},
		{"%d.%m.%Y", "0.3.2024"}, {"%d.%m.%Y", ""}, {"%F %R", "2024-03-10 24:00"}, {"%F %R", "2024-03-1015:12"},
		{"%a %F", "Mon 2024-03-10"}, {"%d %b %Y", "10 Mars 2024"}, {"%F %I:%M %p", "2024-03-10 0:10 AM"},
		{"%F %I:%M %p", "2024-03-10 1:10 XM"}, {"%F.%f", "2024-03-10."},
	};
	for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++)
		if (!CHECK(reads(BAD[i][0], BAD[i][1]) == -1))
			printf("taken: %s by %s\n", BAD[i][1], BAD[i][0]);
	CHECK(date_format_problem("%Y-%m-%d") == NULL && date_format_problem("%D") == NULL);
	CHECK(date_format_problem("%Y-%m") && date_format_problem("%H:%M") && date_format_problem("%Y%m%d%"));
	CHECK(date_format_problem("%Y%m%d%c") && date_format_problem(""));
	struct date_form form;
	CHECK(date_form_named("us", &form) && form.unit == TIME_US && !form.format);
	CHECK(date_form_named("%F", &form) && strcmp(date_form_name(&form), "%F") == 0);
	CHECK(!date_form_named("weeks", &form));
}

/* The form that is guessed of the same text many times, with `odd` others. */
static const char *guess(const char *text, int odd)
{
	struct date_guess g = {0};
	struct date_form form;
	bool ambiguous;
	for (int i = 0; i < 20; i++)
		date_guess_add(&g, i < odd ? "no date" : text, strlen(i < odd ? "no date" : text));
	bool found = date_guess_form(&g, &form, &ambiguous);
	return found ? date_form_name(&form) : ambiguous ? "ambiguous" : "none";
}

static void check_guess(void)
{
	CHECK_TEXT(guess("2024-03-10", 0), "iso");
	CHECK_TEXT(guess("2024-03-10", 2), "iso");
	CHECK_TEXT(guess("2024-03-10", 3), "none");
	CHECK_TEXT(guess("631152000", 0), "s");
	CHECK_TEXT(guess("631151999", 0), "none");
	CHECK_TEXT(guess("1710083521006", 0), "ms");
	CHECK_TEXT(guess("1710083521006000", 0), "us");
	CHECK_TEXT(guess("13/03/2024", 0), "%d/%m/%Y");
	CHECK_TEXT(guess("03/13/2024 10:00", 0), "%m/%d/%Y %H:%M");
	CHECK_TEXT(guess("03/04/2024", 0), "ambiguous");
	CHECK_TEXT(guess("2024", 0), "none");
	CHECK_TEXT(guess("x", 0), "none");
}

int main(void)
{
	check_library();
	check_forms();
	check_guess();
	return unit_finish();
}
