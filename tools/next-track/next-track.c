/* next-track - answers "what next?" for listeners, and logs what happened.
 *
 * Reads: message user track time [timestamp]; message is next or last.
 * Writes: user recommendation source rank probability and a column per experiment,
 * one row for each next, flushed as soon as no request is waiting.
 *
 *	next-track --recs topk.tsv --items items.tsv --log events.tsv
 *	next-track --redis unix:///run/redis.sock --experiment AB --arm C=random --arm T1=indexed
 *
 * Leaves to others: the lists (export-topk, load-redis), sockets (socat, inetd).
 */
#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/memory.h"
#include "base/random.h"
#include "data/strmap.h"
#include "domain/assignment.h"
#include "domain/catalogue.h"
#include "domain/topn.h"
#include "frame/options.h"
#include "frame/run.h"
#include "log.h"
#include "services/redis.h"
#include "streams/output.h"
#include "streams/table.h"

enum recommender { RANDOM, POPULAR, STICKY_ARTIST, INDEXED, RECOMMENDERS };
static const char *const NAMES[RECOMMENDERS] = {"random", "popular", "sticky-artist", "indexed"};

enum pick { PICK_UNIFORM, PICK_RANK, PICK_SOFTMAX };

struct options {
	struct common common;
	const char *recs, *redis, *prefix, *password_file, *items, *popular, *recommender, *registry;
	const char *log, *message, *user, *track, *time, *timestamp;
	struct option_list experiments, arms;
	int pick, log_format, clock;
	double deadline_s, max_age_s, temperature;
};

#define AT(member) offsetof(struct options, member)

static const struct option_row OPTIONS[] = {
	{"recs", 0, OPTION_FILE, "FILE", AT(recs), NULL, 0, 0, NULL,
	 "the lists: top-N rows (user rank item score); no server is needed"},
	{"redis", 0, OPTION_TEXT, "URL", AT(redis), NULL, 0, 0, NULL,
	 "the lists as load-redis published them: redis://[USER@]HOST[:PORT][/DATABASE] or "
	 "unix://[USER@]PATH[?db=DATABASE]; the password comes from REDISCLI_AUTH"},
	{"password-file", 0, OPTION_FILE, "FILE", AT(password_file), NULL, 0, 0, NULL,
	 "the first line of FILE is the password"},
	{"prefix", 0, OPTION_TEXT, "NAME", AT(prefix), "recs", 0, 0, NULL, "load-redis's --prefix"},
	{"items", 0, OPTION_FILE, "FILE", AT(items), NULL, 0, 0, NULL,
	 "the catalogue (item, and artist available blocked): random tracks are drawn from it, and "
	 "nothing else is recommended"},
	{"popular", 0, OPTION_FILE, "FILE", AT(popular), NULL, 0, 0, NULL,
	 "the items of FILE, in its order, are the popular ones"},
	{"recommender", 0, OPTION_TEXT, "NAME,..", AT(recommender), "indexed", 0, 0, NULL,
	 "who answers where no experiment decides: random, popular, sticky-artist or indexed, and "
	 "then who is asked when there is no answer; random is always the last"},
	{"experiment", 0, OPTION_LIST, "NAME[=N]", AT(experiments), NULL, 0, 0, NULL,
	 "an experiment with N equal arms C, T1, .., or as many as --arm names"},
	{"arm", 0, OPTION_LIST, "ARM=NAME,..", AT(arms), NULL, 0, 0, NULL,
	 "the recommender of an arm of the first --experiment"},
	{"experiments", 0, OPTION_FILE, "FILE", AT(registry), NULL, 0, 0, NULL,
	 "the registry: name arm weight recommender salt"},
	{"pick", 0, OPTION_CHOICE, "HOW", AT(pick), "uniform", 0, 0, "uniform|rank|softmax",
	 "which item of a list: any alike, by 1/rank, or by exp(score/temperature) (--recs only)"},
	{"temperature", 0, OPTION_REAL, "X", AT(temperature), "1", ABOVE_ZERO, INFINITY, NULL,
	 "of --pick softmax"},
	{"log", 0, OPTION_FILE, "FILE", AT(log), NULL, 0, 0, NULL,
	 "append the events to FILE; opened again on SIGHUP"},
	{"log-format", 0, OPTION_CHOICE, "HOW", AT(log_format), "tsv", 0, 0, "tsv|json",
	 "the events stream, or JSON lines as import-logs reads them"},
	{"clock", 0, OPTION_CHOICE, "HOW", AT(clock), "auto", 0, 0, "auto|real|request",
	 "times of the log: this machine's, or the requests' timestamp with a latency of 0; auto: "
	 "request where there is such a column"},
	{"deadline", 0, OPTION_DURATION, "TIME", AT(deadline_s), "20ms", 1e-3, 3600, NULL,
	 "how long to wait for Redis before the fallback answers"},
	{"max-age", 0, OPTION_DURATION, "TIME", AT(max_age_s), NULL, ABOVE_ZERO, INFINITY, NULL,
	 "lists that are older do not count any more"},
	{"message", 0, OPTION_TEXT, "COLUMN", AT(message), "message", 0, 0, NULL,
	 "the column that says next or last"},
	{"user", 0, OPTION_TEXT, "COLUMN", AT(user), "user", 0, 0, NULL, "the column of user ids"},
	{"track", 0, OPTION_TEXT, "COLUMN", AT(track), "track", 0, 0, NULL,
	 "the column of what was just played"},
	{"time", 0, OPTION_TEXT, "COLUMN", AT(time), "time", 0, 0, NULL,
	 "the column of the share that was listened to"},
	{"timestamp", 0, OPTION_TEXT, "COLUMN", AT(timestamp), "timestamp", 0, 0, NULL,
	 "the column of the requests' milliseconds"},
	COMMON_SEED(struct options, common),
	COMMON_INPUT(struct options, common),
	COMMON_OUTPUT(struct options, common),
	COMMON_LOG(struct options, common),
	OPTION_END
};

