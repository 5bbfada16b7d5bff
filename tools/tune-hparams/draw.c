#include "draw.h"

#include <math.h>
#include <stdlib.h>

#include "base/hash.h"
#include "base/memory.h"

struct random draw_random(const struct study *study, int64_t trial, const char *purpose)
{
	uint64_t key = hash_row(study->seed, span_of(purpose), (struct span){NULL, 0});
	return random_start(key, (uint64_t)trial);
}

/* A uniform unit; of a choice, a uniform choice. */
static double unit_of(const struct parameter *p, double share)
{
	if (p->kind == KIND_CHOICE) {
		double index = floor(share * (double)p->n_choices);
		return index < (double)p->n_choices ? index : (double)p->n_choices - 1;
	}
	return share;
}

void draw_uniform(const struct study *study, int64_t trial, double *point)
{
	struct random r = draw_random(study, trial, "random");
	for (size_t p = 0; p < study->space.n; p++)
		point[p] = space_value(&study->space.parameters[p],
				       unit_of(&study->space.parameters[p], random_share(&r)));
}

/* The i-th prime, by trial division: dimensions are few. */
static unsigned prime(size_t i)
{
	unsigned n = 2;
	for (size_t found = 0;; n++) {
		bool is = true;
		for (unsigned d = 2; d * d <= n && is; d++)
			is = n % d != 0;
		if (is && found++ == i)
			return n;
	}
}

/* Halton's sequence with digits permuted at random (Owen 2017, "A randomized
 * Halton algorithm in R"): evenly spread, whatever the number of trials. */
static double halton(const struct study *study, size_t dimension, int64_t index)
{
	unsigned base = prime(dimension);
	unsigned *digit = memory_new(base, sizeof *digit);
	double share = 0, weight = 1;
	for (int place = 0; weight > 1e-17; place++) {
		struct random r = draw_random(study, place * 4096 + (int64_t)dimension, "quasi");
		for (unsigned i = 0; i < base; i++) {
			unsigned j = random_below(&r, i + 1);
			digit[i] = digit[j];
			digit[j] = i;
		}
		weight /= base;
		share += weight * digit[index % base];
		index /= base;
	}
	free(digit);
	return share < 1 ? share : 1 - 0x1p-53;
}

void draw_quasi(const struct study *study, int64_t trial, double *point)
{
	for (size_t p = 0; p < study->space.n; p++)
		point[p] = space_value(&study->space.parameters[p],
				       unit_of(&study->space.parameters[p], halton(study, p, trial)));
}
