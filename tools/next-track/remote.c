#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/number.h"
#include "parts.h"
#include "services/redis.h"

enum { ITEMS_MAX = 1 << 28 };

static const double LOOK_EVERY_S = 1, FIRST_PAUSE_S = 0.05, LAST_PAUSE_S = 1, STARTUP_S = 2;

static void lose(struct remote *r, const char *why)
{
	double now = clock_wall();
	if (r->up) {
		r->lost_since = now;
		r->lost_answers = 0;
		r->pause = FIRST_PAUSE_S;
		tell("%s; answers come from the fallback until it is back", r->redis.problem);
	}
	r->up = false;
	r->why = why;
	r->next_try = now + r->pause;
	redis_disconnect(&r->redis);
}

/* An error reply, or one of a kind that nobody asked for, is a server that
 * cannot be used now. */
static void lose_reply(struct remote *r, const redisReply *reply)
{
	snprintf(r->redis.problem, sizeof r->redis.problem, "%s: %.300s", redis_name(&r->target),
		 reply->type == REDIS_REPLY_ERROR ? reply->str : "an unexpected kind of reply");
	lose(r, "server-error");
}

/* One command; NULL: the server is lost. */
static redisReply *ask(struct remote *r, const char *a, const char *b)
{
	redisReply *reply = REDIS(&r->redis, a, b);
	if (!reply) {
		lose(r, "no-server");
	} else if (reply->type == REDIS_REPLY_ERROR) {
		lose_reply(r, reply);
		freeReplyObject(reply);
		reply = NULL;
	}
	return reply;
}

static struct span meta_field(const redisReply *reply, const char *name)
{
	for (size_t i = 0; reply->type == REDIS_REPLY_ARRAY && i + 1 < reply->elements; i += 2)
		if (strcmp(reply->element[i]->str, name) == 0)
			return (struct span){reply->element[i + 1]->str, reply->element[i + 1]->len};
	return (struct span){"", 0};
}

/* The catalogue that lies in the server, in pieces so that nobody waits long. */
static bool read_items(struct remote *r)
{
	redisReply *reply = ask(r, "HLEN", r->items);
	if (!reply)
		return false;
	long long count = reply->type == REDIS_REPLY_INTEGER ? reply->integer : 0;
	freeReplyObject(reply);
	struct catalogue *c = memory_zero(1, sizeof *c);
	if (count < 0 || count > ITEMS_MAX)
		count = 0;
	c->ids = strmap_new();
	c->artists = strmap_new();
	c->offered = memory_new((size_t)count, sizeof *c->offered);
	c->is_offered = memory_new((size_t)count, sizeof *c->is_offered);
	c->artist = memory_new((size_t)count, sizeof *c->artist);
	for (long long from = 0; from < count; from += 500) {
		const char *word[502];
		size_t length[502];
		char number[500][24];
		int n = 2;
		word[0] = "HMGET";
		length[0] = 5;
		word[1] = r->items;
		length[1] = strlen(r->items);
		for (long long i = from; i < count && i < from + 500; i++, n++) {
			int digits = snprintf(number[n - 2], sizeof number[0], "%lld", i);
			word[n] = number[n - 2];
			length[n] = (size_t)digits;
		}
		redis_append(&r->redis, n, word, length);
		reply = redis_reply(&r->redis);
		if (!reply || reply->type != REDIS_REPLY_ARRAY) {
			if (reply)
				lose_reply(r, reply);
			else
				lose(r, "no-server");
			freeReplyObject(reply);
			catalogue_free(c);
			return false;
		}
		for (size_t i = 0; i < reply->elements; i++) {
			const redisReply *e = reply->element[i];
			uint32_t at = strmap_count(c->ids);
			if (e->type != REDIS_REPLY_STRING ||
			    strmap_add(c->ids, (struct span){e->str, e->len}) != at)
				continue;
			c->offered[c->n_offered++] = at;
			c->is_offered[at] = true;
			c->artist[at] = STRMAP_NONE;
		}
		freeReplyObject(reply);
	}
	catalogue_free(r->catalogue);
	r->catalogue = c;
	return true;
}

static bool read_popular(struct remote *r)
{
	redisReply *reply = ask(r, "GET", r->popular_key);
	if (!reply)
		return false;
	r->popular.text.n = 0;
	if (reply->type == REDIS_REPLY_STRING)
		buffer_add(&r->popular.text, reply->str, reply->len);
	freeReplyObject(reply);
	ids_split(&r->popular, (struct span){r->popular.text.data, r->popular.text.n});
	return true;
}