/* A list to pick from: item ids, and scores where they are known. */
struct list {
	uint32_t n, capacity;
	struct span *items;
	double *scores;
	bool *allowed;           /* of a list from a file: the catalogue was asked once, at the start */
	bool checked;
};

/* Who is asked, in order. */
struct chain {
	enum recommender of[RECOMMENDERS + 1];
	size_t n;
};

struct service {
	const struct options *o;
	/* lists from a file */
	struct strmap *users, *list_items;
	uint64_t *start;
	uint32_t *item;
	double *score;
	bool *offered;                /* by number in list_items */
	bool stale;
	/* lists from Redis */
	struct redis redis;
	struct redis_target target;
	bool use_redis, down_told;
	bool renewed;                 /* another generation is live than before */
	bool has_delta;               /* somebody's list has changed since */
	enum { LISTS_HASH, LISTS_STRING, LISTS_LIST } layout;
	uint64_t shards;
	struct buffer key;
	char *key_delta;
	double next_try, wait, meta_at;
	char generation[80];
	char *key_lists, *key_items, *key_popular, *key_meta;
	/* what can be offered */
	struct catalogue *catalogue;
	struct strmap *pool;          /* items that random draws from, where no catalogue is */
	struct list popular;
	struct buffer popular_text;
	uint32_t *artist_start, *artist_item;
	double *weights;
	size_t weights_capacity;
	/* experiments */
	struct experiments experiments;
	struct chain **chains;        /* experiment -> arm -> chain; n 0: decides nothing */
	struct chain usual;
	bool wants_lists;
	/* requests */
	struct strmap *seen;          /* user -> how often */
	uint32_t *count;
	size_t count_capacity;
	struct log log;
	bool logs;
	uint64_t answered, fallen_back;
};

/* ---- options to rules ---- */

static struct chain parse_chain(const char *text, const char *option)
{
	struct chain c = {.n = 0};
	for (const char *at = text;; at++) {
		size_t n = strcspn(at, ","), who = 0;
		while (who < RECOMMENDERS && (strlen(NAMES[who]) != n || memcmp(NAMES[who], at, n) != 0))
			who++;
		if (who == RECOMMENDERS)
			usage_error("option '--%s': not random, popular, sticky-artist or indexed: \"%.*s\"",
				    option, (int)n, at);
		for (size_t i = 0; i < c.n; i++)
			if (c.of[i] == (enum recommender)who)
				usage_error("option '--%s': '%s' is named twice", option, NAMES[who]);
		c.of[c.n++] = (enum recommender)who;
		at += n;
		if (!*at)
			break;
	}
	if (c.of[c.n - 1] != RANDOM)
		c.of[c.n++] = RANDOM;
	return c;
}

static bool has(const struct chain *c, enum recommender who)
{
	for (size_t i = 0; i < c->n; i++)
		if (c->of[i] == who)
			return true;
	return false;
}

static void set_up_experiments(struct service *s)
{
	const struct options *o = s->o;
	if (o->registry)
		experiments_read(&s->experiments, o->registry);
	size_t first = s->experiments.n;
	for (size_t i = 0; i < o->experiments.n; i++) {
		const char *text = o->experiments.values[i];
		char *whole = strchr(text, '=') ? memory_text(text, strlen(text))
			: memory_format("%s=%zu", text, i == 0 ? o->arms.n : (size_t)0);
		experiments_add(&s->experiments, whole, "experiment");
		free(whole);
	}
	if (o->arms.n && o->experiments.n == 0)
		usage_error("--arm is about --experiment");
	s->chains = memory_zero(s->experiments.n + 1, sizeof(*s->chains));
	for (size_t x = 0; x < s->experiments.n; x++) {
		struct experiment *e = &s->experiments.all[x];
		s->chains[x] = memory_zero(e->n + 1, sizeof **s->chains);
		for (size_t a = 0; a < e->n; a++)
			if (*e->arms[a].recommender)
				s->chains[x][a] = parse_chain(e->arms[a].recommender, "experiments");
	}
	for (size_t i = 0; i < o->arms.n; i++) {
		const char *text = o->arms.values[i], *equal = strchr(text, '=');
		struct experiment *e = &s->experiments.all[first];
		size_t n = equal ? (size_t)(equal - text) : 0;
		size_t a = experiment_find_arm(e, (struct span){text, n});
		if (!equal || a >= e->n)
			usage_error("option '--arm': not ARM=RECOMMENDER with an arm of %s: \"%s\"", e->name,
				    text);
		s->chains[first][a] = parse_chain(equal + 1, "arm");
	}
	s->usual = parse_chain(o->recommender, "recommender");
	s->wants_lists = has(&s->usual, INDEXED);
	for (size_t x = 0; x < s->experiments.n; x++)
		for (size_t a = 0; a < s->experiments.all[x].n; a++)
			s->wants_lists |= has(&s->chains[x][a], INDEXED);
}

