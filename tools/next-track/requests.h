/* requests.h - rows of the input as requests. */
#ifndef RECPIPE_NEXT_TRACK_REQUESTS_H
#define RECPIPE_NEXT_TRACK_REQUESTS_H

#include "options.h"
#include "request.h"
#include "streams/table.h"

struct request_columns {
	size_t message, user, track, time;
	long timestamp, name, most; /* -1: there is none */
	enum time_unit unit;        /* of its times */
	bool request_clock;         /* times are the requests' */
	bool replies;
};

struct request_columns requests_find_columns(struct table *t, const struct options *o);

/* The current row; its fields stay the table's. False: it was rejected. */
bool request_parse(struct table *t, const struct request_columns *c, struct request *q);

#endif
