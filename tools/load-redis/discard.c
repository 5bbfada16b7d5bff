#include "discard.h"

#include <stdlib.h>
#include <string.h>

#include "services/redis.h"
#include "sweep.h"

/* Is the generation that was loaded the live one? Yes also when that is not known. */
static bool may_be_live(struct load *l)
{
	char *meta = published_key(l->o->prefix, "", PART_META);
	redisReply *reply = l->redis.context ? REDIS(&l->redis, "HGET", meta, "generation") : NULL;
	bool other = reply && (reply->type == REDIS_REPLY_NIL ||
			       (reply->type == REDIS_REPLY_STRING && strcmp(reply->str, l->generation) != 0));
	if (reply)
		freeReplyObject(reply);
	free(meta);
	return !other;
}

static void unlink_staged(struct load *l)
{
	static const enum part ORDER[PARTS] = {PART_META, PART_LISTS, PART_ITEMS, PART_POPULAR,
		PART_NEIGHBORS};
	for (int p = 0; p < PARTS && l->redis.context; p++) {
		redisReply *reply = REDIS(&l->redis, "UNLINK", l->staging[ORDER[p]]);
		if (reply)
			freeReplyObject(reply);
	}
}

/* The description goes first. It is watched by an EXEC that may still be on its way, which
 * will do nothing from then on; and if it was done, its lists are not ours to take. */
void discard(struct load *l)
{
	bool began = l->began && l->generation && !l->o->delta;
	l->began = false;
	/* A new one: on the old connection replies may be under way. */
	bool connected = redis_connect(&l->redis);
	if (connected && began) {
		unlink_staged(l);
		if (is_pointed(l->o) && !(l->committing && may_be_live(l)))
			sweep_generation(&l->redis, l->o->prefix, l->generation, (enum layout)l->o->layout,
					 (uint64_t)l->o->shards);
	}
}
