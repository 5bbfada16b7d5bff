/* load-redis - top-N lists into Redis, published as one generation.
 *
 * Lists go to staging keys; when the last one is acknowledged and counted, one
 * transaction renames them over what is live. Whoever reads sees the old lists
 * or the new ones, never a mixture; what fails leaves the old ones alone.
 *
 * Reads: user rank item (a top-N stream, the rows of a user together).
 * Writes: nothing; with --status the columns name value.
 *
 *	load-redis --redis redis://127.0.0.1:6379/0 --prefix recs --items items.tsv < topk.tsv
 *
 * Leaves to others: which items a list has (export-topk), and TLS (--emit-resp).
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/memory.h"
#include "domain/catalogue.h"
#include "domain/topn.h"
#include "frame/options.h"
#include "frame/run.h"
#include "services/redis.h"
#include "streams/output.h"
#include "streams/table.h"

struct options {
	struct common common;
	const char *redis, *prefix, *items, *popular, *password_file;
	const char *user, *rank, *item;
	int64_t window, min_rows, max_errors, retries, shards;
	double max_shrink, timeout_s, staging_ttl_s, ttl_s;
	int layout;
	bool status, rollback, dry_run, emit, delta;
};

#define AT(member) offsetof(struct options, member)

static const struct option_row OPTIONS[] = {
	{"redis", 0, OPTION_TEXT, "URL", AT(redis), "redis://127.0.0.1:6379/0", 0, 0, NULL,
	 "the server: redis://[USER@]HOST[:PORT][/DATABASE] or unix://[USER@]PATH[?db=DATABASE]; "
	 "the password comes from REDISCLI_AUTH"},
	{"password-file", 0, OPTION_FILE, "FILE", AT(password_file), NULL, 0, 0, NULL,
	 "the first line of FILE is the password"},
	{"prefix", 0, OPTION_TEXT, "NAME", AT(prefix), "recs", 0, 0, NULL,
	 "the keys are NAME:lists, NAME:items, NAME:popular and NAME:meta"},
	{"items", 0, OPTION_FILE, "FILE", AT(items), NULL, 0, 0, NULL,
	 "publish this catalogue too, for random fallbacks: item, and available, blocked"},
	{"popular", 0, OPTION_FILE, "FILE", AT(popular), NULL, 0, 0, NULL,
	 "publish the items of FILE, in its order, as the popular list"},
	{"layout", 0, OPTION_CHOICE, "HOW", AT(layout), "hash", 0, 0, "hash|string|list",
	 "a hash of all lists; or a key for each user, a string or a Redis list, which goes after --ttl"},
	{"shards", 0, OPTION_INT, "N", AT(shards), "1", 1, 4096, NULL,
	 "spread --layout hash over N keys"},
	{"ttl", 0, OPTION_DURATION, "TIME", AT(ttl_s), "7d", 1, 315360000, NULL,
	 "how long the keys of --layout string and list live"},
	{"delta", 0, OPTION_FLAG, NULL, AT(delta), NULL, 0, 0, NULL,
	 "replace the lists of these users alone, at once; they hold until the next full load"},
	{"min-rows", 0, OPTION_INT, "N", AT(min_rows), "1", 1, 1e15, NULL,
	 "refuse to publish fewer than N lists"},
	{"max-shrink", 0, OPTION_REAL, "SHARE", AT(max_shrink), "1", 0, 1, NULL,
	 "refuse to publish when more than SHARE of the live number of lists would be lost"},
	{"max-errors", 0, OPTION_INT, "N", AT(max_errors), NULL, 0, 1e15, NULL,
	 "refuse to publish when --on-error=skip has skipped more than N rows"},
	{"window", 0, OPTION_INT, "N", AT(window), "1000", 1, 1e6, NULL,
	 "commands that are sent before their replies are read"},
	{"timeout", 0, OPTION_DURATION, "TIME", AT(timeout_s), "5s", 1e-3, 86400, NULL,
	 "how long to wait for the connection and for each reply"},
	{"retries", 0, OPTION_INT, "N", AT(retries), "5", 0, 1000, NULL,
	 "connect again N times, after 0.1 s, 0.2 s, 0.4 s, .. at most 5 s, when the server is lost"},
	{"staging-ttl", 0, OPTION_DURATION, "TIME", AT(staging_ttl_s), "1d", 1, 31536000, NULL,
	 "what a load leaves behind that did not come to its end goes away after TIME"},
	{"rollback", 0, OPTION_FLAG, NULL, AT(rollback), NULL, 0, 0, NULL,
	 "publish the previous generation again; reads no input"},
	{"status", 0, OPTION_FLAG, NULL, AT(status), NULL, 0, 0, NULL,
	 "print what is live, since when, from which input; reads no input"},
	{"dry-run", 0, OPTION_FLAG, NULL, AT(dry_run), NULL, 0, 0, NULL,
	 "read and check everything, ask the server, change nothing"},
	{"emit-resp", 0, OPTION_FLAG, NULL, AT(emit), NULL, 0, 0, NULL,
	 "write the commands to standard output for `redis-cli --pipe` instead of sending them"},
	{"user", 0, OPTION_TEXT, "COLUMN", AT(user), "user", 0, 0, NULL, "the column of user ids"},
	{"rank", 0, OPTION_TEXT, "COLUMN", AT(rank), "rank", 0, 0, NULL, "the column of ranks"},
	{"item", 0, OPTION_TEXT, "COLUMN", AT(item), "item", 0, 0, NULL,
	 "the column of item ids, of the lists and of --items and --popular"},
	COMMON_INPUT(struct options, common),
	COMMON_OUTPUT(struct options, common),
	COMMON_LOG(struct options, common),
	OPTION_END
};

enum layout { LAYOUT_HASH, LAYOUT_STRING, LAYOUT_LIST };
static const char *const LAYOUT_NAMES[] = {"hash", "string", "list"};

/* The parts of a generation, each a key. */
enum part { PART_LISTS, PART_ITEMS, PART_POPULAR, PART_META, PARTS };
static const char *const PART_NAMES[PARTS] = {"lists", "items", "popular", "meta"};

