/* streams.h - several streams of lists, read side by side, one user after the other.
 *
 * The streams have their users in one order, whatever it is; each may lack some. A list waits
 * in memory until it is certain which streams have its user.
 */
#ifndef RECPIPE_BLEND_TOPK_STREAMS_H
#define RECPIPE_BLEND_TOPK_STREAMS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "data/idset.h"
#include "data/strmap.h"
#include "domain/topn.h"

enum { STREAMS_MAX = 64 };

/* A list that waits. Its ids lie in `text`. */
struct waiting {
	struct waiting *next;      /* of its stream */
	struct topn_list list;
	struct buffer text;
	struct span *items;
	double *scores;
	size_t items_capacity, scores_capacity;
	uint32_t user;             /* its number in `users` */
};

struct stream {
	struct table *table;
	struct topn_reader *reader;
	struct waiting *first, *last;
	size_t n;                  /* lists that wait */
	bool ended;
	uint64_t lists;
};

struct streams {
	struct stream *at;
	size_t n;
	struct strmap *users;      /* who wait or have waited in a queue that was not empty */
	uint64_t *has;             /* user -> mask of the streams in which a list waits */
	size_t has_capacity;
	uint64_t shared[STREAMS_MAX][STREAMS_MAX]; /* users with a list waiting in both */
	struct idset done;         /* users who were given away */
	struct waiting *spare;
};

/* `lists` of each stream are opened; they and the array stay the caller's. */
struct streams streams_of(struct stream *at, size_t n);
void streams_free(struct streams *s);

/* The next user's lists: lists[i] is that of stream i, or NULL. Valid until the next call.
 * False: there are no more users. Users whose order differs between streams are bad data. */
bool streams_next(struct streams *s, const struct topn_list *lists[]);

/* Bytes read and in all (0: unknown). */
uint64_t streams_bytes(const struct streams *s);
uint64_t streams_size(const struct streams *s);

#endif
