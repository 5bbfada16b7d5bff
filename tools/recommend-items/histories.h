/* histories.h - the stream of histories: some users at a time, each with all of its rows. */
#ifndef RECPIPE_RECOMMEND_ITEMS_HISTORIES_H
#define RECPIPE_RECOMMEND_ITEMS_HISTORIES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "data/idset.h"
#include "data/strmap.h"
#include "domain/offer.h"
#include "streams/table.h"

struct history_columns {
	struct column user, item, split;
	struct column timestamp;
	bool timed;                /* times are read */
	bool elsewhere;            /* a named timestamp may be a column of another file alone */
	struct column weight;      /* no name: not looked at; otherwise it must be there */
	enum time_unit unit;
	unsigned splits;                 /* mask: rows that count */
};

/* A row. */
struct past {
	int64_t time;      /* ms, or 0 when times are not looked at */
	uint64_t tie;      /* a hash: the order of rows of equal time */
	uint32_t item;     /* STRMAP_NONE: the neighbors do not have it */
	float weight;
};

/* Users that wait for their lists. A zeroed struct is empty. */
struct block {
	struct buffer ids;
	size_t *id_end;    /* user u's id ends here in `ids` */
	size_t *row_end;   /* ... and its rows here in `rows` */
	uint32_t n;
	struct past *rows;
	size_t id_capacity, row_end_capacity, rows_capacity;
};

static inline struct span block_user(const struct block *b, uint32_t user)
{
	size_t from = user ? b->id_end[user - 1] : 0;
	return (struct span){b->ids.data + from, b->id_end[user] - from};
}

static inline struct past *block_rows(const struct block *b, uint32_t user, size_t *n)
{
	size_t from = user ? b->row_end[user - 1] : 0;
	*n = b->row_end[user] - from;
	return b->rows + from;
}

void block_free(struct block *b);

struct histories {
	struct table *table;
	size_t user, item;
	long split, timestamp, weight;   /* -1: not looked at */
	enum time_unit unit;
	unsigned splits;
	uint64_t seed;
	const struct strmap *items;      /* numbers of items; set before the first row is read */
	const struct offer *offer;       /* whose users are asked for; likewise */
	struct idset users;              /* those that came */
	struct buffer user_id;           /* of the run of rows at hand */
	bool waiting;                    /* the current row begins the next user */
	bool begun, repeated, asked;     /* the run at hand: is there one, was its user there before,
	                                  * is a list wanted? */
	uint64_t other, unknown;         /* rows of other splits; rows whose item has no number */
};

/* Finds the columns, or ends the program. */
struct histories histories_open(struct table *t, const struct history_columns *columns, uint64_t seed);

/* Fills the block with the next users, at most `most`, and no more once there are
 * `rows` rows. Rows of a user stand together; who comes again is bad data. Users without
 * rows that count are left out. False: there are no more users. */
bool histories_next(struct histories *h, struct block *b, uint32_t most, size_t rows);

void histories_free(struct histories *h);

#endif