/* ---- sending ---- */

/* A command that was sent and is not acknowledged yet: its words lie in `bytes`. */
struct command {
	size_t at;
	int words;
	uint64_t row;      /* the line of the list's first row, for messages; 0: none */
	const char *file;  /* where that is */
	size_t user, user_n;
	bool begins;       /* the first command of a list: sent again from here */
	bool again;        /* was on its way when a connection was lost */
};

struct sender {
	const struct options *o;
	struct redis redis;
	struct output *out;      /* --emit-resp */
	char *staging[PARTS];
	struct buffer bytes;     /* words of the window being filled, each behind its length */
	struct command *window;
	size_t n, window_capacity;
	/* The window before, which the server works on meanwhile. */
	struct buffer flight_bytes;
	struct command *flight;
	size_t flight_n, flight_capacity;
	bool patient;            /* a lost connection is not the end: the caller tries again */
	char *generation, *delta;
	char *run_id;            /* of the server: another one may have lost keys */
	bool *shard_seen;
	uint64_t acknowledged;   /* fields of the lists that the server has */
	uint64_t pending_lists;
	bool began;              /* something is staged */
};

static void add_word(struct buffer *b, const char *word, size_t n)
{
	buffer_add(b, (const char *)&n, sizeof n);
	buffer_add(b, word, n);
}

enum { MOST_WORDS = 210 };

/* The key of a generation's lists that are not in one hash. */
static char *shard_key(const struct options *o, const char *generation, uint64_t shard)
{
	return memory_format("%s:gen:%s:%" PRIu64, o->prefix, generation, shard);
}

static bool is_pointed(const struct options *o)
{
	return !o->delta && (o->layout != LAYOUT_HASH || o->shards > 1);
}

static void queue_one(struct sender *s, const struct command *c)
{
	const char *word[MOST_WORDS];
	size_t length[MOST_WORDS], at = c->at;
	for (int i = 0; i < c->words; i++) {
		memcpy(&length[i], s->flight_bytes.data + at, sizeof *length);
		word[i] = s->flight_bytes.data + at + sizeof *length;
		at += sizeof *length + length[i];
	}
	redis_append(&s->redis, c->words, word, length);
}

/* Takes what was staged so far away again, as far as the server can be reached. */
static void discard(struct sender *s)
{
	bool began = s->began && !s->o->delta;
	s->began = false;
	if (!began)
		return;
	/* Anew: on the old connection replies may be under way. */
	if (!redis_connect(&s->redis))
		return;
	for (int p = 0; p < PARTS && s->redis.context; p++) {
		redisReply *reply = REDIS(&s->redis, "UNLINK", s->staging[p]);
		if (reply)
			freeReplyObject(reply);
	}
	for (int64_t i = 0; s->shard_seen && i < s->o->shards && s->redis.context; i++) {
		if (!s->shard_seen[i])
			continue;
		char *name = shard_key(s->o, s->generation, (uint64_t)i);
		redisReply *reply = REDIS(&s->redis, "UNLINK", name);
		if (reply)
			freeReplyObject(reply);
		free(name);
	}
}

/* A load that ends early, for whatever reason (bad input, too), takes its keys along. */
static struct sender *unfinished;

static void discard_unfinished(void)
{
	if (unfinished) {
		discard(unfinished);
		redis_disconnect(&unfinished->redis);
	}
}

_Noreturn static void give_up(struct sender *s, enum exit_status status, const char *what)
{
	progress_clear();
	discard(s);
	redis_disconnect(&s->redis);
	die(status, "%s; what was live is still served", what);
}

static void pause_s(double seconds)
{
	struct timespec t = {(time_t)seconds, (long)((seconds - floor(seconds)) * 1e9)};
	while (nanosleep(&t, &t) != 0 && errno == EINTR)
		;
}

/* Connects, with back-off; a refusal (a wrong password) is the end at once. */
static void connect_or_die(struct sender *s, int64_t attempts)
{
	double wait = 0.1;
	for (int64_t i = 0;; i++) {
		if (redis_connect(&s->redis))
			return;
		if (s->redis.refused)
			die(STATUS_FAILED, "%s", s->redis.problem);
		if (i >= attempts)
			die(STATUS_UNAVAILABLE, "%s", s->redis.problem);
		warn("%s; again in %.1f s", s->redis.problem, wait);
		pause_s(wait);
		wait = fmin(wait * 2, 5);
	}
}

static long long integer_reply(struct sender *s, redisReply *reply, const char *what)
{
	if (!reply && s->patient)
		return 0;
	if (!reply)
		give_up(s, STATUS_UNAVAILABLE, s->redis.problem);
	long long value = reply->type == REDIS_REPLY_INTEGER ? reply->integer : -1;
	if (reply->type == REDIS_REPLY_ERROR) {
		char problem[400];
		snprintf(problem, sizeof problem, "%s: %.300s", what, reply->str);
		bool transient = redis_is_transient(reply->str);
		freeReplyObject(reply);
		give_up(s, transient ? STATUS_UNAVAILABLE : STATUS_FAILED, problem);
	}
	freeReplyObject(reply);
	return value;
}

