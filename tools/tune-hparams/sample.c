#include "sample.h"

#include <math.h>
#include <stdlib.h>

#include "base/hash.h"
#include "base/memory.h"

struct random sample_random(const struct study *study, int64_t trial, const char *purpose)
{
	uint64_t key = hash_row(study->seed, span_of(purpose), (struct span){NULL, 0});
	return random_start(key, (uint64_t)trial);
}

/* A uniform unit; of a choice, a uniform choice. */
static double draw(const struct parameter *p, double share)
{
	if (p->kind == KIND_CHOICE) {
		double index = floor(share * (double)p->n_choices);
		return index < (double)p->n_choices ? index : (double)p->n_choices - 1;
	}
	return share;
}

void random_point(const struct study *study, int64_t trial, double *point)
{
	struct random r = sample_random(study, trial, "random");
	for (size_t p = 0; p < study->space.n; p++)
		point[p] = space_value(&study->space.parameters[p],
				       draw(&study->space.parameters[p], random_share(&r)));
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
		struct random r = sample_random(study, place * 4096 + (int64_t)dimension, "quasi");
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

static void quasi_point(const struct study *study, int64_t trial, double *point)
{
	for (size_t p = 0; p < study->space.n; p++)
		point[p] = space_value(&study->space.parameters[p],
				       draw(&study->space.parameters[p], halton(study, p, trial)));
}

/* The grid is counted in trials that it drew itself, not in those that were enqueued. */
static bool next_grid_point(const struct sampling *how, const struct study *study,
			    const struct trial *trial, double *point)
{
	uint64_t before = 0;
	for (size_t i = 0; i < study->n && study->trials[i].number < trial->number; i++)
		before += !study->trials[i].enqueued;
	return grid_point(how, &study->space, before, point);
}

static bool propose(const struct sampling *how, const struct study *study, struct trial *trial,
		    double *point)
{
	size_t ended = 0;
	for (size_t i = 0; i < study->n; i++)
		ended += trial_ended(&study->trials[i]);
	if (how->sampler == SAMPLER_GRID && !trial->enqueued)
		return next_grid_point(how, study, trial, point);
	if (how->sampler == SAMPLER_CMAES && cmaes_propose(study, trial, point))
		return true;
	if (how->sampler == SAMPLER_QUASI)
		quasi_point(study, trial->number, point);
	else if (how->sampler == SAMPLER_TPE && ended >= (size_t)how->startup)
		tpe_propose(how, study, trial, point);
	else
		random_point(study, trial->number, point);
	return true;
}

bool sample(const struct sampling *how, const struct study *study, struct trial *trial)
{
	const struct space *space = &study->space;
	double *point = memory_new(space->n, sizeof *point);
	bool there = propose(how, study, trial, point);
	for (size_t p = 0; p < space->n && there; p++)
		if (isnan(trial->point[p]))
			trial->point[p] = point[p];
	space_settle(space, trial->point);
	free(point);
	return there;
}
