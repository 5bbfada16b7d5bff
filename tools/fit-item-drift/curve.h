/* curve.h - one item's curve, as rows and as a picture. */
#ifndef RECPIPE_FIT_ITEM_DRIFT_CURVE_H
#define RECPIPE_FIT_ITEM_DRIFT_CURVE_H

#include <stdint.h>

#include "streams/output.h"
#include "fit.h"
#include "ratings.h"

enum { CURVE_POINTS = 101 };

/* Rows of timestamp and value: mu + b_i + form, without a user, at moments that part
 * the train rows' time evenly. */
void curve_write(const struct ratings *r, const struct fit *f, uint32_t item,
		 double ticks_per_day, struct output *out);

/* A gnuplot script with the curve and the item's rows in it, to the file `path`. */
void curve_plot(const struct ratings *r, const struct fit *f, uint32_t item, const char *path);

#endif
