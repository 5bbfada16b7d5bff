/* The chances of Thompson sampling: SciPy's integrals, the closed form of two arms, and extremes. */
#define MATHLIB_STANDALONE
#include <Rmath.h>
#include <math.h>

#include "../../tools/next-track/thompson.c"
#include "unit.h"

/* scipy.integrate.quad of beta.pdf times the others' beta.cdf. */
static void check_known(void)
{
	static const struct {
		size_t n;
		double a[4], b[4], chance[4];
	} KNOWN[] = {
		{2, {1, 1}, {1, 1}, {0.5, 0.5}},
		{3, {1.3, 4.25, 1}, {2.9, 1.75, 1}, {0.050239828255733684, 0.6691469845399277, 0.2806131872043386}},
		{4, {100.5, 110.75, 30, 35}, {200.25, 190.5, 70, 65},
			{0.1046968816105301, 0.5114531432811509, 0.05925205393118607, 0.3245979211771331}},
		{2, {5000.5, 5100}, {5000.5, 4900}, {0.07862279313888187, 0.9213772068611148}},
		{2, {1, 1.5}, {50, 60}, {0.4039811715402236, 0.5960188284597767}},
	};
	for (size_t i = 0; i < sizeof KNOWN / sizeof *KNOWN; i++) {
		double chance[4];
		thompson_chances(KNOWN[i].a, KNOWN[i].b, KNOWN[i].n, chance);
		for (size_t k = 0; k < KNOWN[i].n; k++)
			CHECK_NEAR(chance[k], KNOWN[i].chance[k], 1e-9);
	}
}

/* The probability that the second of two draws is larger, of whole numbers: a sum. */
static double second_is_larger(const double *a, const double *b)
{
	double sum = 0;
	for (int i = 0; i < (int)a[1]; i++)
		sum += exp(lbeta(a[0] + i, b[0] + b[1]) - log(b[1] + i) - lbeta(1 + i, b[1]) - lbeta(a[0], b[0]));
	return sum;
}

int main(void)
{
	check_known();
	for (int i = 0; i < 300; i++) {
		double size = pow(10, i % 7 / 1.5), a[2] = {1 + floor(size * (i % 5)), 1 + floor(size * (i % 3))};
		double b[2] = {1 + floor(size * (i % 4)), 1 + floor(size * (i % 6))}, chance[2];
		thompson_chances(a, b, 2, chance);
		CHECK_NEAR(chance[1], second_is_larger(a, b), 1e-9);
		CHECK_NEAR(chance[0] + chance[1], 1, 1e-14);
	}
	/* Arms of billions of answers, and one that nobody knows. */
	double a[THOMPSON_ARMS_MAX], b[THOMPSON_ARMS_MAX], chance[THOMPSON_ARMS_MAX], sum = 0;
	for (size_t k = 0; k < THOMPSON_ARMS_MAX; k++) {
		a[k] = 5e8 + (double)k * 1e5;
		b[k] = 5e8;
	}
	a[0] = b[0] = 1;
	thompson_chances(a, b, THOMPSON_ARMS_MAX, chance);
	for (size_t k = 0; k < THOMPSON_ARMS_MAX; k++)
		sum += chance[k];
	CHECK_NEAR(sum, 1, 1e-12);
	CHECK_NEAR(chance[0], 1 - a[15] / (a[15] + b[15]), 1e-6);
	return unit_finish();
}