/* ---- lists and the catalogue ---- */

static void read_lists(struct service *s, struct table *t)
{
	const struct topn_columns columns = {"user", "rank", "item", "score", false, false, false, false};
	struct topn_reader *reader = topn_open(t, &columns);
	struct topn_list list;
	size_t capacity[3] = {0};
	uint64_t n = 0;
	s->users = strmap_new();
	s->list_items = strmap_new();
	while (topn_next(reader, &list)) {
		uint32_t user = strmap_add(s->users, list.user);
		s->start = memory_grow(s->start, &capacity[0], (size_t)user + 2, sizeof *s->start);
		s->start[user] = n;
		s->item = memory_grow(s->item, &capacity[1], (size_t)n + list.n, sizeof *s->item);
		s->score = memory_grow(s->score, &capacity[2], (size_t)n + list.n, sizeof *s->score);
		for (uint32_t i = 0; i < list.n; i++, n++) {
			s->item[n] = strmap_add(s->list_items, list.items[i]);
			s->score[n] = list.scores[i];
		}
		s->start[user + 1] = n;
	}
	topn_close(reader);
	table_close(t);
}

static void add_item(struct list *l, struct span item, double score)
{
	if (l->n == l->capacity) {
		l->capacity = l->capacity * 2 + 64;
		l->items = memory_resize(l->items, l->capacity, sizeof *l->items);
		l->scores = memory_resize(l->scores, l->capacity, sizeof *l->scores);
		l->allowed = memory_resize(l->allowed, l->capacity, sizeof *l->allowed);
	}
	l->items[l->n] = item;
	l->scores[l->n++] = score;
}

/* The items of a TAB-separated text, which must stay. */
static void split_items(struct list *l, const char *text, size_t n)
{
	const char *end = text + n;
	l->n = 0;
	l->checked = false;
	while (text < end) {
		const char *tab = memchr(text, '\t', (size_t)(end - text)), *stop = tab ? tab : end;
		if (stop > text)
			add_item(l, (struct span){text, (size_t)(stop - text)}, NAN);
		text = stop + 1;
	}
}

static void read_popular(struct service *s, struct table *t)
{
	size_t item = table_column(t, "item", NULL);
	while (table_next(t)) {
		if (s->popular_text.n)
			buffer_add_byte(&s->popular_text, '\t');
		buffer_add_span(&s->popular_text, table_field(t, item));
	}
	table_close(t);
	split_items(&s->popular, s->popular_text.data, s->popular_text.n);
}

static void index_artists(struct service *s)
{
	const struct catalogue *c = s->catalogue;
	uint32_t artists = strmap_count(c->artists);
	s->artist_start = memory_zero((size_t)artists + 2, sizeof *s->artist_start);
	s->artist_item = memory_new((size_t)c->n_offered + 1, sizeof *s->artist_item);
	for (uint32_t i = 0; i < c->n_offered; i++)
		if (c->artist[c->offered[i]] != STRMAP_NONE)
			s->artist_start[c->artist[c->offered[i]] + 1]++;
	for (uint32_t a = 0; a < artists; a++)
		s->artist_start[a + 1] += s->artist_start[a];
	uint32_t *next = memory_new((size_t)artists + 1, sizeof *next);
	memcpy(next, s->artist_start, (size_t)artists * sizeof *next);
	for (uint32_t i = 0; i < c->n_offered; i++) {
		uint32_t artist = c->artist[c->offered[i]];
		if (artist != STRMAP_NONE)
			s->artist_item[next[artist]++] = c->offered[i];
	}
	free(next);
}

/* ---- Redis ---- */

static void lose_redis(struct service *s)
{
	if (!s->down_told)
		tell("%s; answers come from the fallback", s->redis.problem);
	s->down_told = true;
	redis_disconnect(&s->redis);
	s->wait = s->wait > 0 ? fmin(s->wait * 2, 2) : 0.05;
	s->next_try = clock_wall() + s->wait;
}

/* The items of P:items in byte order, so that the same seed draws the same ones;
 * what was known stays when they cannot be had. */
static bool take_pool(struct service *s)
{
	redisReply *reply = REDIS(&s->redis, "HVALS", s->key_items);
	if (!reply)
		return false;
	struct strmap *loose = strmap_new(), *pool = strmap_new();
	for (size_t i = 0; reply->type == REDIS_REPLY_ARRAY && i < reply->elements; i++)
		strmap_add(loose, (struct span){reply->element[i]->str, reply->element[i]->len});
	uint32_t *order = strmap_sorted(loose), n = strmap_count(loose);
	for (uint32_t i = 0; i < n; i++)
		strmap_add(pool, strmap_key(loose, order[i]));
	free(order);
	strmap_free(loose);
	freeReplyObject(reply);
	bool better = n > 0 || !s->pool;
	strmap_free(better ? s->pool : pool);
	if (better)
		s->pool = pool;
	return true;
}

