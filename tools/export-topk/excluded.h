/* excluded.h - what each user must not be offered, from any number of files. */
#ifndef RECPIPE_EXPORT_TOPK_EXCLUDED_H
#define RECPIPE_EXPORT_TOPK_EXCLUDED_H

#include <stdint.h>

#include "base/span.h"
#include "data/strmap.h"
#include "streams/table.h"

struct excluded_columns {
	const char *user, *item, *split, *timestamp;
	bool user_given, item_given, split_given, timestamp_given;
};

struct excluded;

struct excluded *excluded_new(void);

/* Reads a table of user, item. Where it has a split column only the splits of
 * the mask count; a split column that was given must be there. `with_time`: the
 * timestamps are wanted; returns whether the table has them. */
bool excluded_read(struct excluded *x, struct table *t, const struct excluded_columns *columns,
		   unsigned splits, bool with_time);

/* After the last table: forgets rows whose timestamp is more than `window` older
 * than the newest one of all that count (0: none are forgotten; rows without
 * timestamp stay), and gets ready for questions. */
void excluded_finish(struct excluded *x, int64_t window);

/* The numbers of a user's items; `*n` is how many. Items may occur twice. */
const uint32_t *excluded_of(const struct excluded *x, struct span user, uint32_t *n);

/* Number -> id of the items. */
const struct strmap *excluded_items(const struct excluded *x);

void excluded_free(struct excluded *x);

#endif
