/* prune.h - which trials are not worth their end. */
#ifndef RECPIPE_TUNE_HPARAMS_PRUNE_H
#define RECPIPE_TUNE_HPARAMS_PRUNE_H

#include "domain/study.h"

enum pruner { PRUNER_NONE, PRUNER_MEDIAN, PRUNER_ASHA, PRUNER_HYPERBAND };
#define PRUNERS "none|median|asha|hyperband"

struct pruning {
	enum pruner pruner;
	int64_t first;    /* steps before anything is pruned (the lowest rung) */
	int64_t last;     /* the largest step, for hyperband's brackets; 0: as seen */
	int64_t eta;      /* one in eta goes on */
	int64_t startup;  /* median: trials that must be complete first */
};

/* After the trial's newest step: should it end here? */
bool prune(const struct pruning *how, const struct study *study, const struct trial *trial);

#endif
