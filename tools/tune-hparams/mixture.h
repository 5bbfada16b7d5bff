/* mixture.h - a density over a space: one kernel a trial and one for the prior, which
 * are products of one kernel an axis (Falkner et al. 2018).
 */
#ifndef RECPIPE_TUNE_HPARAMS_MIXTURE_H
#define RECPIPE_TUNE_HPARAMS_MIXTURE_H

#include "base/random.h"
#include "domain/study.h"

struct mixture;

/* The mixture of `n` trials, newer ones weighing more; no kernel is narrower than
 * `narrowest` (in units, see space.h). Borrows the study's space. */
struct mixture *mixture_new(const struct study *study, const struct trial *const *trials, size_t n,
			    double narrowest);
void mixture_free(struct mixture *m);

/* A draw from one kernel, values not units; what is not nan in `fixed` stays so. */
void mixture_draw(const struct mixture *m, const double *fixed, struct random *r, double *point);

/* A point in units; discrete numbers with the cell that they stand for, and the number of
 * their level. */
#define LEVEL_NONE SIZE_MAX

struct place {
	double unit, from, to;
	size_t level;
};

/* The place of a point, for each parameter (unit nan: not active there). */
void mixture_place(const struct space *space, const double *point, struct place *at);

/* The logarithm of the density there. Keeps what it learns of a level for the next. */
double mixture_log(struct mixture *m, const struct place *at);

#endif
