#include "data/unit.h"

#include <math.h>

double unit_length(const float *v, size_t n)
{
	double sum = 0;
	for (size_t i = 0; i < n; i++)
		sum += (double)v[i] * (double)v[i];
	return sqrt(sum);
}

void unit_scale(float *v, size_t n)
{
	double length = unit_length(v, n);
	for (size_t i = 0; i < n && length > 0; i++)
		v[i] = (float)((double)v[i] / length);
}
