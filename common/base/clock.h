/* clock.h - what time it is and what the run has cost so far. */
#ifndef RECPIPE_BASE_CLOCK_H
#define RECPIPE_BASE_CLOCK_H

#include <stdint.h>

/* Seconds from an arbitrary start, never going back. */
double clock_wall(void);

/* Seconds of processor time, user and system, of all threads. */
double clock_cpu(void);

/* Milliseconds since 1970-01-01 UTC. */
int64_t clock_unix_ms(void);

/* Waits; signals do not end it. */
void clock_sleep(double seconds);

/* The largest resident memory so far, in bytes. */
uint64_t clock_peak_bytes(void);

#endif
