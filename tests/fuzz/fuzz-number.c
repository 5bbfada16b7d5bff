/* Any bytes as a number of each kind: what is taken is what the C library takes for
 * the same text, and what is written for it reads back. */
#include <ctype.h>
#include <math.h>

#include "base/memory.h"
#include "base/number.h"
#include "fuzz.h"

static void demand(int condition)
{
	if (!condition)
		abort();
}

/* The grammar of number.h, read off its first lines. */
static int is_decimal(const char *s, size_t n)
{
	size_t at = n > 0 && (s[0] == '-' || s[0] == '+'), digits = 0, points = 0;
	for (; at < n && (isdigit((unsigned char)s[at]) || (s[at] == '.' && points == 0)); at++) {
		digits += s[at] != '.';
		points += s[at] == '.';
	}
	if (digits == 0)
		return 0;
	if (at < n && (s[at] == 'e' || s[at] == 'E')) {
		at++;
		at += at < n && (s[at] == '-' || s[at] == '+');
		if (at == n)
			return 0;
		while (at < n && isdigit((unsigned char)s[at]))
			at++;
	}
	return at == n;
}

static void check_reals(const char *s, size_t n, const char *text)
{
	double wide, back = 0;
	float narrow, narrow_back = 0;
	char out[NUMBER_SIZE];
	enum number_state state = number_double(s, n, &wide);
	demand((state != NUMBER_SYNTAX) == is_decimal(s, n));
	demand((number_float(s, n, &narrow) != NUMBER_SYNTAX) == (state != NUMBER_SYNTAX));
	if (state == NUMBER_SYNTAX)
		return;
	double want = strtod(text, NULL);
	demand(state == NUMBER_RANGE ? isinf(want) : memcmp(&wide, &want, sizeof want) == 0);
	if (state == NUMBER_OK) {
		size_t size = number_write_double(wide, out);
		demand(size <= NUMBER_SIZE && number_double(out, size, &back) == NUMBER_OK);
		demand(back <= wide && back >= wide);
	}
	if (number_float(s, n, &narrow) == NUMBER_OK) {
		float want_narrow = strtof(text, NULL);
		demand(memcmp(&narrow, &want_narrow, sizeof narrow) == 0);
		size_t size = number_write_float(narrow, out);
		demand(size <= NUMBER_SIZE && number_float(out, size, &narrow_back) == NUMBER_OK);
		demand(narrow_back <= narrow && narrow_back >= narrow);
	}
}

static void check_whole(const char *s, size_t n)
{
	int64_t i;
	uint64_t u, size;
	double seconds;
	char out[NUMBER_SIZE];
	if (number_i64(s, n, &i) == NUMBER_OK) {
		int64_t back;
		demand(number_i64(out, number_write_i64(i, out), &back) == NUMBER_OK && back == i);
		demand((number_u64(s, n, &u) == NUMBER_OK) == (i >= 0));
	}
	if (number_u64(s, n, &u) == NUMBER_OK) {
		uint64_t back;
		demand(number_u64(out, number_write_u64(u, out), &back) == NUMBER_OK && back == u);
		demand(is_decimal(s, n));
	}
	if (number_size(s, n, &size) == NUMBER_OK && size > 0)
		demand(n > 0 && isdigit((unsigned char)s[0]));
	if (number_duration(s, n, &seconds) == NUMBER_OK)
		demand(isfinite(seconds) && seconds >= 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	char *bytes = memory_new(n, 1), *text = memory_text((const char *)data, n);
	if (n)
		memcpy(bytes, data, n); /* of exactly that size: no byte behind it is read */
	check_reals(bytes, n, text);
	check_whole(bytes, n);
	free(bytes);
	free(text);
	return 0;
}
