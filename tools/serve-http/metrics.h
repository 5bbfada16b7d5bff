/* metrics.h - what is counted, and how Prometheus reads it. */
#ifndef RECPIPE_SERVE_HTTP_METRICS_H
#define RECPIPE_SERVE_HTTP_METRICS_H

#include "base/buffer.h"
#include "base/span.h"

struct metrics;

/* `workers`: how many there are. */
struct metrics *metrics_new(size_t workers);
void metrics_free(struct metrics *m);

/* The columns of the workers' answers: source, generation, published and lost where they are there; what
 * next-track has beside these is the arm of an experiment. */
void metrics_set_columns(struct metrics *m, const struct span *columns, size_t n);

/* A request to a route (its path as it is written, or "other") is answered. */
void metrics_add_request(struct metrics *m, struct span route, unsigned status, double seconds);

/* An answer of worker `i` in its life number `life`. */
void metrics_add_answer(struct metrics *m, const struct span *fields, size_t i, uint64_t life);

/* The name of the generation of the last answer; empty: not known. */
struct span metrics_generation(const struct metrics *m);

struct metrics_now {
	size_t workers, ready, waiting, connections;
	uint64_t replaced;
};
void metrics_add_text(struct buffer *b, struct metrics *m, const struct metrics_now *now);

#endif
