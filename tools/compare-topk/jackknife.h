/* jackknife.h - the error of what is one number for all lists: coverage, and Gini's coefficient. */
#ifndef RECPIPE_COMPARE_TOPK_JACKKNIFE_H
#define RECPIPE_COMPARE_TOPK_JACKKNIFE_H

#include "compare.h"

/* left_out[p]: what measure `m`, coverage or gini, would be for this side without the list of pair p;
 * nan where the others show no item. */
void jackknife_values(const struct comparison *c, const struct side *s, size_t m, double *left_out);

/* The standard error of B's value minus A's, from what both are without each of the n users in turn:
 * the jackknife (Efron and Tibshirani 1993, chapter 11). nan when it is not defined. */
double jackknife_stderr(const double *a, const double *b, size_t n);

#endif
