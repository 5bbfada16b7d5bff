#include "publish.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "services/redis.h"
#include "send.h"
#include "sweep.h"

static const char LIVE[] = "", PREVIOUS[] = "previous";

static char *key(const struct load *l, const char *generation, enum part part)
{
	return published_key(l->o->prefix, generation, part);
}

unsigned publish_existing(struct load *l, const char *generation)
{
	unsigned mask = 0;
	for (enum part p = 0; p < PARTS; p++) {
		char *name = key(l, generation, p);
		if (send_integer(l, REDIS(&l->redis, "EXISTS", name), "EXISTS") > 0)
			mask |= 1u << p;
		free(name);
	}
	return mask;
}

/* ---- the commands of a transaction ---- */

/* Each of these queues commands and returns how many. */
static size_t queue(struct load *l, const char *a, const char *b, const char *c)
{
	const char *word[3] = {a, b, c};
	size_t length[3] = {strlen(a), b ? strlen(b) : 0, c ? strlen(c) : 0};
	redis_append(&l->redis, c ? 3 : b ? 2 : 1, word, length);
	return 1;
}

static size_t queue_renames(struct load *l, const char *from, const char *to, unsigned mask)
{
	size_t n = 0;
	for (enum part p = 0; p < PARTS; p++) {
		if (!(mask >> p & 1))
			continue;
		char *a = key(l, from, p), *b = key(l, to, p);
		n += queue(l, "RENAME", a, b);
		free(a);
		free(b);
	}
	return n;
}

/* The command on each part of a generation. */
static size_t queue_parts(struct load *l, const char *command, const char *generation, unsigned mask)
{
	size_t n = 0;
	for (enum part p = 0; p < PARTS; p++) {
		if (!(mask >> p & 1))
			continue;
		char *name = key(l, generation, p);
		n += queue(l, command, name, NULL);
		free(name);
	}
	return n;
}

/* The command on the hashes of a generation in several; `only` NULL: on all of them. */
static size_t queue_shards(struct load *l, const char *command, const char *generation,
			   uint64_t shards, const bool *only)
{
	struct buffer name = {0};
	size_t n = 0;
	for (uint64_t i = 0; shards > 1 && i < shards; i++) {
		if (only && !only[i])
			continue;
		name.n = 0;
		published_shard_key(&name, l->o->prefix, generation, i);
		n += queue(l, command, buffer_text(&name), NULL);
	}
	buffer_free(&name);
	return n;
}

/* ---- the transaction ---- */

/* It cannot be said whether it was done. False when the caller finds that out. */
static bool is_lost(struct load *l, const redisReply *reply)
{
	if (!reply && !l->patient)
		die(STATUS_UNAVAILABLE, "%s: it is not known whether the generation was published; "
		    "--status tells", l->redis.problem);
	return !reply;
}

/* Ends a transaction of `commands` queued ones; dies unless all were done. False: the
 * connection is lost. */
static bool execute(struct load *l, size_t commands)
{
	queue(l, "EXEC", NULL, NULL);
	for (size_t i = 0; i <= commands; i++) { /* MULTI's OK and a QUEUED each */
		redisReply *reply = redis_reply(&l->redis);
		if (is_lost(l, reply))
			return false;
		if (reply->type == REDIS_REPLY_ERROR) {
			char problem[400];
			snprintf(problem, sizeof problem, "publishing: %.300s", reply->str);
			send_give_up(l, STATUS_FAILED, problem);
		}
		freeReplyObject(reply);
	}
	redisReply *reply = redis_reply(&l->redis);
	if (is_lost(l, reply))
		return false;
	if (reply->type == REDIS_REPLY_NIL)
		send_give_up(l, STATUS_UNAVAILABLE, "another load has published in the meantime");
	if (reply->type != REDIS_REPLY_ARRAY)
		send_give_up(l, STATUS_FAILED, reply->type == REDIS_REPLY_ERROR ? reply->str
			: "EXEC gave a strange answer");
	for (size_t i = 0; i < reply->elements; i++)
		if (reply->element[i]->type == REDIS_REPLY_ERROR)
			send_give_up(l, STATUS_FAILED, reply->element[i]->str);
	freeReplyObject(reply);
	return true;
}

/* Watches the live generation's description, so that two loads cannot cross. */
static void watch(struct load *l)
{
	char *meta = key(l, LIVE, PART_META);
	redisReply *reply = REDIS(&l->redis, "WATCH", meta);
	if (!reply && !l->patient)
		send_give_up(l, STATUS_UNAVAILABLE, l->redis.problem);
	if (reply)
		freeReplyObject(reply);
	free(meta);
}

