/* Numbers against the C library: what is read is what strtod and strtof read, what
 * is written is the shortest text that reads back (no %.*g with fewer digits does)
 * and, of that length, the closest one. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/number.h"
#include "base/random.h"
#include "child.h"
#include "unit.h"

static enum number_state state_of(const char *text)
{
	double value;
	return number_double(text, strlen(text), &value);
}

static void check_grammar(void)
{
	static const char *const GOOD[] = {
		"0", "-0", "+1", "1.", ".5", "-.5e3", "1e5", "1E+5", "1e-05", "00012",
		"123456789012345678901234567890", "1e-400", "0e99999999999999999999",
		"0.000000000000000000000000000000000000000000000000000000000000000000001",
	};
	static const char *const BAD[] = {
		"", "+", "-", ".", "e5", "1e", "1e+", "--1", "+-1", "1 ", " 1", "1,5", "0x10",
		"nan", "inf", "-inf", "infinity", "1e5.", "1.2.3", "1_0", "1f", "\xd9\xa1",
	};
	for (size_t i = 0; i < sizeof GOOD / sizeof *GOOD; i++)
		if (!CHECK(state_of(GOOD[i]) == NUMBER_OK))
			printf("  %s\n", GOOD[i]);
	for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++)
		if (!CHECK(state_of(BAD[i]) == NUMBER_SYNTAX))
			printf("  %s\n", BAD[i]);
	CHECK(state_of("1e309") == NUMBER_RANGE);
	CHECK(state_of("-1e400") == NUMBER_RANGE);
	CHECK(state_of("1.7976931348623159e308") == NUMBER_RANGE);
	CHECK(state_of("1.7976931348623157e308") == NUMBER_OK);
	double value;
	CHECK(number_double("1\0", 2, &value) == NUMBER_SYNTAX);
	float narrow;
	CHECK(number_float("3.5e38", 6, &narrow) == NUMBER_RANGE);
	CHECK(number_float("3.4028235e38", 12, &narrow) == NUMBER_OK);
}

/* A decimal text: mostly short, now and then with many digits or a large exponent. */
static size_t random_text(struct random *r, char *out)
{
	char *o = out;
	uint32_t longest = random_below(r, 4) ? 8 : 30;
	if (random_below(r, 2))
		*o++ = "+-"[random_below(r, 2)];
	uint32_t before = random_below(r, longest), behind = random_below(r, longest);
	for (uint32_t i = 0; i <= before; i++)
		*o++ = (char)('0' + random_below(r, 10));
	if (random_below(r, 2)) {
		*o++ = '.';
		for (uint32_t i = 0; i < behind; i++)
			*o++ = (char)('0' + random_below(r, 10));
	}
	if (random_below(r, 2))
		o += sprintf(o, "e%d", (int)random_below(r, 640) - 330);
	*o = '\0';
	return (size_t)(o - out);
}

static void check_reading(struct random *r)
{
	char text[160];
	for (int i = 0; i < 300000; i++) {
		size_t n = random_text(r, text);
		double wide, want = strtod(text, NULL);
		float narrow, want_narrow = strtof(text, NULL);
		enum number_state state = number_double(text, n, &wide);
		bool right = isinf(want) ? state == NUMBER_RANGE
			: state == NUMBER_OK && memcmp(&wide, &want, sizeof want) == 0;
		state = number_float(text, n, &narrow);
		right &= isinf(want_narrow) ? state == NUMBER_RANGE
			: state == NUMBER_OK && memcmp(&narrow, &want_narrow, sizeof narrow) == 0;
		if (!CHECK(right))
			printf("  %s\n", text);
	}
}

/* Digits before the exponent, without zeros at either end. */
static int significant(const char *text, size_t n)
{
	int count = 0, zeros = 0;
	for (size_t i = 0; i < n && text[i] != 'e'; i++) {
		if (text[i] < '0' || text[i] > '9')
			continue;
		count += text[i] != '0' || count > 0;
		zeros = text[i] == '0' ? zeros + 1 : 0;
	}
	return count > zeros ? count - zeros : count;
}

static void check_double(double value)
{
	char text[NUMBER_SIZE + 1], want[64];
	size_t n = number_write_double(value, text);
	text[n] = '\0';
	double back = strtod(text, NULL);
	int digits = significant(text, n);
	snprintf(want, sizeof want, "%.*e", digits - 1, value);
	bool right = n <= NUMBER_SIZE && (value != 0 ? memcmp(&back, &value, sizeof back) == 0 : back == 0);
	if (digits > 1) { /* one digit less does not do */
		char shorter[64];
		snprintf(shorter, sizeof shorter, "%.*e", digits - 2, value);
		right &= strtod(shorter, NULL) < value || strtod(shorter, NULL) > value;
	}
	/* Of that length the closest: printf's, where that one reads back too. */
	double closest = strtod(want, NULL);
	if (memcmp(&closest, &value, sizeof value) == 0 && value != 0)
		right &= strtold(want, NULL) == strtold(text, NULL);
	if (!CHECK(right))
		printf("  %.17g is written %s\n", value, text);
}

