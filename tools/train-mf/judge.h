/* judge.h - how good the present factors are on the validation rows. */
#ifndef RECPIPE_TRAIN_MF_JUDGE_H
#define RECPIPE_TRAIN_MF_JUDGE_H

#include "data/kernel.h"
#include "frame/pool.h"
#include "params.h"

enum judge_kind { JUDGE_PRECISION, JUDGE_RECALL, JUDGE_NDCG, JUDGE_MAP, JUDGE_MRR, JUDGE_HIT };

struct judge_metric {
	enum judge_kind kind;
	uint32_t k;
};

/* "ndcg@10" to a metric; exit 2 naming `option` when it is none. */
struct judge_metric judge_metric_of(const char *text, const char *option);

/* The mean over the judged users, exact: all items but the user's train rows
 * are ranked, ties by item id. Definitions as in evaluate-topk(1). */
double judge_value(const struct problem *p, const struct params *users,
		   const struct params *items, struct judge_metric metric, kernel_dot *dot,
		   struct pool *pool);

#endif
