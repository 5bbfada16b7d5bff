#include "lists.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "frame/run.h"
#include "keys.h"
#include "services/redis.h"
#include "send.h"
#include "transaction.h"

static void expire(struct load *l, const char *key, double seconds)
{
	char text[32];
	snprintf(text, sizeof text, "%.0f", seconds);
	SEND(l, "EXPIRE", key, text);
}

static void add_text(struct load *l, const char *word)
{
	redis_format_word(&l->filling.bytes, word, strlen(word));
}

/* The id of a user (or item) as, or at the end of, a word: where it is goes into the command. */
static void mark_user(const struct load *l, struct command *c, struct span user)
{
	c->user = l->filling.bytes.n - user.n - 2;
}

/* The ids of a list with TABs between them, as one word. */
static void add_items(struct load *l, const struct topn_list *list)
{
	struct buffer *b = &l->filling.bytes;
	size_t length = list->n ? list->n - 1 : 0;
	for (uint32_t i = 0; i < list->n; i++)
		length += list->items[i].n;
	char size[NUMBER_SIZE];
	size_t digits = number_write_u64(length, size);
	char *to = buffer_room(b, 1 + digits + 2 + length + 2);
	*to++ = '$';
	memcpy(to, size, digits);
	to += digits;
	*to++ = '\r';
	*to++ = '\n';
	for (uint32_t i = 0; i < list->n; i++) {
		if (i)
			*to++ = '\t';
		to = span_put(to, list->items[i]);
	}
	*to++ = '\r';
	*to++ = '\n';
	b->n = (size_t)(to - b->data);
}

static struct command begin(struct load *l, const struct topn_list *list, size_t words)
{
	struct command c = send_begin(l, words);
	c.row = list->line;
	c.file = list->file;
	c.user_n = list->user.n;
	return c;
}

/* ---- layouts ---- */

/* HSET key user items */
static void send_to_hash(struct load *l, const struct topn_list *list, const char *key)
{
	struct command c = begin(l, list, 4);
	c.begins = true;
	add_text(l, "HSET");
	add_text(l, key);
	redis_format_word(&l->filling.bytes, list->user.at, list->user.n);
	mark_user(l, &c, list->user);
	add_items(l, list);
	send_end(l, c);
}

static void send_to_shard(struct load *l, const struct topn_list *list)
{
	struct buffer name = {0};
	uint64_t shard = published_shard_of(list->user, (uint64_t)l->o->shards);
	published_shard_key(&name, l->o->prefix, l->generation, shard);
	send_to_hash(l, list, buffer_text(&name));
	if (!l->shard_seen[shard])
		expire(l, name.data, l->o->staging_ttl_s);
	l->shard_seen[shard] = true;
	buffer_free(&name);
}

/* SET key items NX EX seconds */
static void send_to_string(struct load *l, const struct topn_list *list, struct span key,
			   const char *seconds)
{
	struct command c = begin(l, list, 6);
	c.begins = true;
	add_text(l, "SET");
	redis_format_word(&l->filling.bytes, key.at, key.n);
	mark_user(l, &c, list->user);
	add_items(l, list);
	add_text(l, "NX");
	add_text(l, "EX");
	add_text(l, seconds);
	send_end(l, c);
}

/* DEL key, RPUSH key item..., EXPIRE key seconds: begun again after a loss, it comes to the
 * same. */
static void send_to_list(struct load *l, const struct topn_list *list, struct span key,
			 const char *seconds)
{
	enum { PIECE = 200 };
	struct command c = begin(l, list, 2);
	c.begins = true;
	add_text(l, "DEL");
	redis_format_word(&l->filling.bytes, key.at, key.n);
	mark_user(l, &c, list->user);
	send_end(l, c);
	for (uint32_t from = 0; from < list->n; from += PIECE) {
		uint32_t to = list->n - from < PIECE ? list->n : from + PIECE;
		c = begin(l, list, 2 + (to - from));
		add_text(l, "RPUSH");
		redis_format_word(&l->filling.bytes, key.at, key.n);
		mark_user(l, &c, list->user);
		for (uint32_t i = from; i < to; i++)
			redis_format_word(&l->filling.bytes, list->items[i].at, list->items[i].n);
		send_end(l, c);
	}
	c = begin(l, list, 3);
	add_text(l, "EXPIRE");
	redis_format_word(&l->filling.bytes, key.at, key.n);
	mark_user(l, &c, list->user);
	add_text(l, seconds);
	send_end(l, c);
}

