#include "redis-lists.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/memory.h"
#include "redis-worker.h"
#include "services/published.h"

/* Asking again because something was published in the meantime has an end. */
enum { ROUNDS = 4, TELL_EVERY_S = 10 };

struct redis_lists {
	struct redis_lists_options o;
	struct catalog_sampler *sampler;
	struct redis_target target;   /* its timeout is that of the worker */
	struct redis_worker *worker;
	struct redis redis;
	struct published live;
	bool has_delta;
	bool stale;
	bool down, told;              /* answers come from elsewhere; and that has been said */
	double next_tell;             /* not more often than every TELL_EVERY_S */
	bool has_errors;              /* ... among the replies of this exchange */
	bool renewed;                 /* the sampler is of an older generation */
	char items_of[80], popular_of[80]; /* generations that the sampler's are of; "": it has none */
	char kept_under[80];          /* what was live when older ones were last said to be kept */
	bool kept;                    /* ... and they are */
	double next_look;             /* when no lists are wanted */
	char *key_lists, *key_meta, *key_delta, *key_neighbors;
	struct buffer key;
	struct span *tracks;          /* scratch: of a request */
	size_t tracks_capacity;
};

/* ---- the connection ---- */

static void say_down(struct redis_lists *l, const char *problem)
{
	if (l->down)
		return;
	l->down = true;
	l->told = clock_wall() >= l->next_tell;
	if (!l->told)
		return;
	tell("%s; answers come from the fallback", problem);
	l->next_tell = clock_wall() + TELL_EVERY_S;
}

static void say_up(struct redis_lists *l)
{
	if (l->down && l->told)
		tell("%s: reconnected", l->target.name);
	l->down = false;
}

/* The server answers, but with an error. */
static void say_error(struct redis_lists *l, const redisReply *reply)
{
	char problem[300];
	snprintf(problem, sizeof problem, "%.100s: %.180s", l->target.name, reply->str);
	say_down(l, problem);
	l->has_errors = true;
}

static void note_age(struct redis_lists *l)
{
	bool stale = l->o.max_age_s > 0 && l->live.published_ms > 0 &&
		(double)(clock_unix_ms() - l->live.published_ms) / 1000 > l->o.max_age_s;
	if (stale && !l->stale)
		tell("the lists are older than --max-age: answers come from the fallback");
	l->stale = stale;
}

static void add_of(struct buffer *b, const char *what, const char *generation)
{
	char shown[QUOTED_SIZE];
	buffer_format(b, "%s %s of generation %s", b->n ? "," : "", what,
		      quoted(generation, strlen(generation), shown));
}

/* Says, once for each generation, that the sampler has older items than what is live. */
static void say_kept(struct redis_lists *l, const struct redis_worker_result *result)
{
	const char *live = result->live.generation;
	char shown[QUOTED_SIZE];
	struct buffer kept = {0};
	if (l->items_of[0] && strcmp(l->items_of, live) != 0)
		add_of(&kept, "the catalog", l->items_of);
	if (l->popular_of[0] && strcmp(l->popular_of, live) != 0)
		add_of(&kept, "the popular list", l->popular_of);
	bool said = l->kept && strcmp(l->kept_under, live) == 0;
	l->kept = kept.n > 0;
	snprintf(l->kept_under, sizeof l->kept_under, "%s", live);
	quoted(live, strlen(live), shown);
	if (l->kept && !said)
		tell("%s: %s%s%s; still in use:%s", l->target.name, *live ? "generation " : "nothing is live",
		     *live ? shown : "", !*live ? "" : result->torn ? " has lost some of its catalog"
		     : " does not have everything", buffer_text(&kept));
	buffer_free(&kept);
}

/* Takes over what the worker brought. Where there is no catalog any more, or no popular
 * list, the one that was known stays: there must be something to answer with. */
static void adopt(struct redis_lists *l, struct redis_worker_result *result)
{
	if (l->redis.context) {
		redis_free(&result->redis);
	} else {
		redis_free(&l->redis);
		l->redis = result->redis;
	}
	if (result->items) {
		sampler_put_pool(l->sampler, result->items);
		memcpy(l->items_of, result->live.generation, sizeof l->items_of);
	}
	if (result->popular.n) {
		sampler_put_popular(l->sampler, &result->popular);
		memcpy(l->popular_of, result->live.generation, sizeof l->popular_of);
	}
	buffer_free(&result->popular);
	say_kept(l, result);
	l->live = result->live;
	l->renewed = false;
	note_age(l);
	say_up(l);
}

/* Is there a connection? Waits for one for `patience_s` at most, and not at all when it is
 * known that there is none. */
