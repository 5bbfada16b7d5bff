#include "redis-worker.h"

#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/number.h"

enum { ITEMS_A_COMMAND = 500, ATTEMPTS = 10 };

struct redis_worker {
	const struct redis_target *target;
	const char *prefix;
	bool wants_items, wants_popular;
	bool out;                /* of the caller: a thread was sent */
	pthread_t thread;
	pthread_mutex_t lock;    /* of what follows */
	pthread_cond_t news;
	enum redis_worker_state state;
	char problem[600];
	struct redis_worker_result result;
};

struct redis_worker *redis_worker_new(const struct redis_target *target, const char *prefix, bool wants_items,
			  bool wants_popular)
{
	struct redis_worker *e = memory_zero(1, sizeof *e);
	*e = (struct redis_worker){.target = target, .prefix = prefix, .wants_items = wants_items,
		.wants_popular = wants_popular};
	pthread_condattr_t monotonic;
	if (pthread_condattr_init(&monotonic) != 0 ||
	    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC) != 0 ||
	    pthread_cond_init(&e->news, &monotonic) != 0 || pthread_mutex_init(&e->lock, NULL) != 0)
		die(STATUS_FAILED, "cannot set up a thread");
	pthread_condattr_destroy(&monotonic);
	return e;
}

/* ---- what is fetched ---- */

static bool read_meta(struct redis_worker *e, struct redis *r, struct published *live)
{
	char *key = published_key(e->prefix, "", PART_META);
	published_ask(r, key);
	free(key);
	redisReply *reply = redis_reply(r);
	bool done = published_read(reply, live);
	if (reply && !done)
		snprintf(r->problem, sizeof r->problem, "%s: %s", r->target->name,
			 reply->type == REDIS_REPLY_ERROR ? reply->str : "no description of a generation");
	if (reply)
		freeReplyObject(reply);
	return done;
}

/* Asks for items number `from` ... `to` - 1. */
static void ask_items(struct redis *r, const char *key, uint64_t from, uint64_t to)
{
	const char *word[ITEMS_A_COMMAND + 2] = {"HMGET", key};
	size_t length[ITEMS_A_COMMAND + 2] = {5, strlen(key)};
	char number[ITEMS_A_COMMAND][NUMBER_SIZE];
	for (uint64_t i = from; i < to; i++) {
		length[2 + i - from] = number_write_u64(i, number[i - from]);
		word[2 + i - from] = number[i - from];
	}
	redis_append(r, (int)(2 + to - from), word, length);
}

/* The catalog in its own order. NULL: it changed meanwhile, or the connection is lost. */
static struct strmap *fetch_items(struct redis_worker *e, struct redis *r, uint64_t n)
{
	char *key = published_key(e->prefix, "", PART_ITEMS);
	struct strmap *items = strmap_new();
	bool whole = true;
	for (uint64_t from = 0; from < n && whole; from += ITEMS_A_COMMAND) {
		ask_items(r, key, from, from + ITEMS_A_COMMAND < n ? from + ITEMS_A_COMMAND : n);
		redisReply *reply = redis_reply(r);
		whole = reply && reply->type == REDIS_REPLY_ARRAY;
		for (size_t i = 0; whole && i < reply->elements; i++) {
			const redisReply *item = reply->element[i];
			whole = item->type == REDIS_REPLY_STRING;
			if (whole)
				strmap_add(items, (struct span){item->str, item->len});
		}
		if (reply)
			freeReplyObject(reply);
	}
	free(key);
	if (whole)
		return items;
	strmap_free(items);
	return NULL;
}

static bool fetch_popular(struct redis_worker *e, struct redis *r, struct redis_worker_result *result)
{
	char *key = published_key(e->prefix, "", PART_POPULAR);
	redisReply *reply = REDIS(r, "GET", key);
	free(key);
	if (!reply)
		return false;
	result->popular.n = 0;
	if (reply->type == REDIS_REPLY_STRING)
		buffer_add(&result->popular, reply->str, reply->len);
	freeReplyObject(reply);
	return true;
}

