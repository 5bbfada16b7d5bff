#include "data/exactsum.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "base/number.h"

/* Chunk i counts 2^(32 i - 1075): bit e of the whole is the last bit of a double
 * with the exponent field e. An addition adds less than 2^52 to a chunk, so that
 * 2^11 - 1 of them fit into 64 signed bits before carries must move on. */
enum { ADDITIONS = 2000 };

static void carry(struct exactsum *sum)
{
	int64_t over = 0;
	for (int i = 0; i < EXACTSUM_CHUNKS - 1; i++) {
		int64_t value = sum->chunk[i] + over;
		sum->chunk[i] = value & 0xffffffff;
		over = value >> 32;
	}
	sum->chunk[EXACTSUM_CHUNKS - 1] += over; /* the sign lives here */
	sum->pending = 0;
}

void exactsum_add(struct exactsum *sum, double value)
{
	uint64_t bits;
	memcpy(&bits, &value, sizeof bits);
	unsigned exponent = (unsigned)(bits >> 52 & 0x7ff);
	uint64_t mantissa = bits & ((UINT64_C(1) << 52) - 1);
	if (exponent)
		mantissa |= UINT64_C(1) << 52;
	else
		exponent = 1;
	unsigned at = exponent / 32, shift = exponent % 32;
	int64_t low = (int64_t)(mantissa << shift & 0xffffffff);
	int64_t high = (int64_t)(mantissa >> (32 - shift));
	if (bits >> 63) {
		low = -low;
		high = -high;
	}
	sum->chunk[at] += low;
	sum->chunk[at + 1] += high;
	if (++sum->pending >= ADDITIONS)
		carry(sum);
}

void exactsum_merge(struct exactsum *sum, const struct exactsum *other)
{
	struct exactsum more = *other;
	carry(&more);
	carry(sum);
	for (int i = 0; i < EXACTSUM_CHUNKS; i++)
		sum->chunk[i] += more.chunk[i];
	sum->pending = 1;
}

/* Makes the sum positive, all carries moved on. Was it negative? */
static bool take_sign(struct exactsum *s)
{
	carry(s);
	if (s->chunk[EXACTSUM_CHUNKS - 1] >= 0)
		return false;
	for (int i = 0; i < EXACTSUM_CHUNKS; i++)
		s->chunk[i] = -s->chunk[i];
	carry(s);
	return true;
}

double exactsum_value(const struct exactsum *sum)
{
	struct exactsum s = *sum;
	bool negative = take_sign(&s);
	int top = EXACTSUM_CHUNKS - 1;
	while (top >= 0 && s.chunk[top] == 0)
		top--;
	if (top < 0)
		return 0;
	int highest = top * 32 + 63 - __builtin_clzll((uint64_t)s.chunk[top]);
	int lowest = highest - 52 > 1 ? highest - 52 : 1; /* subnormals end at bit 1 */
	unsigned __int128 window = 0;
	for (int i = 2; i >= 0; i--)
		if (lowest / 32 + i < EXACTSUM_CHUNKS)
			window = window << 32 | (uint64_t)s.chunk[lowest / 32 + i];
	uint64_t mantissa = (uint64_t)(window >> lowest % 32) & ((UINT64_C(1) << 53) - 1);
	int half = lowest - 1;
	if (s.chunk[half / 32] >> half % 32 & 1) {
		bool more = (s.chunk[half / 32] & ((INT64_C(1) << half % 32) - 1)) != 0;
		for (int i = 0; i < half / 32 && !more; i++)
			more = s.chunk[i] != 0;
		mantissa += more || (mantissa & 1);
	}
	double value = ldexp((double)mantissa, lowest - 1075);
	return negative ? -value : value;
}

/* ---- as text ---- */

enum { EXPONENT = 1075, DIGITS = 8 }; /* of chunk 0, and of each chunk */

/* The last `n` digits of a chunk. */
static char *put_digits(char *at, int64_t chunk, int n)
{
	for (int i = n - 1; i >= 0; i--)
		*at++ = "0123456789abcdef"[chunk >> 4 * i & 15];
	return at;
}

size_t exactsum_text(const struct exactsum *sum, char out[EXACTSUM_TEXT])
{
	struct exactsum s = *sum;
	char *at = out;
	if (take_sign(&s))
		*at++ = '-';
	int top = EXACTSUM_CHUNKS - 1, low = 0;
	while (top > 0 && s.chunk[top] == 0)
		top--;
	while (low < top && s.chunk[low] == 0)
		low++;
	if (s.chunk[top] == 0) {
		memcpy(out, "0x0p0", 5);
		return 5;
	}
	int first = (64 - __builtin_clzll((uint64_t)s.chunk[top]) + 3) / 4;
	*at++ = '0';
	*at++ = 'x';
	at = put_digits(at, s.chunk[top], first);
	for (int i = top - 1; i >= low; i--)
		at = put_digits(at, s.chunk[i], DIGITS);
	*at++ = 'p';
	return (size_t)(at - out) + number_write_i64(32 * low - EXPONENT, at);
}

static int digit_of(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool exactsum_add_text(struct exactsum *sum, const char *text, size_t n)
{
	bool negative = n > 0 && *text == '-';
	const char *at = text + negative, *p = n > 0 ? memchr(text, 'p', n) : NULL, *end = text + n;
	int64_t exponent;
	if (n == 5 && memcmp(text, "0x0p0", 5) == 0)
		return true;
	if (!p || p - at < 3 || at[0] != '0' || at[1] != 'x' || at[2] == '0' ||
	    number_i64(p + 1, (size_t)(end - p - 1), &exponent) != NUMBER_OK)
		return false;
	at += 2;
	int64_t low = (exponent + EXPONENT) / 32, digits = p - at;
	if (exponent < -EXPONENT || (exponent + EXPONENT) % 32 != 0 || low >= EXACTSUM_CHUNKS ||
	    digits > (EXACTSUM_CHUNKS - low) * DIGITS - 1) /* its first bit is the sign's */
		return false;
	struct exactsum more = {.pending = 1};
	for (int64_t i = 0; i < digits; i++) {
		int digit = digit_of(p[-1 - i]);
		if (digit < 0)
			return false;
		more.chunk[low + i / DIGITS] += (int64_t)digit << 4 * (i % DIGITS);
	}
	for (int i = 0; i < EXACTSUM_CHUNKS && negative; i++)
		more.chunk[i] = -more.chunk[i];
	exactsum_merge(sum, &more);
	return true;
}
