/* balance.c - see balance.h. */
#include "balance.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/memory.h"
#include "data/exactsum.h"

double imbalance(const struct experiment *e, const long *arm, const double *x, size_t n)
{
	double worst = 0, first = 0, first_variance = 0;
	for (size_t a = 0; a < e->n; a++) {
		struct exactsum sum = {0}, squares = {0};
		double count = 0;
		for (size_t i = 0; i < n; i++) {
			if (arm[i] != (long)a)
				continue;
			exactsum_add(&sum, x[i]);
			count++;
		}
		if (count < 1)
			return INFINITY;
		double mean = exactsum_value(&sum) / count;
		for (size_t i = 0; i < n; i++)
			if (arm[i] == (long)a)
				exactsum_add(&squares, (x[i] - mean) * (x[i] - mean));
		double variance = count > 1 ? exactsum_value(&squares) / (count - 1) : 0;
		if (a == 0) {
			first = mean;
			first_variance = variance;
		} else {
			double scale = sqrt((variance + first_variance) / 2);
			double off = fabs(mean - first);
			worst = fmax(worst, off > 0 ? off / scale : 0);
		}
	}
	return worst;
}

void rerandomize(struct rules *r, const struct units *u, int64_t n)
{
	struct experiment *e = &r->registry.all[0];
	double best = INFINITY;
	char *salt = NULL, *base = e->salt;
	for (int64_t k = 0; k < n; k++) {
		char *name = memory_format("%s#%lld", base, (long long)k);
		e->seed = hash_murmur3(name, strlen(name), 0);
		long *arm = units_arms(u, r, 0);
		double worst = 0;
		for (size_t c = 0; c < u->n_covariates; c++)
			worst = fmax(worst, imbalance(e, arm, u->covariate[c], u->n));
		free(arm);
		if (worst < best) {
			best = worst;
			free(salt);
			salt = name;
		} else {
			free(name);
		}
	}
	if (!salt)
		die(STATUS_DATA, "none of %lld salts balances the covariates: an arm has no users, or "
		    "no variance", (long long)n);
	e->salt = salt;
	e->seed = hash_murmur3(salt, strlen(salt), 0);
	warn("salt %s: the largest standardized difference is %.4g; the registry needs this salt",
	     salt, best);
}
