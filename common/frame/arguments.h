/* arguments.h - options whose values are things of common/data and common/domain: an invalid
 * value is a usage error (exit 2) that names the option (`option`, without dashes).
 */
#ifndef RECPIPE_FRAME_ARGUMENTS_H
#define RECPIPE_FRAME_ARGUMENTS_H

#include "data/kernel.h"
#include "domain/assignment.h"
#include "domain/offer.h"

/* "train,validation" or "all" to a mask with bit s for split s (domain/dataset.h). */
unsigned option_splits(const char *option, const char *text);

/* Adds the experiment `NAME=WAYS`; its name must be new, and none of a column of events. */
void option_experiment(struct experiments *x, const char *option, const char *text);

/* What --kernel (`choice`, of KERNEL_CHOICES) stands for on this CPU: never KERNEL_AUTO. */
enum kernel_choice option_kernel(int choice);

/* The window of --exclude-window in ms for offer_files: below 0 when it is not given. */
int64_t option_exclude_window(double seconds);

/* offer_open, where --exclude-window needs an exclude file that has times. */
struct offer option_offer(const struct offer_files *files);

#endif
