/* runner.h - trials taken from the study and run as child processes. */
#ifndef RECPIPE_TUNE_HPARAMS_RUNNER_H
#define RECPIPE_TUNE_HPARAMS_RUNNER_H

#include "prune.h"
#include "sample.h"

struct running {
	const struct sampling *sampling;
	const struct pruning *pruning;
	int64_t trials, jobs;
	double trial_timeout_s, timeout_s, grace_s, reclaim_s; /* 0: none */
	bool show_errors; /* children's stderr goes to ours too */
	bool asked;       /* the trial is run by whoever asks: it has no process */
};

/* Runs trials of the command until `trials` have ended; returns how many are complete. */
int64_t run_trials(struct study *study, const struct running *how, char **command, int words);

/* Takes the next trial (abandoned, waiting or new) under the lock and marks it as
 * running; NULL when there is none to take. */
struct trial *take_trial(struct study *study, const struct running *how);

#endif
