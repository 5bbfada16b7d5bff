/* study.h - a study: the trials of a search and the journal that they are kept in.
 *
 * The journal is an append-only TSV (recpipe-formats(5)). Each row is one write
 * under a lock of the file, so that any number of processes may work on it, on one
 * host or on several that share the folder; whoever takes the lock reads what the
 * others have written. The state is the journal and nothing else.
 */
#ifndef RECPIPE_DOMAIN_STUDY_H
#define RECPIPE_DOMAIN_STUDY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "domain/space.h"

enum trial_state { TRIAL_WAITING, TRIAL_RUNNING, TRIAL_COMPLETE, TRIAL_PRUNED, TRIAL_FAILED };

struct step {
	int64_t step;
	double value;
};

struct trial {
	int64_t number;        /* from 1 */
	enum trial_state state;
	bool enqueued;         /* this point was enqueued */
	bool defaults;         /* enqueued without any value: the command takes its own */
	double value;          /* nan until there is one */
	double *point;         /* nan also where a waiting trial leaves the choice open */
	struct step *steps;    /* ascending */
	size_t n_steps, steps_capacity;
	double seconds;
	int64_t time_ms;       /* of its last row */
	char *owner;           /* running: whose it is (claim.h) */
	char *message;
	int64_t generation;    /* cma-es: the generation that drew it, -1 otherwise */
	uint64_t finished;     /* the order in which trials ended: 1, 2, ... */
};

struct study {
	const char *path;
	int file;
	bool looking;          /* opened to be read only */
	bool named;            /* the file had a name when it was opened */
	bool locks;            /* claims of trials are locks (claim.h) */
	bool maximize;
	uint64_t seed;
	struct space space;
	struct trial *trials;  /* by number */
	size_t n, capacity;
	uint64_t read;         /* bytes of the file that have been taken in */
	uint64_t lines;
	uint64_t finished;
	struct buffer tail;    /* what was read and is no whole line */
	char *header;          /* the first line, NULL until it was read */
	size_t width;          /* its columns */
	struct span *fields;   /* of the current line */
};

/* The terms of a study: what a new one is made with, and what an old one must agree
 * with where it is given. */
struct study_terms {
	struct space space;
	bool direction_given, maximize, seed_given;
	uint64_t seed;
};

/* To look; to work on a study that is there; to make it when it is missing or empty. */
enum study_access { STUDY_LOOK, STUDY_WORK, STUDY_MAKE };

/* Opens the journal and reads it. No study: exit 1 (no file) or 3. `path` must outlive
 * the study. What is wrong with the terms is returned; the study is open all the same,
 * except for STUDY_NO_SPACE, and its own terms can be read from it. */
enum study_problem {
	STUDY_OPENED,
	STUDY_NO_SPACE,         /* a new one is to be made, and the terms have no parameters;
	                         * no file was made */
	STUDY_OTHER_DIRECTION,  /* it was started with another one than is given ... */
	STUDY_OTHER_SEED,
	STUDY_OTHER_SPACE,
};
enum study_problem study_open(struct study *study, const char *path, enum study_access access,
			      const struct study_terms *given);
void study_close(struct study *study);

/* The lock of all processes that work on the study; taking it reads what others
 * have written. A torn last line is dropped, loudly. */
void study_lock(struct study *study);
void study_unlock(struct study *study);

/* Appends a row about a trial (the lock must be held) and takes it in. `sync`:
 * it is on disk when this returns. */
struct study_row {
	int64_t trial;
	const char *state;    /* waiting running alive step complete pruned failed */
	double value;         /* nan: empty */
	int64_t step;         /* below 0: empty */
	double seconds;       /* nan: empty */
	const char *message;  /* NULL: empty */
	const double *point;  /* NULL: empty */
};
void study_append(struct study *study, const struct study_row *row, bool sync);

/* The trial of that number, or NULL; it stays there until the next row is taken in. */
struct trial *study_trial(struct study *study, int64_t number);

/* Has it a result that a sampler can learn from: complete or pruned? */
bool trial_told(const struct trial *t);

/* Is it over: complete, pruned or failed? */
bool trial_ended(const struct trial *t);

/* The message of the waiting row that makes a trial one of the command's defaults. */
extern const char TRIAL_DEFAULTS[];

/* The value at a step, nan when there is none. */
double trial_value_at(const struct trial *t, int64_t step);

/* The first step at which the trial was best; -1 when it has reported none. */
int64_t trial_best_step(const struct study *study, const struct trial *t);

/* Is a better than b? nan is worse than anything. */
bool study_better(const struct study *study, double a, double b);

/* qsort_r's order of trials (by pointers), the study as context: the better value
 * first, equal ones by number. */
int study_by_merit(const void *a, const void *b, void *study);

/* The best complete trial, or NULL. */
const struct trial *study_best(const struct study *study);

#endif