/* A field of what describes a generation, or NULL. */
static char *meta_value(struct load *l, const char *generation, const char *field)
{
	char *meta = key(l, generation, PART_META);
	redisReply *reply = REDIS(&l->redis, "HGET", meta, field);
	free(meta);
	if (!reply && l->patient)
		return NULL;
	if (!reply)
		send_give_up(l, STATUS_UNAVAILABLE, l->redis.problem);
	if (reply->type == REDIS_REPLY_ERROR) {
		char problem[400];
		snprintf(problem, sizeof problem, "%.300s", reply->str);
		freeReplyObject(reply);
		send_give_up(l, STATUS_FAILED, problem);
	}
	char *value = reply->type == REDIS_REPLY_STRING ? memory_text(reply->str, reply->len) : NULL;
	freeReplyObject(reply);
	return value;
}

/* What the previous generation is, which is about to go. */
static struct published read_previous(struct load *l)
{
	struct published previous = {.shards = 1};
	char *meta = key(l, PREVIOUS, PART_META);
	published_ask(&l->redis, meta);
	free(meta);
	redisReply *reply = redis_reply(&l->redis);
	published_read(reply, &previous);
	if (reply)
		freeReplyObject(reply);
	return previous;
}

/* Counts what was loaded and publishes it. False: the connection was lost, and it is
 * not known how far this came. */
static bool try_publish(struct load *l, unsigned staged, uint64_t lists, struct published *gone)
{
	bool counted = l->o->layout == LAYOUT_HASH ? send_count(l) == lists : l->acknowledged == lists;
	if (!l->redis.context)
		return false;
	if (!counted)
		send_give_up(l, STATUS_UNAVAILABLE, "the server has not all lists that it acknowledged");
	watch(l);
	unsigned live = publish_existing(l, LIVE), old = publish_existing(l, PREVIOUS);
	*gone = read_previous(l);
	if (!l->redis.context)
		return false;
	if ((live & ~staged) >> PART_ITEMS & 1)
		warn("this generation has no catalogue (--items), which the one before had");
	size_t n = 0;
	queue(l, "MULTI", NULL, NULL);
	n += queue_parts(l, "UNLINK", PREVIOUS, old);
	n += queue_shards(l, "UNLINK", gone->generation, gone->shards, NULL);
	n += queue_renames(l, LIVE, PREVIOUS, live);
	n += queue_renames(l, l->generation, LIVE, staged);
	n += queue(l, "UNLINK", l->delta, NULL);
	if (l->shard_seen)
		n += queue_shards(l, "PERSIST", l->generation, (uint64_t)l->o->shards, l->shard_seen);
	n += queue_parts(l, "PERSIST", LIVE, staged);
	return execute(l, n);
}

/* After a loss: is the generation the live one all the same? */
static bool is_published(struct load *l)
{
	char *id = send_greet(l), *live = meta_value(l, LIVE, "generation");
	bool done = live && strcmp(live, l->generation) == 0;
	bool same = strcmp(id, l->run_id) == 0;
	free(id);
	free(live);
	if (!done && !same && l->o->layout != LAYOUT_HASH)
		send_give_up(l, STATUS_UNAVAILABLE, "the server was started anew and may have lost lists");
	return done;
}

void publish(struct load *l, unsigned staged, uint64_t lists)
{
	struct published gone = {.shards = 1};
	l->patient = true;
	for (int64_t i = 0; !try_publish(l, staged, lists, &gone); i++) {
		if (i > l->o->retries)
			send_give_up(l, STATUS_UNAVAILABLE, l->redis.problem);
		if (is_published(l))
			break; /* the reply was lost, no more */
	}
	l->patient = false;
	l->began = false;
	if (gone.generation[0] && gone.layout != LAYOUT_HASH)
		sweep_generation(&l->redis, l->o->prefix, gone.generation, gone.layout, 0);
}

/* ---- without replies ---- */

/* KEYS: of each part the staged, the live and the previous one, and the delta.
 * ARGV: how many lists, the share that may be lost, the prefix. */
