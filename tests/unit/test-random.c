/* The generator against the authors' reference, and its distributions by moments
 * and tail shares known in closed form. */
#include "base/random.h"
#include "unit.h"

static void check_reference(void)
{
	/* xoshiro256** from the state 1, 2, 3, 4: the reference implementation. */
	static const uint64_t WANT[] = {
		11520u, 0u, 1509978240u, 1215971899390074240u, 1216172134540287360u,
		607988272756665600u, 16172922978634559625u, 8476171486693032832u,
		10595114339597558777u, 2904607092377533576u,
	};
	struct random r = {{1, 2, 3, 4}};
	for (size_t i = 0; i < sizeof WANT / sizeof *WANT; i++)
		CHECK(random_bits(&r) == WANT[i]);
}

static void check_streams(void)
{
	struct random a = random_start(1, 0), same = random_start(1, 0), b = random_start(1, 1);
	struct random c = random_start(2, 0);
	int equal = 0;
	for (int i = 0; i < 1000; i++) {
		uint64_t x = random_bits(&a);
		CHECK(x == random_bits(&same));
		equal += (x == random_bits(&b)) + (x == random_bits(&c));
	}
	CHECK_INT(equal, 0);
}

static void check_below(void)
{
	enum { DRAWS = 300000 };
	struct random r = random_start(3, 0);
	int count[7] = {0}, upper = 0;
	for (int i = 0; i < DRAWS; i++) {
		uint32_t x = random_below(&r, 7);
		if (CHECK(x < 7))
			count[x]++;
		/* Where the remainder is large: a plain % would give 2/3 here. */
		upper += random_below(&r, 0xc0000000u) < 0x60000000u;
		CHECK(random_below(&r, 1) == 0);
	}
	double statistic = 0;
	for (int i = 0; i < 7; i++)
		statistic += pow(count[i] - DRAWS / 7.0, 2) / (DRAWS / 7.0);
	CHECK(statistic < 27.9); /* 6 degrees of freedom, 99.99 % */
	CHECK_NEAR((double)upper / DRAWS, 0.5, 0.004);
}

static void check_normal(void)
{
	enum { DRAWS = 400000 };
	struct random r = random_start(4, 0);
	double sum = 0, squares = 0, fourth = 0;
	int beyond = 0;
	for (int i = 0; i < DRAWS; i++) {
		double x = random_normal(&r);
		sum += x;
		squares += x * x;
		fourth += x * x * x * x;
		beyond += fabs(x) > 1.959963984540054;
	}
	CHECK_NEAR(sum / DRAWS, 0, 0.007);
	CHECK_NEAR(squares / DRAWS, 1, 0.01);
	CHECK_NEAR(fourth / DRAWS, 3, 0.07);
	CHECK_NEAR((double)beyond / DRAWS, 0.05, 0.0015);
}

static void check_share(void)
{
	struct random r = random_start(5, 0);
	double sum = 0;
	for (int i = 0; i < 100000; i++) {
		double x = random_share(&r);
		CHECK(x >= 0 && x < 1);
		sum += x;
	}
	CHECK_NEAR(sum / 100000, 0.5, 0.004);
}

/* Each of the 24 orders of four entries as often as any other, whatever their size. */
static void check_shuffle(void)
{
	enum { DRAWS = 240000 };
	struct random r = random_start(6, 0);
	int count[256] = {0}, orders = 0;
	double statistic = 0;
	for (int i = 0; i < DRAWS; i++) {
		uint32_t entry[4] = {0, 1, 2, 3};
		char wide[4][12] = {"a", "b", "c", "d"};
		struct random same = r;
		random_shuffle(&same, wide, 4, sizeof *wide);
		random_shuffle(&r, entry, 4, sizeof *entry);
		for (int k = 0; k < 4; k++)
			CHECK_INT(wide[k][0], 'a' + (int)entry[k]);
		count[entry[0] << 6 | entry[1] << 4 | entry[2] << 2 | entry[3]]++;
	}
	for (int i = 0; i < 256; i++) {
		orders += count[i] > 0;
		statistic += count[i] ? pow(count[i] - DRAWS / 24.0, 2) / (DRAWS / 24.0) : 0;
	}
	CHECK_INT(orders, 24);
	CHECK(statistic < 55); /* 23 degrees of freedom, 99.98 % */
	uint32_t one = 7;
	random_shuffle(&r, &one, 1, sizeof one);
	random_shuffle(&r, NULL, 0, sizeof one);
	CHECK_INT(one, 7);
}

int main(void)
{
	check_reference();
	check_streams();
	check_below();
	check_normal();
	check_share();
	check_shuffle();
	return unit_finish();
}