static bool is_connected(struct redis_lists *l, double patience_s)
{
	struct redis_worker_result result;
	if (!l->redis.context || l->renewed)
		redis_worker_start(l->worker);
	switch (redis_worker_poll(l->worker, l->redis.context || l->down ? 0 : patience_s, &result)) {
	case WORKER_DONE:
		adopt(l, &result);
		break;
	case WORKER_FAILING:
		if (!l->redis.context)
			say_down(l, result.redis.problem);
		break;
	default:
		break;
	}
	return l->redis.context != NULL;
}

struct redis_lists *redis_lists_open(const struct redis_lists_options *o, struct catalog_sampler *sampler)
{
	struct redis_lists *l = memory_zero(1, sizeof *l);
	struct redis_worker_result result;
	l->o = *o;
	l->sampler = sampler;
	/* At the start there is time, and later another thread has it: a catalog may be large. */
	l->target = redis_target_parse(o->url, "redis", o->password_file, fmax(o->deadline_s, 2));
	l->redis.target = &l->target;
	l->key_lists = published_key(o->prefix, "", PART_LISTS);
	l->key_meta = published_key(o->prefix, "", PART_META);
	l->key_delta = published_delta_key(o->prefix);
	l->key_neighbors = published_key(o->prefix, "", PART_NEIGHBORS);
	l->worker = redis_worker_new(&l->target, o->prefix, o->wants_items, o->wants_popular);
	redis_worker_run(l->worker, &result);
	if (!result.done && result.redis.refused)
		die(STATUS_FAILED, "%s", result.redis.problem);
	if (result.done) {
		adopt(l, &result);
		return l;
	}
	say_down(l, result.redis.problem);
	redis_worker_start(l->worker);
	return l;
}

/* ---- asking ---- */

static void ask_list(struct redis_lists *l, struct span user)
{
	if (l->has_delta) {
		const char *word[] = {"HGET", l->key_delta, user.at};
		const size_t length[] = {4, strlen(l->key_delta), user.n};
		redis_append(&l->redis, 3, word, length);
	}
	published_ask_list(&l->redis, &l->live, l->o.prefix, l->key_lists, user, &l->key);
}

static void ask_neighbors(struct redis_lists *l, const struct request *q)
{
	uint32_t n = request_tracks(q);
	l->tracks = memory_grow(l->tracks, &l->tracks_capacity, n, sizeof *l->tracks);
	for (uint32_t i = 0; i < n; i++)
		l->tracks[i] = request_track(q, i);
	published_ask_neighbors(&l->redis, l->key_neighbors, l->tracks, n);
}

/* Are there neighbors to be asked for? Of a description without them another generation's may lie
 * there, which a load-redis left that did not know them. */
static bool has_neighbors(const struct redis_lists *l)
{
	return (l->o.wants_neighbors || l->o.replies) && l->live.neighbors > 0;
}

static bool wants_list(const struct redis_lists *l, const struct request *q)
{
	return q->kind == REQUEST_STEP ? l->o.wants_lists && !q->last : q->kind == REQUEST_LIST;
}

static bool wants_neighbors(const struct redis_lists *l, const struct request *q)
{
	return q->kind == REQUEST_STEP ? l->o.wants_neighbors && !q->last : q->kind == REQUEST_SIMILAR;
}

static void ask(struct redis_lists *l, const struct request *requests, size_t n)
{
	const char *exists[] = {"EXISTS", l->key_delta};
	const size_t exists_length[] = {6, strlen(l->key_delta)};
	published_ask(&l->redis, l->key_meta);
	redis_append(&l->redis, 2, exists, exists_length);
	for (size_t i = 0; i < n; i++) {
		if (wants_list(l, &requests[i]))
			ask_list(l, requests[i].user);
		if (has_neighbors(l) && wants_neighbors(l, &requests[i]))
			ask_neighbors(l, &requests[i]);
	}
	if (has_neighbors(l))
		published_ask_name(&l->redis, l->key_meta);
}

/* What is live now; false: lists must be requested again, because they are elsewhere. */
static bool take_meta(struct redis_lists *l)
{
	redisReply *meta = redis_reply(&l->redis), *exists = redis_reply(&l->redis);
	struct published live = l->live;
	bool has_delta = exists && exists->type == REDIS_REPLY_INTEGER && exists->integer > 0;
	if (!published_read(meta, &live) && meta && meta->type == REDIS_REPLY_ERROR)
		say_error(l, meta);
	bool good = published_same_place(&l->live, &live) && (l->has_delta || !has_delta) &&
		(!(l->o.wants_neighbors || l->o.replies) || (l->live.neighbors > 0) == (live.neighbors > 0));
	l->renewed |= strcmp(l->live.generation, live.generation) != 0;
	l->live = live;
	l->has_delta = has_delta;
	if (meta)
		freeReplyObject(meta);
	if (exists)
		freeReplyObject(exists);
	return good;
}

