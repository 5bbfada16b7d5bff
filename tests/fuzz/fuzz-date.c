/* Any bytes as a point in time of each unit: a date that is taken is one of the calendar,
 * and a count is what exact arithmetic makes of it. */
#include <math.h>
#include <time.h>

#include "base/date.h"
#include "base/memory.h"
#include "fuzz.h"

static void demand(int condition)
{
	if (!condition)
		abort();
}

/* What was taken, written by the C library and read again. */
static void check_date(const char *s, size_t n)
{
	int64_t ms, back;
	char text[64];
	if (!date_read(s, n, &ms))
		return;
	demand(ms >= -INT64_C(62167219200000) - 86400000 && ms <= INT64_C(253402300800999) + 86400000);
	demand(*s == ' ' || date_is_likely(s, n));
	time_t seconds = (time_t)(ms >= 0 ? ms / 1000 : -((999 - ms) / 1000));
	struct tm tm;
	demand(gmtime_r(&seconds, &tm) != NULL);
	if (tm.tm_year < -1900 || tm.tm_year > 8099)
		return; /* a zone took it out of the years that are read */
	size_t size = (size_t)snprintf(text, sizeof text, "%04d-%02d-%02dT%02d:%02d:%02d.%03d",
				       tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min,
				       tm.tm_sec, (int)(ms - seconds * 1000));
	demand(date_read(text, size, &back) && back == ms);
}

static void check_count(const char *s, size_t n, enum time_unit unit, long double scale)
{
	int64_t ms;
	double x;
	enum number_state state = time_read(s, n, unit, &ms);
	demand((state == NUMBER_SYNTAX) == (number_double(s, n, &x) == NUMBER_SYNTAX));
	if (state == NUMBER_OK)
		demand(fabsl((long double)ms - (long double)x * scale) <= 1 + fabsl((long double)ms) * 0x1p-50L);
	(void)time_likely_unit(state == NUMBER_OK ? ms : 0, unit);
	(void)time_hint(unit, s, n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	char *bytes = memory_new(n, 1);
	if (n)
		memcpy(bytes, data, n); /* of exactly that size: no byte behind it is read */
	check_date(bytes, n);
	check_count(bytes, n, TIME_MS, 1);
	check_count(bytes, n, TIME_S, 1000);
	check_count(bytes, n, TIME_US, 0.001L);
	(void)time_hint(TIME_ISO, bytes, n);
	free(bytes);
	return 0;
}
