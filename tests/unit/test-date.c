/* Points in time: forms that are taken and refused, and dates against the C library's. */
#include <stdlib.h>
#include <time.h>

#include "base/date.h"
#include "base/random.h"
#include "unit.h"

static bool reads(const char *text, enum time_unit unit, int64_t want)
{
	int64_t ms = -77;
	bool ok = time_read(text, strlen(text), unit, &ms) == NUMBER_OK && ms == want;
	if (!ok)
		printf("%s (%s): %lld\n", text, time_unit_name(unit), (long long)ms);
	return ok;
}

static bool refuses(const char *text)
{
	int64_t ms;
	bool ok = !date_read(text, strlen(text), &ms);
	if (!ok)
		printf("taken: %s\n", text);
	return ok;
}

static void check_counts(void)
{
	int64_t ms;
	CHECK(reads("1714521601", TIME_MS, 1714521601));
	CHECK(reads("1714521601.5", TIME_MS, 1714521601));
	CHECK(reads("-1.5", TIME_MS, -2));
	CHECK(reads("1.7e9", TIME_MS, 1700000000));
	CHECK(reads("1.7e9", TIME_S, 1700000000000));
	CHECK(reads("1714521601.5", TIME_S, 1714521601500));
	CHECK(reads("1714521601.0009", TIME_S, 1714521601000));
	CHECK(reads("-0.0001", TIME_S, -1));
	CHECK(reads("+7", TIME_S, 7000));
	CHECK(reads("1714521601123456", TIME_US, 1714521601123));
	CHECK(reads("-1", TIME_US, -1));
	CHECK(reads("1714521601.123456e6", TIME_US, 1714521601123));
	CHECK(reads("0", TIME_S, 0));
	CHECK(reads("9223372036854775807", TIME_MS, INT64_MAX));
	CHECK(reads("9223372036854775.807", TIME_S, INT64_MAX));
	CHECK(time_read("9223372036854775.808", 20, TIME_S, &ms) == NUMBER_RANGE);
	CHECK(time_read("9223372036854775808", 19, TIME_MS, &ms) == NUMBER_RANGE);
	CHECK(time_read("1e300", 5, TIME_US, &ms) == NUMBER_RANGE);
	CHECK(time_read("1e-300", 6, TIME_US, &ms) == NUMBER_OK && ms == 0);
	CHECK(time_read("2024-03-10", 10, TIME_MS, &ms) == NUMBER_SYNTAX);
	CHECK(time_read("", 0, TIME_MS, &ms) == NUMBER_SYNTAX);
	CHECK(time_read("17", 2, TIME_ISO, &ms) == NUMBER_SYNTAX);
}

static void check_forms(void)
{
	const int64_t noon = 1710083521000; /* 2024-03-10T15:12:01Z, a Sunday */
	CHECK(reads("2024-03-10", TIME_ISO, 1710028800000));
	CHECK(reads("2024-03-10T15:12", TIME_ISO, noon - 1000));
	CHECK(reads(" 2024-03-10 15:12:01  ", TIME_ISO, noon));
	CHECK(reads("Sun Mar 10 15:12:01 2024 ", TIME_ISO, noon));
	CHECK(reads("2024-03-10 15:12Z", TIME_ISO, noon - 1000));
	CHECK(reads("2024-03-10T15:12+01:00", TIME_ISO, noon - 1000 - 3600000));
	CHECK(reads("2024-03-10T15:12:01", TIME_ISO, noon));
	CHECK(reads("2024-03-10t15:12:01z", TIME_ISO, noon));
	CHECK(reads("2024-03-10 15:12:01 UTC", TIME_ISO, noon));
	CHECK(reads("2024-03-10 15:12:01UTC", TIME_ISO, noon));
	CHECK(reads("2024-03-10 15:12:01 GMT", TIME_ISO, noon));
	CHECK(reads("2024-03-10 15:12:01 +0300", TIME_ISO, noon - 3 * 3600000));
	CHECK(reads("2024-03-10T15:12:01+03", TIME_ISO, noon - 3 * 3600000));
	CHECK(reads("2024-03-10T15:12:01-08:30", TIME_ISO, noon + 85 * 360000));
	CHECK(reads("2024-03-10T15:12:01.0069Z", TIME_ISO, noon + 6));
	CHECK(reads("2024-03-10T15:12:01,5", TIME_ISO, noon + 500));
	CHECK(reads("2016-12-31T23:59:60Z", TIME_ISO, 1483228800000));
	CHECK(reads("Sun Mar 10 15:12:01 2024", TIME_ISO, noon));
	CHECK(reads("Sun Mar 10 15:12:01 +0300 2024", TIME_ISO, noon - 3 * 3600000));
	CHECK(reads("Sun Mar 10 15:12:01 UTC 2024", TIME_ISO, noon));
	CHECK(reads("Sun Mar 10 15:12:01 2024 UTC", TIME_ISO, noon));
	CHECK(reads("Sun Mar 10 15:12:01 2024 -0800", TIME_ISO, noon + 8 * 3600000));
	CHECK(reads("Wed Dec 31 16:00:00 -0800 1969", TIME_ISO, 0));
	CHECK(reads("Thu Jan  1 00:00:00 1970", TIME_ISO, 0));
	CHECK(reads("Thu Jan 1 00:00:00 1970", TIME_ISO, 0));
	CHECK(reads("Thu Jan 01 00:00:00 1970", TIME_ISO, 0));
	CHECK(reads("1969-12-31T23:59:59.999Z", TIME_ISO, -1));
	CHECK(reads("0000-01-01", TIME_ISO, INT64_C(-62167219200000)));
	CHECK(reads("9999-12-31T23:59:59.999999999Z", TIME_ISO, INT64_C(253402300799999)));
}

