/* thompson.h - Thompson sampling: how likely each arm is the best, given what was seen. */
#ifndef RECPIPE_NEXT_TRACK_THOMPSON_H
#define RECPIPE_NEXT_TRACK_THOMPSON_H

#include <stddef.h>

enum { THOMPSON_ARMS_MAX = 16 };

/* chance[k]: the probability that a draw from Beta(a[k], b[k]) is larger than those of all other arms
 * (Thompson 1933), by Gauss and Legendre's rule, to about 1e-9; they add up to 1. All a and b are 1 or
 * more, n is at most THOMPSON_ARMS_MAX. */
void thompson_chances(const double *a, const double *b, size_t n, double *chance);

#endif
