/* validate.h - how good the present factors are on the validation rows. */
#ifndef RECPIPE_TRAIN_MF_VALIDATE_H
#define RECPIPE_TRAIN_MF_VALIDATE_H

#include "data/kernel.h"
#include "frame/pool.h"
#include "domain/metrics.h"
#include "params.h"

struct metric {
	enum list_metric kind;
	uint32_t k;
};

/* "ndcg@10" to a metric; exit 2 naming `option` when it is not one. */
struct metric metric_of(const char *text, const char *option);

/* The mean over the users with validation rows, exact: all items but the user's train rows
 * are ranked, ties by item id. Definitions as in evaluate-topk(1). */
double validate(const struct train_data *p, const struct params *users,
		const struct params *items, struct metric metric, enum kernel_choice kernel,
		struct pool *pool);

#endif
