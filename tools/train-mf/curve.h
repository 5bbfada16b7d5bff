/* curve.h - what people watch while a model is trained: --curve, a file that is written as
 * it grows, and --report on standard output. */
#ifndef RECPIPE_TRAIN_MF_CURVE_H
#define RECPIPE_TRAIN_MF_CURVE_H

#include <stdbool.h>

#include "streams/output.h"
#include "checkpoint.h"
#include "options.h"

struct curve {
	struct output *file, *report; /* NULL: not asked for */
	bool begun;                   /* the file has its header */
	bool validates;               /* there are validation rows, and so values of the metric */
};

/* Opens both. The file is emptied, and gets its header, with its first row. */
struct curve curve_open(const struct options *o);

/* A row of each for an epoch. */
void curve_step(struct curve *c, uint32_t epoch, const struct epoch_record *e);

/* After the last epoch: closes the file and reports the kept one again. */
void curve_end(struct curve *c, uint32_t epoch, const struct epoch_record *e);

/* Closes the file, which holds the epochs so far; the old one if there are none. */
void curve_stop(struct curve *c);

void curve_close(struct curve *c);

#endif