static void check_float(float value)
{
	char text[NUMBER_SIZE + 1];
	size_t n = number_write_float(value, text);
	text[n] = '\0';
	float back = strtof(text, NULL);
	int digits = significant(text, n);
	bool right = n <= NUMBER_SIZE && (value != 0 ? memcmp(&back, &value, sizeof back) == 0 : back == 0);
	if (digits > 1) {
		char shorter[64];
		snprintf(shorter, sizeof shorter, "%.*e", digits - 2, (double)value);
		right &= strtof(shorter, NULL) < value || strtof(shorter, NULL) > value;
	}
	if (!CHECK(right))
		printf("  %.9g is written %s\n", (double)value, text);
}

static void check_writing(struct random *r)
{
	static const double ODD[] = {
		0, -0.0, 1, 0.1, 0.3, 1e15, 1e16, 1.2345678901234568e17, 1e21, 1e22, 1e23, 9007199254740992.0,
		5e-324, 2.2250738585072014e-308, 2.2250738585072011e-308, 1.7976931348623157e308,
		9.5367431640625e-07, 1e-5, 9.9e-6, 0x1p-1074, 0x1p-1022, 0x1p1023, 2.98023223876953125e-8,
	};
	for (size_t i = 0; i < sizeof ODD / sizeof *ODD; i++) {
		check_double(ODD[i]);
		check_double(-ODD[i]);
	}
	for (int e = -1074; e < 1024; e++) /* where the neighbor below is nearer */
		check_double(ldexp(1, e));
	for (int e = -149; e < 128; e++)
		check_float(ldexpf(1, e));
	for (int i = 0; i < 100000; i++) {
		uint64_t bits = random_bits(r);
		double value;
		memcpy(&value, &bits, sizeof value);
		if (isfinite(value))
			check_double(value);
		check_double((double)random_below(r, 1000000) / 1000);
		uint32_t half = (uint32_t)random_bits(r);
		float narrow;
		memcpy(&narrow, &half, sizeof narrow);
		if (isfinite(narrow))
			check_float(narrow);
		check_float((float)random_share(r));
	}
}

#define WRITTEN(kind, value, want) do { \
	char text_[NUMBER_SIZE + 1]; \
	text_[number_write_##kind(value, text_)] = '\0'; \
	CHECK_TEXT(text_, want); \
} while (0)

static void check_form(void)
{
	WRITTEN(double, 0.0, "0");
	WRITTEN(double, -0.0, "0");
	WRITTEN(double, 5.0, "5");
	WRITTEN(double, -0.25, "-0.25");
	WRITTEN(double, 1e-5, "0.00001");
	WRITTEN(double, 1e-7, "1e-7");
	WRITTEN(double, 1.5e-7, "1.5e-7");
	WRITTEN(double, 1e15, "1000000000000000");
	WRITTEN(double, 1e16, "1e16");
	WRITTEN(double, 1.25e300, "1.25e300");
	WRITTEN(float, 0.1f, "0.1");
	WRITTEN(float, 16777216.0f, "16777216");
	WRITTEN(float, 1e9f, "1e9");
	WRITTEN(i64, INT64_MIN, "-9223372036854775808");
	WRITTEN(i64, -7, "-7");
	WRITTEN(u64, UINT64_MAX, "18446744073709551615");
	WRITTEN(u64, 100, "100");
}

static void check_integers(void)
{
	int64_t i;
	uint64_t u;
	CHECK(number_i64("-9223372036854775808", 20, &i) == NUMBER_OK && i == INT64_MIN);
	CHECK(number_i64("9223372036854775808", 19, &i) == NUMBER_RANGE);
	CHECK(number_i64("-9223372036854775809", 20, &i) == NUMBER_RANGE);
	CHECK(number_i64("99999999999999999999999", 23, &i) == NUMBER_RANGE);
	CHECK(number_i64("1.0", 3, &i) == NUMBER_SYNTAX);
	CHECK(number_i64("", 0, &i) == NUMBER_SYNTAX);
	CHECK(number_i64("-", 1, &i) == NUMBER_SYNTAX);
	CHECK(number_u64("18446744073709551615", 20, &u) == NUMBER_OK && u == UINT64_MAX);
	CHECK(number_u64("18446744073709551616", 20, &u) == NUMBER_RANGE);
	CHECK(number_u64("-0", 2, &u) == NUMBER_OK && u == 0);
	CHECK(number_u64("-1", 2, &u) == NUMBER_RANGE);
	CHECK(number_size("3K", 2, &u) == NUMBER_OK && u == 3072);
	CHECK(number_size("2G", 2, &u) == NUMBER_OK && u == UINT64_C(2) << 30);
	CHECK(number_size("17179869184G", 12, &u) == NUMBER_RANGE);
	CHECK(number_size("K", 1, &u) == NUMBER_SYNTAX);
	CHECK(number_size("1KK", 3, &u) == NUMBER_SYNTAX);
	CHECK(number_size("1k", 2, &u) == NUMBER_SYNTAX);
}

