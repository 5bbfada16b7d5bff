/* run.h - the beginning and the end of every tool: progress, signals, the last line. */
#ifndef RECPIPE_FRAME_RUN_H
#define RECPIPE_FRAME_RUN_H

#include <stdbool.h>
#include <stdint.h>

/* The clock of the closing line starts here (program_start calls it). */
void run_begin(void);

/* Progress on stderr, at most ten times a second, only on a terminal or with
 * --progress, never with -q. `total` 0: unknown. Cheap to call often. With --counters
 * it is also the heartbeat, a line of status for Hadoop Streaming every ten seconds. */
void progress_step(uint64_t done, uint64_t total, const char *unit);
void progress_clear(void);

/* The closing line: shown on a terminal or with -v, and always when `rejected`
 * is not 0. Rows in, rows out (of the main output), rows rejected, wall, cpu, peak memory.
 * With --counters the three numbers follow as counters of Hadoop Streaming, -q or not. */
void run_report(uint64_t rows_in, uint64_t rows_out, uint64_t rejected);

/* The same for a tool that passes rows on or drops them: every row read is one
 * written, filtered out (a counter, too) or rejected. The caller counts all four on its own, and
 * where they do not add up the run fails (exit 1). */
void run_report_filter(uint64_t rows_in, uint64_t rows_out, uint64_t filtered, uint64_t rejected);

/* Long-running tools: from now on SIGINT and SIGTERM set a flag instead of
 * ending the program; a second one ends it at once. */
void stop_catch(void);

/* The same for a tool that still waits for input: heed(context) is called when the
 * signal comes in such a wait, and should look at stop_signal. Other system calls
 * may end with EINTR too. */
void stop_catch_reading(void (*heed)(void *context), void *context);
int stop_signal(void);            /* 0, or the signal that came */
_Noreturn void stop_now(void);    /* ends as the caught signal would have */

/* The return value of main: closes standard output checked (exit 1 and a
 * message when something was lost) and passes `status` on. */
int finish(int status);

#endif
