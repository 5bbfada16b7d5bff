/* unit.h - vectors of length 1. */
#ifndef RECPIPE_DATA_UNIT_H
#define RECPIPE_DATA_UNIT_H

#include <stddef.h>

/* The Euclidean length of n numbers, summed in order in double precision. */
double unit_length(const float *v, size_t n);

/* Scales n numbers to length 1; a vector of zeros stays. */
void unit_scale(float *v, size_t n);

#endif
