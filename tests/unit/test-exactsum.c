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

int main(void)
{
	struct random r = random_start(1, 0);
	check_known();
	check_against_integers(&r);
	check_order_and_split(&r);
	check_many();
	return unit_finish();
}
