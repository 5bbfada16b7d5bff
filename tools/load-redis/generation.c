#include "generation.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

/* ---- asking ---- */

static void append(struct redis *r, const char *command, const char *key)
{
	redis_queue(r, (const char *const[]){command, key, NULL});
}

/* A good reply that is not looked at. */
static bool passed(struct redis *r, const char *what)
{
	redisReply *reply = redis_good_reply(r, what);
	if (reply)
		freeReplyObject(reply);
	return reply != NULL;
}

static bool take_integer(struct redis *r, const char *what, uint64_t *value)
{
	redisReply *reply = redis_good_reply(r, what);
	*value = reply && reply->type == REDIS_REPLY_INTEGER && reply->integer > 0
		? (uint64_t)reply->integer : 0;
	if (reply)
		freeReplyObject(reply);
	return reply != NULL;
}

/* How many fields a hash has. A key of another type has none. */
static bool take_count(struct redis *r, uint64_t *count)
{
	if (take_integer(r, "HLEN", count))
		return true;
	return r->context && strstr(r->problem, ": WRONGTYPE ");
}

static bool read_description(struct redis *r, char *const key[PARTS], bool watch, struct generation *g)
{
	const char *words[1 + PARTS + 1] = {"WATCH"};
	for (enum part p = 0; p < PARTS; p++)
		words[1 + p] = key[p];
	if (watch)
		redis_queue(r, words);
	published_ask_all(r, key[PART_META]);
	for (enum part p = 0; p < PARTS; p++)
		append(r, "EXISTS", key[p]);
	if (watch && !passed(r, "WATCH"))
		return false;
	redisReply *reply = redis_good_reply(r, "HMGET");
	if (!reply)
		return false;
	if (!published_read(reply, &g->said))
		g->said = (struct published){.shards = 1};
	freeReplyObject(reply);
	for (enum part p = 0; p < PARTS; p++) {
		uint64_t there;
		if (!take_integer(r, "EXISTS", &there))
			return false;
		g->parts |= (unsigned)(there > 0) << p;
	}
	return true;
}

/* The lists of a generation in several hashes. */
static bool count_shards(struct redis *r, const char *prefix, bool watch, struct generation *g)
{
	struct buffer key = {0};
	uint64_t n, i;
	for (i = 0; i < g->said.shards; i++) {
		key.n = 0;
		published_shard_key(&key, prefix, g->said.generation, i);
		if (watch)
			append(r, "WATCH", buffer_text(&key));
		append(r, "HLEN", buffer_text(&key));
	}
	buffer_free(&key);
	for (i = 0; i < g->said.shards; i++) {
		if ((watch && !passed(r, "WATCH")) || !take_count(r, &n))
			return false;
		g->lists += n;
	}
	return true;
}

static bool count(struct redis *r, const char *prefix, char *const key[PARTS], bool watch,
		  struct generation *g)
{
	append(r, "HLEN", key[PART_LISTS]);
	append(r, "HLEN", key[PART_ITEMS]);
	append(r, "HLEN", key[PART_NEIGHBORS]);
	g->counted = take_count(r, &g->lists) && take_count(r, &g->items) && take_count(r, &g->neighbors);
	if (g->counted && g->said.layout == LAYOUT_HASH && g->said.shards > 1) {
		g->lists = 0;
		g->counted = count_shards(r, prefix, watch, g);
	}
	return g->counted;
}

bool generation_read(struct redis *r, const char *prefix, const char *name, enum look look,
		     bool watch, struct generation *g)
{
	char *key[PARTS];
	*g = (struct generation){.said.shards = 1};
	for (enum part p = 0; p < PARTS; p++)
		key[p] = published_key(prefix, name, p);
	bool done = read_description(r, key, watch, g) &&
		(look == LOOK_DESCRIPTION || count(r, prefix, key, watch, g));
	for (enum part p = 0; p < PARTS; p++)
		free(key[p]);
	return done;
}

