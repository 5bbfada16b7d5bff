/* history.h - what each user had, row by row, in memory: histories for models of items.
 *
 * Unlike a dataset (domain/dataset.h) an item may occur several times for a user, and rows
 * are in the order of time. Nothing depends on the order of the input's rows but the
 * numbers of users and sessions, which show nowhere.
 */
#ifndef RECPIPE_DOMAIN_HISTORY_H
#define RECPIPE_DOMAIN_HISTORY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/date.h"
#include "data/strmap.h"
#include "streams/column.h"
#include "streams/table.h"

struct history_columns {
	struct column user, item;
	struct column timestamp, weight, session, split; /* no name: it is not looked at */
	bool timed;               /* the table must have the column of times */
	enum time_unit unit;      /* what the input's timestamps are */
	unsigned splits;          /* mask of enum split: rows that count */
	float weight_limit;       /* weights from here on are bad data; 0: none are */
};

struct history {
	uint32_t users, items;
	struct strmap *user_ids;  /* numbered by first appearance */
	struct strmap *item_ids;  /* number = rank in byte order */
	struct strmap *session_ids;
	uint64_t *start;          /* users + 1: rows of user u are start[u] ... start[u+1] */
	uint32_t *item;           /* rows */
	int64_t *time;            /* rows, in ms, or NULL: the table has no times */
	float *weight;            /* rows, or NULL: all 1 */
	uint32_t *session;        /* rows: the number of a session's id, or NULL */
	int64_t newest_ms;        /* of the rows that count; INT64_MIN: no row or no times */
	uint64_t other;           /* rows of other splits, which are left out */
};

/* Finds the columns, or ends the program; `columns` must outlive the reader. */
struct history_reader;
struct history_reader *history_open(struct table *t, const struct history_columns *columns);

/* Reads the whole stream and frees the reader. A weight below 0 is bad data. A value
 * that is no time is bad data, too, when the column of times is required or was named by an
 * option; otherwise the row is older than all that have a time. Rows are grouped by user,
 * not ordered yet. Ends the program at 2^32 rows. */
struct history *history_read(struct history_reader *r);

/* Puts each user's rows in the order of time. Rows of equal time, or all rows where there
 * are no times, are ordered by a hash of (seed, user, item), so that the order is arbitrary
 * but does not depend on the input's; then by item, weight and session.
 * Users of at most `above` rows are left as they are. */
void history_sort(struct history *h, uint64_t seed, uint64_t above);

/* After history_sort: keeps each user's last row of an item. */
void history_distinct(struct history *h);

/* After history_sort: keeps each user's last `most` rows. Returns how many users had more,
 * and counts the rows that were dropped. */
uint32_t history_cut(struct history *h, uint64_t most, uint64_t *dropped);

void history_free(struct history *h);

static inline uint64_t history_rows(const struct history *h)
{
	return h->start[h->users];
}

#endif
