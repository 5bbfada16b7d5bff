/* generation.h - what a generation is said to have, and what the server has of it. */
#ifndef RECPIPE_LOAD_REDIS_GENERATION_H
#define RECPIPE_LOAD_REDIS_GENERATION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "data/strmap.h"
#include "services/published.h"

struct generation {
	struct published said;   /* its description; no name: there is none */
	unsigned parts;          /* keys that exist, bits by enum part */
	bool counted;            /* what follows is what was counted */
	uint64_t lists, items, neighbors;
};

/* How closely it is looked at: its description and which keys there are; the lists in
 * hashes, the items and the items that have neighbors counted, too. */
enum look { LOOK_DESCRIPTION, LOOK_COUNT };

/* Reads the generation `name` ("": what is live, "previous", or one that is staged).
 * `watch`: all that is looked at is watched (WATCH) before. Keys of users are not counted
 * here. False: see r->problem, r->refused and r->context. */
bool generation_read(struct redis *r, const char *prefix, const char *name, enum look look,
		     bool watch, struct generation *g);

/* The same, of one generation even while others are published, and nothing is watched.
 * `keys`: keys of users are counted, too. */
bool generation_read_whole(struct redis *r, const char *prefix, const char *name, bool keys,
			   struct generation *g);

/* The users' own keys of a generation, looked for (SCAN): a new map, or NULL as above. A
 * second for some million keys of the database. */
struct strmap *generation_find_keys(struct redis *r, const char *prefix, const char *generation);

/* Calls each(keys, n, context) with what SCAN finds under the pattern that only keys that
 * begin with `start` and end with `end` match; a key may come twice. False: as above. */
bool generation_scan(struct redis *r, const char *start, const char *end,
		     bool (*each)(redisReply **keys, size_t n, void *context), void *context);

/* What is missing of what it is said to have, as "100 of 3000 lists, the catalog";
 * nothing is added when it is whole. `lists`: how many there are. */
void generation_add_missing(struct buffer *to, const struct generation *g, uint64_t lists);

#endif