/* What is live? A new generation brings its catalogue and its popular list. */
static bool look(struct remote *r)
{
	r->looked = clock_wall();
	redisReply *reply = ask(r, "HGETALL", r->meta);
	if (!reply)
		return false;
	char generation[sizeof r->generation];
	struct span id = meta_field(reply, "generation"), at = meta_field(reply, "published_ms");
	snprintf(generation, sizeof generation, "%.*s", (int)id.n, id.at);
	if (number_i64(at.at, at.n, &r->published_ms) != NUMBER_OK)
		r->published_ms = 0;
	freeReplyObject(reply);
	if (strcmp(generation, r->generation) != 0) {
		if ((r->own_catalogue && !read_items(r)) || !read_popular(r))
			return false;
		memcpy(r->generation, generation, sizeof generation);
	}
	double age = (double)(clock_unix_ms() - r->published_ms) / 1000;
	bool stale = r->max_age_s > 0 && r->generation[0] && age > r->max_age_s;
	if (stale && !r->stale)
		tell("%s: the lists of generation %s are %.1f hours old, more than --max-age; "
		     "answers come from the fallback", redis_name(&r->target), r->generation, age / 3600);
	r->stale = stale;
	return true;
}

static bool connect_now(struct remote *r)
{
	if (redis_connect(&r->redis) && look(r))
		return true;
	if (r->redis.context)
		redis_disconnect(&r->redis);
	return false;
}

void remote_open(struct remote *r, const char *url, const char *password_file,
		 const char *prefix, double deadline_s, bool needed)
{
	r->target = redis_target_parse(url, "redis", password_file, STARTUP_S);
	r->redis.target = &r->target;
	r->lists = memory_format("%s:lists", prefix);
	r->items = memory_format("%s:items", prefix);
	r->popular_key = memory_format("%s:popular", prefix);
	r->meta = memory_format("%s:meta", prefix);
	r->own_catalogue = needed;
	r->pause = FIRST_PAUSE_S;
	r->why = "no-server";
	bool there = connect_now(r);
	if (!there && (needed || r->redis.refused))
		die(r->redis.refused ? STATUS_FAILED : STATUS_UNAVAILABLE, "%s", r->redis.problem);
	if (!there)
		warn("%s; answers come from the fallback until it is there", r->redis.problem);
	else if (!r->generation[0])
		warn("%s: nothing is live under the prefix '%s'", redis_name(&r->target), prefix);
	/* From here on nobody waits longer than the deadline for one reply. */
	redis_disconnect(&r->redis);
	r->target.timeout_s = deadline_s;
	r->up = there && redis_connect(&r->redis);
	r->lost_since = clock_wall();
}

bool remote_ready(struct remote *r)
{
	double now = clock_wall();
	if (r->up) {
		if (now - r->looked >= LOOK_EVERY_S && !look(r))
			return false;
		r->why = "stale";
		return !r->stale;
	}
	if (now < r->next_try)
		return false;
	if (!connect_now(r)) {
		r->pause = r->pause * 2 < LAST_PAUSE_S ? r->pause * 2 : LAST_PAUSE_S;
		r->next_try = clock_wall() + r->pause;
		return false;
	}
	tell("%s: back after %.1f s; %llu answers came from the fallback", redis_name(&r->target),
	     now - r->lost_since, (unsigned long long)r->lost_answers);
	r->up = true;
	return !r->stale;
}

void remote_ask(struct remote *r, struct span user)
{
	const char *word[3] = {"HGET", r->lists, user.at};
	const size_t length[3] = {4, strlen(r->lists), user.n};
	redis_append(&r->redis, 3, word, length);
}

bool remote_take(struct remote *r, struct list *list)
{
	if (!r->up) {
		r->lost_answers++;
		return false;
	}
	redisReply *reply = redis_reply(&r->redis);
	if (!reply) {
		lose(r, "no-server");
		r->lost_answers++;
		return false;
	}
	if (reply->type != REDIS_REPLY_STRING && reply->type != REDIS_REPLY_NIL) {
		lose_reply(r, reply);
		freeReplyObject(reply);
		r->lost_answers++;
		return false;
	}
	bool found = reply->type == REDIS_REPLY_STRING;
	r->why = "no-list";
	if (found) {
		r->split.text.n = 0;
		buffer_add(&r->split.text, reply->str, reply->len);
		ids_split(&r->split, (struct span){r->split.text.data, r->split.text.n});
		*list = (struct list){.n = (uint32_t)r->split.n, .spans = r->split.all};
	}
	freeReplyObject(reply);
	return found;
}

void remote_close(struct remote *r)
{
	redis_disconnect(&r->redis);
	catalogue_free(r->catalogue);
	ids_free(&r->popular);
	ids_free(&r->split);
	free(r->lists);
	free(r->items);
	free(r->popular_key);
	free(r->meta);
}
