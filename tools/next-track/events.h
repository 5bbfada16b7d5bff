/* events.h - a request and its answer as a row of the events log. */
#ifndef RECPIPE_NEXT_TRACK_EVENTS_H
#define RECPIPE_NEXT_TRACK_EVENTS_H

#include "domain/assignment.h"
#include "log.h"
#include "recommend.h"
#include "request.h"

struct event {
	const struct request *request;
	const struct answer *answer;   /* NULL: the session ends */
	const size_t *arms;            /* of each experiment */
	double latency_s;
	const char *generation;        /* of the lists */
	bool triggered;                /* the arms could differ */
};

/* Opens the log of these experiments; with `teams` it has a column of them. */
void events_open(struct log *log, const struct log_options *o, const struct experiments *x, bool teams);

/* Adds an event to what is to be written. */
void events_add(struct log *log, const struct event *e, const struct experiments *x, bool teams);

#endif
