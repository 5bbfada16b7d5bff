/* thompson.c - see thompson.h. */
#include "thompson.h"

#define MATHLIB_STANDALONE
#include <Rmath.h>
#include <math.h>
#include <stdlib.h>

/* Nodes and weights of Gauss and Legendre's rule with 16 points, for the half above 0. */
static const double NODE[8] = {0.0950125098376374402, 0.2816035507792589132, 0.4580167776572273863,
	0.6178762444026437484, 0.7554044083550030339, 0.8656312023878317439, 0.9445750230732325761,
	0.9894009349916499326};
static const double WEIGHT[8] = {0.1894506104550684963, 0.1826034150449235889, 0.1691565193950025382,
	0.1495959888165767321, 0.1246289712555338720, 0.0951585116824927848, 0.0622535239386478929,
	0.0271524594117540949};

/* The integral from 0 to 1 is cut where densities bend: at these standard deviations around each mean,
 * and toward both ends, where powers below 1 of the distance may be. */
static const double CUTS[] = {0, 0.7, 1.5, 2.5, 3.5, 5, 7, 10, 15, 25};
enum { N_CUTS = sizeof CUTS / sizeof *CUTS, N_ENDS = 8,
	PLACES_MAX = THOMPSON_ARMS_MAX * 2 * N_CUTS + 2 * N_ENDS + 2 };

static int ascending(const void *x, const void *y)
{
	double a = *(const double *)x, b = *(const double *)y;
	return (a > b) - (a < b);
}

static size_t places_of(const double *a, const double *b, size_t n, double *place)
{
	size_t places = 0;
	place[places++] = 0;
	place[places++] = 1;
	for (int e = 1; e <= N_ENDS; e++) {
		place[places++] = pow(10, -e);
		place[places++] = 1 - pow(10, -e);
	}
	for (size_t k = 0; k < n; k++) {
		double sum = a[k] + b[k], mean = a[k] / sum, sd = sqrt(mean * (1 - mean) / (sum + 1));
		for (size_t c = 0; c < N_CUTS; c++) {
			place[places++] = fmax(0, mean - CUTS[c] * sd);
			place[places++] = fmin(1, mean + CUTS[c] * sd);
		}
	}
	qsort(place, places, sizeof *place, ascending);
	return places;
}

/* Adds what each arm's chance has of one node, x, with its weight. */
static void add_node(const double *a, const double *b, size_t n, double x, double weight, double *chance)
{
	double below[THOMPSON_ARMS_MAX];
	for (size_t k = 0; k < n; k++)
		below[k] = pbeta(x, a[k], b[k], 1, 0);
	for (size_t k = 0; k < n; k++) {
		double others = weight;
		for (size_t j = 0; j < n; j++)
			others *= j == k ? 1 : below[j];
		if (others > 0)
			chance[k] += others * dbeta(x, a[k], b[k], 0);
	}
}

void thompson_chances(const double *a, const double *b, size_t n, double *chance)
{
	double place[PLACES_MAX], sum = 0;
	size_t places = places_of(a, b, n, place);
	for (size_t k = 0; k < n; k++)
		chance[k] = 0;
	for (size_t i = 1; i < places; i++) {
		double middle = (place[i] + place[i - 1]) / 2, half = (place[i] - place[i - 1]) / 2;
		for (int g = 0; g < 8 && half > 0; g++) {
			add_node(a, b, n, middle - half * NODE[g], half * WEIGHT[g], chance);
			add_node(a, b, n, middle + half * NODE[g], half * WEIGHT[g], chance);
		}
	}
	for (size_t k = 0; k < n; k++)
		sum += chance[k];
	for (size_t k = 0; k < n; k++)
		chance[k] /= sum;
}
