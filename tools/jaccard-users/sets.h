/* sets.h - ratings read into sets: for each user the items rated well enough. */
#ifndef RECPIPE_JACCARD_USERS_SETS_H
#define RECPIPE_JACCARD_USERS_SETS_H

#include <stdbool.h>
#include <stdint.h>

#include "data/strmap.h"
#include "streams/table.h"

struct sets_columns {
	const char *user, *item, *rating, *split; /* rating NULL: every row is positive */
	unsigned splits;                          /* mask of enum split: rows that count */
};

/* Users and items are numbered by the byte order of their ids. */
struct sets {
	struct strmap *user_ids, *item_ids;
	uint32_t users, items;
	uint64_t *start;     /* users + 1: the set of user u is item[start[u]] ... */
	uint32_t *item;      /* ascending inside a set */
	uint64_t *all_start; /* users + 1, and all rows below: only when asked for */
	uint32_t *all_item;  /* ascending for each user */
	double *rating;
	uint64_t blank;      /* rows with an empty rating: they are no ratings */
	uint64_t other;      /* rows of other splits */
};

/* Reads the whole stream. A row is positive when its rating is at least
 * `min_rating`. A (user, item) pair that occurs twice is bad data (exit 3),
 * unless `keep_best`: then its highest rating counts. */
struct sets *sets_read(struct table *t, const struct sets_columns *columns, double min_rating,
		       bool keep_best, bool keep_all);

void sets_free(struct sets *s);

static inline uint32_t sets_size(const struct sets *s, uint32_t user)
{
	return (uint32_t)(s->start[user + 1] - s->start[user]);
}

#endif
