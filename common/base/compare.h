/* compare.h - for functions that qsort calls. */
#ifndef RECPIPE_BASE_COMPARE_H
#define RECPIPE_BASE_COMPARE_H

#include <stdint.h>

/* Returns from the function unless the two numbers are equal, or one of them is not a number. */
#define COMPARE(a, b) if ((a) < (b) || (a) > (b)) return (a) < (b) ? -1 : 1

/* Numbers of 64 bits, the smaller first. */
static inline int compare_u64(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
	return (x > y) - (x < y);
}

#endif
