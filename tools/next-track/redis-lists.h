/* redis-lists.h - lists that load-redis published, asked for within a deadline.
 *
 * Whatever may take long goes by another thread: making a connection, fetching the
 * catalog of a new generation. The requests meanwhile are answered without it.
 */
#ifndef RECPIPE_NEXT_TRACK_REDIS_LISTS_H
#define RECPIPE_NEXT_TRACK_REDIS_LISTS_H

#include "request.h"
#include "catalog-sampler.h"

struct redis_lists;

struct redis_lists_options {
	const char *url, *password_file, *prefix;
	double deadline_s;       /* for all that is asked at once */
	double max_age_s;        /* 0: lists do not age */
	bool wants_lists, wants_neighbors; /* neither: the catalog and the popular list are all */
	bool replies;            /* a request may want a list or neighbors of its own */
	bool wants_items, wants_popular; /* for the sampler; a file has them otherwise */
};

/* Connects and fills the sampler. A server that is not there is only said; a refusal (a
 * wrong password) ends the program with exit 1. */
struct redis_lists *redis_lists_open(const struct redis_lists_options *o, struct catalog_sampler *sampler);

/* Fetches the lists of `n` requests (but those that end a session), and the neighbors of their
 * tracks: sets reply, delta or unreachable; neighbors or no_neighbors_reply. What is fetched with
 * neighbors is of one generation, as far as four attempts can bring that about; the neighbors of one
 * request always are. Replies are the caller's to free. */
void redis_lists_fetch(struct redis_lists *l, struct request *requests, size_t n);

/* Frees what was fetched for a request. */
void redis_lists_forget(struct request *q);

/* Is there a connection? */
bool redis_lists_are_there(const struct redis_lists *l);

/* Of what is live, as far as it is known. */
const char *redis_lists_generation(const struct redis_lists *l);
int64_t redis_lists_published_ms(const struct redis_lists *l); /* 0: not known */
bool redis_lists_are_stale(const struct redis_lists *l);

void redis_lists_close(struct redis_lists *l);

#endif