/* Changes whenever the server is started. NULL: the connection is lost. */
static char *server_run_id(struct sender *s)
{
	redisReply *reply = REDIS(&s->redis, "INFO", "server");
	if (!reply)
		return NULL;
	const char *at = reply->type == REDIS_REPLY_STRING ? strstr(reply->str, "run_id:") : NULL;
	char *id = at ? memory_text(at + 7, strcspn(at + 7, "\r\n")) : memory_text("", 0);
	freeReplyObject(reply);
	return id;
}

/* How many lists of this load the server has, where it can count them. */
static uint64_t lists_there(struct sender *s)
{
	long long sum = 0;
	if (!is_pointed(s->o))
		return (uint64_t)integer_reply(s, REDIS(&s->redis, "HLEN", s->staging[PART_LISTS]), "HLEN");
	for (int64_t i = 0; i < s->o->shards; i++) {
		char *name = shard_key(s->o, s->generation, (uint64_t)i);
		sum += integer_reply(s, REDIS(&s->redis, "HLEN", name), "HLEN");
		free(name);
	}
	return (uint64_t)sum;
}

/* Connects, and asks which server this is. */
static char *greet(struct sender *s)
{
	for (int64_t i = 0;; i++) {
		if (i > s->o->retries)
			give_up(s, STATUS_UNAVAILABLE, s->redis.problem);
		connect_or_die(s, s->o->retries);
		char *id = server_run_id(s);
		if (id)
			return id;
	}
}

/* The connection was lost with commands on their way: connect again, see that what
 * was acknowledged is still there, and send the rest once more (setting a field
 * twice does no harm). */
static void recover(struct sender *s, size_t from)
{
	warn("%s; what was not acknowledged is sent again", s->redis.problem);
	char *id = greet(s);
	bool same = strcmp(id, s->run_id) == 0;
	if (!same) { /* started anew: from a file that has everything? */
		free(s->run_id);
		s->run_id = id;
	} else {
		free(id);
	}
	if (!same && (s->o->layout != LAYOUT_HASH || lists_there(s) < s->acknowledged))
		give_up(s, STATUS_UNAVAILABLE, "the server has lost lists that it had acknowledged");
	for (size_t i = from; i < s->flight_n; i++) {
		s->flight[i].again = true;
		queue_one(s, &s->flight[i]);
	}
}

_Noreturn static void refused(struct sender *s, const struct command *c, const char *error)
{
	char problem[700], shown[QUOTED_SIZE];
	if (c->row)
		snprintf(problem, sizeof problem, "%.100s:%" PRIu64 ": user %s: %.250s", c->file, c->row,
			 quoted(s->flight_bytes.data + c->user, c->user_n, shown), error);
	else
		snprintf(problem, sizeof problem, "staging: %.300s", error);
	give_up(s, redis_is_transient(error) ? STATUS_UNAVAILABLE : STATUS_FAILED, problem);
}

/* A list's first command tells whether its user had one in this load before: the
 * server remembers all of them, so that nobody else has to. */
static bool is_repeated(const struct sender *s, const struct command *c, const redisReply *reply)
{
	if (!c->begins || c->again || s->o->delta)
		return false;
	if (s->o->layout == LAYOUT_STRING)
		return reply->type == REDIS_REPLY_NIL;
	return reply->type == REDIS_REPLY_INTEGER &&
		reply->integer == (s->o->layout == LAYOUT_HASH ? 0 : 1);
}

/* Matches each reply to the window under way with its command. */
static void take_replies(struct sender *s)
{
	int64_t losses = 0;
	for (size_t i = 0; i < s->flight_n;) {
		redisReply *reply = redis_reply(&s->redis);
		struct command *c = &s->flight[i];
		if (!reply) {
			if (losses++ > s->o->retries)
				give_up(s, STATUS_UNAVAILABLE, s->redis.problem);
			while (i > 0 && s->flight[i].row && !s->flight[i].begins)
				s->acknowledged -= s->flight[--i].begins;
			recover(s, i);
			continue;
		}
		if (reply->type == REDIS_REPLY_ERROR)
			refused(s, c, reply->str);
		if (is_repeated(s, c, reply)) {
			char shown[QUOTED_SIZE], problem[400];
			snprintf(problem, sizeof problem, "%.100s:%" PRIu64 ": user %s had a list before",
				 c->file, c->row, quoted(s->flight_bytes.data + c->user, c->user_n, shown));
			freeReplyObject(reply);
			give_up(s, STATUS_DATA, problem);
		}
		freeReplyObject(reply);
		s->acknowledged += c->begins;
		i++;
	}
	s->flight_n = 0;
}

/* Takes the replies to the window before and sends this one: the server works on it
 * while the next one is read. */
static void flush_window(struct sender *s)
{
	if (s->out)
		return;
	take_replies(s);
	struct buffer bytes = s->flight_bytes;
	struct command *window = s->flight;
	size_t capacity = s->flight_capacity;
	s->flight_bytes = s->bytes;
	s->flight = s->window;
	s->flight_n = s->n;
	s->flight_capacity = s->window_capacity;
	s->bytes = bytes;
	s->window = window;
	s->window_capacity = capacity;
	s->n = s->bytes.n = 0;
	for (size_t i = 0; i < s->flight_n; i++)
		queue_one(s, &s->flight[i]);
	redis_send(&s->redis); /* when the connection is lost, the replies will tell */
}