/* Whatever is wanted of one generation: when another one is live at the end, again. A
 * catalog of one generation that is not whole twice has been lost in part. */
static bool fetch_all(struct redis_worker *e, struct redis_worker_result *result)
{
	struct redis *r = &result->redis;
	struct published after;
	if (!redis_connect(r) || !read_meta(e, r, &result->live))
		return false;
	for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
		strmap_free(result->items);
		result->items = e->wants_items && result->live.items
			? fetch_items(e, r, result->live.items) : NULL;
		bool whole = result->items || !e->wants_items || !result->live.items;
		if (e->wants_popular && !fetch_popular(e, r, result))
			return false;
		if (!r->context || !read_meta(e, r, &after))
			return false;
		bool same = strcmp(after.generation, result->live.generation) == 0;
		result->torn = same && !whole;
		result->live = after;
		if (same && (whole || attempt > 0))
			return true;
	}
	snprintf(r->problem, sizeof r->problem, "%s: no complete catalog", r->target->name);
	return false;
}

void redis_worker_run(struct redis_worker *e, struct redis_worker_result *result)
{
	*result = (struct redis_worker_result){.redis.target = e->target};
	result->done = fetch_all(e, result);
	if (result->done)
		return;
	redis_free(&result->redis);
	strmap_free(result->items);
	result->items = NULL;
	buffer_free(&result->popular);
}

/* ---- the thread ---- */

static void tell_news(struct redis_worker *e, enum redis_worker_state state,
		      const struct redis_worker_result *result)
{
	pthread_mutex_lock(&e->lock);
	e->state = state;
	e->result = *result;
	memcpy(e->problem, result->redis.problem, sizeof e->problem);
	pthread_cond_signal(&e->news);
	pthread_mutex_unlock(&e->lock);
}

static void *walk(void *data)
{
	struct redis_worker *e = data;
	struct redis_worker_result result;
	double wait = 0.05;
	for (;;) {
		redis_worker_run(e, &result);
		if (result.done)
			break;
		tell_news(e, WORKER_FAILING, &result);
		clock_sleep(wait);
		wait = fmin(wait * 2, 2);
	}
	tell_news(e, WORKER_DONE, &result);
	return NULL;
}

void redis_worker_start(struct redis_worker *e)
{
	sigset_t all, before;
	if (e->out)
		return;
	sigfillset(&all); /* signals are the main thread's */
	e->state = WORKER_BUSY;
	pthread_sigmask(SIG_SETMASK, &all, &before);
	int problem = pthread_create(&e->thread, NULL, walk, e);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	e->out = problem == 0;
	if (problem)
		warn("cannot start a thread: %s", strerror(problem));
}

static struct timespec after(double seconds)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	double end = (double)t.tv_sec + (double)t.tv_nsec / 1e9 + seconds;
	return (struct timespec){(time_t)end, (long)((end - floor(end)) * 1e9)};
}

enum redis_worker_state redis_worker_poll(struct redis_worker *e, double patience_s,
					  struct redis_worker_result *result)
{
	if (!e->out)
		return WORKER_IDLE;
	struct timespec until = patience_s > 0 ? after(patience_s) : (struct timespec){0, 0};
	pthread_mutex_lock(&e->lock);
	while (e->state == WORKER_BUSY && patience_s > 0)
		if (pthread_cond_timedwait(&e->news, &e->lock, &until) == ETIMEDOUT)
			break;
	enum redis_worker_state state = e->state;
	if (state == WORKER_FAILING)
		memcpy(result->redis.problem, e->problem, sizeof e->problem);
	pthread_mutex_unlock(&e->lock);
	if (state != WORKER_DONE)
		return state;
	pthread_join(e->thread, NULL);
	e->out = false;
	*result = e->result;
	return WORKER_DONE;
}

bool redis_worker_free(struct redis_worker *e)
{
	if (e->out)
		return false;
	pthread_cond_destroy(&e->news);
	pthread_mutex_destroy(&e->lock);
	free(e);
	return true;
}
