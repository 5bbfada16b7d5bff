/* command.h - a trial's command line: values put in, quoted for sh. */
#ifndef RECPIPE_TUNE_HPARAMS_COMMAND_H
#define RECPIPE_TUNE_HPARAMS_COMMAND_H

#include "base/buffer.h"
#include "domain/study.h"

/* `--name value` of every parameter that is active in the point, for sh. With `step_as`
 * the option of that name comes last and is `step`, also when a parameter is called so. */
void command_options(struct buffer *b, const struct space *space, const double *point,
		     const char *step_as, int64_t step);

/* Text for sh with the trial's values in their places. One word is such a text
 * itself; several are a command and its arguments. The caller frees it. */
char *command_text(const struct space *space, const double *point, char **words, int n);

/* A place for a parameter that there is not: exit 2; parameters that have no place
 * although others have one: a warning. */
void command_check(const struct space *space, char **words, int n);

/* The name of a parameter whose value the command cannot do without: one that has a place of its own
 * and not as an option; NULL when there is none. It is the space's. */
const char *command_value(const struct space *space, char **words, int n);

/* HP_TRIAL, HP_LEARNING_RATE and so on into this process' environment. */
void command_environment(const struct space *space, const struct trial *trial);

#endif
