/* ratings.h - the rows, their three parts, and how they are grouped. */
#ifndef RECPIPE_FIT_ITEM_DRIFT_RATINGS_H
#define RECPIPE_FIT_ITEM_DRIFT_RATINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "data/strmap.h"

enum part { PART_TRAIN, PART_VALIDATION, PART_TEST };

struct row {
	uint32_t user, item;
	double time, rating; /* time in days */
	uint8_t part;        /* enum part */
};

/* Rows sorted by part, then user, item, time. */
struct ratings {
	struct strmap *user_ids, *item_ids; /* in byte order */
	uint32_t users, items;
	struct row *row;
	uint32_t n, train, validation; /* rows: train first, validation next, test last */
	double begin, end;             /* of the train rows' times */
	double *first;                 /* by item: its first train row's time */
	double *mean_time;             /* by user: of its train rows */
	uint32_t *by_item;             /* train rows grouped by item; those of a user lie together */
	uint64_t *item_start, *user_start;
	uint64_t *day;                 /* days of users that have train rows, ascending keys */
	uint32_t *day_start, days;     /* rows of such a day, when sorted by time in a user */
	uint32_t *by_day;
};

/* Random: by a hash of seed, user and item. User-last: of a user's n rows the last
 * n * test (at least one) are test rows, those before them validation rows; users
 * with fewer than three rows only train. Temporal: rows after a moment; rows of one
 * moment stay together. */
enum split_rule { SPLIT_RANDOM, SPLIT_USER_LAST, SPLIT_TEMPORAL };

/* Sets the rows' parts; `validation` and `test` are shares of the rows. */
void ratings_split(struct ratings *r, enum split_rule rule, double validation, double test,
		   uint64_t seed);

/* After rows and parts are set: sorts, groups, and finds what the forms need. */
void ratings_prepare(struct ratings *r);
void ratings_free(struct ratings *r);

/* The number of this user's day among the days that have train rows, or STRMAP_NONE. */
uint32_t ratings_day(const struct ratings *r, uint32_t user, double time);

static inline uint32_t ratings_tests(const struct ratings *r)
{
	return r->n - r->train - r->validation;
}

#endif
