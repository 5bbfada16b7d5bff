#include "data/exactsum.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

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

double exactsum_value(const struct exactsum *sum)
{
	struct exactsum s = *sum;
	carry(&s);
	bool negative = s.chunk[EXACTSUM_CHUNKS - 1] < 0;
	if (negative) {
		for (int i = 0; i < EXACTSUM_CHUNKS; i++)
			s.chunk[i] = -s.chunk[i];
		carry(&s);
	}
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