static bool take_popular(struct service *s)
{
	redisReply *reply = REDIS(&s->redis, "GET", s->key_popular);
	if (!reply)
		return false;
	s->popular.n = 0;
	s->popular_text.n = 0;
	if (reply->type == REDIS_REPLY_STRING) {
		buffer_add(&s->popular_text, reply->str, reply->len);
		split_items(&s->popular, s->popular_text.data, s->popular_text.n);
	}
	freeReplyObject(reply);
	return true;
}

/* The catalogue and the popular list, as they were published with what is live
 * now, where no file takes their place. */
static bool take_catalogue(struct service *s)
{
	s->renewed = false;
	return (s->catalogue || take_pool(s)) && (s->o->popular || take_popular(s));
}

static bool redis_ready(struct service *s)
{
	if (s->redis.context && !s->renewed)
		return true;
	if (!s->redis.context && clock_wall() < s->next_try)
		return false;
	if ((!s->redis.context && !redis_connect(&s->redis)) || !take_catalogue(s)) {
		lose_redis(s);
		return false;
	}
	if (s->down_told)
		tell("%s answers again", redis_name(&s->target));
	s->down_told = false;
	s->wait = 0;
	s->meta_at = 0;
	return true;
}

/* ---- requests ---- */

struct request {
	bool last;
	struct span user, track, time;
	int64_t timestamp_ms;
	redisReply *reply;       /* the list, or NULL */
	bool delta;              /* it is one of those that changed since */
	bool unreachable;
};

/* Sends for a user's list, wherever the layout of what is live has it. */
static void ask_for_list(struct service *s, struct span user)
{
	static const char *const COMMANDS[] = {"HGET", "GET", "LRANGE"};
	s->key.n = 0;
	if (s->layout == LISTS_HASH && s->shards <= 1) {
		buffer_add_text(&s->key, s->key_lists);
	} else {
		buffer_format(&s->key, "%s:gen:%s:", s->o->prefix, s->generation);
		if (s->layout == LISTS_HASH)
			s->key.n += number_write_u64(hash_murmur3(user.at, user.n, 0) % s->shards,
						     buffer_room(&s->key, NUMBER_SIZE));
		else
			buffer_add_text(&s->key, "u:");
		if (s->layout != LISTS_HASH)
			buffer_add_span(&s->key, user);
	}
	const char *command = COMMANDS[s->layout];
	const char *word[] = {command, s->key.data, s->layout == LISTS_LIST ? "0" : user.at, "-1"};
	const size_t length[] = {strlen(command), s->key.n, s->layout == LISTS_LIST ? 1 : user.n, 2};
	redis_append(&s->redis, s->layout == LISTS_HASH ? 3 : s->layout == LISTS_STRING ? 2 : 4,
		     word, length);
}

/* What is live, ten times a second at most: the replies to HMGET and EXISTS. */
static void take_meta(struct service *s, const redisReply *meta, const redisReply *delta)
{
	s->has_delta = delta && delta->type == REDIS_REPLY_INTEGER && delta->integer > 0;
	if (!meta || meta->type != REDIS_REPLY_ARRAY || meta->elements != 4)
		return;
	const char *text[4];
	size_t n[4];
	for (size_t i = 0; i < 4; i++) {
		bool there = meta->element[i]->type == REDIS_REPLY_STRING;
		text[i] = there ? meta->element[i]->str : "";
		n[i] = there ? (size_t)meta->element[i]->len : 0;
	}
	char before[sizeof s->generation];
	memcpy(before, s->generation, sizeof before);
	snprintf(s->generation, sizeof s->generation, "%.*s", (int)n[0], text[0]);
	s->renewed |= before[0] && strcmp(before, s->generation) != 0;
	int64_t published = 0;
	bool known = number_i64(text[1], n[1], &published) == NUMBER_OK;
	bool stale = s->o->max_age_s > 0 && known &&
		(double)(clock_unix_ms() - published) / 1000 > s->o->max_age_s;
	if (stale && !s->stale)
		tell("the lists are older than --max-age: answers come from the fallback");
	s->stale = stale;
	s->layout = strcmp(text[2], "string") == 0 ? LISTS_STRING
		: strcmp(text[2], "list") == 0 ? LISTS_LIST : LISTS_HASH;
	if (number_u64(text[3], n[3], &s->shards) != NUMBER_OK || s->shards < 1)
		s->shards = 1;
}

static void look(struct service *s)
{
	const char *word[] = {"HMGET", s->key_meta, "generation", "published_ms", "layout", "shards"};
	const size_t length[] = {5, strlen(s->key_meta), 10, 12, 6, 6};
	redis_append(&s->redis, 6, word, length);
	const char *exists[] = {"EXISTS", s->key_delta};
	const size_t exists_length[] = {6, strlen(s->key_delta)};
	redis_append(&s->redis, 2, exists, exists_length);
	redisReply *meta = redis_reply(&s->redis), *delta = redis_reply(&s->redis);
	take_meta(s, meta, delta);
	freeReplyObject(meta);
	freeReplyObject(delta);
	s->meta_at = clock_wall() + 0.1;
}

