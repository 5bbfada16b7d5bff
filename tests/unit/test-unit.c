/* Vectors of length 1. */
#include <math.h>
#include <string.h>

#include "data/unit.h"

#include "unit.h"

int main(void)
{
	float v[4] = {3, 0, -4, 0}, zero[3] = {0, -0.0f, 0}, large[2] = {3e38f, 3e38f};
	float small[2] = {1e-45f, 0};
	CHECK(unit_length(v, 4) == 5 && unit_length(v, 0) == 0 && unit_length(zero, 3) == 0);
	unit_scale(v, 4);
	CHECK(v[0] == 0.6f && v[1] == 0 && v[2] == -0.8f && v[3] == 0);
	unit_scale(zero, 3);
	CHECK(zero[0] == 0 && signbit(zero[1]));
	unit_scale(large, 2); /* squares beyond floats */
	CHECK(large[0] == (float)sqrt(0.5) && large[1] == large[0]);
	unit_scale(small, 2);
	CHECK(small[0] == 1);
	return unit_finish();
}
