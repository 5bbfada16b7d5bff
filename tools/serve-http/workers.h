/* workers.h - the copies of the line program: rows go in, one row comes back for each, in order.
 *
 * A worker that ends, or says something else than the answer that is due, or takes too long, is replaced;
 * whoever waits for it is told at once.
 */
#ifndef RECPIPE_SERVE_HTTP_WORKERS_H
#define RECPIPE_SERVE_HTTP_WORKERS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"

struct workers;

enum outcome { OUTCOME_ANSWER, OUTCOME_LATE, OUTCOME_GONE };

struct workers_options {
	char **command;          /* ended by NULL */
	size_t count, queue;     /* how many, requests that may wait for one */
	double deadline_s, start_s;
	/* Called once for each request that workers_send took. `fields` are the answer's, by column. */
	void (*answered)(void *caller, void *request, enum outcome outcome, const struct span *fields, size_t n);
	void *caller;
};

/* Starts them and waits until each has written its header: ends the program when one does not. When
 * SIGTERM or SIGINT, which are blocked, come first, not all are ready (workers_ready), and workers_stop is
 * all that can be done. They are watched by `epoll`: its events have WORKERS_MARK in the upper half of
 * their data. `header`: of the rows, without `request`, with LF. */
struct workers *workers_start(const struct workers_options *o, int epoll, struct span header);
enum { WORKERS_MARK = 1 };

/* The columns of answers. */
const struct span *workers_columns(const struct workers *w, size_t *n);

/* Sends a row (a TAB before each field); false: nobody is there to take it, or too many wait. */
bool workers_send(struct workers *w, struct span key, struct span row, void *request);

void workers_event(struct workers *w, uint64_t data, uint32_t events);
void workers_flush(struct workers *w); /* writes what was sent */
void workers_tick(struct workers *w);  /* what is late, what is to be replaced */
void workers_hang_up(struct workers *w); /* SIGHUP to each */

size_t workers_ready(const struct workers *w);
size_t workers_waiting(const struct workers *w);    /* requests */
uint64_t workers_replaced(const struct workers *w);

/* The number of worker `i`s life, from 0, for what is counted since its start. */
uint64_t workers_life(const struct workers *w, size_t i);
/* Which worker an answer is from, in `answered`. */
size_t workers_current(const struct workers *w);

/* Whoever still waits is told; no more rows; they take those that are under way, write what they have to
 * and end. After `patience_s`, or when the file `hurry` is readable, they are killed. */
void workers_stop(struct workers *w, double patience_s, int hurry);

#endif