/* Asks Redis for the lists of all waiting requests at once. */
static void fetch_lists(struct service *s, struct request *requests, size_t n)
{
	if (!s->use_redis || !s->wants_lists)
		return;
	if (!redis_ready(s)) {
		for (size_t i = 0; i < n; i++)
			requests[i].unreachable = true;
		return;
	}
	if (clock_wall() > s->meta_at)
		look(s);
	for (size_t i = 0; i < n; i++) {
		if (requests[i].last)
			continue;
		if (s->has_delta) {
			const char *word[] = {"HGET", s->key_delta, requests[i].user.at};
			const size_t length[] = {4, strlen(s->key_delta), requests[i].user.n};
			redis_append(&s->redis, 3, word, length);
		}
		ask_for_list(s, requests[i].user);
	}
	for (size_t i = 0; i < n; i++) {
		struct request *q = &requests[i];
		if (q->last)
			continue;
		redisReply *delta = s->has_delta ? redis_reply(&s->redis) : NULL;
		q->reply = redis_reply(&s->redis);
		if (q->reply && delta && delta->type == REDIS_REPLY_STRING) {
			redisReply *other = q->reply;
			q->reply = delta;
			delta = other;
			q->delta = true;
		}
		freeReplyObject(delta);
		q->unreachable = !q->reply || q->reply->type == REDIS_REPLY_ERROR;
		if (q->reply && q->reply->type == REDIS_REPLY_ERROR) {
			if (!s->down_told)
				tell("%s: %s", redis_name(&s->target), q->reply->str);
			s->down_told = true;
		}
	}
	if (!s->redis.context)
		lose_redis(s);
}

/* ---- recommenders ---- */

struct answer {
	struct span item;
	enum recommender source;
	bool delta;              /* indexed, of a list that changed since */
	const char *why;         /* of a fallback: why the first one did not answer, or NULL */
	uint32_t rank;           /* 0: none */
	double probability;
};

static bool can_offer(const struct service *s, struct span item)
{
	if (!s->catalogue)
		return true;
	uint32_t n = strmap_find(s->catalogue->ids, item);
	return n != STRMAP_NONE && s->catalogue->is_offered[n];
}

/* Picks from a list what may be offered and was not just played. */
static bool pick(struct service *s, const struct list *l, struct span played, struct random *r,
		 struct answer *a)
{
	double total = 0, top = -INFINITY;
	int how = s->o->pick;
	s->weights = memory_grow(s->weights, &s->weights_capacity, l->n, sizeof *s->weights);
	for (uint32_t i = 0; i < l->n && how == PICK_SOFTMAX; i++)
		top = fmax(top, l->scores[i]);
	for (uint32_t i = 0; i < l->n; i++) {
		s->weights[i] = 0;
		if (span_equal(l->items[i], played) ||
		    !(l->checked ? l->allowed[i] : can_offer(s, l->items[i])))
			continue;
		s->weights[i] = how == PICK_UNIFORM ? 1 : how == PICK_RANK ? 1.0 / (i + 1)
			: exp((l->scores[i] - top) / s->o->temperature);
		total += s->weights[i];
	}
	if (!(total > 0))
		return false;
	double left = random_share(r) * total;
	for (uint32_t i = 0; i < l->n; i++) {
		double w = s->weights[i];
		if (!(w > 0))
			continue;
		/* Rounding may leave a crumb: then it is the last one. */
		*a = (struct answer){.item = l->items[i], .rank = i + 1, .probability = w / total};
		if ((left -= w) < 0)
			break;
	}
	return true;
}

static bool list_of(struct service *s, const struct request *q, struct list *l, const char **why)
{
	*why = "no-list";
	if (q->unreachable) {
		*why = "redis";
		return false;
	}
	if (s->stale) {
		*why = "stale";
		return false;
	}
	if (s->use_redis) {
		if (q->reply && q->reply->type == REDIS_REPLY_ARRAY) {
			l->n = 0;
			l->checked = false;
			for (size_t i = 0; i < q->reply->elements; i++)
				add_item(l, (struct span){q->reply->element[i]->str, q->reply->element[i]->len}, 0);
			return l->n > 0;
		}
		if (!q->reply || q->reply->type != REDIS_REPLY_STRING)
			return false;
		split_items(l, q->reply->str, q->reply->len);
		return l->n > 0;
	}
	uint32_t user = s->users ? strmap_find(s->users, q->user) : STRMAP_NONE;
	if (user == STRMAP_NONE)
		return false;
	l->n = 0;
	for (uint64_t i = s->start[user]; i < s->start[user + 1]; i++) {
		add_item(l, strmap_key(s->list_items, s->item[i]), s->score[i]);
		l->allowed[l->n - 1] = s->offered[s->item[i]];
	}
	l->checked = true;
	return l->n > 0;
}

/* Uniform over what can be offered, without what was just played. */
static bool draw(struct service *s, struct span played, struct random *r, struct answer *a)
{
	const struct strmap *ids = s->catalogue ? s->catalogue->ids : s->pool;
	uint32_t n = s->catalogue ? s->catalogue->n_offered : s->pool ? strmap_count(s->pool) : 0;
	if (n == 0)
		return false;
	for (int attempt = 0; attempt < 100; attempt++) {
		uint32_t i = random_below(r, n);
		a->item = strmap_key(ids, s->catalogue ? s->catalogue->offered[i] : i);
		if (n == 1 || !span_equal(a->item, played))
			break;
	}
	bool excluded = n > 1 && (s->catalogue
		? can_offer(s, played) : strmap_find(ids, played) != STRMAP_NONE);
	a->probability = 1.0 / (n - excluded);
	a->rank = 0;
	return true;
}