static void check_limits(void)
{
	struct number_limit l;
	CHECK(number_limit("100", 3, &l) == NUMBER_OK && l.given && !l.is_share && l.count == 100);
	CHECK(number_limit("0", 1, &l) == NUMBER_OK && l.given && !l.is_share && l.count == 0);
	CHECK(number_limit("5%", 2, &l) == NUMBER_OK && l.given && l.is_share && l.share == 0.05);
	CHECK(number_limit("0.5%", 4, &l) == NUMBER_OK && l.is_share && l.share == 0.005);
	CHECK(number_limit("100%", 4, &l) == NUMBER_OK && l.share == 1);
	CHECK(number_limit("100.1%", 6, &l) == NUMBER_RANGE);
	CHECK(number_limit("-1%", 3, &l) == NUMBER_RANGE);
	CHECK(number_limit("-1", 2, &l) == NUMBER_RANGE);
	CHECK(number_limit("%", 1, &l) == NUMBER_SYNTAX);
	CHECK(number_limit("", 0, &l) == NUMBER_SYNTAX);
	CHECK(number_limit("1.5", 3, &l) == NUMBER_SYNTAX);
	CHECK(number_limit("5%%", 3, &l) == NUMBER_SYNTAX);
}

static void check_durations(void)
{
	double s;
	CHECK(number_duration("30d", 3, &s) == NUMBER_OK && s == 30 * 86400.0);
	CHECK(number_duration("1.5h", 4, &s) == NUMBER_OK && s == 5400);
	CHECK(number_duration("250ms", 5, &s) == NUMBER_OK && s == 0.25);
	CHECK(number_duration("2w", 2, &s) == NUMBER_OK && s == 1209600);
	CHECK(number_duration("90", 2, &s) == NUMBER_OK && s == 90);
	CHECK(number_duration("-1s", 3, &s) == NUMBER_RANGE);
	CHECK(number_duration("s", 1, &s) == NUMBER_SYNTAX);
	CHECK(number_duration("1y", 2, &s) == NUMBER_SYNTAX);
	CHECK(number_duration("1e308w", 6, &s) == NUMBER_RANGE);
}

static void write_double(void *value)
{
	char text[NUMBER_SIZE];
	number_write_double(*(const double *)value, text);
}

static void write_float(void *value)
{
	char text[NUMBER_SIZE];
	number_write_float((float)*(const double *)value, text);
}

/* What is not finite is not written. */
static void check_not_finite(void)
{
	static const double VALUES[] = {INFINITY, -INFINITY, NAN};
	for (size_t i = 0; i < sizeof VALUES / sizeof *VALUES; i++) {
		double value = VALUES[i];
		CHECK_INT(child_status(write_double, &value, "/dev/null"), STATUS_FAILED);
		CHECK_INT(child_status(write_float, &value, "/dev/null"), STATUS_FAILED);
	}
}

static bool says(const char *got, const char *want)
{
	return strcmp(got, want) == 0;
}

static void check_ranges(void)
{
	char out[NUMBER_RANGE_SIZE];
	CHECK(says(number_range(1, 1024, out), "1 to 1024"));
	CHECK(says(number_range(1, 1e15, out), "at least 1"));
	CHECK(says(number_range(ABOVE_ZERO, 1e15, out), "above 0"));
	CHECK(says(number_range(0, 1e11, out), "0 to 100000000000"));
	CHECK(says(number_range(-INFINITY, 1e15, out), "at most 1e+15"));
	CHECK(says(number_range(0, BELOW_ONE, out), "0 to 1 (exclusive)"));
	CHECK(says(duration_range(1, 315360000, out), "1s to 3650d"));
	CHECK(says(duration_range(1e-3, 86400, out), "0.001s to 1d"));
	CHECK(says(duration_range(60, 5400, out), "1m to 90m"));
	CHECK(says(duration_range(7200, 90061, out), "2h to 90061s"));
	CHECK(says(duration_range(ABOVE_ZERO, 86401, out), "above 0, at most 86401s"));
	CHECK(says(duration_range(0, 1e11, out), "at least 0"));
	CHECK(says(duration_range(ABOVE_ZERO, INFINITY, out), "above 0"));
}

int main(void)
{
	check_not_finite();
	struct random r = random_start(1, 0);
	check_grammar();
	check_reading(&r);
	check_writing(&r);
	check_form();
	check_integers();
	check_durations();
	check_ranges();
	check_limits();
	return unit_finish();
}
