/* show.h - what a study holds, as tables and pictures; NULL for `output` is standard
 * output. */
#ifndef RECPIPE_TUNE_HPARAMS_SHOW_H
#define RECPIPE_TUNE_HPARAMS_SHOW_H

#include "domain/study.h"

/* `step_as`: the option that the step at which a trial was best is the value of, to fit it
 * again; NULL: the step has a column of its own and is no option. */
void show_best(const struct study *study, bool as_shell, const char *step_as, const char *output);
void show_top(const struct study *study, int64_t k, const char *step_as, const char *output);
void show_history(const struct study *study, const char *output);
void show_trial(const struct study *study, const struct trial *trial, bool as_shell,
		const char *output);
void show_importance(const struct study *study, const char *output); /* importance.c */

/* Drawn by gnuplot (picture.c): SVG or PNG by the output's name, else characters on
 * standard output, `columns` wide. */
enum picture { PICTURE_HISTORY, PICTURE_PARALLEL, PICTURE_SLICE };
#define PICTURES "history|parallel|slice"
void show_picture(const struct study *study, enum picture kind, const char *output, int columns);

#endif
