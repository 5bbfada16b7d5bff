/* Exact sums: against integer arithmetic where that is exact too, against sums that
 * are known, and the same bits for any order and any split. */
#include <stdlib.h>

#include "base/random.h"
#include "data/exactsum.h"
#include "unit.h"

static double sum_of(const double *values, size_t n)
{
	struct exactsum sum = {0};
	for (size_t i = 0; i < n; i++)
		exactsum_add(&sum, values[i]);
	return exactsum_value(&sum);
}

#define SUM(...) sum_of((double[]){__VA_ARGS__}, sizeof (double[]){__VA_ARGS__} / sizeof(double))
#define CHECK_SAME(got, want) do { \
	double got_ = (got), want_ = (want); \
	if (!CHECK(memcmp(&got_, &want_, sizeof got_) == 0)) \
		printf("  got %a, want %a\n", got_, want_); \
} while (0)

static void check_known(void)
{
	CHECK_SAME(sum_of(NULL, 0), 0);
	CHECK_SAME(SUM(1e100, 1, -1e100), 1);
	CHECK_SAME(SUM(0x1p1023, 1, -0x1p1023), 1);
	CHECK_SAME(SUM(1, 0x1p-53), 1);                      /* a tie, to even */
	CHECK_SAME(SUM(1, 0x1p-52, 0x1p-53), 1 + 0x1p-51);   /* a tie, to even upwards */
	CHECK_SAME(SUM(1, 0x1p-53, 0x1p-1074), 1 + 0x1p-52); /* a hair above the tie */
	CHECK_SAME(SUM(-1, -0x1p-53, -0x1p-1074), -1 - 0x1p-52);
	CHECK_SAME(SUM(0x1p-1074, 0x1p-1074), 0x1p-1073);
	CHECK_SAME(SUM(0x1p-1022, -0x1p-1074), 0x1p-1022 - 0x1p-1074);
	CHECK_SAME(SUM(0x1.fffffffffffffp1022, 0x1.fffffffffffffp1022), 0x1.fffffffffffffp1023);
	CHECK_SAME(SUM(0.1, -0.1), 0);
	CHECK_SAME(SUM(-0.0), 0);
}

/* Whole multiples of 2^-40 below 2^60: 128 bits hold their sum exactly. */
static void check_against_integers(struct random *r)
{
	for (int round = 0; round < 200; round++) {
		enum { N = 5000 };
		static double value[N];
		__extension__ __int128 whole = 0;
		for (int i = 0; i < N; i++) {
			int64_t x = (int64_t)(random_bits(r) >> 11) >> random_below(r, 50);
			x = random_below(r, 2) ? x : -x;
			int shift = (int)random_below(r, 40);
			value[i] = ldexp((double)x, shift - 40);
			__extension__ __int128 wide = 1;
			whole += (wide << shift) * x;
		}
		/* The conversion of 128 bits rounds to nearest, ties to even. */
		CHECK_SAME(sum_of(value, N), ldexp((double)whole, -40));
	}
}

static void check_order_and_split(struct random *r)
{
	enum { N = 4000 };
	static double value[N];
	for (int i = 0; i < N; i++)
		value[i] = ldexp(random_share(r) - 0.5, (int)random_below(r, 2000) - 1000);
	double want = sum_of(value, N);
	for (int round = 0; round < 50; round++) {
		struct exactsum part[5] = {0};
		for (int i = N - 1; i > 0; i--) {
			int j = (int)random_below(r, (uint32_t)i + 1);
			double other = value[j];
			value[j] = value[i];
			value[i] = other;
		}
		for (int i = 0; i < N; i++)
			exactsum_add(&part[random_below(r, 5)], value[i]);
		for (int i = 1; i < 5; i++)
			exactsum_merge(&part[0], &part[i]);
		CHECK_SAME(exactsum_value(&part[0]), want);
	}
}

/* More additions than the chunks hold without carrying on. */
static void check_many(void)
{
	struct exactsum sum = {0};
	for (int i = 0; i < 3000000; i++)
		exactsum_add(&sum, 0.1);
	/* 0.1 is 3602879701896397 / 2^55, and 3000000 times that is below 2^75. */
	__extension__ __int128 whole = (__int128)3602879701896397 * 3000000;
	CHECK_SAME(exactsum_value(&sum), ldexp((double)whole, -55));
}

/* A sum goes through its text unrounded, alone and added to another; the same sum has one text. */
static void check_text(struct random *r)
{
	char text[EXACTSUM_TEXT], again[EXACTSUM_TEXT];
	for (int round = 0; round < 300; round++) {
		struct exactsum sum = {0}, back = {0}, twice = {0};
		int n = (int)random_below(r, 40), range = round % 3 == 0 ? 2000 : 4;
		for (int i = 0; i < n; i++)
			exactsum_add(&sum, ldexp(random_share(r) - 0.5, (int)random_below(r, (uint32_t)range) - range / 2));
		size_t length = exactsum_text(&sum, text);
		CHECK(length <= EXACTSUM_TEXT && exactsum_add_text(&back, text, length));
		CHECK_SAME(exactsum_value(&back), exactsum_value(&sum));
		CHECK(exactsum_text(&back, again) == length && memcmp(text, again, length) == 0);
		exactsum_merge(&twice, &sum);
		exactsum_merge(&twice, &sum);
		CHECK(exactsum_add_text(&back, text, length));
		CHECK(exactsum_text(&back, again) == exactsum_text(&twice, text) &&
		      memcmp(text, again, exactsum_text(&back, again)) == 0);
	}
	static const char *const BAD[] = {"", "-", "0", "0x", "0xp0", "0x0p", "0x0p1", "0x01p-83", "0x1p-84", "0x1P-83",
		"0x1gp-83", "0x1p-1107", "0x1p1101", "1p-83", "0x1p-83 ", " 0x1p-83", "0x1p-83p", "--0x1p-83",
		"0x1p99999999999999999999", "0x1"};
	for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++) {
		struct exactsum sum = {0};
		if (!CHECK(!exactsum_add_text(&sum, BAD[i], strlen(BAD[i]))))
			printf("  %s\n", BAD[i]);
		CHECK_SAME(exactsum_value(&sum), 0);
	}
	static const struct { const char *text; double value; } GOOD[] = {
		{"0x0p0", 0}, {"0x80000p-83", 0x1p-64}, {"-0x80000p-83", -0x1p-64}, {"0x1p-1075", 0}, {"0x2p-1075", 0x1p-1074},
		{"0x80000000000000000000p-83", 0x1p-4},
	};
	for (size_t i = 0; i < sizeof GOOD / sizeof *GOOD; i++) {
		struct exactsum sum = {0};
		CHECK(exactsum_add_text(&sum, GOOD[i].text, strlen(GOOD[i].text)));
		CHECK_SAME(exactsum_value(&sum), GOOD[i].value);
	}
	size_t length = exactsum_text(&(struct exactsum){0}, text);
	CHECK(length == 5 && memcmp(text, "0x0p0", 5) == 0);
}

int main(void)
{
	struct random r = random_start(1, 0);
	check_known();
	check_against_integers(&r);
	check_order_and_split(&r);
	check_many();
	check_text(&r);
	return unit_finish();
}
