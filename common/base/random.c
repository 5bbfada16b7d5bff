#include "base/random.h"

#include <math.h>

double random_normal(struct random *r)
{
	double u = 1.0 - random_share(r); /* in (0, 1]: the logarithm is finite */
	double v = random_share(r);
	return sqrt(-2.0 * log(u)) * cos(6.283185307179586 * v);
}