static bool draw_artist(struct service *s, struct span played, struct random *r, struct answer *a)
{
	uint32_t track = s->catalogue ? strmap_find(s->catalogue->ids, played) : STRMAP_NONE;
	uint32_t artist = track == STRMAP_NONE ? STRMAP_NONE : s->catalogue->artist[track];
	if (artist == STRMAP_NONE)
		return false;
	uint32_t from = s->artist_start[artist], n = s->artist_start[artist + 1] - from;
	uint32_t others = n - s->catalogue->is_offered[track];
	if (others == 0)
		return false;
	uint32_t i;
	do
		i = s->artist_item[from + random_below(r, n)];
	while (i == track);
	a->item = strmap_key(s->catalogue->ids, i);
	a->probability = 1.0 / others;
	a->rank = 0;
	return true;
}

static bool ask(struct service *s, enum recommender who, const struct request *q, struct list *l,
		struct random *r, struct answer *a, const char **why)
{
	switch (who) {
	case INDEXED:
		if (!list_of(s, q, l, why))
			return false;
		*why = "no-other-item";
		return pick(s, l, q->track, r, a);
	case POPULAR:
		*why = "no-popular";
		return pick(s, &s->popular, q->track, r, a);
	case STICKY_ARTIST:
		*why = "no-artist";
		return draw_artist(s, q->track, r, a);
	default:
		*why = "no-catalogue";
		return draw(s, q->track, r, a);
	}
}

static struct answer answer_to(struct service *s, const struct request *q, const struct chain *c,
			       struct list *scratch)
{
	uint32_t known = strmap_count(s->seen), user = strmap_add(s->seen, q->user);
	s->count = memory_grow(s->count, &s->count_capacity, (size_t)user + 1, sizeof *s->count);
	if (user == known)
		s->count[user] = 0;
	struct random r = random_start(hash_row(s->o->common.seed, q->user, (struct span){NULL, 0}),
				       s->count[user]++);
	struct answer a = {.why = NULL};
	const char *first = NULL;
	for (size_t i = 0; i < c->n; i++) {
		const char *why;
		if (ask(s, c->of[i], q, scratch, &r, &a, &why)) {
			a.source = c->of[i];
			a.delta = a.source == INDEXED && q->delta;
			a.why = i ? first : NULL;
			return a;
		}
		if (i == 0)
			first = why;
	}
	char shown[QUOTED_SIZE];
	die(STATUS_DATA, "nothing can be recommended to %s: give --items",
	    quoted(q->user.at, q->user.n, shown));
}

/* ---- events ---- */

static void log_event(struct service *s, const struct request *q, const struct answer *a,
		      const size_t *arms, double latency_s, bool triggered)
{
	struct buffer *b = &s->log.rows;
	char number[NUMBER_SIZE];
	size_t n = number_write_double(latency_s, number);
	struct span item = a ? a->item : (struct span){NULL, 0}, latency = {number, n};
	if (s->log.json) {
		buffer_format(b, "{\"message\": \"%s\", \"timestamp\": %lld, \"user\": ",
			      q->last ? "last" : "next", (long long)q->timestamp_ms);
		log_json(b, q->user);
		buffer_add_text(b, ", \"track\": ");
		log_json(b, q->track);
		buffer_add_text(b, ", \"time\": ");
		log_json(b, q->time);
		buffer_add_text(b, ", \"latency\": ");
		buffer_add_span(b, latency);
		buffer_add_text(b, ", \"recommendation\": ");
		log_json(b, item);
		buffer_add_text(b, ", \"experiments\": {");
		for (size_t x = 0; x < s->experiments.n; x++) {
			buffer_add_text(b, x ? ", " : "");
			log_json(b, span_of(s->experiments.all[x].name));
			buffer_add_text(b, ": ");
			log_json(b, span_of(s->experiments.all[x].arms[arms[x]].name));
		}
		buffer_add_text(b, "}}\n");
		return;
	}
	buffer_format(b, "%s\t%lld\t", q->last ? "last" : "next", (long long)q->timestamp_ms);
	buffer_add_span(b, q->user);
	buffer_add_byte(b, '\t');
	buffer_add_span(b, q->track);
	buffer_add_byte(b, '\t');
	buffer_add_span(b, q->time);
	buffer_add_byte(b, '\t');
	buffer_add_span(b, latency);
	buffer_add_byte(b, '\t');
	buffer_add_span(b, item);
	for (size_t x = 0; x < s->experiments.n; x++) {
		buffer_add_byte(b, '\t');
		buffer_add_text(b, s->experiments.all[x].arms[arms[x]].name);
	}
	if (!a) {
		buffer_format(b, "\t\t\t\t%s\t\n", s->generation);
		return;
	}
	buffer_format(b, "\t%s%s%s\t", a->delta ? "delta" : NAMES[a->source], a->why ? ":" : "",
		      a->why ? a->why : "");
	if (a->rank)
		buffer_format(b, "%u", a->rank);
	buffer_add_byte(b, '\t');
	b->n += number_write_double(a->probability, buffer_room(b, NUMBER_SIZE));
	buffer_format(b, "\t%s\t%d\n", s->generation, triggered);
}