static void check_refusals(void)
{
	static const char *const BAD[] = {
		"", "2022-02-30", "2022-02-30T00:00:00Z", "2023-02-29", "1900-02-29", "2024-04-31",
		"2024-13-01", "2024-00-01", "2024-01-00", "2024-01-32", "24-01-01", "2024-1-1",
		"2024-01-01T", "2024-01-01T24:00:00Z", "2024-01-01T00:60:00Z", "2024-01-01T00:00:61Z",
		"2024-01-01T00:00:00.Z", "2024-01-01T00:00.5", "2024-01-01T00:00:00X",
		"2024-01-01T00:00:00Zx", "2024-01-01T00:00:00\t", "2024-01-01T00:00:00+3",
		"2024-01-01T00:00:00+03:", "2024-01-01T00:00:00+25", "2024-01-01Z", "2024-01-01 UTC",
		"20220403T173820Z", "20220403", "2024-01-01T00:00:00 PST", "2024/01/01", "-024-01-01",
		"Mon Mar 10 15:12:01 2024", "Sun Mar 10 15:12 2024", "Sun Mar 10 2024",
		" ", "2024-03-10  15:12", "Sun Mar 10 15:12:01 UTC 2024 UTC", "Sun Mar 32 15:12:01 2024",
		"Sun Foo 10 15:12:01 2024", "sun Mar 10 15:12:01 2024", "Sun Mar 10 15:12:01 24",
		"Sun Mar 010 15:12:01 2024", "Fri Feb 30 00:00:00 2024", "yesterday",
	};
	for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++)
		CHECK(refuses(BAD[i]));
	int64_t ms;
	CHECK(!date_read("2024-01-01\0", 11, &ms));
	CHECK(!date_read("2024-01-01T00:00:00\0Z", 21, &ms));
}

static bool reads_day(const char *text, int64_t want)
{
	int64_t ms = -77;
	return date_read_day(text, strlen(text), &ms) && ms == want * DAY_MS;
}

static bool has_text(int64_t day, const char *want)
{
	char *text = date_day_text(day);
	bool ok = strcmp(text, want) == 0;
	free(text);
	return ok;
}

static void check_days(void)
{
	CHECK(reads_day("1970-01-01", 0));
	CHECK(reads_day("1970-1-2", 1));
	CHECK(reads_day(" 2024-3-09 ", 19791));
	CHECK(reads_day("1969-12-31", -1));
	CHECK(reads_day("2024-2-29", 19782));
	static const char *const BAD[] = {
		"", "2024", "2024-3", "2024-3-", "2024-3-100", "2024-003-1", "12024-3-1", "2023-2-29",
		"2024-0-1", "2024-1-0", "2024-13-1", "2024-1-1x", "2024-1-1T00:00", "-1-1-1", "2024-1 -1",
	};
	int64_t ms;
	for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++)
		CHECK(!date_read_day(BAD[i], strlen(BAD[i]), &ms));
	CHECK_INT(date_day(0), 0);
	CHECK_INT(date_day(DAY_MS - 1), 0);
	CHECK_INT(date_day(DAY_MS), 1);
	CHECK_INT(date_day(-1), -1);
	CHECK_INT(date_day(-DAY_MS), -1);
	CHECK_INT(date_day(INT64_MIN), -106751991168);
	CHECK(has_text(0, "1970-01-01"));
	CHECK(has_text(-1, "1969-12-31"));
	CHECK(has_text(date_day(19791 * INT64_C(86400000) + DAY_MS - 1), "2024-03-09"));
	CHECK(has_text(date_day(INT64_MIN), "-292275055-05-16"));
}

