#include "data/ratio.h"

#include <math.h>

bool ratio_fieller(const struct ratio_of_means *r, double q, double *low, double *high)
{
	double a = 1 - q * q * r->under, b = r->ratio - q * q * r->covariance;
	double c = r->ratio * r->ratio - q * q * r->over, d = b * b - a * c;
	if (!(a > 0 && d >= 0))
		return false;
	*low = (b - sqrt(d)) / a;
	*high = (b + sqrt(d)) / a;
	return true;
}

double ratio_stderr(const struct ratio_of_means *r)
{
	return sqrt(fmax(0, r->over - 2 * r->ratio * r->covariance + r->under * r->ratio * r->ratio));
}
