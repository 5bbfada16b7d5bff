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

int main(void)
{
	check_reference();
	check_streams();
	check_below();
	check_normal();
	check_share();
	return unit_finish();
}
