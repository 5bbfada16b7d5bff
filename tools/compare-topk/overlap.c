#include "overlap.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/memory.h"

struct marks marks_new(uint32_t items)
{
	return (struct marks){
		.in_a = memory_zero(items, sizeof(uint64_t)),
		.in_b = memory_zero(items, sizeof(uint64_t)),
	};
}

void marks_free(struct marks *m)
{
	free(m->in_a);
	free(m->in_b);
}

/* Marks the item as met in `own`; is it in `other` already? */
static bool meet(uint64_t *own, const uint64_t *other, uint64_t number, uint32_t item)
{
	own[item] = number;
	return other[item] == number;
}

double overlap_rank_biased(struct marks *m, const uint32_t *a, uint32_t a_n, const uint32_t *b,
			   uint32_t b_n, double p)
{
	uint32_t s = a_n < b_n ? a_n : b_n, l = a_n < b_n ? b_n : a_n, shared = 0, shared_s = 0;
	if (s == 0)
		return l ? 0 : NAN;
	double sum = 0, weight = 1;
	m->compared++;
	for (uint32_t d = 1; d <= l; d++) {
		weight *= p;
		if (d <= a_n)
			shared += meet(m->in_a, m->in_b, m->compared, a[d - 1]);
		if (d <= b_n)
			shared += meet(m->in_b, m->in_a, m->compared, b[d - 1]);
		if (d == s)
			shared_s = shared;
		double agreement = (double)shared / d;
		if (d > s) /* what the shorter one would share if it went on */
			agreement += (double)shared_s * (double)(d - s) / ((double)s * d);
		sum += agreement * weight;
	}
	double last = (double)(shared - shared_s) / l + (double)shared_s / s;
	return (1 - p) / p * sum + last * weight;
}
