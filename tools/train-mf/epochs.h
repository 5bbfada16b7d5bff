/* epochs.h - how an epoch visits every interaction once: cell by cell on all threads, or
 * with ials both sides solved one after the other; svd has one epoch that finds all.
 */
#ifndef RECPIPE_TRAIN_MF_EPOCHS_H
#define RECPIPE_TRAIN_MF_EPOCHS_H

#include "data/kernel.h"
#include "frame/pool.h"
#include "training.h"

struct epochs;

/* The user and item blocks that the options ask for, at most. */
uint32_t epochs_blocks(const struct options *o);

/* How many there are at most. */
uint32_t epochs_most(const struct options *o);

/* Of a training whose sides have their first numbers; all of it must outlive the epochs. */
struct epochs *epochs_new(struct training *t, enum kernel_choice kernel, struct pool *pool);

/* Epoch 1, 2, ...: moves the numbers of both sides and returns the mean loss. Ends early
 * when a signal came. */
double epochs_run(struct epochs *e, uint32_t epoch);

void epochs_free(struct epochs *e);

#endif