static void write_answer(struct service *s, struct output *out, const struct request *q,
			 const struct answer *a, const size_t *arms)
{
	output_span(out, q->user);
	output_tab(out);
	output_span(out, a->item);
	output_tab(out);
	output_text(out, a->delta ? "delta" : NAMES[a->source]);
	if (a->why) {
		output_byte(out, ':');
		output_text(out, a->why);
	}
	output_tab(out);
	if (a->rank)
		output_u64(out, a->rank);
	output_tab(out);
	output_double(out, a->probability);
	for (size_t x = 0; x < s->experiments.n; x++) {
		output_tab(out);
		output_text(out, s->experiments.all[x].arms[arms[x]].name);
	}
	output_byte(out, '\n');
}

/* All requests that are there: lists fetched at once, answers flushed, then logged. */
static void serve(struct service *s, struct request *requests, size_t n, struct output *out,
		  struct list *scratch, size_t *arms, bool request_clock)
{
	double begin = clock_wall();
	fetch_lists(s, requests, n);
	for (size_t i = 0; i < n; i++) {
		struct request *q = &requests[i];
		const struct chain *chain = NULL;
		for (size_t x = 0; x < s->experiments.n; x++) {
			arms[x] = experiment_arm(&s->experiments.all[x], q->user);
			if (!chain && s->chains[x][arms[x]].n)
				chain = &s->chains[x][arms[x]];
		}
		struct answer a;
		bool triggered = false;
		if (!q->last) {
			const char *why;
			a = answer_to(s, q, chain ? chain : &s->usual, scratch);
			write_answer(s, out, q, &a, arms);
			s->answered++;
			s->fallen_back += a.why != NULL;
			if (s->logs && s->experiments.n)
				triggered = list_of(s, q, scratch, &why);
		}
		if (s->logs)
			log_event(s, q, q->last ? NULL : &a, arms,
				  request_clock ? 0 : round((clock_wall() - begin) * 1e9) / 1e9, triggered);
		if (q->reply)
			freeReplyObject(q->reply);
	}
	output_flush(out);
	if (s->logs) {
		log_reopen(&s->log);
		log_flush(&s->log);
	}
}

/* ---- reading requests ---- */

struct columns {
	size_t message, user, track, time;
	long timestamp;
};

static bool parse_request(struct table *t, const struct columns *c,
			  bool request_clock, struct request *q)
{
	struct span message = table_field(t, c->message);
	*q = (struct request){.last = span_equal(message, span_of("last"))};
	if (!q->last && !span_equal(message, span_of("next"))) {
		table_reject(t, c->message, "not next or last");
		return false;
	}
	q->user = table_field(t, c->user);
	if (q->user.n == 0) {
		table_reject(t, c->user, "an empty id");
		return false;
	}
	q->track = table_field(t, c->track);
	q->time = table_field(t, c->time);
	double share;
	if (q->time.n && !table_double(t, c->time, &share))
		return false;
	if (request_clock)
		return table_i64(t, (size_t)c->timestamp, &q->timestamp_ms);
	q->timestamp_ms = clock_unix_ms();
	return true;
}

/* SIGTERM and SIGINT wait while requests are under way: whoever was read is answered
 * and logged, then the signal ends the program. */
static void hold_signals(bool hold)
{
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	if (pthread_sigmask(hold ? SIG_BLOCK : SIG_UNBLOCK, &set, NULL) != 0)
		die(STATUS_FAILED, "cannot hold signals back");
}

static void open_sources(struct service *s)
{
	const struct options *o = s->o;
	struct table *recs = o->recs ? table_open_file(o->recs) : NULL;
	struct table *items = o->items ? table_open_file(o->items) : NULL;
	struct table *popular = o->popular ? table_open_file(o->popular) : NULL;
	if (items) {
		s->catalogue = catalogue_read(items, "item", NULL);
		index_artists(s);
		if (s->catalogue->n_offered == 0)
			die(STATUS_DATA, "%s: nothing in it can be offered", o->items);
	}
	if (popular)
		read_popular(s, popular);
	if (recs) {
		struct stat about;
		if (o->max_age_s > 0 && stat(o->recs, &about) == 0 &&
		    (double)clock_unix_ms() / 1000 - (double)about.st_mtime > o->max_age_s) {
			tell("the lists are older than --max-age: answers come from the fallback");
			s->stale = true;
		}
		read_lists(s, recs);
		snprintf(s->generation, sizeof s->generation, "file");
	}
	if (o->redis) {
		s->use_redis = true;
		/* At the start there is time: a catalogue may be large. */
		s->target = redis_target_parse(o->redis, "redis", o->password_file,
					       fmax(o->deadline_s, 2));
		s->redis.target = &s->target;
		s->key_lists = memory_format("%s:lists", o->prefix);
		s->key_items = memory_format("%s:items", o->prefix);
		s->key_popular = memory_format("%s:popular", o->prefix);
		s->key_meta = memory_format("%s:meta", o->prefix);
		s->key_delta = memory_format("%s:delta", o->prefix);
		s->shards = 1;
		bool there = redis_ready(s);
		if (!there && s->redis.refused)
			exit(STATUS_FAILED); /* a wrong password: it has been said */
		if (!there && !s->catalogue)
			die(STATUS_UNAVAILABLE, "without --items there is nothing to answer with until "
			    "the server is there");
		if (s->redis.context && !redis_set_timeout(&s->redis, o->deadline_s))
			lose_redis(s);
		s->target.timeout_s = o->deadline_s;
	}
	if (s->list_items) {
		s->offered = memory_new(strmap_count(s->list_items), sizeof *s->offered);
		for (uint32_t i = 0; i < strmap_count(s->list_items); i++)
			s->offered[i] = can_offer(s, strmap_key(s->list_items, i));
	}
	if (!s->catalogue && !s->use_redis && s->list_items) {
		/* Without a catalogue there is only what lists hold, in byte order. */
		uint32_t *order = strmap_sorted(s->list_items);
		s->pool = strmap_new();
		for (uint32_t i = 0; i < strmap_count(s->list_items); i++)
			strmap_add(s->pool, strmap_key(s->list_items, order[i]));
		free(order);
	}
}

