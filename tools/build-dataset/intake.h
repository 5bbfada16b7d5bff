/* intake.h - the interactions as they are read, and what of them is laid aside. */
#ifndef RECPIPE_BUILD_DATASET_INTAKE_H
#define RECPIPE_BUILD_DATASET_INTAKE_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/date.h"
#include "data/shardmap.h"
#include "streams/output.h"
#include "streams/table.h"
#include "pairs.h"
#include "runs.h"

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
	size_t threads;          /* that read */
};

struct intake {
	struct pairs p;          /* rows that are in memory; numbers are of the maps */
	struct shardmap *users;    /* of these rows */
	struct shardmap *items;    /* of all */
	struct runs *runs;       /* rows that were laid aside, NULL: none */
	uint64_t laid_aside;     /* how often; each time `users` is emptied */
	uint64_t rows;           /* good ones */
	int64_t newest, oldest;  /* of their times; NO_TIME, INT64_MAX without any */
	uint64_t memory;         /* to take, about; 0: as much as it takes */
	pthread_rwlock_t lock;   /* of `users` and `laid_aside`, while threads read with `memory` */
};

/* Reads all rows into `in`, whose maps must be there. The header of the output is written
 * at the first row: times that nobody needs are passed on only when that one has one. */
void intake_read(struct intake *in, const struct reading *what);

/* All rows are read: where their pairs cannot be made in memory by these rules, they are all laid aside. */
void intake_settle(struct intake *in, const struct pair_rules *rules);

void intake_free(struct intake *in);

#endif