/* Until everything is acknowledged. */
static void drain(struct sender *s)
{
	flush_window(s);
	flush_window(s);
}

static void emit_command(struct sender *s, const struct command *c)
{
	size_t at = c->at;
	output_byte(s->out, '*');
	output_i64(s->out, c->words);
	output_bytes(s->out, "\r\n", 2);
	for (int i = 0; i < c->words; i++) {
		size_t n;
		memcpy(&n, s->bytes.data + at, sizeof n);
		output_byte(s->out, '$');
		output_u64(s->out, n);
		output_bytes(s->out, "\r\n", 2);
		output_bytes(s->out, s->bytes.data + at + sizeof n, n);
		output_bytes(s->out, "\r\n", 2);
		at += sizeof n + n;
	}
}

/* The command whose words were added to `bytes` from `at` on. */
static void send_command(struct sender *s, struct command c)
{
	if (s->out) {
		emit_command(s, &c);
		s->bytes.n = 0;
		return;
	}
	s->began = true;
	s->window = memory_grow(s->window, &s->window_capacity, s->n + 1, sizeof *s->window);
	s->window[s->n++] = c;
}

/* Between lists: is it time to wait for the replies? */
static void flush_full(struct sender *s)
{
	if (s->n >= (size_t)s->o->window || s->bytes.n > (128 << 10))
		flush_window(s);
}

static void send_text(struct sender *s, int words, const char *const *word)
{
	struct command c = {.at = s->bytes.n, .words = words};
	for (int i = 0; i < words; i++)
		add_word(&s->bytes, word[i], strlen(word[i]));
	send_command(s, c);
}
#define SEND(s, ...) send_text(s, (int)(sizeof((const char *const[]){__VA_ARGS__}) / \
	sizeof(const char *)), (const char *const[]){__VA_ARGS__})

/* ---- the parts ---- */

static void expire(struct sender *s, enum part part)
{
	char seconds[32];
	snprintf(seconds, sizeof seconds, "%.0f", s->o->staging_ttl_s);
	SEND(s, "EXPIRE", s->staging[part], seconds);
}

static void add_text(struct sender *s, const char *word)
{
	add_word(&s->bytes, word, strlen(word));
}

/* The item ids of a list with TABs between them, as one word. */
static void add_items(struct sender *s, const struct topn_list *list)
{
	size_t length = list->n ? list->n - 1 : 0;
	for (uint32_t i = 0; i < list->n; i++)
		length += list->items[i].n;
	buffer_add(&s->bytes, (const char *)&length, sizeof length);
	for (uint32_t i = 0; i < list->n; i++) {
		if (i)
			buffer_add_byte(&s->bytes, '\t');
		buffer_add_span(&s->bytes, list->items[i]);
	}
}

/* HSET key user items */
static void send_to_hash(struct sender *s, const struct topn_list *list, struct command c,
			 const char *name)
{
	c.at = s->bytes.n;
	c.words = 4;
	add_text(s, "HSET");
	add_text(s, name);
	add_word(&s->bytes, list->user.at, list->user.n);
	c.user = s->bytes.n - list->user.n;
	add_items(s, list);
	send_command(s, c);
}

static void send_to_shard(struct sender *s, const struct topn_list *list, struct command c)
{
	uint64_t shard = hash_murmur3(list->user.at, list->user.n, 0) % (uint64_t)s->o->shards;
	char *name = shard_key(s->o, s->generation, shard);
	send_to_hash(s, list, c, name);
	if (!s->shard_seen[shard]) {
		char seconds[32];
		snprintf(seconds, sizeof seconds, "%.0f", s->o->staging_ttl_s);
		SEND(s, "EXPIRE", name, seconds);
		s->shard_seen[shard] = true;
	}
	free(name);
}

/* A key of its own: a string, or a Redis list. Whatever of this is done twice, from
 * the first command on, comes to the same. */
static void send_to_key(struct sender *s, const struct topn_list *list, struct command c)
{
	enum { PIECE = 200 };
	struct buffer name = {0};
	char seconds[32];
	snprintf(seconds, sizeof seconds, "%.0f", s->o->ttl_s);
	buffer_format(&name, "%s:gen:%s:u:", s->o->prefix, s->generation);
	buffer_add_span(&name, list->user);
	c.at = s->bytes.n;
	bool string = s->o->layout == LAYOUT_STRING;
	c.words = string ? 6 : 2;
	add_text(s, string ? "SET" : "DEL");
	add_word(&s->bytes, name.data, name.n);
	c.user = s->bytes.n - list->user.n;
	if (string) {
		add_items(s, list);
		add_text(s, "NX");
		add_text(s, "EX");
		add_text(s, seconds);
	}
	send_command(s, c);
	c.begins = false;
	for (uint32_t from = 0; !string && from < list->n; from += PIECE) {
		uint32_t to = list->n - from < PIECE ? list->n : from + PIECE;
		c.at = s->bytes.n;
		c.words = 2 + (int)(to - from);
		add_text(s, "RPUSH");
		add_word(&s->bytes, name.data, name.n);
		c.user = s->bytes.n - list->user.n;
		for (uint32_t i = from; i < to; i++)
			add_word(&s->bytes, list->items[i].at, list->items[i].n);
		send_command(s, c);
	}
	if (!string) {
		c.at = s->bytes.n;
		c.words = 3;
		add_text(s, "EXPIRE");
		add_word(&s->bytes, name.data, name.n);
		c.user = s->bytes.n - list->user.n;
		add_text(s, seconds);
		send_command(s, c);
	}
	buffer_free(&name);
}