static void open_log(struct service *s)
{
	struct buffer header = {0};
	buffer_add_text(&header, "message\ttimestamp\tuser\ttrack\ttime\tlatency\trecommendation");
	for (size_t x = 0; x < s->experiments.n; x++)
		buffer_format(&header, "\t%s", s->experiments.all[x].name);
	buffer_add_text(&header, "\tsource\trank\tprobability\tgeneration\ttriggered\n");
	log_open(&s->log, s->o->log, s->o->log_format == 1, buffer_text(&header));
	s->logs = true;
	buffer_free(&header);
}

static int run(const struct options *o, char **files, int count)
{
	struct service s = {.o = o, .seen = strmap_new()};
	if (o->recs && o->redis)
		usage_error("--recs and --redis exclude each other");
	set_up_experiments(&s);
	if (o->pick == PICK_SOFTMAX && !o->recs)
		usage_error("--pick softmax needs the scores of --recs");
	if (!o->recs && !o->redis && !o->items)
		usage_error("--recs, --redis or --items is needed");
	struct table_format format = COMMON_FORMAT(&o->common);
	struct output *out = output_open(o->common.output, false);
	out->by_line = false; /* flushed when nobody waits */
	open_sources(&s);
	struct table *t = table_open(files, count, &format);
	struct columns c = {
		.message = table_column(t, o->message, option_given("message") ? "message" : NULL),
		.user = table_column(t, o->user, option_given("user") ? "user" : NULL),
		.track = table_column(t, o->track, option_given("track") ? "track" : NULL),
		.time = table_column(t, o->time, option_given("time") ? "time" : NULL),
		.timestamp = option_given("timestamp") || o->clock == 2
			? (long)table_column(t, o->timestamp, option_given("timestamp") ? "timestamp" : NULL)
			: table_find_column(t, o->timestamp),
	};
	bool request_clock = o->clock == 2 || (o->clock == 0 && c.timestamp >= 0);
	if (o->log)
		open_log(&s);
	if (!o->common.no_header) {
		output_text(out, "user\trecommendation\tsource\trank\tprobability");
		for (size_t x = 0; x < s.experiments.n; x++) {
			output_tab(out);
			output_text(out, s.experiments.all[x].name);
		}
		output_byte(out, '\n');
	}
	output_flush(out);
	struct list scratch = {0};
	size_t *arms = memory_zero(s.experiments.n + 1, sizeof *arms), capacity = 0;
	struct request *requests = NULL;
	for (;;) {
		struct table_block block;
		size_t n = 0;
		if (table_next_block(t, &block)) {
			hold_signals(true);
			requests = memory_grow(requests, &capacity, block.row_count, sizeof *requests);
			for (size_t r = 0; r < block.row_count; r++) {
				table_block_row(t, r);
				n += parse_request(t, &c, request_clock, &requests[n]);
			}
		} else if (table_next(t)) {
			hold_signals(true);
			requests = memory_grow(requests, &capacity, 1, sizeof *requests);
			n = parse_request(t, &c, request_clock, &requests[0]);
		} else {
			break;
		}
		serve(&s, requests, n, out, &scratch, arms, request_clock);
		hold_signals(false);
	}
	uint64_t rows = table_rows(t), rejected = table_rejected(t);
	table_close(t);
	output_close(out);
	redis_disconnect(&s.redis);
	bool whole = !s.logs || log_close(&s.log);
	note("%llu answers, %llu of them from a fallback", (unsigned long long)s.answered,
	     (unsigned long long)s.fallen_back);
	run_report(rows, s.answered, rejected);
	free(requests);
	free(arms);
	return whole ? STATUS_DONE : STATUS_FAILED;
}

static const struct program PROGRAM = {
	.name = "next-track",
	.usage = "[OPTION].. [FILE]..",
	.summary = "Answer each listener's request with a track, and log the events.",
	.reads = "message user track time [timestamp]",
	.writes = "user recommendation source rank probability and a column per experiment",
	.examples = {
		"next-track --recs topk.tsv --items items.tsv --log events.tsv < requests.tsv",
		"next-track --redis unix:///run/redis.sock --experiment AB --arm C=random --arm T1=indexed",
	},
	.options = OPTIONS,
	.options_size = sizeof(struct options),
};

int main(int argc, char **argv)
{
	struct options options = {0};
	int first = program_start(&PROGRAM, argc, argv, &options);
	return finish(run(&options, argv + first, argc - first));
}
