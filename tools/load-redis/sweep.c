#include "sweep.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

/* A pattern that only the keys beginning with these bytes match. */
static char *pattern_of(const char *start)
{
	struct buffer b = {0};
	for (; *start; start++) {
		if (strchr("*?[]\\^-", *start))
			buffer_add_byte(&b, '\\');
		buffer_add_byte(&b, *start);
	}
	buffer_add_byte(&b, '*');
	return buffer_text(&b);
}

static void unlink_all(struct redis *r, redisReply **keys, size_t n)
{
	redis_format_command(&r->out, n + 1);
	redis_format_word(&r->out, "UNLINK", 6);
	for (size_t i = 0; i < n; i++)
		redis_format_word(&r->out, keys[i]->str, keys[i]->len);
	redisReply *reply = redis_reply(r);
	if (reply)
		freeReplyObject(reply);
}

/* One step of a SCAN; the next cursor, NULL: it has come to its end. */
static char *scan(struct redis *r, const char *cursor, const char *pattern)
{
	char *next = NULL;
	redisReply *reply = REDIS(r, "SCAN", cursor, "MATCH", pattern, "COUNT", "1000");
	if (!reply)
		return NULL;
	if (reply->type == REDIS_REPLY_ARRAY && reply->elements == 2 &&
	    reply->element[0]->type == REDIS_REPLY_STRING &&
	    reply->element[1]->type == REDIS_REPLY_ARRAY) {
		if (reply->element[1]->elements)
			unlink_all(r, reply->element[1]->element, reply->element[1]->elements);
		if (strcmp(reply->element[0]->str, "0") != 0)
			next = memory_format("%s", reply->element[0]->str);
	}
	freeReplyObject(reply);
	return next;
}

static void sweep_users(struct redis *r, const char *prefix, const char *generation)
{
	char *start = memory_format("%s:gen:%s:u:", prefix, generation), *pattern = pattern_of(start);
	char *cursor = memory_text("0", 1);
	while (cursor && r->context) {
		char *next = scan(r, cursor, pattern);
		free(cursor);
		cursor = next;
	}
	free(cursor);
	free(pattern);
	free(start);
}

void sweep_generation(struct redis *r, const char *prefix, const char *generation,
		      enum layout layout, uint64_t shards)
{
	struct buffer name = {0};
	if (layout != LAYOUT_HASH)
		sweep_users(r, prefix, generation);
	for (uint64_t i = 0; layout == LAYOUT_HASH && i < shards && r->context; i++) {
		name.n = 0;
		published_shard_key(&name, prefix, generation, i);
		redisReply *reply = REDIS(r, "UNLINK", buffer_text(&name));
		if (reply)
			freeReplyObject(reply);
	}
	buffer_free(&name);
}