static uint64_t send_lists(struct sender *s, struct topn_reader *reader, const struct table *t)
{
	struct topn_list list;
	uint64_t n = 0;
	while (topn_next(reader, &list)) {
		struct command c = {.row = list.line, .file = list.file, .user_n = list.user.n,
			.begins = true};
		flush_full(s);
		n++;
		if (!is_pointed(s->o))
			send_to_hash(s, &list, c, s->staging[PART_LISTS]);
		else if (s->o->layout == LAYOUT_HASH)
			send_to_shard(s, &list, c);
		else
			send_to_key(s, &list, c);
		if (n == 1 && !is_pointed(s->o) && !s->o->delta)
			expire(s, PART_LISTS);
		progress_step(table_bytes(t), table_size(t), "bytes");
	}
	return n;
}

/* The catalogue as a hash of number -> item: a random number is a random item. */
static void send_items(struct sender *s, const struct catalogue *c)
{
	enum { BATCH = 100 };
	for (uint32_t from = 0; from < c->n_offered; from += BATCH) {
		uint32_t to = c->n_offered - from < BATCH ? c->n_offered : from + BATCH;
		struct command command = {.at = s->bytes.n, .words = 2 + 2 * (int)(to - from)};
		add_word(&s->bytes, "HSET", 4);
		add_word(&s->bytes, s->staging[PART_ITEMS], strlen(s->staging[PART_ITEMS]));
		for (uint32_t i = from; i < to; i++) {
			char number[16];
			int n = snprintf(number, sizeof number, "%u", i);
			struct span id = strmap_key(c->ids, c->offered[i]);
			add_word(&s->bytes, number, (size_t)n);
			add_word(&s->bytes, id.at, id.n);
		}
		send_command(s, command);
		if (from == 0)
			expire(s, PART_ITEMS);
		flush_full(s);
	}
}

static uint64_t send_popular(struct sender *s, struct table *t, size_t column)
{
	struct buffer text = {0};
	uint64_t n = 0;
	while (table_next(t)) {
		if (table_field(t, column).n == 0)
			table_reject(t, column, "an empty id");
		if (n++)
			buffer_add_byte(&text, '\t');
		buffer_add_span(&text, table_field(t, column));
	}
	table_close(t);
	if (n) {
		SEND(s, "SET", s->staging[PART_POPULAR], buffer_text(&text));
		expire(s, PART_POPULAR);
	}
	buffer_free(&text);
	return n;
}

static char *key(const struct options *o, const char *generation, enum part part)
{
	if (!*generation)
		return memory_format("%s:%s", o->prefix, PART_NAMES[part]);
	return memory_format("%s:%s:%s", o->prefix, generation, PART_NAMES[part]);
}

/* Which parts exist under `generation`; the bits of a mask. */
static unsigned existing(struct sender *s, const char *generation)
{
	unsigned mask = 0;
	for (enum part p = 0; p < PARTS; p++) {
		char *name = key(s->o, generation, p);
		if (integer_reply(s, REDIS(&s->redis, "EXISTS", name), "EXISTS") > 0)
			mask |= 1u << p;
		free(name);
	}
	return mask;
}

static void queue_words(struct sender *s, const char *a, const char *b, const char *c)
{
	const char *const all[3] = {a, b, c};
	const char *word[3] = {a, b, c};
	size_t length[3] = {strlen(a), b ? strlen(b) : 0, c ? strlen(c) : 0};
	int words = c ? 3 : b ? 2 : 1;
	if (s->out)
		send_text(s, words, all);
	else
		redis_append(&s->redis, words, word, length);
}

/* Renames the parts in `mask` of one generation to another. */
static size_t queue_renames(struct sender *s, const char *from, const char *to, unsigned mask)
{
	size_t n = 0;
	for (enum part p = 0; p < PARTS; p++) {
		if (!(mask >> p & 1))
			continue;
		char *a = key(s->o, from, p), *b = key(s->o, to, p);
		queue_words(s, "RENAME", a, b);
		free(a);
		free(b);
		n++;
	}
	return n;
}

static size_t queue_unlinks(struct sender *s, const char *generation, unsigned mask)
{
	size_t n = 0;
	for (enum part p = 0; p < PARTS; p++) {
		if (!(mask >> p & 1))
			continue;
		char *name = key(s->o, generation, p);
		queue_words(s, "UNLINK", name, NULL);
		free(name);
		n++;
	}
	return n;
}

/* Ends a transaction whose commands are queued; dies unless all were done. */
static bool execute(struct sender *s, size_t commands)
{
	queue_words(s, "EXEC", NULL, NULL);
	for (size_t i = 0; i <= commands; i++) { /* MULTI's OK and a QUEUED each */
		redisReply *reply = redis_reply(&s->redis);
		if (!reply && s->patient)
			return false;
		if (!reply)
			die(STATUS_UNAVAILABLE, "%s: it is not known whether the generation was "
			    "published; --status tells", s->redis.problem);
		if (reply->type == REDIS_REPLY_ERROR) {
			char problem[400];
			snprintf(problem, sizeof problem, "publishing: %.300s", reply->str);
			freeReplyObject(reply);
			give_up(s, STATUS_FAILED, problem);
		}
		freeReplyObject(reply);
	}
	redisReply *reply = redis_reply(&s->redis);
	if (!reply && s->patient)
		return false;
	if (!reply)
		die(STATUS_UNAVAILABLE, "%s: it is not known whether the generation was published; "
		    "--status tells", s->redis.problem);
	if (reply->type == REDIS_REPLY_NIL)
		give_up(s, STATUS_UNAVAILABLE, "another load has published in the meantime");
	if (reply->type != REDIS_REPLY_ARRAY)
		give_up(s, STATUS_FAILED, reply->type == REDIS_REPLY_ERROR ? reply->str
			: "EXEC gave a strange answer");
	for (size_t i = 0; i < reply->elements; i++)
		if (reply->element[i]->type == REDIS_REPLY_ERROR)
			give_up(s, STATUS_FAILED, reply->element[i]->str);
	freeReplyObject(reply);
	return true;
}