/* Days of four thousand years as the C library writes them. */
static void check_calendar(void)
{
	struct random r = random_start(1, 1);
	bool iso = true, day = true, words = true;
	for (int i = 0; i < 20000; i++) {
		int64_t s = (int64_t)random_below(&r, 4000u * 366) * 86400 - INT64_C(62135596800) +
			random_below(&r, 86400);
		time_t when = (time_t)s;
		struct tm tm;
		char text[64];
		int64_t ms = 0;
		gmtime_r(&when, &tm);
		size_t n = strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &tm);
		if (n != 19)
			continue; /* years below 1000 are short */
		iso &= date_read(text, n, &ms) && ms == s * 1000;
		day &= date_read(text, 10, &ms) && ms == (s - tm.tm_hour * 3600 - tm.tm_min * 60 -
							   tm.tm_sec) * 1000;
		words &= date_read(text, strftime(text, sizeof text, "%a %b %e %H:%M:%S %Y", &tm), &ms) &&
			ms == s * 1000;
	}
	CHECK(iso);
	CHECK(day);
	CHECK(words);
}

static void check_hints(void)
{
	CHECK(time_hint(TIME_MS, "2024-03-10", 10) != NULL);
	CHECK(time_hint(TIME_S, "Wed Dec 31 16", 13) != NULL);
	CHECK(time_hint(TIME_MS, "2024", 4) == NULL);
	CHECK(time_hint(TIME_MS, "soon", 4) == NULL);
	CHECK(time_hint(TIME_MS, "Wednesday", 9) == NULL);
	CHECK(time_hint(TIME_ISO, "1714521601", 10) != NULL);
	CHECK(time_hint(TIME_ISO, "2024-02-30", 10) == NULL);
	CHECK_TEXT(time_unit_name(TIME_MS), "ms");
	CHECK_TEXT(time_unit_name(TIME_ISO), "iso");
}

static void check_likely(void)
{
	CHECK(time_likely_unit(1714521601, TIME_MS) == TIME_S);
	CHECK(time_likely_unit(INT64_C(1714521601000), TIME_MS) == TIME_MS);
	CHECK(time_likely_unit(INT64_C(1714521601000000), TIME_MS) == TIME_US);
	CHECK(time_likely_unit(INT64_C(1714521601000), TIME_S) == TIME_S);
	CHECK(time_likely_unit(INT64_C(1714521601000000), TIME_S) == TIME_MS);
	CHECK(time_likely_unit(1714521601, TIME_US) == TIME_MS);
	CHECK(time_likely_unit(1714521, TIME_US) == TIME_S);
	CHECK(time_likely_unit(86400000 * 7, TIME_MS) == TIME_MS);
	CHECK(time_likely_unit(INT64_C(1714521601000), TIME_US) == TIME_US);
	CHECK(time_likely_unit(1714521601, TIME_ISO) == TIME_ISO);
	CHECK(time_likely_unit(1000, TIME_MS) == TIME_MS);
	CHECK(time_likely_unit(631151999, TIME_MS) == TIME_MS);
	CHECK(time_likely_unit(631152000, TIME_MS) == TIME_S);
	CHECK(time_likely_unit(INT64_C(631151999999), TIME_MS) == TIME_S);
	CHECK(time_likely_unit(INT64_C(631152000000), TIME_MS) == TIME_MS);
	CHECK(time_likely_unit(INT64_MIN, TIME_MS) == TIME_MS);
	CHECK(time_likely_unit(INT64_MIN, TIME_US) == TIME_US);
}

int main(void)
{
	check_counts();
	check_forms();
	check_refusals();
	check_days();
	check_calendar();
	check_hints();
	check_likely();
	return unit_finish();
}
