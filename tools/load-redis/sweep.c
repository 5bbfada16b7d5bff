#include "sweep.h"

#include <stdlib.h>
#include <string.h>

#include "generation.h"

static bool unlink_keys(redisReply **keys, size_t n, void *context)
{
	struct redis *r = context;
	redis_format_command(&r->out, n + 1);
	redis_format_word(&r->out, "UNLINK", 6);
	for (size_t i = 0; i < n; i++)
		redis_format_word(&r->out, keys[i]->str, keys[i]->len);
	redisReply *reply = redis_good_reply(r, "UNLINK");
	if (reply)
		freeReplyObject(reply);
	return reply != NULL;
}

static bool sweep_hashes(struct redis *r, const char *prefix, const char *generation, uint64_t shards)
{
	struct buffer name = {0};
	bool done = true;
	for (uint64_t i = 0; done && i < shards; i++) {
		name.n = 0;
		published_shard_key(&name, prefix, generation, i);
		redis_queue(r, (const char *const[]){"UNLINK", buffer_text(&name), NULL});
		redisReply *reply = redis_good_reply(r, "UNLINK");
		done = reply != NULL;
		if (reply)
			freeReplyObject(reply);
	}
	buffer_free(&name);
	return done;
}

bool sweep_generation(struct redis *r, const char *prefix, const char *generation,
		      enum layout layout, uint64_t shards)
{
	if (layout == LAYOUT_HASH)
		return sweep_hashes(r, prefix, generation, shards);
	struct buffer start = {0};
	published_user_key(&start, prefix, generation, span_of(""));
	bool done = generation_scan(r, buffer_text(&start), "", unlink_keys, r);
	buffer_free(&start);
	return done;
}
