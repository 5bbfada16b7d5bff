/* dataset.h - dataset rows (user item weight split [timestamp]) in memory.
 *
 * Users and items are numbered by the byte order of their ids, so nothing
 * depends on the order of the input's rows.
 */
#ifndef RECPIPE_DOMAIN_DATASET_H
#define RECPIPE_DOMAIN_DATASET_H

#include <stdbool.h>
#include <stdint.h>

#include "data/strmap.h"
#include "streams/table.h"

enum split { SPLIT_TRAIN, SPLIT_VALIDATION, SPLIT_TEST, SPLIT_COUNT };
#define SPLIT_ALL 7u

extern const char *const SPLIT_NAMES[SPLIT_COUNT]; /* train validation test */

/* "train,validation" or "all" to a mask with bit s for split s; 0 when a word is not one of
 * these, which is `*bad` then. */
unsigned split_mask(const char *text, struct span *bad);

/* The field of the current row as a split (enum split); false when it was rejected. */
bool dataset_split(struct table *t, size_t column, uint8_t *split);

struct dataset_columns {
	struct column user, item;
	struct column weight, split, timestamp; /* no name: it is not looked at */
	enum time_unit unit;      /* what the input's timestamps are */
};

/* user -> its rows, sorted by item: rows of user u are start[u] ... start[u+1]. */
struct dataset {
	uint32_t users, items;
	struct strmap *user_ids, *item_ids; /* number = rank in byte order */
	uint64_t *start;    /* users + 1 */
	uint32_t *item;     /* rows */
	float *weight;      /* rows */
	uint8_t *split;     /* rows: enum split */
	int64_t *timestamp; /* rows, in ms, or NULL when the stream has no such column */
};

/* Reads the whole stream. A (user, item) pair that occurs twice is bad data
 * (exit 3, both named). Without a `split` column all rows are train, without a
 * `weight` column the weights are 1, as long as no option named that column. */
struct dataset *dataset_read(struct table *t, const struct dataset_columns *columns);

/* Finds the columns as dataset_read does, for those who write a header before they read rows: one
 * that is not there ends the program. */
void dataset_find_columns(struct table *t, const struct dataset_columns *columns);

void dataset_free(struct dataset *d);

static inline uint64_t dataset_rows(const struct dataset *d)
{
	return d->start[d->users];
}

#endif
