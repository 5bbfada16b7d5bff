/* replies.h - the rows of --replies: one for each request, whatever it is. */
#ifndef RECPIPE_NEXT_TRACK_REPLIES_H
#define RECPIPE_NEXT_TRACK_REPLIES_H

#include "recommend.h"

struct reply {
	const struct request *request;
	uint64_t number;            /* of the request, from 1: its name where it has none */
	const struct answer *answer; /* NULL: none */
	const struct list *list;    /* REQUEST_LIST, REQUEST_SIMILAR: what was found, or NULL, */
	const char *reason;         /* and why there is none */
	const char *generation;     /* that is live */
	int64_t published_ms;       /* when it came to be; 0: not known */
	uint64_t lost;              /* events so far */
	const size_t *arms;         /* of a step, by experiment; NULL: no step */
};

/* The header, with LF. */
void replies_add_header(struct buffer *b, const struct rules *rules);

/* One row, with LF. */
void replies_add(struct buffer *b, const struct reply *r, const struct rules *rules);

/* The messages of --replies beside next and last; false where it is another one. */
bool replies_find_kind(struct span message, enum request_kind *kind);

#endif