/* Watches the live generation's description, so that two loads cannot cross. */
static void watch(struct sender *s)
{
	char *meta = key(s->o, "", PART_META);
	redisReply *reply = REDIS(&s->redis, "WATCH", meta);
	if (!reply && !s->patient)
		give_up(s, STATUS_UNAVAILABLE, s->redis.problem);
	freeReplyObject(reply);
	free(meta);
}

static const char PREVIOUS[] = "previous";

/* A field of what describes a generation (live: ""), or NULL. */
static char *meta_value(struct sender *s, const char *generation, const char *field)
{
	char *meta = key(s->o, generation, PART_META);
	redisReply *reply = REDIS(&s->redis, "HGET", meta, field);
	free(meta);
	if (!reply && s->patient)
		return NULL;
	if (!reply)
		give_up(s, STATUS_UNAVAILABLE, s->redis.problem);
	if (reply->type == REDIS_REPLY_ERROR) {
		char problem[400];
		snprintf(problem, sizeof problem, "%.300s", reply->str);
		freeReplyObject(reply);
		give_up(s, STATUS_FAILED, problem);
	}
	char *value = reply->type == REDIS_REPLY_STRING ? memory_text(reply->str, reply->len) : NULL;
	freeReplyObject(reply);
	return value;
}

/* The hashes of a generation in several of them. */
static size_t queue_unlink_shards(struct sender *s, const char *generation, uint64_t shards)
{
	for (uint64_t i = 0; shards > 1 && i < shards; i++) {
		char *name = shard_key(s->o, generation, i);
		queue_words(s, "UNLINK", name, NULL);
		free(name);
	}
	return shards > 1 ? shards : 0;
}

/* Counts what was loaded and publishes it. False: the connection was lost, and it is
 * not known how far this came. */
static bool try_publish(struct sender *s, const char *generation, unsigned staged, uint64_t lists)
{
	bool counted = s->o->layout != LAYOUT_HASH || lists_there(s) == lists;
	if (!s->redis.context)
		return false;
	if (!counted)
		give_up(s, STATUS_UNAVAILABLE, "the server has not all lists that it acknowledged");
	watch(s);
	unsigned live = existing(s, ""), old = existing(s, PREVIOUS);
	char *previous = meta_value(s, PREVIOUS, "generation"), *many = meta_value(s, PREVIOUS, "shards");
	uint64_t shards = 0;
	if (!previous || !many || number_u64(many, strlen(many), &shards) != NUMBER_OK || shards > 4096)
		shards = 0;
	if (!s->redis.context) {
		free(previous);
		free(many);
		return false;
	}
	size_t n = 0;
	queue_words(s, "MULTI", NULL, NULL);
	n += queue_unlinks(s, PREVIOUS, old);
	n += queue_unlink_shards(s, previous, shards);
	n += queue_renames(s, "", PREVIOUS, live);
	n += queue_renames(s, generation, "", staged);
	queue_words(s, "UNLINK", s->delta, NULL);
	n++;
	for (int64_t i = 0; s->shard_seen && i < s->o->shards; i++) {
		if (!s->shard_seen[i])
			continue;
		char *name = shard_key(s->o, generation, (uint64_t)i);
		queue_words(s, "PERSIST", name, NULL);
		free(name);
		n++;
	}
	for (enum part p = 0; p < PARTS; p++) {
		if (!(staged >> p & 1))
			continue;
		char *name = key(s->o, "", p);
		queue_words(s, "PERSIST", name, NULL);
		free(name);
		n++;
	}
	free(previous);
	free(many);
	return execute(s, n);
}

static void publish(struct sender *s, const char *generation, unsigned staged, uint64_t lists)
{
	s->patient = true;
	for (int64_t i = 0; !try_publish(s, generation, staged, lists); i++) {
		if (i > s->o->retries)
			give_up(s, STATUS_UNAVAILABLE, s->redis.problem);
		char *id = greet(s), *live = meta_value(s, "", "generation");
		bool done = live && strcmp(live, generation) == 0; /* the reply was lost, no more */
		bool same = strcmp(id, s->run_id) == 0;
		free(id);
		free(live);
		if (done)
			break;
		if (!same && s->o->layout != LAYOUT_HASH)
			give_up(s, STATUS_UNAVAILABLE, "the server was started anew and may have lost lists");
	}
	s->patient = false;
	s->began = false;
}

/* ---- a load ---- */

