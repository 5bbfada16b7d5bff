/* front.h - the requests of HTTP, which libmicrohttpd reads and answers: each becomes a row for a worker,
 * or is answered here. One thread; whoever waits for a worker is suspended meanwhile.
 */
#ifndef RECPIPE_SERVE_HTTP_FRONT_H
#define RECPIPE_SERVE_HTTP_FRONT_H

#include "items.h"
#include "metrics.h"
#include "options.h"
#include "routes.h"
#include "tokens.h"
#include "workers.h"

struct front;

/* What requests are answered from. It may be replaced between two calls of front_run. */
struct front_sources {
	struct routes *routes;
	struct items *items;     /* NULL: there is no catalog */
	struct tokens *tokens;   /* NULL: anyone may ask */
	struct workers *workers;
	struct metrics *metrics;
};

/* Answers at the socket, which is the front's from now on. Ends the program when that cannot be. */
struct front *front_open(const struct options *o, int socket, struct front_sources *sources);

/* What an event loop watches: front_run is to be called when it is readable, and after
 * front_patience_ms at the latest (-1: there is no hurry). */
int front_file(const struct front *f);
int front_patience_ms(struct front *f);
void front_run(struct front *f);

/* workers_options.answered; `caller` is a struct front **. */
void front_answered(void *caller, void *request, enum outcome outcome, const struct span *fields, size_t n);

/* Ends connections that have taken longer than --timeout, or whose client has left. */
void front_tick(struct front *f);

size_t front_connections(const struct front *f);
uint64_t front_answers(const struct front *f); /* so far */

/* From now on requests are refused, and no worker is asked: those that wait are answered by front_close. */
void front_end(struct front *f);

/* No new connections; those without a request end, the others with their answer. */
void front_drain(struct front *f);
void front_close(struct front *f);

#endif