/* The reply to one request, or to two: what has changed since goes first. */
static void take_list(struct redis_lists *l, struct request *q, bool asked_delta)
{
	redisReply *delta = asked_delta ? redis_reply(&l->redis) : NULL;
	q->reply = redis_reply(&l->redis);
	q->delta = q->reply && delta && delta->type == REDIS_REPLY_STRING;
	if (q->delta) {
		redisReply *other = q->reply;
		q->reply = delta;
		delta = other;
	}
	if (delta)
		freeReplyObject(delta);
	q->unreachable = !q->reply || q->reply->type == REDIS_REPLY_ERROR;
	if (q->reply && q->reply->type == REDIS_REPLY_ERROR)
		say_error(l, q->reply);
}

static void take_neighbors(struct redis_lists *l, struct request *q)
{
	q->neighbors = redis_reply(&l->redis);
	q->no_neighbors_reply = !q->neighbors || q->neighbors->type == REDIS_REPLY_ERROR;
	if (q->neighbors && q->neighbors->type == REDIS_REPLY_ERROR)
		say_error(l, q->neighbors);
}

/* Was the same live at the end as in the beginning? Otherwise some of the replies are of the one, some
 * of the other. */
static bool is_same_still(struct redis_lists *l)
{
	redisReply *name = redis_reply(&l->redis);
	bool same = name && name->type == REDIS_REPLY_STRING && strcmp(name->str, l->live.generation) == 0;
	if (name)
		freeReplyObject(name);
	return same;
}

void redis_lists_forget(struct request *q)
{
	if (q->reply)
		freeReplyObject(q->reply);
	if (q->neighbors)
		freeReplyObject(q->neighbors);
	q->reply = q->neighbors = NULL;
	q->delta = false;
	q->unreachable = q->no_neighbors_reply = !q->last;
}

static void forget(struct request *requests, size_t n)
{
	for (size_t i = 0; i < n; i++)
		redis_lists_forget(&requests[i]);
}

/* Everything once; false: it must be asked for again. */
static bool exchange(struct redis_lists *l, struct request *requests, size_t n)
{
	bool asked_delta = l->has_delta, asked_neighbors = has_neighbors(l);
	l->has_errors = false;
	forget(requests, n);
	ask(l, requests, n);
	bool good = take_meta(l);
	for (size_t i = 0; i < n && l->redis.context; i++) {
		if (requests[i].last)
			continue;
		if (wants_list(l, &requests[i]))
			take_list(l, &requests[i], asked_delta);
		requests[i].no_neighbors_reply = false;
		if (asked_neighbors && wants_neighbors(l, &requests[i]))
			take_neighbors(l, &requests[i]);
	}
	if (asked_neighbors && l->redis.context)
		good &= is_same_still(l);
	if (l->redis.context && !l->has_errors)
		say_up(l);
	return good;
}

void redis_lists_fetch(struct redis_lists *l, struct request *requests, size_t n)
{
	double now = clock_wall(), due = now + l->o.deadline_s;
	if (!l->o.wants_lists && !l->o.wants_neighbors && !l->o.replies && now < l->next_look)
		return;
	l->next_look = now + 0.1;
	forget(requests, n);
	for (int round = 0; round < ROUNDS; round++) {
		double left = due - clock_wall();
		if (!(left > 0) || !is_connected(l, left))
			break;
		l->redis.due_s = due;
		bool good = exchange(l, requests, n);
		if (l->redis.context && good)
			break;
		if (!l->redis.context && l->redis.late) {
			say_down(l, l->redis.problem);
			break;
		}
		/* Closed, as by a server that ends idle connections: another one may do. */
	}
	if (!l->redis.context)
		redis_worker_start(l->worker);
	note_age(l);
}

bool redis_lists_are_there(const struct redis_lists *l)
{
	return l->redis.context != NULL;
}

const char *redis_lists_generation(const struct redis_lists *l)
{
	return l->live.generation;
}

int64_t redis_lists_published_ms(const struct redis_lists *l)
{
	return l->live.published_ms;
}

bool redis_lists_are_stale(const struct redis_lists *l)
{
	return l->stale;
}

void redis_lists_close(struct redis_lists *l)
{
	if (!l)
		return;
	redis_free(&l->redis);
	if (!redis_worker_free(l->worker))
		return; /* it still uses the target */
	redis_target_free(&l->target);
	free(l->key_lists);
	free(l->key_meta);
	free(l->key_delta);
	free(l->key_neighbors);
	free(l->tracks);
	buffer_free(&l->key);
	free(l);
}