static void check_guards(struct sender *s, uint64_t lists, uint64_t rejected)
{
	const struct options *o = s->o;
	char problem[256];
	if (lists < (uint64_t)o->min_rows) {
		snprintf(problem, sizeof problem, "%" PRIu64 " lists are fewer than --min-rows %" PRId64,
			 lists, o->min_rows);
		give_up(s, STATUS_DATA, lists ? problem : "the input has no lists");
	}
	if (option_given("max-errors") && rejected > (uint64_t)o->max_errors) {
		snprintf(problem, sizeof problem, "%" PRIu64 " skipped rows are more than --max-errors %" PRId64,
			 rejected, o->max_errors);
		give_up(s, STATUS_DATA, problem);
	}
	if (s->out || s->o->delta)
		return;
	char *live = NULL;
	s->patient = true;
	for (int64_t i = 0; i <= s->o->retries && !live; i++) {
		live = meta_value(s, "", "lists");
		if (s->redis.context)
			break;
		free(greet(s));
	}
	s->patient = false;
	uint64_t before = 0;
	if (live && number_u64(live, strlen(live), &before) == NUMBER_OK && before > lists &&
	    (double)(before - lists) > o->max_shrink * (double)before) {
		snprintf(problem, sizeof problem, "%" PRIu64 " lists instead of %" PRIu64
			 " are fewer than --max-shrink allows", lists, before);
		give_up(s, STATUS_DATA, problem);
	}
	free(live);
}

/* A name that no other load has: the time and some random bits. */
static char *new_generation(void)
{
	uint32_t bits = 0;
	int file = open("/dev/urandom", O_RDONLY | O_CLOEXEC);
	if (file < 0 || read(file, &bits, sizeof bits) != (ssize_t)sizeof bits)
		die_errno(STATUS_FAILED, "cannot read /dev/urandom");
	if (close(file) != 0)
		die_errno(STATUS_FAILED, "cannot close /dev/urandom");
	return memory_format("%" PRId64 "-%08x", clock_unix_ms(), bits);
}

static void send_meta(struct sender *s, const char *generation, uint64_t lists, uint32_t items,
		      uint64_t popular, const char *input)
{
	char text[5][32];
	snprintf(text[0], sizeof text[0], "%" PRId64, clock_unix_ms());
	snprintf(text[1], sizeof text[1], "%" PRIu64, lists);
	snprintf(text[2], sizeof text[2], "%u", items);
	snprintf(text[3], sizeof text[3], "%" PRIu64, popular);
	snprintf(text[4], sizeof text[4], "%" PRId64, s->o->shards);
	SEND(s, "HSET", s->staging[PART_META], "generation", generation, "published_ms", text[0],
	     "lists", text[1], "items", text[2], "popular", text[3], "input", input,
	     "layout", LAYOUT_NAMES[s->o->layout], "shards", text[4]);
	expire(s, PART_META);
}

static int load(struct sender *s, char **files, int count)
{
	const struct options *o = s->o;
	struct table_format format = COMMON_FORMAT(&o->common);
	struct table *t = table_open(files, count, &format);
	struct table *items = o->items ? table_open_file(o->items) : NULL;
	struct table *popular = o->popular ? table_open_file(o->popular) : NULL;
	const char *item_option = option_given("item") ? "item" : NULL;
	size_t popular_column = popular ? table_column(popular, o->item, item_option) : 0;
	/* Scores are not loaded and so not read: no column has the name "". */
	const struct topn_columns columns = {o->user, o->rank, o->item, "", option_given("user"),
		option_given("rank"), option_given("item"), false};
	struct topn_reader *reader = topn_open(t, &columns);
	if (!o->delta && !o->dry_run && !o->emit)
		topn_let_users_repeat(reader); /* the server's replies tell */
	const char *input = count > 0 && strcmp(files[0], "-") != 0 ? files[0] : "(standard input)";
	char *generation = new_generation();
	s->generation = generation;
	for (enum part p = 0; p < PARTS; p++)
		s->staging[p] = key(o, generation, p);
	if (o->delta) {
		free(s->staging[PART_LISTS]);
		s->staging[PART_LISTS] = memory_format("%s", s->delta);
	}
	if (is_pointed(o) && o->layout == LAYOUT_HASH)
		s->shard_seen = memory_zero((size_t)o->shards, sizeof *s->shard_seen);
	if (o->emit) {
		s->out = output_open(o->common.output, false);
	} else {
		s->run_id = greet(s);
		unfinished = s;
		if (atexit(discard_unfinished) != 0)
			die(STATUS_FAILED, "cannot register the clean-up");
	}
	uint64_t lists = 0, rows;
	struct catalogue *catalogue = items ? catalogue_read(items, o->item, item_option) : NULL;
	if (o->dry_run) {
		struct topn_list list;
		while (topn_next(reader, &list))
			lists++;
	} else {
		lists = send_lists(s, reader, t);
	}
	drain(s);
	rows = table_rows(t);
	uint64_t rejected = table_rejected(t);
	check_guards(s, lists, rejected);
	uint64_t n_popular = 0;
	unsigned staged = (is_pointed(o) ? 0 : 1u << PART_LISTS) | 1u << PART_META;
	if (!o->dry_run && !o->delta) {
		if (catalogue && catalogue->n_offered) {
			send_items(s, catalogue);
			staged |= 1u << PART_ITEMS;
		}
		if (popular && (n_popular = send_popular(s, popular, popular_column)) > 0)
			staged |= 1u << PART_POPULAR;
		send_meta(s, generation, lists, catalogue ? catalogue->n_offered : 0, n_popular, input);
		drain(s);
	}
	topn_close(reader);
	table_close(t);
	if (s->out) {
		/* Without answers there is no knowing what exists: the parts go over what
		 * is live in one transaction, and no previous generation is kept. */
		SEND(s, "MULTI");
		queue_unlinks(s, "", (1u << PARTS) - 1);
		queue_words(s, "UNLINK", s->delta, NULL);
		queue_renames(s, generation, "", staged);
		for (enum part p = 0; p < PARTS; p++) {
			char *name = key(o, "", p);
			if (staged >> p & 1)
				SEND(s, "PERSIST", name);
			free(name);
		}
		SEND(s, "EXEC");
		output_close(s->out);
	} else if (!o->dry_run && !o->delta) {
		publish(s, generation, staged, lists);
	}
	s->began = false;
	redis_disconnect(&s->redis);
	unfinished = NULL;
	for (enum part p = 0; p < PARTS; p++)
		free(s->staging[p]);
	free(s->shard_seen);
	free(s->run_id);
	free(s->delta);
	free(generation);
	catalogue_free(catalogue);
	buffer_free(&s->bytes);
	buffer_free(&s->flight_bytes);
	free(s->window);
	free(s->flight);
	run_report(rows, lists, rejected);
	return STATUS_DONE;
}