static void send_to_key(struct load *l, const struct topn_list *list)
{
	struct buffer name = {0};
	char seconds[32];
	snprintf(seconds, sizeof seconds, "%.0f", l->o->staging_ttl_s);
	keys_remember(l, list->user);
	published_user_key(&name, l->o->prefix, l->generation, list->user);
	struct span key = {name.data, name.n};
	if (l->o->layout == LAYOUT_STRING)
		send_to_string(l, list, key, seconds);
	else
		send_to_list(l, list, key, seconds);
	buffer_free(&name);
}

void lists_heed_signals(void *load)
{
	struct load *l = load;
	if (!stop_signal())
		return;
	if (!l->out)
		send_discard(l);
	stop_now();
}

void lists_keep(struct load *l)
{
	struct buffer name = {0};
	for (enum part p = 0; p < PARTS; p++)
		expire(l, l->staging[p], l->o->staging_ttl_s);
	for (int64_t i = 0; l->shard_seen && i < l->o->shards; i++) {
		if (!l->shard_seen[i])
			continue;
		name.n = 0;
		published_shard_key(&name, l->o->prefix, l->generation, (uint64_t)i);
		expire(l, buffer_text(&name), l->o->staging_ttl_s);
	}
	buffer_free(&name);
	l->kept_at = clock_wall();
}

/* A load may take longer than --staging-ttl. */
static void keep_in_time(struct load *l)
{
	double now = clock_wall();
	if (l->kept_at <= 0)
		l->kept_at = now;
	if (!l->out && !l->o->delta && now - l->kept_at > l->o->staging_ttl_s / 4)
		lists_keep(l);
}

/* Between two windows. The first ones have been taken by the server: now it may be asked for
 * what comes at the end. */
static void look_around(struct load *l, uint64_t windows)
{
	enum { FIRST_ONES = 2 };
	if (windows == FIRST_ONES && !l->out && !l->o->delta) {
		send_drain(l);
		transaction_try(l);
	}
	keep_in_time(l);
}

uint64_t lists_send(struct load *l, struct topn_reader *reader, const struct table *t)
{
	struct topn_list list;
	uint64_t n = 0, windows = 0;
	while (topn_next(reader, &list)) {
		lists_heed_signals(l);
		if (send_when_full(l))
			look_around(l, ++windows);
		n++;
		if (!is_pointed(l->o))
			send_to_hash(l, &list, l->staging[PART_LISTS]);
		else if (l->o->layout == LAYOUT_HASH)
			send_to_shard(l, &list);
		else
			send_to_key(l, &list);
		if (n == 1 && !is_pointed(l->o) && !l->o->delta)
			expire(l, l->staging[PART_LISTS], l->o->staging_ttl_s);
		progress_step(table_bytes(t), table_size(t), "bytes");
	}
	return n;
}

/* ---- the other parts ---- */

void lists_send_items(struct load *l, const struct catalog *c)
{
	enum { BATCH = 100 };
	for (uint32_t from = 0; from < c->n_offered; from += BATCH) {
		uint32_t to = c->n_offered - from < BATCH ? c->n_offered : from + BATCH;
		struct command command = send_begin(l, 2 + 2 * (size_t)(to - from));
		add_text(l, "HSET");
		add_text(l, l->staging[PART_ITEMS]);
		for (uint32_t i = from; i < to; i++) {
			char number[NUMBER_SIZE];
			struct span id = strmap_key(c->ids, c->offered[i]);
			redis_format_word(&l->filling.bytes, number, number_write_u64(i, number));
			redis_format_word(&l->filling.bytes, id.at, id.n);
		}
		send_end(l, command);
		if (from == 0)
			expire(l, l->staging[PART_ITEMS], l->o->staging_ttl_s);
		send_when_full(l);
	}
}

