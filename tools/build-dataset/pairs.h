/* pairs.h - the interactions in memory: the rows as they came, then distinct pairs. */
#ifndef RECPIPE_BUILD_DATASET_PAIRS_H
#define RECPIPE_BUILD_DATASET_PAIRS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/date.h"
#include "base/span.h"
#include "data/strmap.h"
#include "streams/output.h"
#include "streams/table.h"

/* The time of a row, or of a pair, that has none which can be read. */
#define NO_TIME INT64_MIN

/* The input's rows; then, sorted and made distinct, the pairs. Arrays that no
 * option asks for stay NULL. */
struct pairs {
	size_t n, capacity[4];
	uint32_t *user, *item; /* numbers of the maps; of pairs: ranks by byte order */
	double *weight;        /* of the row; then of the pair (NULL: 1 each) */
	int64_t *timestamp;    /* of the row; then of the pair's latest row; in ms */
	uint32_t *place;       /* of a pair: the number of its last row in the input */
	uint8_t *split;
	struct strmap *users, *items;
	struct span *user_id, *item_id; /* by rank */
	uint32_t n_users, n_items;
};

void pairs_free(struct pairs *p);

/* What is read of each row, and where the output goes. */
struct reading {
	struct table *table;
	struct output *out;
	size_t user, item;
	long time;               /* the column of values, -1: none is wanted */
	long timestamp;          /* -1: there is none */
	enum time_unit unit;
	bool timed;              /* an option needs the times: one that cannot be read is bad */
	bool header;             /* write the output's header */
};

/* Reads all rows into `p`, whose maps must be there. The header of the output is written
 * at the first row: times that nobody needs are passed on only when that one has one. */
void pairs_read(struct pairs *p, const struct reading *what);

#endif