/* ---- looking and going back ---- */

static int show_status(struct sender *s)
{
	connect_or_die(s, s->o->retries);
	char *meta = key(s->o, "", PART_META);
	redisReply *reply = REDIS(&s->redis, "HGETALL", meta);
	if (!reply)
		give_up(s, STATUS_UNAVAILABLE, s->redis.problem);
	if (reply->type != REDIS_REPLY_ARRAY)
		die(STATUS_FAILED, "%s: %s", meta, reply->type == REDIS_REPLY_ERROR ? reply->str
		    : "is no description of a generation");
	if (reply->elements == 0)
		die(STATUS_DATA, "nothing is live under the prefix '%s'", s->o->prefix);
	struct output *out = output_open(s->o->common.output, false);
	output_text(out, "name\tvalue");
	output_end_row(out);
	for (size_t i = 0; i + 1 < reply->elements; i += 2) {
		output_bytes(out, reply->element[i]->str, reply->element[i]->len);
		output_tab(out);
		output_bytes(out, reply->element[i + 1]->str, reply->element[i + 1]->len);
		output_end_row(out);
	}
	unsigned old = existing(s, PREVIOUS);
	output_text(out, "previous\t");
	if (old >> PART_META & 1) {
		char *name = key(s->o, PREVIOUS, PART_META);
		redisReply *generation = REDIS(&s->redis, "HGET", name, "generation");
		if (!generation)
			give_up(s, STATUS_UNAVAILABLE, s->redis.problem);
		if (generation->type == REDIS_REPLY_STRING)
			output_bytes(out, generation->str, generation->len);
		freeReplyObject(generation);
		free(name);
	}
	output_end_row(out);
	output_text(out, "delta\t");
	output_i64(out, integer_reply(s, REDIS(&s->redis, "HLEN", s->delta), "HLEN"));
	output_end_row(out);
	output_close(out);
	freeReplyObject(reply);
	free(s->delta);
	free(meta);
	redis_disconnect(&s->redis);
	return STATUS_DONE;
}

static int roll_back(struct sender *s)
{
	connect_or_die(s, s->o->retries);
	watch(s);
	unsigned live = existing(s, ""), old = existing(s, PREVIOUS);
	if (!(old >> PART_META & 1))
		die(STATUS_DATA, "there is no previous generation under the prefix '%s'", s->o->prefix);
	char *aside = new_generation();
	size_t n = 0;
	queue_words(s, "MULTI", NULL, NULL);
	n += queue_renames(s, "", aside, live);
	n += queue_renames(s, PREVIOUS, "", old);
	n += queue_renames(s, aside, PREVIOUS, live);
	queue_words(s, "UNLINK", s->delta, NULL);
	execute(s, n + 1);
	free(s->delta);
	free(aside);
	redis_disconnect(&s->redis);
	return STATUS_DONE;
}

static int run(const struct options *o, char **files, int count)
{
	if (o->status + o->rollback + o->dry_run + o->emit > 1)
		usage_error("--status, --rollback, --dry-run and --emit-resp exclude each other");
	if ((o->status || o->rollback) && (count > 0 || o->items || o->popular))
		usage_error("--status and --rollback read no input");
	if (o->delta && (o->status || o->rollback || o->emit || o->items || o->popular ||
			 o->layout != LAYOUT_HASH || o->shards > 1))
		usage_error("--delta goes with none of --status, --rollback, --emit-resp, --items, --popular, "
			    "--layout and --shards");
	if (o->shards > 1 && o->layout != LAYOUT_HASH)
		usage_error("--shards is of --layout hash");
	if (o->emit && is_pointed(o))
		usage_error("--emit-resp writes --layout hash in one key");
	struct redis_target target = redis_target_parse(o->redis, "redis", o->password_file,
							o->timeout_s);
	struct sender s = {.o = o, .redis.target = &target,
		.delta = memory_format("%s:delta", o->prefix)};
	if (o->status)
		return show_status(&s);
	return o->rollback ? roll_back(&s) : load(&s, files, count);
}

static const struct program PROGRAM = {
	.name = "load-redis",
	.usage = "[OPTION].. [FILE]..",
	.summary = "Load top-N lists into Redis and publish them as one generation.",
	.reads = "user rank item; of --items: item available blocked",
	.writes = "nothing, or with --status: name value",
	.examples = {
		"load-redis --redis redis://127.0.0.1:6379/0 --prefix recs --items items.tsv < topk.tsv",
		"load-redis --redis unix:///run/redis.sock --status",
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
