/* exclude.h - what each user must not be offered, from any number of files. */
#ifndef RECPIPE_DOMAIN_EXCLUDE_H
#define RECPIPE_DOMAIN_EXCLUDE_H

#include <stdint.h>

#include "base/span.h"
#include "data/strmap.h"
#include "streams/table.h"

struct exclude_columns {
	struct column user, item;
	struct column split, timestamp; /* may be absent, unless an option named them */
	enum time_unit unit; /* what their timestamps are */
};

struct exclude;

struct exclude *exclude_new(void);

/* Reads a table of user, item. Where it has a split column only the splits of
 * the mask count; a split column that was given must be there. `with_time`: the
 * timestamps are wanted; returns whether the table has them. */
bool exclude_read(struct exclude *x, struct table *t, const struct exclude_columns *columns,
		   unsigned splits, bool with_time);

/* After the last table: forgets rows whose timestamp is more than `window` ms older
 * than the newest one of all that count (below 0: none are forgotten; rows without
 * timestamp stay), and gets ready for questions. */
void exclude_finish(struct exclude *x, int64_t window);

/* The numbers of a user's items; `*n` is how many. Items may occur twice. */
const uint32_t *exclude_of(const struct exclude *x, struct span user, uint32_t *n);

/* Number -> id of the items. */
const struct strmap *exclude_items(const struct exclude *x);

void exclude_free(struct exclude *x);

#endif
