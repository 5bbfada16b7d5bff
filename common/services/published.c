#include "services/published.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/hash.h"
#include "base/memory.h"
#include "base/number.h"

const char *const LAYOUT_NAMES[LAYOUTS] = {"hash", "string", "list"};
static const char *const PART_NAMES[PARTS] = {"lists", "items", "popular", "neighbors", "meta"};

/* ---- names ---- */

char *published_key(const char *prefix, const char *generation, enum part part)
{
	if (!*generation)
		return memory_format("%s:%s", prefix, PART_NAMES[part]);
	return memory_format("%s:%s:%s", prefix, generation, PART_NAMES[part]);
}

char *published_delta_key(const char *prefix)
{
	return memory_format("%s:delta", prefix);
}

bool published_is_one_slot(const char *prefix)
{
	const char *open = strchr(prefix, '{'), *close = open ? strchr(open, '}') : NULL;
	return close && close > open + 1;
}

static void add_generation(struct buffer *key, const char *prefix, const char *generation)
{
	buffer_add_text(key, prefix);
	buffer_add(key, ":gen:", 5);
	buffer_add_text(key, generation);
	buffer_add_byte(key, ':');
}

void published_shard_key(struct buffer *key, const char *prefix, const char *generation,
			 uint64_t shard)
{
	add_generation(key, prefix, generation);
	key->n += number_write_u64(shard, buffer_room(key, NUMBER_SIZE));
}

void published_user_key(struct buffer *key, const char *prefix, const char *generation,
			struct span user)
{
	add_generation(key, prefix, generation);
	buffer_add(key, "u:", 2);
	buffer_add_span(key, user);
}

uint64_t published_shard_of(struct span user, uint64_t shards)
{
	return hash_murmur3(user.at, user.n, 0) % shards;
}

/* ---- what is live ---- */

/* Readers ask for the first ones. */
static const char *const FIELDS[] = {"generation", "published_ms", "layout", "shards", "items",
	"neighbors", "lists", "popular"};
enum { FIELD_GENERATION, FIELD_PUBLISHED_MS, FIELD_LAYOUT, FIELD_SHARDS, FIELD_ITEMS, FIELD_NEIGHBORS,
	FIELDS_READ, FIELD_LISTS = FIELDS_READ, FIELD_POPULAR, FIELD_COUNT };

static void ask_fields(struct redis *r, const char *key_meta, size_t n)
{
	const char *word[2 + FIELD_COUNT] = {"HMGET", key_meta};
	size_t length[2 + FIELD_COUNT] = {5, strlen(key_meta)};
	for (size_t i = 0; i < n; i++) {
		word[2 + i] = FIELDS[i];
		length[2 + i] = strlen(FIELDS[i]);
	}
	redis_append(r, (int)(2 + n), word, length);
}

void published_ask(struct redis *r, const char *key_meta)
{
	ask_fields(r, key_meta, FIELDS_READ);
}

void published_ask_all(struct redis *r, const char *key_meta)
{
	ask_fields(r, key_meta, FIELD_COUNT);
}

void published_ask_name(struct redis *r, const char *key_meta)
{
	redis_queue(r, (const char *const[]){"HGET", key_meta, FIELDS[FIELD_GENERATION], NULL});
}

/* An unsigned number of a field; `otherwise` when it is not one. */
static uint64_t number_of(struct span text, uint64_t otherwise)
{
	uint64_t value;
	return number_u64(text.at, text.n, &value) == NUMBER_OK ? value : otherwise;
}

bool published_read(const redisReply *reply, struct published *p)
{
	struct span field[FIELD_COUNT] = {0};
	if (!reply || reply->type != REDIS_REPLY_ARRAY ||
	    (reply->elements != FIELDS_READ && reply->elements != FIELD_COUNT))
		return false;
	for (size_t i = 0; i < reply->elements; i++) {
		const redisReply *e = reply->element[i];
		field[i] = e->type == REDIS_REPLY_STRING ? (struct span){e->str, e->len} : span_of("");
	}
	*p = (struct published){.layout = LAYOUT_HASH};
	snprintf(p->generation, sizeof p->generation, "%.*s", (int)field[FIELD_GENERATION].n,
		 field[FIELD_GENERATION].at);
	p->published_ms = (int64_t)number_of(field[FIELD_PUBLISHED_MS], 0);
	for (enum layout l = 0; l < LAYOUTS; l++)
		if (span_equal(field[FIELD_LAYOUT], span_of(LAYOUT_NAMES[l])))
			p->layout = l;
	p->shards = number_of(field[FIELD_SHARDS], 1);
	if (p->shards < 1 || p->shards > SHARDS_MAX)
		p->shards = 1;
	p->items = number_of(field[FIELD_ITEMS], 0);
	p->neighbors = number_of(field[FIELD_NEIGHBORS], 0);
	p->lists = number_of(field[FIELD_LISTS], 0);
	p->popular = number_of(field[FIELD_POPULAR], 0);
	return true;
}

bool published_same_place(const struct published *a, const struct published *b)
{
	if (a->layout != b->layout || a->shards != b->shards)
		return false;
	return (a->layout == LAYOUT_HASH && a->shards == 1) || strcmp(a->generation, b->generation) == 0;
}

void published_ask_list(struct redis *r, const struct published *p, const char *prefix,
			const char *key_lists, struct span user, struct buffer *key)
{
	static const char *const COMMANDS[LAYOUTS] = {"HGET", "GET", "LRANGE"};
	static const int WORDS[LAYOUTS] = {3, 2, 4};
	bool list = p->layout == LAYOUT_LIST;
	key->n = 0;
	if (p->layout != LAYOUT_HASH)
		published_user_key(key, prefix, p->generation, user);
	else if (p->shards > 1)
		published_shard_key(key, prefix, p->generation, published_shard_of(user, p->shards));
	else
		buffer_add_text(key, key_lists);
	const char *command = COMMANDS[p->layout];
	const char *word[] = {command, key->data, list ? "0" : user.at, "-1"};
	const size_t length[] = {strlen(command), key->n, list ? 1 : user.n, 2};
	redis_append(r, WORDS[p->layout], word, length);
}

void published_ask_neighbors(struct redis *r, const char *key_neighbors, const struct span *items, size_t n)
{
	if (!r->context)
		return;
	redis_format_command(&r->out, 2 + n);
	redis_format_word(&r->out, "HMGET", 5);
	redis_format_word(&r->out, key_neighbors, strlen(key_neighbors));
	for (size_t i = 0; i < n; i++)
		redis_format_word(&r->out, items[i].at, items[i].n);
}

bool published_next_neighbor(struct span *rest, struct span *neighbor, float *weight)
{
	struct span text;
	double value;
	if (!span_next(rest, '\t', neighbor) || neighbor->n == 0 || !span_next(rest, '\t', &text) ||
	    number_double(text.at, text.n, &value) != NUMBER_OK || fabs(value) > (double)FLT_MAX)
		return false;
	*weight = (float)value;
	return true;
}