static const char SCRIPT[] =
	"local n, share = tonumber(ARGV[1]), tonumber(ARGV[2])\n"
	"local function refuse(why)\n"
	"  for k = 1, 10, 3 do redis.call('UNLINK', KEYS[k]) end\n"
	"  return redis.error_reply('ERR load-redis: ' .. why .. '; what was live is still served')\n"
	"end\n"
	"local there = redis.call('HLEN', KEYS[1])\n"
	"if there ~= n then return refuse(there .. ' of ' .. n .. ' lists have come') end\n"
	"local before = tonumber(redis.call('HGET', KEYS[11], 'lists') or '')\n"
	"if before and before - n > share * before then\n"
	"  return refuse(n .. ' lists instead of ' .. before .. ' are fewer than --max-shrink allows')\n"
	"end\n"
	"local old = redis.call('HMGET', KEYS[12], 'generation', 'shards')\n"
	"for i = 0, (tonumber(old[2] or '') or 1) - 1 do\n"
	"  redis.call('UNLINK', ARGV[3] .. ':gen:' .. (old[1] or '') .. ':' .. i)\n"
	"end\n"
	"for k = 1, 10, 3 do\n"
	"  redis.call('UNLINK', KEYS[k + 2])\n"
	"  if redis.call('EXISTS', KEYS[k + 1]) == 1 then redis.call('RENAME', KEYS[k + 1], KEYS[k + 2]) end\n"
	"  if redis.call('EXISTS', KEYS[k]) == 1 then\n"
	"    redis.call('RENAME', KEYS[k], KEYS[k + 1])\n"
	"    redis.call('PERSIST', KEYS[k + 1])\n"
	"  end\n"
	"end\n"
	"redis.call('UNLINK', KEYS[13])\n"
	"return redis.status_reply('OK')\n";

void publish_emit(struct load *l, uint64_t lists)
{
	const char *word[3 + 3 * PARTS + 1 + 3] = {"EVAL", SCRIPT, "13"};
	char *own[3 * PARTS + 2];
	size_t n = 3, n_own = 0;
	for (enum part p = 0; p < PARTS; p++) {
		word[n++] = l->staging[p];
		word[n++] = own[n_own++] = key(l, LIVE, p);
		word[n++] = own[n_own++] = key(l, PREVIOUS, p);
	}
	word[n++] = l->delta;
	word[n++] = own[n_own++] = memory_format("%" PRIu64, lists);
	word[n++] = own[n_own++] = memory_format("%.17g", l->o->max_shrink);
	word[n++] = l->o->prefix;
	send_words(l, n, word);
	for (size_t i = 0; i < n_own; i++)
		free(own[i]);
}

/* ---- guards ---- */

/* How many lists are live, 0 when that is not known; asks again when the connection is
 * lost meanwhile. */
static uint64_t live_lists(struct load *l)
{
	char *live = NULL;
	uint64_t n = 0;
	l->patient = true;
	for (int64_t i = 0; i <= l->o->retries; i++) {
		live = meta_value(l, LIVE, "lists");
		if (live || l->redis.context)
			break;
		free(send_greet(l));
	}
	l->patient = false;
	if (!live || number_u64(live, strlen(live), &n) != NUMBER_OK)
		n = 0;
	free(live);
	return n;
}

void publish_check_guards(struct load *l, uint64_t lists)
{
	const struct options *o = l->o;
	char problem[256];
	if (lists < (uint64_t)o->min_rows) {
		snprintf(problem, sizeof problem, "%" PRIu64 " lists are fewer than --min-rows %" PRId64,
			 lists, o->min_rows);
		send_give_up(l, STATUS_DATA, lists ? problem : "the input has no lists");
	}
	if (l->out || o->delta)
		return;
	uint64_t before = live_lists(l);
	if (before > lists && (double)(before - lists) > o->max_shrink * (double)before) {
		snprintf(problem, sizeof problem, "%" PRIu64 " lists instead of %" PRIu64
			 " are fewer than --max-shrink allows", lists, before);
		send_give_up(l, STATUS_DATA, problem);
	}
}

/* ---- and back ---- */

void publish_roll_back(struct load *l)
{
	static const char ASIDE[] = "aside";
	watch(l);
	unsigned live = publish_existing(l, LIVE), old = publish_existing(l, PREVIOUS);
	if (!(old >> PART_META & 1))
		die(STATUS_DATA, "there is no previous generation under the prefix '%s'", l->o->prefix);
	size_t n = 0;
	queue(l, "MULTI", NULL, NULL);
	n += queue_renames(l, LIVE, ASIDE, live);
	n += queue_renames(l, PREVIOUS, LIVE, old);
	n += queue_renames(l, ASIDE, PREVIOUS, live);
	n += queue(l, "UNLINK", l->delta, NULL);
	execute(l, n);
}
