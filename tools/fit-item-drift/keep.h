/* keep.h - a fitted form as a table, and back: kind id number value.
 *
 * The first row is the form, the last one says how many came before it, so that a
 * file that was cut off is refused. Between them: mu, begin and end of the train
 * rows' time (meta), each item's and user's parameters, the bias first (item, user),
 * those for all (all), of days (day, number = day), and what the features of some
 * forms need (first, step, time).
 */
#ifndef RECPIPE_FIT_ITEM_DRIFT_KEEP_H
#define RECPIPE_FIT_ITEM_DRIFT_KEEP_H

#include "streams/table.h"
#include "fit.h"
#include "ratings.h"

void keep_save(const struct ratings *r, const struct fit *f, const char *path);

/* Reads the table into a fit, and into `r` as much as fit_predict needs; both are
 * the caller's. What is no such table is bad data (exit 3). */
struct fit *keep_load(struct table *t, struct ratings *r);

#endif
