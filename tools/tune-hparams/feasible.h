/* feasible.h - where a command fails, learned from the trials of a study.
 *
 * Failures that follow from the point (a learning rate that diverges, a model that does
 * not fit into memory, a choice that crashes) are distinguished from those that happen anywhere:
 * the latter say nothing about a point.
 */
#ifndef RECPIPE_TUNE_HPARAMS_FEASIBLE_H
#define RECPIPE_TUNE_HPARAMS_FEASIBLE_H

#include "domain/study.h"

struct feasible;

/* A point whose chance is below this is proposed only when nothing better was drawn. */
static const double FEASIBLE_CHANCE = 0.8;

/* What the trials that have ended say, for the proposal of `next`: depends on the study's
 * seed, the number of `next` and those trials alone. NULL when there is nothing to tell
 * apart: none has failed, or none has not. Borrows the study's space. */
struct feasible *feasible_learn(const struct study *study, const struct trial *next);
void feasible_free(struct feasible *f);

/* The chance that the command works at the point (above 0, at most 1); 1 anywhere when
 * the failures cannot be foreseen. */
double feasible_chance(const struct feasible *f, const double *point);

/* Has this trial (by its number) failed where others mostly did not? */
bool feasible_fluke(const struct feasible *f, int64_t trial);

#endif