bool generation_read_whole(struct redis *r, const char *prefix, const char *name, bool keys,
			   struct generation *g)
{
	enum { TRIES = 10 };
	struct generation after;
	for (int i = 0; i < TRIES; i++) {
		if (!generation_read(r, prefix, name, LOOK_COUNT, false, g))
			return false;
		if (keys && g->said.generation[0] && g->said.layout != LAYOUT_HASH) {
			struct strmap *found = generation_find_keys(r, prefix, g->said.generation);
			if (!found)
				return false;
			g->lists = strmap_count(found);
			strmap_free(found);
		}
		if (!generation_read(r, prefix, name, LOOK_DESCRIPTION, false, &after))
			return false;
		if (strcmp(after.said.generation, g->said.generation) == 0)
			break;
	}
	return true;
}

/* ---- keys of users ---- */

static void add_plain(struct buffer *b, const char *text)
{
	for (; *text; text++) {
		if (strchr("*?[]\\^-", *text))
			buffer_add_byte(b, '\\');
		buffer_add_byte(b, *text);
	}
}

/* A pattern that only the keys beginning and ending with these bytes match. */
static char *pattern_of(const char *start, const char *end)
{
	struct buffer b = {0};
	add_plain(&b, start);
	buffer_add_byte(&b, '*');
	add_plain(&b, end);
	return buffer_text(&b);
}

bool generation_scan(struct redis *r, const char *start, const char *end,
		     bool (*each)(redisReply **keys, size_t n, void *context), void *context)
{
	char *pattern = pattern_of(start, end), *cursor = memory_text("0", 1);
	bool good = true, more = true;
	while (good && more) {
		redis_queue(r, (const char *const[]){"SCAN", cursor, "MATCH", pattern, "COUNT", "1000", NULL});
		redisReply *reply = redis_good_reply(r, "SCAN");
		good = reply && reply->type == REDIS_REPLY_ARRAY && reply->elements == 2 &&
			reply->element[0]->type == REDIS_REPLY_STRING &&
			reply->element[1]->type == REDIS_REPLY_ARRAY;
		if (good && reply->element[1]->elements)
			good = each(reply->element[1]->element, reply->element[1]->elements, context);
		free(cursor);
		cursor = good ? memory_format("%s", reply->element[0]->str) : NULL;
		more = good && strcmp(cursor, "0") != 0;
		if (reply)
			freeReplyObject(reply);
	}
	free(cursor);
	free(pattern);
	return good;
}

static bool remember(redisReply **keys, size_t n, void *map)
{
	for (size_t i = 0; i < n; i++)
		strmap_add(map, (struct span){keys[i]->str, keys[i]->len});
	return true;
}

struct strmap *generation_find_keys(struct redis *r, const char *prefix, const char *generation)
{
	struct buffer start = {0};
	struct strmap *keys = strmap_new();
	published_user_key(&start, prefix, generation, span_of(""));
	bool good = generation_scan(r, buffer_text(&start), "", remember, keys);
	buffer_free(&start);
	if (good)
		return keys;
	strmap_free(keys);
	return NULL;
}

/* ---- words ---- */

static void add_some(struct buffer *to, uint64_t missing, uint64_t of, const char *what)
{
	if (to->n)
		buffer_add_text(to, ", ");
	if (missing == of)
		buffer_format(to, "all %" PRIu64 " %s", of, what);
	else
		buffer_format(to, "%" PRIu64 " of %" PRIu64 " %s", missing, of, what);
}

void generation_add_missing(struct buffer *to, const struct generation *g, uint64_t lists)
{
	const struct published *said = &g->said;
	if (lists < said->lists)
		add_some(to, said->lists - lists, said->lists, "lists");
	if (g->counted && g->items < said->items)
		add_some(to, said->items - g->items, said->items, "items of the catalog");
	if (g->counted && g->neighbors < said->neighbors)
		add_some(to, said->neighbors - g->neighbors, said->neighbors, "items with neighbors");
	if (said->popular && !(g->parts >> PART_POPULAR & 1))
		buffer_add_text(to, to->n ? ", the popular list" : "the popular list");
}
