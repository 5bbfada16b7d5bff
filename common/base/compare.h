/* compare.h - for functions that qsort calls. */
#ifndef RECPIPE_BASE_COMPARE_H
#define RECPIPE_BASE_COMPARE_H

/* Returns from the function unless the two numbers are equal, or one of them is not a number. */
#define COMPARE(a, b) if ((a) < (b) || (a) > (b)) return (a) < (b) ? -1 : 1

#endif