uint64_t lists_read_popular(struct table *t, size_t column, struct buffer *text)
{
	uint64_t n = 0;
	while (table_next(t)) {
		if (table_field(t, column).n == 0)
			table_reject(t, column, "an empty id");
		if (n++)
			buffer_add_byte(text, '\t');
		buffer_add_span(text, table_field(t, column));
	}
	table_close(t);
	return n;
}

void lists_send_popular(struct load *l, struct buffer *text)
{
	char seconds[32];
	snprintf(seconds, sizeof seconds, "%.0f", l->o->staging_ttl_s);
	SEND(l, "SET", l->staging[PART_POPULAR], buffer_text(text), "EX", seconds);
}

uint64_t lists_count_neighbors(const struct neighbors *n)
{
	uint64_t count = 0;
	for (uint32_t i = 0; i < n->items; i++)
		count += n->start[i] < n->start[i + 1];
	return count;
}

/* Ids and weights of an item's neighbors, best first, with TABs between them, in `value`. */
static void format_neighbors(struct buffer *value, const struct neighbors *n, uint32_t item)
{
	value->n = 0;
	for (uint64_t i = n->start[item]; i < n->start[item + 1]; i++) {
		struct span id = strmap_key(n->ids, n->at[i].item);
		char *to = buffer_room(value, 1 + id.n + 1 + NUMBER_SIZE), *start = to;
		if (value->n)
			*to++ = '\t';
		to = span_put(to, id);
		*to++ = '\t';
		to += number_write_float(n->at[i].weight, to);
		value->n += (size_t)(to - start);
	}
}

void lists_send_neighbors(struct load *l, const struct neighbors *n)
{
	struct buffer value = {0};
	bool first = true;
	for (uint32_t i = 0; i < n->items; i++) {
		if (n->start[i] == n->start[i + 1])
			continue;
		struct span id = strmap_key(n->ids, i);
		format_neighbors(&value, n, i);
		struct command c = send_begin(l, 4);
		c.user_n = id.n;
		add_text(l, "HSET");
		add_text(l, l->staging[PART_NEIGHBORS]);
		redis_format_word(&l->filling.bytes, id.at, id.n);
		mark_user(l, &c, id);
		redis_format_word(&l->filling.bytes, value.data, value.n);
		send_end(l, c);
		if (first)
			expire(l, l->staging[PART_NEIGHBORS], l->o->staging_ttl_s);
		first = false;
		lists_heed_signals(l);
		if (send_when_full(l))
			keep_in_time(l);
	}
	buffer_free(&value);
}

void lists_send_meta(struct load *l, uint64_t lists, const char *input)
{
	char text[6][32];
	snprintf(text[0], sizeof text[0], "%" PRId64, clock_unix_ms());
	snprintf(text[1], sizeof text[1], "%" PRIu64, lists);
	snprintf(text[2], sizeof text[2], "%" PRIu64, l->items);
	snprintf(text[3], sizeof text[3], "%" PRIu64, l->popular);
	snprintf(text[4], sizeof text[4], "%" PRId64, l->o->shards);
	snprintf(text[5], sizeof text[5], "%" PRIu64, l->neighbors);
	const char *const word[] = {"HSET", l->staging[PART_META], "generation", l->generation,
		"published_ms", text[0], "lists", text[1], "items", text[2], "popular", text[3],
		"input", input, "layout", LAYOUT_NAMES[l->o->layout], "shards", text[4],
		"neighbors", text[5]};
	size_t words = sizeof word / sizeof *word;
	send_words(l, l->neighbors ? words : words - 2, word);
	expire(l, l->staging[PART_META], l->o->staging_ttl_s);
}
