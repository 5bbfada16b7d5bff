/* tune.h - what the parts of tune-hparams share: the space, the study, its trials.
 *
 * A point has one double a parameter: the number, or the index of a choice, or
 * nan where the parameter's condition does not hold. Samplers work in units: every
 * parameter's range, on its scale, mapped to 0 .. 1.
 */
#ifndef TUNE_H
#define TUNE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/buffer.h"
#include "base/random.h"
#include "frame/options.h"

/* ---- the space (space.c) ---- */

enum kind { KIND_FLOAT, KIND_INT, KIND_CHOICE };

struct parameter {
	char *name;
	enum kind kind;
	bool log;
	double low, high;  /* inclusive */
	double step;       /* 0: continuous; 1 for an integer unless told otherwise */
	char **choices;    /* KIND_CHOICE */
	size_t n_choices;
	long parent;       /* the parameter that the condition is about, or -1 */
	double *when;      /* its values (or choices) for which this one is active */
	size_t n_when;
	char *definition;  /* as --param takes it, without the name */
};

struct space {
	struct parameter *parameters;
	size_t n;
};

/* Adds `name=definition`; `where` names the option or file and line for messages,
 * `status` is what a mistake exits with. */
void space_add(struct space *space, const char *text, const char *where, int status);

/* Adds the rows of a space file (name kind low high scale step choices condition). */
void space_read(struct space *space, const char *path);

/* Index of the parameter, or -1. */
long space_find(const struct space *space, const char *name, size_t n);

/* Does the condition of parameter `p` hold in this point? */
bool space_active(const struct space *space, const double *point, size_t p);

/* The value as text; nothing when nan. */
void space_format(const struct parameter *p, double value, struct buffer *out);

/* Text to value; false when it is no value of this parameter. */
bool space_parse(const struct parameter *p, const char *text, size_t n, double *value);

/* Value to unit and back (back: rounded to the step, kept in the range). Units of
 * a discrete parameter are the middles of its cells; a choice's unit is its index. */
double space_unit(const struct parameter *p, double value);
double space_value(const struct parameter *p, double unit);

/* The cell of a discrete value in units: from .. to. */
void space_cell(const struct parameter *p, double value, double *from, double *to);

/* Number of different values; infinity for a continuous one. */
double space_levels(const struct parameter *p);

/* ---- the study (study.c) ---- */

enum trial_state { TRIAL_WAITING, TRIAL_RUNNING, TRIAL_COMPLETE, TRIAL_PRUNED, TRIAL_FAILED };

struct step {
	int64_t step;
	double value;
};

struct trial {
	int64_t number;        /* from 1 */
	enum trial_state state;
	double value;          /* nan until there is one */
	double *point;         /* nan also where a waiting trial leaves the choice open */
	struct step *steps;
	size_t n_steps, steps_capacity;
	double seconds;
	int64_t time_ms;       /* of its last row */
	char *owner;           /* running: host, process, its start time */
	char *message;
	int64_t generation;    /* cma-es: the generation that drew it, -1 otherwise */
	uint64_t finished;     /* the order in which trials ended: 1, 2, .. */
};

struct study {
	const char *path;
	int file;
	bool locked, maximize;
	uint64_t seed;
	struct space space;
	struct trial *trials;  /* by number */
	size_t n, capacity;
	uint64_t read;         /* bytes of the file that have been taken in */
	uint64_t lines;
	uint64_t finished;
	struct buffer tail;
};

/* Opens the journal; makes it when `create` and it is missing or empty, with the
 * space, direction and seed that `study` holds. Otherwise these come from the file,
 * and what `given` has must agree with it (exit 2). */
struct study_terms {
	struct space space;
	bool direction_given, maximize, seed_given;
	uint64_t seed;
};
void study_open(struct study *study, const char *path, bool create,
		const struct study_terms *given);

/* The lock of all processes that work on the study; taking it reads what others
 * have written. A torn last line is dropped, loudly. */
void study_lock(struct study *study);
void study_unlock(struct study *study);

/* Appends a row about a trial (the lock must be held) and takes it in. `sync`:
 * it is on disk when this returns. */
struct row {
	int64_t trial;
	const char *state;
	double value;         /* nan: empty */
	int64_t step;         /* below 0: empty */
	double seconds;       /* nan: empty */
	const char *message;  /* NULL: empty */
	const double *point;  /* NULL: empty */
};
void study_append(struct study *study, const struct row *row, bool sync);

struct trial *study_trial(struct study *study, int64_t number);

/* Is a better than b? nan is worse than anything. */
bool study_better(const struct study *study, double a, double b);

/* The best complete trial, or NULL. */
const struct trial *study_best(const struct study *study);

/* This process as a running trial's owner, and whether an owner is still alive. */
const char *study_owner(void);
bool study_owner_alive(const char *owner);

void study_close(struct study *study);

/* ---- samplers ---- */

enum sampler { SAMPLER_TPE, SAMPLER_CMAES, SAMPLER_RANDOM, SAMPLER_QUASI, SAMPLER_GRID };
#define SAMPLERS "tpe|cma-es|random|quasi|grid"

struct sampling {
	enum sampler sampler;
	int64_t startup;      /* random trials before a model is trusted */
	int64_t candidates;   /* points that TPE draws and ranks */
	int64_t grid_points;  /* levels of a continuous parameter in a grid */
};

/* Fills the open (nan) places of the trial's point. Depends on the seed, the
 * trial's number and the journal alone. */
void sample(const struct sampling *how, const struct study *study, struct trial *trial);

/* Trials in the grid (infinity when it is too large to count). */
double grid_size(const struct sampling *how, const struct space *space);

/* The generator of one trial's draws. */
struct random sample_random(const struct study *study, int64_t trial, const char *purpose);

/* The parts: each proposes a whole point. */
void tpe_propose(const struct sampling *how, const struct study *study,
		 const struct trial *trial, double *point);
bool cmaes_propose(const struct study *study, struct trial *trial, double *point);

/* ---- pruners (prune.c) ---- */

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

/* ---- running (runner.c) ---- */

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
 * running; NULL when there is none to take now. `*over`: and there will be none. */
struct trial *take_trial(struct study *study, const struct running *how, bool *over);

/* ---- looking (show.c, importance.c, picture.c) ---- */

void show_best(const struct study *study, bool as_shell, const char *output);
void show_top(const struct study *study, int64_t k, const char *output);
void show_history(const struct study *study, const char *output);
void show_trial(const struct study *study, const struct trial *trial, bool as_shell,
		const char *output);
void show_importance(const struct study *study, const char *output);
void show_picture(const struct study *study, int kind, const char *output, int columns);
#define PICTURES "history|parallel|slice"

#endif
