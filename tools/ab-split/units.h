/* units.h - all ids of the input at once, for strata, salts and checks. */
#ifndef RECPIPE_AB_SPLIT_UNITS_H
#define RECPIPE_AB_SPLIT_UNITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "data/strmap.h"
#include "frame/options.h"
#include "rules.h"
#include "streams/table.h"

struct units {
	struct strmap *ids, *levels;
	uint32_t *level;                    /* of --stratify; 0 without it */
	double **covariate;                 /* covariate -> n */
	size_t n, n_covariates;
	bool stratified;
};

/* Reads all ids (column `user`), their level in column `stratify` (or NULL) and their
 * covariates. */
struct units units_read(struct table *t, size_t user, const char *stratify,
			const struct option_list *covariates);
void units_free(struct units *u);

/* The arm of each unit, or NO_ARM; within strata the shares of arms are as planned. The
 * caller frees it. */
long *units_arms(const struct units *u, const struct rules *r, size_t experiment);

#endif
